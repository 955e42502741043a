//! Reading a policy file, line by line.

use std::{collections::BTreeSet, num::NonZeroUsize};

use super::{Group, Item, LineKind, MAX_POLICY_LEN, Policy, PolicyLog, PolicyWitness, kind_of};
use crate::{
    checkpoint::parse_decimal,
    note::{Vkey, VkeyError},
};

/// The quorum of a policy that asks for no witness.
pub(super) const NONE: &str = "none";

/// A policy file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct PolicyError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: PolicyFault,
}

/// What is wrong with a line of a policy file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// More than [`MAX_POLICY_LEN`] bytes.
    #[error("the file is too large")]
    TooLarge,
    /// A control character other than tab and newline, or the byte 7F.
    #[error("it holds a byte that is not allowed")]
    Byte,
    /// The last line does not end with a newline.
    #[error("it does not end with a newline")]
    NoNewline,
    /// Not `log`, `witness`, `group` or `quorum`.
    #[error("`{word}` begins no line of a policy")]
    UnknownWord {
        /// The first item.
        word: Item,
    },
    /// Too few or too many items.
    #[error("it must read `{form}`")]
    Form {
        /// What such a line looks like.
        form: &'static str,
    },
    /// The key cannot be read.
    #[error("the key is wrong: {cause}")]
    Key {
        /// Why.
        cause: VkeyError,
    },
    /// A witness key on a `log` line, or the other way round.
    #[error("the key is not of the kind that such a line needs")]
    KeyKind,
    /// The same public key on two lines of the same kind, maybe under other names.
    #[error("the same public key stands on an earlier line")]
    KeyTwice,
    /// The name is taken, or reserved.
    #[error("the name `{name}` is taken")]
    NameTaken {
        /// The name.
        name: Item,
    },
    /// No earlier line defines the name.
    #[error("`{name}` is not defined on an earlier line")]
    Undefined {
        /// The name.
        name: Item,
    },
    /// A name may be a member once, in one group.
    #[error("`{name}` is a member already")]
    MemberTwice {
        /// The name.
        name: Item,
    },
    /// Not `all`, `any` or a number from 1 to that of the members.
    #[error("the threshold must be `all`, `any` or a number from 1 to {members}")]
    Threshold {
        /// Number of members.
        members: usize,
    },
    /// A second `quorum` line.
    #[error("a policy has one quorum only")]
    SecondQuorum,
    /// No `quorum` line; reported at the end of the file.
    #[error("the file ends without a quorum")]
    NoQuorum,
}

const LOG_FORM: &str = "log <vkey> [url]";
const WITNESS_FORM: &str = "witness <name> <vkey> [url]";
const GROUP_FORM: &str = "group <name> all|any|<k> <member>...";
const QUORUM_FORM: &str = "quorum <name>|none";

pub(super) fn parse(file: &[u8]) -> Result<Policy, PolicyError> {
    if file.len() > MAX_POLICY_LEN {
        return Err(PolicyError {
            line: 1,
            fault: PolicyFault::TooLarge,
        });
    }
    let mut reader = Reader::default();
    let mut number = 0;
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        number += 1;
        reader
            .line(line)
            .map_err(|fault| PolicyError { line: number, fault })?;
    }
    let Reader {
        policy, quorum_seen, ..
    } = reader;
    match quorum_seen {
        Seen::Once => Ok(policy),
        Seen::Never => Err(PolicyError {
            line: number + 1,
            fault: PolicyFault::NoQuorum,
        }),
    }
}

#[derive(Default, PartialEq)]
enum Seen {
    #[default]
    Never,
    Once,
}

struct Reader {
    policy: Policy,
    quorum_seen: Seen,
    /// Names of witnesses and groups: one name space.
    defined: BTreeSet<Item>,
    members: BTreeSet<Item>,
    log_keys: BTreeSet<[u8; 32]>,
    witness_keys: BTreeSet<[u8; 32]>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            policy: Policy {
                logs: Vec::new(),
                witnesses: Vec::new(),
                groups: Vec::new(),
                quorum: None,
            },
            quorum_seen: Seen::Never,
            defined: BTreeSet::new(),
            members: BTreeSet::new(),
            log_keys: BTreeSet::new(),
            witness_keys: BTreeSet::new(),
        }
    }
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        let line = line.strip_suffix(b"\n").ok_or(PolicyFault::NoNewline)?;
        // tlog-policy: 09, 0A, 20 to 7E and 80 to FF.
        if line
            .iter()
            .any(|byte| matches!(byte, 0x00..=0x08 | 0x0a..=0x1f | 0x7f))
        {
            return Err(PolicyFault::Byte);
        }
        let mut items = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|item| !item.is_empty())
            .map(|item| Item(item.to_vec()));
        let Some(word) = items.next() else { return Ok(()) };
        if word.0.starts_with(b"#") {
            return Ok(());
        }
        let items: Vec<Item> = items.collect();
        match word.as_bytes() {
            b"log" => self.log(&items),
            b"witness" => self.witness(&items),
            b"group" => self.group(&items),
            b"quorum" => self.quorum(&items),
            _ => Err(PolicyFault::UnknownWord { word }),
        }
    }

    fn log(&mut self, items: &[Item]) -> Result<(), PolicyFault> {
        let (key, url) = match items {
            [key] => (key, None),
            [key, url] => (key, Some(url.clone())),
            _ => return Err(PolicyFault::Form { form: LOG_FORM }),
        };
        let key = read_key(key, LineKind::Log)?;
        if !self.log_keys.insert(*key.public()) {
            return Err(PolicyFault::KeyTwice);
        }
        self.policy.logs.push(PolicyLog { key, url });
        Ok(())
    }

    fn witness(&mut self, items: &[Item]) -> Result<(), PolicyFault> {
        let (name, key, url) = match items {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(url.clone())),
            _ => return Err(PolicyFault::Form { form: WITNESS_FORM }),
        };
        let key = read_key(key, LineKind::Witness)?;
        if !self.witness_keys.insert(*key.public()) {
            return Err(PolicyFault::KeyTwice);
        }
        let name = self.define(name)?;
        self.policy.witnesses.push(PolicyWitness { name, key, url });
        Ok(())
    }

    fn group(&mut self, items: &[Item]) -> Result<(), PolicyFault> {
        let [name, threshold, members @ ..] = items else {
            return Err(PolicyFault::Form { form: GROUP_FORM });
        };
        if members.is_empty() {
            return Err(PolicyFault::Form { form: GROUP_FORM });
        }
        let wrong = PolicyFault::Threshold {
            members: members.len(),
        };
        let threshold = match threshold.as_bytes() {
            b"all" => Some(members.len()),
            b"any" => Some(1),
            _ => threshold
                .as_str()
                .and_then(parse_decimal)
                .and_then(|k| usize::try_from(k).ok()),
        };
        let threshold = threshold
            .filter(|k| *k <= members.len())
            .and_then(NonZeroUsize::new)
            .ok_or(wrong)?;
        for member in members {
            let name = member.clone();
            if !self.defined.contains(member) {
                return Err(PolicyFault::Undefined { name });
            }
            if !self.members.insert(name.clone()) {
                return Err(PolicyFault::MemberTwice { name });
            }
        }
        // Only now, so that no group is a member of itself.
        let name = self.define(name)?;
        self.policy.groups.push(Group {
            name,
            threshold,
            members: members.to_vec(),
        });
        Ok(())
    }

    fn quorum(&mut self, items: &[Item]) -> Result<(), PolicyFault> {
        let [name] = items else {
            return Err(PolicyFault::Form { form: QUORUM_FORM });
        };
        if self.quorum_seen == Seen::Once {
            return Err(PolicyFault::SecondQuorum);
        }
        if name.as_bytes() != NONE.as_bytes() {
            if !self.defined.contains(name) {
                return Err(PolicyFault::Undefined { name: name.clone() });
            }
            self.policy.quorum = Some(name.clone());
        }
        self.quorum_seen = Seen::Once;
        Ok(())
    }

    fn define(&mut self, name: &Item) -> Result<Item, PolicyFault> {
        let name = name.clone();
        if name.as_bytes() == NONE.as_bytes() || !self.defined.insert(name.clone()) {
            return Err(PolicyFault::NameTaken { name });
        }
        Ok(name)
    }
}

fn read_key(item: &Item, line: LineKind) -> Result<Vkey, PolicyFault> {
    let cause = VkeyError::Malformed;
    let text = item.as_str().ok_or(PolicyFault::Key { cause })?;
    let key: Vkey = text.parse().map_err(|cause| PolicyFault::Key { cause })?;
    if key.kind() == kind_of(line) {
        Ok(key)
    } else {
        Err(PolicyFault::KeyKind)
    }
}
