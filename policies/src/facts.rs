//! From a domain query to what Cedar evaluates: identifiers, entities with their attributes, and context.

use std::collections::{HashMap, HashSet};
use std::fmt;

use broker_domain::consent::Covered;
use broker_domain::ids::{OrganisationId, ParticipantId, PointId, Purpose};
use broker_domain::mandate::Power;
use broker_domain::policy::{Action, Approval, Principal, Query, Resource};
use broker_domain::time::Instant;
use cedar_policy::{Context, Entity, EntityId, EntityTypeName, EntityUid, RequestEnv, RestrictedExpression};
use cedar_policy_core::ast::{Name, RestrictedExpr};

use crate::set::PolicyError;

/// A query that has no Cedar form, such as an instant outside the years 0 to 9999. It is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unaskable;

/// A query in Cedar's terms.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) principal: EntityUid,
    pub(crate) action: EntityUid,
    pub(crate) resource: EntityUid,
    pub(crate) context: Context,
    pub(crate) entities: Vec<Entity>,
}

/// The entity types of the schema and one function, parsed once: parsing a name costs more than evaluating a policy.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    organisation: EntityTypeName,
    participant: EntityTypeName,
    application: EntityTypeName,
    researcher: EntityTypeName,
    officer: EntityTypeName,
    gateway: EntityTypeName,
    delegate: EntityTypeName,
    purpose: EntityTypeName,
    person: EntityTypeName,
    point: EntityTypeName,
    consent: EntityTypeName,
    readings: EntityTypeName,
    dataset: EntityTypeName,
    request: EntityTypeName,
    release: EntityTypeName,
    flows: EntityTypeName,
    panel: EntityTypeName,
    action: EntityTypeName,
    /// The function that makes an instant of a text.
    datetime: Name,
}

impl Vocabulary {
    pub(crate) fn parse() -> Result<Self, PolicyError> {
        let entity_type = |name: &'static str| {
            name.parse::<EntityTypeName>()
                .map_err(|_| PolicyError::Vocabulary { name })
        };
        Ok(Self {
            organisation: entity_type("Organisation")?,
            participant: entity_type("Participant")?,
            application: entity_type("Application")?,
            researcher: entity_type("Researcher")?,
            officer: entity_type("Officer")?,
            gateway: entity_type("Gateway")?,
            delegate: entity_type("Delegate")?,
            purpose: entity_type("Purpose")?,
            person: entity_type("Person")?,
            point: entity_type("Point")?,
            consent: entity_type("Consent")?,
            readings: entity_type("Readings")?,
            dataset: entity_type("Dataset")?,
            request: entity_type("Request")?,
            release: entity_type("Release")?,
            flows: entity_type("Flows")?,
            panel: entity_type("Panel")?,
            action: entity_type("Action")?,
            datetime: "datetime"
                .parse()
                .map_err(|_| PolicyError::Vocabulary { name: "datetime" })?,
        })
    }

    /// The query in Cedar's terms.
    pub(crate) fn question(&self, query: &Query) -> Result<Question, Unaskable> {
        let principal = self.principal(query.principal)?;
        let resource = self.resource(&query.resource)?;
        let context = match (query.action, &query.resource) {
            (Action::Transfer, Resource::Readings { covered }) => {
                self.transfer_context(&TransferFacts::of(covered, query.now))?
            }
            _ => Context::empty(),
        };
        Ok(Question {
            principal: principal.uid(),
            action: uid(&self.action, query.action.code()),
            resource: resource.uid(),
            context,
            entities: vec![principal, resource],
        })
    }

    pub(crate) fn principal(&self, principal: Principal) -> Result<Entity, Unaskable> {
        let member = |kind, id: &dyn fmt::Display, of: OrganisationId| {
            Entity::new_no_attrs(uid(kind, id), HashSet::from([uid(&self.organisation, of)]))
        };
        match principal {
            Principal::Participant(id) => Ok(Entity::with_uid(uid(&self.participant, id))),
            Principal::Officer(id) => Ok(Entity::with_uid(uid(&self.officer, id))),
            Principal::Application(id, of) => Ok(member(&self.application, &id, of)),
            Principal::Researcher(id, of) => Ok(member(&self.researcher, &id, of)),
            Principal::Gateway(id, owner) => with(
                uid(&self.gateway, id),
                [("owner", self.participant_reference(owner))],
            ),
            Principal::Delegate(acting) => {
                let may = |power| RestrictedExpression::new_bool(acting.powers().include(power));
                let attributes = [
                    ("owner", self.participant_reference(acting.person())),
                    ("views", may(Power::View)),
                    ("grants", may(Power::Grant)),
                    ("withdraws", may(Power::Withdraw)),
                ];
                with(uid(&self.delegate, acting.mandate()), attributes)
            }
        }
    }

    fn resource(&self, resource: &Resource) -> Result<Entity, Unaskable> {
        let owned = |kind, id: &dyn fmt::Display, owner| {
            with(uid(kind, id), [("owner", self.participant_reference(owner))])
        };
        match resource {
            Resource::Person { owner } => owned(&self.person, owner, *owner),
            Resource::Point { point, owner } => owned(&self.point, point, *owner),
            Resource::Consent { consent, owner } => owned(&self.consent, consent, *owner),
            Resource::Readings { covered } => self.readings(covered.ask().point),
            Resource::Dataset { dataset, recipient } => {
                let recipient = reference(uid(&self.organisation, recipient));
                with(uid(&self.dataset, dataset), [("recipient", recipient)])
            }
            Resource::Request {
                request,
                researcher,
                organisation,
                approval,
            } => {
                let approved = matches!(approval, Approval::Granted);
                let attributes = [
                    ("researcher", reference(uid(&self.researcher, researcher))),
                    ("organisation", reference(uid(&self.organisation, organisation))),
                    ("approved", RestrictedExpression::new_bool(approved)),
                ];
                with(uid(&self.request, request), attributes)
            }
            Resource::Release { release, researcher } => {
                let researcher = reference(uid(&self.researcher, researcher));
                with(uid(&self.release, release), [("researcher", researcher)])
            }
            Resource::Flows => Ok(Entity::with_uid(uid(&self.flows, "all"))),
            Resource::Panel => Ok(Entity::with_uid(uid(&self.panel, "all"))),
        }
    }

    /// Readings of one point, which gives them their identity here.
    pub(crate) fn readings(&self, point: PointId) -> Result<Entity, Unaskable> {
        with(
            uid(&self.readings, point),
            [("point", reference(uid(&self.point, point)))],
        )
    }

    pub(crate) fn transfer_context(&self, facts: &TransferFacts) -> Result<Context, Unaskable> {
        let grant = &facts.grant;
        let grant = RestrictedExpression::new_record([
            ("active".into(), RestrictedExpression::new_bool(grant.active)),
            ("purpose".into(), reference(uid(&self.purpose, &grant.purpose))),
            (
                "grantee".into(),
                reference(uid(&self.organisation, grant.grantee)),
            ),
            ("point".into(), reference(uid(&self.point, grant.point))),
            (
                "minStepSeconds".into(),
                RestrictedExpression::new_long(i64::from(grant.min_step_seconds)),
            ),
            ("validFrom".into(), self.datetime(grant.valid_from)?),
            ("validUntil".into(), self.datetime(grant.valid_until)?),
        ])
        .map_err(|_| Unaskable)?;
        Context::from_pairs([
            ("now".into(), self.datetime(facts.now)?),
            ("purpose".into(), reference(uid(&self.purpose, &facts.purpose))),
            (
                "stepSeconds".into(),
                RestrictedExpression::new_long(i64::from(facts.step_seconds)),
            ),
            ("from".into(), self.datetime(facts.from)?),
            ("to".into(), self.datetime(facts.to)?),
            ("grant".into(), grant),
        ])
        .map_err(|_| Unaskable)
    }

    /// The context of an act as [`Self::question`] would tell it, with some value for each fact: for the schema to judge.
    pub(crate) fn sample(&self, act: &RequestEnv) -> Result<Context, Unaskable> {
        if *act.action() != uid(&self.action, Action::Transfer.code()) {
            return Ok(Context::empty());
        }
        let some = Instant::from_micros(0).map_err(|_| Unaskable)?;
        let purpose = Purpose::parse("sample").map_err(|_| Unaskable)?;
        self.transfer_context(&TransferFacts {
            now: some,
            purpose: purpose.clone(),
            step_seconds: 1,
            from: some,
            to: some,
            grant: GrantFacts {
                active: false,
                purpose,
                grantee: OrganisationId::from_bytes([0; 16]),
                point: PointId::from_bytes([0; 16]),
                min_step_seconds: 1,
                valid_from: some,
                valid_until: some,
            },
        })
    }

    /// Cedar's datetime: milliseconds, years 0 to 9999, written `2026-11-21T21:04:10.500Z`.
    ///
    /// LIMIT: microseconds are cut off, on both sides of each comparison alike. In the last millisecond of a consent the
    /// policy may say no although the domain says yes, never yes after its end; in the millisecond before its start it may
    /// say yes, and the coverage check, exact to the microsecond, says no.
    fn datetime(&self, instant: Instant) -> Result<RestrictedExpression, Unaskable> {
        let text = instant.to_string();
        match text.split_at_checked("2026-11-21T21:04:10.500".len()) {
            Some((milliseconds, rest)) if rest.len() == "000Z".len() && rest.ends_with('Z') => {
                // `RestrictedExpression::new_datetime` parses the name of the function each time, which takes twice as
                // long as reading the instant.
                let text = RestrictedExpr::val(format!("{milliseconds}Z").as_str());
                Ok(RestrictedExpr::call_extension_fn(self.datetime.clone(), [text]).into())
            }
            _ => Err(Unaskable),
        }
    }

    fn participant_reference(&self, id: ParticipantId) -> RestrictedExpression {
        reference(uid(&self.participant, id))
    }
}

/// The context of a transfer.
#[derive(Debug, Clone)]
pub(crate) struct TransferFacts {
    pub(crate) now: Instant,
    pub(crate) purpose: Purpose,
    pub(crate) step_seconds: u32,
    pub(crate) from: Instant,
    pub(crate) to: Instant,
    pub(crate) grant: GrantFacts,
}

/// The consent behind a transfer.
#[derive(Debug, Clone)]
pub(crate) struct GrantFacts {
    pub(crate) active: bool,
    pub(crate) purpose: Purpose,
    pub(crate) grantee: OrganisationId,
    pub(crate) point: PointId,
    pub(crate) min_step_seconds: u32,
    pub(crate) valid_from: Instant,
    pub(crate) valid_until: Instant,
}

impl TransferFacts {
    /// What a coverage proof says at `now`.
    ///
    /// The proof says that the consent was in force when it was checked. It says nothing about another instant, so
    /// the grant is active at that instant only: a proof kept for later is worth nothing.
    pub(crate) fn of(covered: &Covered, now: Instant) -> Self {
        let ask = covered.ask();
        Self {
            now,
            purpose: ask.purpose.clone(),
            step_seconds: ask.step.seconds(),
            from: ask.interval.start(),
            to: ask.interval.end(),
            grant: GrantFacts {
                active: covered.checked_at() == now,
                // `covers` demands equality of purpose, recipient and point, so the ask's are the consent's.
                purpose: ask.purpose.clone(),
                grantee: ask.recipient,
                point: ask.point,
                min_step_seconds: covered.consented_step().seconds(),
                valid_from: covered.valid().start(),
                valid_until: covered.valid().end(),
            },
        }
    }
}

fn uid(kind: &EntityTypeName, id: impl fmt::Display) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id.to_string()))
}

fn reference(uid: EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid)
}

fn with<const N: usize>(
    uid: EntityUid,
    attributes: [(&str, RestrictedExpression); N],
) -> Result<Entity, Unaskable> {
    let attributes: HashMap<String, RestrictedExpression> = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Entity::new(uid, attributes, HashSet::new()).map_err(|_| Unaskable)
}
