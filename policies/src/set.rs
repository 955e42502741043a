//! The embedded policy set: loaded strictly, and named by its digest.

use std::collections::HashMap;

use broker_domain::ids::Digest;
use cedar_policy::{
    ActionConstraint, CedarSchemaError, EntityUid, ParseErrors, Policy, PolicyId, PolicySet, PolicySetError,
    Schema, ValidationMode, Validator,
};
use ring::digest::{Context, SHA256};
use thiserror::Error;

/// Why a policy set cannot be used. The broker does not start without one (invariant I6).
#[derive(Debug, Error)]
pub enum PolicyError {
    /// The schema does not parse.
    #[error("schema `{name}` does not parse")]
    Schema {
        /// Its name.
        name: String,
        /// What Cedar says.
        #[source]
        source: Box<CedarSchemaError>,
    },
    /// A policy does not parse.
    #[error("policy `{name}` does not parse")]
    Policy {
        /// Its name.
        name: String,
        /// What Cedar says.
        #[source]
        source: Box<ParseErrors>,
    },
    /// Two policies of one name.
    #[error("policy `{name}` cannot be added to the set")]
    Duplicate {
        /// Their name.
        name: String,
        /// What Cedar says.
        #[source]
        source: Box<PolicySetError>,
    },
    /// Strict validation found something; warnings count.
    #[error("policies are not strictly valid: {}", findings.join("; "))]
    Invalid {
        /// Each error or warning, in Cedar's words.
        findings: Vec<String>,
    },
    /// A name that the engine needs is not a Cedar name: a fault in this crate.
    #[error("`{name}` is not a name in Cedar")]
    Vocabulary {
        /// The name.
        name: &'static str,
    },
}

/// A file of the set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// File name without folder and extension: the policy's id.
    pub(crate) name: &'a str,
    /// Its bytes.
    pub(crate) text: &'a str,
}

macro_rules! cedar {
    ($($name:literal),* $(,)?) => {
        &[$(Source { name: $name, text: include_str!(concat!("../cedar/", $name, ".cedar")) }),*]
    };
}

pub(crate) const SCHEMA: Source<'static> = Source {
    name: "fiducie",
    text: include_str!("../schema/fiducie.cedarschema"),
};

/// In order of name, like the files of the folder.
pub(crate) const POLICIES: &[Source<'static>] = cedar![
    "delegate-grants",
    "delegate-looks",
    "delegate-withdraws",
    "gateway-submits-for-its-household",
    "never-after-end",
    "officer-answers-rights",
    "officer-decides",
    "officer-erases",
    "officer-invites",
    "officer-reads-flows",
    "officer-records-departures",
    "officer-releases-approved",
    "participant-acts-on-her-own",
    "participant-asks-for-her-rights",
    "participant-erases-herself",
    "participant-gives-mandates",
    "participant-leaves-her-home",
    "participant-withdraws",
    "researcher-downloads-her-release",
    "researcher-requests-for-her-laboratory",
    "transfer-under-consent",
];

/// A validated set.
#[derive(Debug)]
pub(crate) struct LoadedSet {
    pub(crate) schema: Schema,
    pub(crate) policies: PolicySet,
    pub(crate) digest: Digest,
    /// For each action of the schema, the policies whose scope does not rule it out.
    by_action: HashMap<EntityUid, PolicySet>,
}

impl LoadedSet {
    /// The policies that can say anything about an action; all of them when the schema does not know it.
    ///
    /// A policy whose scope names other actions is false for this one before its condition is looked at, so leaving it
    /// out changes neither the answer nor its reasons, and the engine evaluates two policies instead of fifteen.
    pub(crate) fn about(&self, action: Option<&EntityUid>) -> &PolicySet {
        action
            .and_then(|action| self.by_action.get(action))
            .unwrap_or(&self.policies)
    }

    /// Parses and validates.
    pub(crate) fn load(schema: Source<'_>, policies: &[Source<'_>]) -> Result<Self, PolicyError> {
        let digest = digest(schema, policies);
        let (parsed, warnings) =
            Schema::from_cedarschema_str(schema.text).map_err(|source| PolicyError::Schema {
                name: schema.name.to_owned(),
                source: Box::new(source),
            })?;
        let mut findings: Vec<String> = warnings.map(|warning| warning.to_string()).collect();
        let mut set = PolicySet::new();
        for source in policies {
            // `@id` does not set the id of a policy, so each is parsed under the name of its file (consent.md §10).
            let policy = Policy::parse(Some(PolicyId::new(source.name)), source.text).map_err(|error| {
                PolicyError::Policy {
                    name: source.name.to_owned(),
                    source: Box::new(error),
                }
            })?;
            set.add(policy).map_err(|error| PolicyError::Duplicate {
                name: source.name.to_owned(),
                source: Box::new(error),
            })?;
        }
        let result = Validator::new(parsed.clone()).validate(&set, ValidationMode::Strict);
        findings.extend(result.validation_errors().map(ToString::to_string));
        findings.extend(result.validation_warnings().map(ToString::to_string));
        if !findings.is_empty() {
            return Err(PolicyError::Invalid { findings });
        }
        Self::sorted(parsed, set, digest)
    }

    /// The set with its policies sorted by action.
    pub(crate) fn sorted(schema: Schema, policies: PolicySet, digest: Digest) -> Result<Self, PolicyError> {
        let mut by_action = HashMap::new();
        for action in schema.actions() {
            let mut about = PolicySet::new();
            for policy in policies.policies().filter(|policy| can_concern(policy, action)) {
                about
                    .add(policy.clone())
                    .map_err(|error| PolicyError::Duplicate {
                        name: policy.id().to_string(),
                        source: Box::new(error),
                    })?;
            }
            by_action.insert(action.clone(), about);
        }
        Ok(Self {
            schema,
            policies,
            digest,
            by_action,
        })
    }
}

/// Whether the scope of a policy leaves room for an action. The schema has no groups of actions (a test sees to it), so
/// `in` means being one of those named.
fn can_concern(policy: &Policy, action: &EntityUid) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(only) => only == *action,
        ActionConstraint::In(some) => some.contains(action),
    }
}

/// `SHA-256("policy-set/v1" || 00 || file(schema) || file(policy)…)`, policies in order of name, where
/// `file = u64be length of name || name || u64be length of text || text`: no two sets share an encoding.
fn digest(schema: Source<'_>, policies: &[Source<'_>]) -> Digest {
    let mut ordered = policies.to_vec();
    ordered.sort_by_key(|source| source.name);
    let mut context = Context::new(&SHA256);
    context.update(b"policy-set/v1\0");
    for source in std::iter::once(schema).chain(ordered) {
        for part in [source.name, source.text] {
            // A usize always fits in 64 bits on the platforms that Rust knows; the fallback is never taken.
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    Digest(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_set() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cedar");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let embedded: BTreeSet<String> = POLICIES.iter().map(|s| format!("{}.cedar", s.name)).collect();
        assert_eq!(files, embedded);
    }

    #[test]
    fn the_digest_is_stable_and_does_not_depend_on_the_order_of_files() {
        let mut backwards = POLICIES.to_vec();
        backwards.reverse();
        assert_eq!(digest(SCHEMA, POLICIES), digest(SCHEMA, &backwards));
        // Computed apart with Python's hashlib over the formula above.
        let small = digest(
            Source {
                name: "s",
                text: "entity A;",
            },
            &[Source { name: "b", text: "2" }, Source { name: "a", text: "1" }],
        );
        assert_eq!(
            small.to_string(),
            "467504b32e88d0888ff363fc04eed08f50396a88eeac7cd83d7b1994660f1aa0"
        );
    }

    #[test]
    fn the_digest_changes_with_each_byte_and_each_name() {
        let base = digest(SCHEMA, POLICIES);
        let changed_schema = format!("{} ", SCHEMA.text);
        assert_ne!(
            base,
            digest(
                Source {
                    text: &changed_schema,
                    ..SCHEMA
                },
                POLICIES
            )
        );
        for i in 0..POLICIES.len() {
            let mut set = POLICIES.to_vec();
            let text = format!("{} ", set[i].text);
            set[i].text = &text;
            assert_ne!(base, digest(SCHEMA, &set), "{}", POLICIES[i].name);
            set[i] = Source {
                name: "zz",
                ..POLICIES[i]
            };
            assert_ne!(base, digest(SCHEMA, &set), "{}", POLICIES[i].name);
        }
        let shifted = [Source {
            name: "ab",
            text: "c",
        }];
        assert_ne!(
            digest(
                SCHEMA,
                &[Source {
                    name: "a",
                    text: "bc"
                }]
            ),
            digest(SCHEMA, &shifted)
        );
    }

    #[test]
    fn no_action_belongs_to_a_group_of_actions() {
        // `can_concern` relies on it.
        let set = LoadedSet::load(SCHEMA, POLICIES).unwrap();
        assert_eq!(set.schema.action_groups().count(), 0);
        assert_eq!(set.by_action.len(), set.schema.actions().count());
    }

    #[test]
    fn errors_and_warnings_are_refused_at_load() {
        let load = |text| LoadedSet::load(SCHEMA, &[Source { name: "bad", text }]);
        assert!(matches!(
            load("permit (principal"),
            Err(PolicyError::Policy { .. })
        ));
        let unknown =
            r#"permit (principal, action == Action::"decide", resource) when { resource.colour == 1 };"#;
        assert!(matches!(load(unknown), Err(PolicyError::Invalid { .. })));
        // Applies to nothing, which Cedar only warns about.
        let impossible = r#"permit (principal is Officer, action == Action::"transfer", resource);"#;
        assert!(matches!(load(impossible), Err(PolicyError::Invalid { .. })));
        let twice = [POLICIES[0], POLICIES[0]];
        assert!(matches!(
            LoadedSet::load(SCHEMA, &twice),
            Err(PolicyError::Duplicate { .. })
        ));
        let schema = Source {
            name: "bad",
            text: "entity",
        };
        assert!(matches!(
            LoadedSet::load(schema, POLICIES),
            Err(PolicyError::Schema { .. })
        ));
    }

    #[test]
    fn the_only_forbid_concerns_transfers() {
        // Cedar lets one `forbid` beat every `permit`: withdrawing must never meet one (invariant I5).
        let forbids: Vec<_> = POLICIES.iter().filter(|s| s.text.contains("\nforbid")).collect();
        assert_eq!(forbids.len(), 1);
        assert!(
            forbids[0]
                .text
                .contains("forbid (principal, action == Action::\"transfer\", resource)")
        );
    }
}
