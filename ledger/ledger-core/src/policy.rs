//! Which logs and witnesses a verifier trusts, and how many of them it asks for: C2SP tlog-policy.
//!
//! ```text
//! log <vkey> [url]
//! witness <name> <vkey> [url]
//! group <name> all|any|<k> <member>...        1 <= k <= number of members
//! quorum <name>|none                          exactly one
//! ```
//!
//! Lines end with `\n`, items are separated by spaces or tabs, `#` begins a comment line, names are opaque bytes.
//!
//! **Organisations.** The format does not name them, so we read them from its structure: every direct member of the
//! group named by `quorum` is one organisation, be it a single witness or a group of the witnesses it runs.
//! [`Policy::for_production`] demands that the quorum needs two of them. Other programs read the same file the same way.

mod evaluate;
mod parse;
mod production;

use std::{fmt, num::NonZeroUsize};

use crate::note::{KeyKind, Vkey};

pub use evaluate::{Freshness, Judged, MAX_AHEAD_SECONDS, NotMet, PolicyRefusal, Quorum};
pub use parse::{PolicyError, PolicyFault};
pub use production::{NotForProduction, ProductionPolicy};

/// Largest policy file we read, in bytes.
pub const MAX_POLICY_LEN: usize = 1_000_000;

/// A name or a URL of a policy file: opaque bytes, without space, tab, newline or control character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(Vec<u8>);

impl Item {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }
}

impl fmt::Display for Item {
    /// What is not UTF-8 is shown as a replacement character.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

/// A log that is accepted. The name of its key is its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLog {
    /// The key, of kind [`KeyKind::Ed25519`].
    pub key: Vkey,
    /// Where the log is.
    pub url: Option<Item>,
}

/// A witness that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name in this file.
    pub name: Item,
    /// The key, of kind [`KeyKind::Cosignature`].
    pub key: Vkey,
    /// Its submission prefix (a recommendation of tlog-policy).
    pub url: Option<Item>,
}

/// A group of witnesses and of other groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name in this file.
    pub name: Item,
    /// How many members must have witnessed for the group to have: at most the number of members.
    pub threshold: NonZeroUsize,
    /// Names of witnesses and groups that stand on earlier lines.
    pub members: Vec<Item>,
}

/// A policy. Only reading a file makes one, so that its names are defined before use and each is a member once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Option<Item>,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`], with the number of the line.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        parse::parse(file)
    }

    /// The file: logs, witnesses, groups and quorum in this order, without comments. Reading it gives the same policy.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut lines: Vec<Vec<Vec<u8>>> = Vec::new();
        let text = |word: &str| word.as_bytes().to_vec();
        for log in &self.logs {
            let line = [text("log"), text(&log.key.to_string())];
            lines.push(line.into_iter().chain(log.url.clone().map(|url| url.0)).collect());
        }
        for one in &self.witnesses {
            let line = [text("witness"), one.name.0.clone(), text(&one.key.to_string())];
            lines.push(line.into_iter().chain(one.url.clone().map(|url| url.0)).collect());
        }
        for group in &self.groups {
            let threshold = text(&group.threshold.to_string());
            let line = [text("group"), group.name.0.clone(), threshold];
            let members = group.members.iter().map(|member| member.0.clone());
            lines.push(line.into_iter().chain(members).collect());
        }
        let quorum = self
            .quorum
            .as_ref()
            .map_or(text(parse::NONE), |name| name.0.clone());
        lines.push(vec![text("quorum"), quorum]);
        let lines = lines.into_iter().map(|items| items.join(&b' '));
        lines.flat_map(|line| line.into_iter().chain([b'\n'])).collect()
    }

    /// The logs, in the order of the file. May be empty where the log is known from elsewhere.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The keys of the log with this origin: several while a key is rotated, none for an unknown log.
    pub fn log_keys(&self, origin: &str) -> Vec<Vkey> {
        let of_origin = self.logs.iter().filter(|log| log.key.name().as_str() == origin);
        of_origin.map(|log| log.key.clone()).collect()
    }

    /// The witnesses, in the order of the file.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Their keys, in the same order.
    pub fn witness_keys(&self) -> Vec<Vkey> {
        self.witnesses.iter().map(|one| one.key.clone()).collect()
    }

    /// The groups, in the order of the file: members come before the group they are in.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The witness or group that must have witnessed; `None` for `quorum none`.
    pub const fn quorum_name(&self) -> Option<&Item> {
        self.quorum.as_ref()
    }

    fn group(&self, name: &Item) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == *name)
    }
}

/// The kind of key a line of the file asks for.
const fn kind_of(line: LineKind) -> KeyKind {
    match line {
        LineKind::Log => KeyKind::Ed25519,
        LineKind::Witness => KeyKind::Cosignature,
    }
}

#[derive(Clone, Copy)]
enum LineKind {
    Log,
    Witness,
}
