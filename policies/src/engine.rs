//! The engine: allow means that Cedar allows and that no policy erred.

use broker_domain::ids::Digest;
use broker_domain::policy::{PolicyEngine, Query, Verdict};
use cedar_policy::{AuthorizationError, Authorizer, Decision, Entities, Entity, Request};
use cedar_policy_core::entities::{self, NoEntitiesSchema, TCComputation};
use cedar_policy_core::extensions::Extensions;

use crate::acts::Acts;
use crate::facts::{Question, Unaskable, Vocabulary};
use crate::set::{LoadedSet, POLICIES, PolicyError, SCHEMA};

/// Evaluates the embedded policies. Made once at start; evaluating takes `&self` and shares nothing.
#[derive(Debug)]
pub struct CedarEngine {
    authorizer: Authorizer,
    set: LoadedSet,
    vocabulary: Vocabulary,
    acts: Acts,
}

/// An answer with what a log needs beside it (`consent.md` §10, "Log").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighing {
    /// The answer.
    pub verdict: Verdict,
    /// Names of the policies that failed instead of answering, in order. Not empty means denied, and a fault of ours.
    pub failed: Vec<String>,
    /// How far the query got.
    pub reach: Reach,
}

/// A query in Cedar's terms that the schema knows.
#[derive(Debug)]
pub struct Prepared {
    request: Request,
    entities: Entities,
}

/// Whether a query was put to the policies at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The policies were evaluated.
    Evaluated,
    /// The schema knows no such act (this kind of principal never does this to this kind of resource), or the query has
    /// no Cedar form, such as an instant outside the years 0 to 9999.
    OutsideSchema,
}

impl CedarEngine {
    /// Loads the policies built into this program.
    ///
    /// # Errors
    /// [`PolicyError`] when they do not validate strictly, which the tests of this crate rule out.
    pub fn embedded() -> Result<Self, PolicyError> {
        Self::of(LoadedSet::load(SCHEMA, POLICIES)?)
    }

    fn of(set: LoadedSet) -> Result<Self, PolicyError> {
        let vocabulary = Vocabulary::parse()?;
        Ok(Self {
            authorizer: Authorizer::new(),
            acts: Acts::accepted_by(&set.schema, &vocabulary),
            set,
            vocabulary,
        })
    }

    /// Answers one query and says how. Any trouble is a [`Verdict::Deny`] (invariant I6).
    #[must_use]
    pub fn weigh(&self, query: &Query) -> Weighing {
        let answer = self
            .vocabulary
            .question(query)
            .and_then(|question| self.ask(question));
        answer.unwrap_or_else(|Unaskable| Weighing {
            verdict: Verdict::Deny { policies: Vec::new() },
            failed: Vec::new(),
            reach: Reach::OutsideSchema,
        })
    }

    /// A query in Cedar's terms, ready to be evaluated. `None` for what the schema does not know. For measurements:
    /// [`Self::weigh`] does both.
    #[must_use]
    pub fn prepare(&self, query: &Query) -> Option<Prepared> {
        let question = self.vocabulary.question(query).ok()?;
        self.put(question).ok()
    }

    /// Evaluates a prepared query.
    #[must_use]
    pub fn weigh_prepared(&self, prepared: &Prepared) -> Weighing {
        self.weigh_request(&prepared.request, &prepared.entities)
    }

    fn ask(&self, question: Question) -> Result<Weighing, Unaskable> {
        Ok(self.weigh_prepared(&self.put(question)?))
    }

    fn put(&self, question: Question) -> Result<Prepared, Unaskable> {
        let Question {
            principal,
            action,
            resource,
            context,
            entities,
        } = question;
        if !self.acts.know(&principal, &action, &resource) {
            return Err(Unaskable);
        }
        let request = Request::new(principal, action, resource, context, None).map_err(|_| Unaskable)?;
        let entities = closed(&entities)?;
        Ok(Prepared { request, entities })
    }

    fn weigh_request(&self, request: &Request, entities: &Entities) -> Weighing {
        let response = self
            .authorizer
            .is_authorized(request, self.set.about(request.action()), entities);
        let diagnostics = response.diagnostics();
        let mut policies: Vec<String> = diagnostics.reason().map(ToString::to_string).collect();
        policies.sort();
        let mut failed: Vec<String> = diagnostics
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().to_string())
            .collect();
        failed.sort();
        let verdict = match response.decision() {
            Decision::Allow if failed.is_empty() => Verdict::Allow { policies },
            // Cedar skips a policy that errs: the one that would have forbidden may be among them.
            Decision::Allow => Verdict::Deny { policies: Vec::new() },
            Decision::Deny => Verdict::Deny { policies },
        };
        Weighing {
            verdict,
            failed,
            reach: Reach::Evaluated,
        }
    }
}

/// Entities of a question, without looking for the parents of parents: there are none. Those that a question brings name
/// at most one parent each, an organisation, which is not among them.
fn closed(entities: &[Entity]) -> Result<Entities, Unaskable> {
    // `cedar-policy` itself computes the closure of the two each time, which takes longer than the policies.
    let entities = entities.iter().map(|entity| entity.as_ref().clone());
    let known = TCComputation::AssumeAlreadyComputed;
    entities::Entities::from_entities(entities, None::<&NoEntitiesSchema>, known, Extensions::none())
        .map(Entities::from)
        .map_err(|_| Unaskable)
}

impl PolicyEngine for CedarEngine {
    fn evaluate(&self, query: &Query) -> Verdict {
        self.weigh(query).verdict
    }

    fn set_digest(&self) -> Digest {
        self.set.digest
    }
}

#[cfg(test)]
mod tests;
