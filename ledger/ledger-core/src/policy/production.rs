//! Our own rule: in production the quorum needs witnesses of two organisations.

use std::collections::BTreeMap;

use super::{Item, Policy};

/// A policy whose quorum nobody meets alone. Private field: having one means that the rule was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductionPolicy(Policy);

/// Why a policy is not good enough for production.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotForProduction {
    /// `quorum none`.
    #[error("the quorum asks for no witness")]
    NoWitness,
    /// The quorum is a witness, or a group of which one member is enough.
    #[error("the quorum `{name}` is met by one organisation alone")]
    OneIsEnough {
        /// The witness or group.
        name: Item,
    },
    /// Two direct members of the quorum have witnesses under one host, so they are one organisation.
    #[error("`{first}` and `{second}` have witnesses of the same host `{host}`: put them in one group")]
    SameHost {
        /// A member of the quorum.
        first: Item,
        /// Another.
        second: Item,
        /// The part of their key names before the first slash.
        host: String,
    },
}

impl ProductionPolicy {
    /// The policy.
    pub const fn policy(&self) -> &Policy {
        &self.0
    }
}

impl Policy {
    /// Checks that the quorum needs two organisations: two direct members of the group it names, none of which
    /// share the host (the part before the first slash) of a witness's key name.
    ///
    /// LIMIT: a file cannot prove who runs a witness. Two hosts of one organisation pass: whoever writes the policy
    /// knows whom it names.
    ///
    /// # Errors
    /// [`NotForProduction`].
    pub fn for_production(self) -> Result<ProductionPolicy, NotForProduction> {
        let quorum = self.quorum.as_ref().ok_or(NotForProduction::NoWitness)?;
        let alone = || NotForProduction::OneIsEnough { name: quorum.clone() };
        let group = self.group(quorum).filter(|group| group.threshold.get() > 1);
        let mut hosts: BTreeMap<String, &Item> = BTreeMap::new();
        for member in &group.ok_or_else(alone)?.members {
            for host in self.hosts_of(member) {
                match hosts.insert(host.clone(), member) {
                    Some(first) if first != member => {
                        let (first, second) = (first.clone(), member.clone());
                        return Err(NotForProduction::SameHost { first, second, host });
                    }
                    _ => {}
                }
            }
        }
        Ok(ProductionPolicy(self))
    }

    /// The hosts of the witnesses in a member, however deep.
    fn hosts_of(&self, member: &Item) -> Vec<String> {
        let (mut hosts, mut open) = (Vec::new(), vec![member]);
        // It ends: a group has only members of earlier lines, and each name is a member once.
        while let Some(name) = open.pop() {
            let witness = self.witnesses.iter().find(|one| one.name == *name);
            hosts.extend(witness.map(|one| {
                let name = one.key.name().as_str();
                name.split('/').next().unwrap_or(name).to_ascii_lowercase()
            }));
            open.extend(self.group(name).into_iter().flat_map(|group| &group.members));
        }
        hosts
    }
}
