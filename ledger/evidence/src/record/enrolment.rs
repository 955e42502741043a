//! Enrolment of a subject, and access by persons.

use ledger_core::leaf::ActorClass;
use serde::{Deserialize, Serialize};

use super::{Id, Instant};
use crate::jws::Jwk;

/// A participant, researcher, organisation or dataset is enrolled, or a gateway for a participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Who or what.
    pub subject: Id,
    /// As what.
    pub role: Role,
    /// The gateway that was registered with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Id>,
    /// Opaque identifier of the delivery point the gateway measures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Id>,
    /// The key the subject or its gateway signs with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Jwk>,
    /// When it was recorded.
    pub at: Instant,
}

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A household member whose data are concerned.
    Participant,
    /// Someone who asks for data.
    Researcher,
    /// A member of the federation.
    Organisation,
    /// A set of data in the catalogue.
    Dataset,
}

/// Someone looked at data or records of a participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// This access.
    pub access: Id,
    /// Whose data or records.
    pub participant: Id,
    /// As what they acted.
    pub actor: Actor,
    /// Why.
    pub purpose: Id,
    /// What was looked at, as the name of a view or category.
    pub scope: Id,
    /// When it was recorded.
    pub at: Instant,
}

/// Classes of actors, as in the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The person concerned.
    Participant,
    /// A researcher.
    Researcher,
    /// A data-protection officer.
    Dpo,
    /// A gateway or sensor.
    Gateway,
    /// The broker on its own.
    Broker,
    /// An authority.
    Authority,
}

impl From<Actor> for ActorClass {
    fn from(actor: Actor) -> Self {
        match actor {
            Actor::Participant => Self::Participant,
            Actor::Researcher => Self::Researcher,
            Actor::Dpo => Self::Dpo,
            Actor::Gateway => Self::Gateway,
            Actor::Broker => Self::Broker,
            Actor::Authority => Self::Authority,
        }
    }
}
