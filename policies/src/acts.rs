//! Which principal may be said to do what to which resource: asked of the schema once, at start.

use std::collections::HashMap;

use cedar_policy::{EntityTypeName, EntityUid, RequestEnv, Schema};

use crate::facts::Vocabulary;

/// The acts that the schema knows in the shape in which [`Vocabulary`] tells them.
///
/// The reference has the schema judge each request, so that a missing fact is refused before a policy could err on it
/// (`consent.md` §10). That costs more than all policies together, and judges the same few shapes again and again: which
/// facts an act has, and of which type, is fixed by the code of `Vocabulary` and not by any value. So each shape is shown
/// to the schema when the engine is made. One that it refuses is not among the acts, and is denied for ever.
#[derive(Debug)]
pub(crate) struct Acts(HashMap<EntityUid, Vec<(EntityTypeName, EntityTypeName)>>);

impl Acts {
    /// Those that the schema accepts.
    pub(crate) fn accepted_by(schema: &Schema, vocabulary: &Vocabulary) -> Self {
        let mut acts: HashMap<_, Vec<_>> = HashMap::new();
        for act in schema
            .request_envs()
            .filter(|act| is_accepted(act, schema, vocabulary))
        {
            let kinds = (act.principal().clone(), act.resource().clone());
            acts.entry(act.action().clone()).or_default().push(kinds);
        }
        Self(acts)
    }

    /// Whether this is one of them.
    pub(crate) fn know(&self, principal: &EntityUid, action: &EntityUid, resource: &EntityUid) -> bool {
        self.0.get(action).is_some_and(|kinds| {
            kinds
                .iter()
                .any(|(by, to)| by == principal.type_name() && to == resource.type_name())
        })
    }
}

fn is_accepted(act: &RequestEnv, schema: &Schema, vocabulary: &Vocabulary) -> bool {
    vocabulary
        .sample(act)
        .is_ok_and(|sample| sample.validate(schema, act.action()).is_ok())
}

#[cfg(test)]
mod tests {
    use cedar_policy::Request;

    use super::*;
    use crate::facts::Vocabulary;
    use crate::set::{SCHEMA, Source};

    fn acts(schema: Source<'_>) -> (Acts, Schema) {
        let (schema, _) = Schema::from_cedarschema_str(schema.text).unwrap();
        let acts = Acts::accepted_by(&schema, &Vocabulary::parse().unwrap());
        (acts, schema)
    }

    fn known(acts: &Acts) -> usize {
        acts.0.values().map(Vec::len).sum()
    }

    #[test]
    fn every_act_of_the_schema_is_known_and_no_other() {
        let (acts, schema) = acts(SCHEMA);
        assert_eq!(known(&acts), schema.request_envs().count());
        let uid =
            |kind: &EntityTypeName| EntityUid::from_type_name_and_id(kind.clone(), "x".parse().unwrap());
        let kinds: Vec<_> = schema.entity_types().map(uid).collect();
        for action in schema.actions() {
            for principal in &kinds {
                for resource in &kinds {
                    let context = Vocabulary::parse()
                        .unwrap()
                        .sample(&RequestEnv::new(
                            principal.type_name().clone(),
                            action.clone(),
                            resource.type_name().clone(),
                        ))
                        .unwrap();
                    let judged = Request::new(
                        principal.clone(),
                        action.clone(),
                        resource.clone(),
                        context,
                        Some(&schema),
                    );
                    assert_eq!(
                        acts.know(principal, action, resource),
                        judged.is_ok(),
                        "{principal} {action} {resource}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_act_whose_facts_have_another_shape_is_unknown() {
        let whole = known(&acts(SCHEMA).0);
        for (from, to) in [
            ("stepSeconds: Long,", "stepSeconds: String,"),
            ("stepSeconds: Long,", "stepSeconds: Long, colour: Long,"),
            ("    from: datetime,", ""),
            ("minStepSeconds: Long,", "minStepSeconds: Bool,"),
        ] {
            assert!(SCHEMA.text.contains(from), "{from}");
            let text = SCHEMA.text.replace(from, to);
            let changed = acts(Source {
                text: &text,
                ..SCHEMA
            })
            .0;
            assert_eq!(known(&changed), whole - 1, "{to}");
        }
    }
}
