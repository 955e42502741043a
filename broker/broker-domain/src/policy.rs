//! The policy question, and the permit that answers it.
//!
//! The engine is a port: it sees one [`Query`] and says allow or deny. A [`Permit`] can only come out of
//! [`Permit::ask`], and opens nothing by itself: the coverage check is separate and both are needed.

use thiserror::Error;

use crate::consent::Covered;
use crate::ids::{
    ApplicationId, ConsentId, DatasetId, Digest, GatewayId, OfficerId, OrganisationId, ParticipantId,
    PointId, ReleaseId, RequestId, ResearcherId,
};
use crate::mandate::Acting;
use crate::time::Instant;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person about her own data.
    Participant(ParticipantId),
    /// Somebody who acts for a person, as her mandate lets her.
    Delegate(Acting),
    /// An application of a member organisation.
    Application(ApplicationId, OrganisationId),
    /// A researcher of a laboratory.
    Researcher(ResearcherId, OrganisationId),
    /// A data-protection officer.
    Officer(OfficerId),
    /// A gateway.
    Gateway(GatewayId, ParticipantId),
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// A gateway hands in readings.
    Submit,
    /// A participant looks at her own readings and history.
    ReadOwn,
    /// A participant agrees or refuses.
    Grant,
    /// A participant ends a consent.
    Withdraw,
    /// A participant sets the switch of her gateway.
    Configure,
    /// A participant says that she leaves the home of a point, or an officer that its contract went to somebody else.
    EndOccupancy,
    /// A participant lets somebody act for her.
    GiveMandate,
    /// A participant exercises a right about her own data.
    AskRight,
    /// An application receives readings of a point.
    Transfer,
    /// A researcher asks for a dataset.
    Request,
    /// An officer decides a request.
    Decide,
    /// An officer lets the anonymiser make the release of an approved request.
    Release,
    /// A researcher downloads a release.
    Download,
    /// An officer reads the flows: who, what, when, never a value.
    ReadFlows,
    /// An officer erases a person.
    Erase,
    /// An officer reads and answers what people ask about their rights.
    AnswerRight,
    /// An officer lets somebody in: enrols a participant, or gives one who lost the way in a new code.
    Invite,
}

impl Action {
    /// Every action, in the order of the golden matrix.
    pub const ALL: [Self; 17] = [
        Self::Submit,
        Self::ReadOwn,
        Self::Grant,
        Self::Withdraw,
        Self::Configure,
        Self::EndOccupancy,
        Self::GiveMandate,
        Self::AskRight,
        Self::Transfer,
        Self::Request,
        Self::Decide,
        Self::Release,
        Self::Download,
        Self::ReadFlows,
        Self::Erase,
        Self::AnswerRight,
        Self::Invite,
    ];

    /// The name in policies and records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::ReadOwn => "read-own",
            Self::Grant => "grant",
            Self::Withdraw => "withdraw",
            Self::Configure => "configure",
            Self::EndOccupancy => "end-occupancy",
            Self::GiveMandate => "give-mandate",
            Self::AskRight => "ask-right",
            Self::Transfer => "transfer",
            Self::Request => "request",
            Self::Decide => "decide",
            Self::Release => "release",
            Self::Download => "download",
            Self::ReadFlows => "read-flows",
            Self::Erase => "erase",
            Self::AnswerRight => "answer-right",
            Self::Invite => "invite",
        }
    }
}

/// What it is done to, with the facts that the policies test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// Everything kept about a participant: readings, consents, history, gateways.
    Person {
        /// Whose.
        owner: ParticipantId,
    },
    /// A delivery point.
    Point {
        /// Which.
        point: PointId,
        /// Whose.
        owner: ParticipantId,
    },
    /// Readings of a point that a consent covers.
    Readings {
        /// The coverage check's own proof: its facts become the policy's context.
        covered: Covered,
    },
    /// One consent.
    Consent {
        /// Which.
        consent: ConsentId,
        /// Whose.
        owner: ParticipantId,
    },
    /// A dataset of the catalogue.
    Dataset {
        /// Which.
        dataset: DatasetId,
        /// The laboratory it is meant for.
        recipient: OrganisationId,
    },
    /// A request.
    Request {
        /// Which.
        request: RequestId,
        /// Who made it.
        researcher: ResearcherId,
        /// The laboratory the researcher works for.
        organisation: OrganisationId,
        /// Whether an officer approved it.
        approval: Approval,
    },
    /// A release ready for download.
    Release {
        /// Which.
        release: ReleaseId,
        /// For whom it was made.
        researcher: ResearcherId,
    },
    /// The list of all flows.
    Flows,
    /// Who takes part.
    Panel,
}

/// Where a request stands, as far as policies care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Approval {
    /// Not decided, or declined.
    Missing,
    /// Approved.
    Granted,
}

/// One policy question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Who.
    pub principal: Principal,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// When.
    pub now: Instant,
}

/// The engine's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed, by these policies, without any error in any policy.
    Allow {
        /// Names of the determining policies.
        policies: Vec<String>,
    },
    /// Denied: no policy allows it, one forbids it, or one failed.
    Deny {
        /// Names of the policies that forbid it; empty when none allows it.
        policies: Vec<String>,
    },
}

/// Evaluates queries. Implemented once, by the crate `policies`; the architecture test sees to it.
pub trait PolicyEngine: Send + Sync {
    /// Answers one query. Fails closed: any trouble is a [`Verdict::Deny`].
    fn evaluate(&self, query: &Query) -> Verdict;

    /// SHA-256 of the schema and policies evaluated.
    fn set_digest(&self) -> Digest;
}

/// The policies say no.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error(
    "the policies do not allow `{action}` here; ask the data-protection officer if you think they should"
)]
pub struct Denied {
    /// What was asked.
    pub action: &'static str,
    /// Policies that forbid it; empty when none allows it.
    pub policies: Vec<String>,
}

/// Proof that the policies allow a query. Only [`Permit::ask`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    query: Query,
    policies: Vec<String>,
    set: Digest,
}

impl Permit {
    /// Asks the engine.
    ///
    /// # Errors
    /// [`Denied`] when the answer is not a clean yes.
    pub fn ask(engine: &dyn PolicyEngine, query: Query) -> Result<Self, Denied> {
        match engine.evaluate(&query) {
            Verdict::Allow { policies } => Ok(Self {
                query,
                policies,
                set: engine.set_digest(),
            }),
            Verdict::Deny { policies } => Err(Denied {
                action: query.action.code(),
                policies,
            }),
        }
    }

    /// The query that was allowed.
    #[must_use]
    pub const fn query(&self) -> &Query {
        &self.query
    }

    /// The determining policies.
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// SHA-256 of the policy set.
    #[must_use]
    pub const fn set(&self) -> Digest {
        self.set
    }
}
