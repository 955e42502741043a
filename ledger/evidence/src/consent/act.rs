//! What happened to a consent, and how an event of it reads.

use ledger_core::leaf::SubjectKind;
use serde_json::Value;

use super::{ConsentError, has_type, instant};
use crate::passkey::WebauthnAct;
use crate::record::{Capacity, Digest, EvidenceLevel, Id, Instant, Method};

/// What happened to a consent: the states of DPV 2.3 (`consent.md` §2.2), and four that DPV does not tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsentAct {
    /// It was asked for.
    Requested,
    /// The person put it off.
    Deferred,
    /// The person said no.
    Refused,
    /// One of several who must agree did, and it waits for another: requested in DPV, with a reason of ours.
    Agreed,
    /// One of them took back what waits, or said no: refused in DPV, with a reason of ours.
    Declined,
    /// The person agreed.
    Given,
    /// The person agreed again, to new terms of the same consent.
    Renewed,
    /// The person took back a part: a renewal in DPV, with a reason of ours.
    Narrowed,
    /// The person ended it.
    Withdrawn,
    /// Somebody else ended it.
    Revoked,
    /// The broker ended it after a restore that lost records: a revocation in DPV, with a reason of ours.
    Suspended,
    /// Its time ran out.
    Expired,
    /// It turned out not to hold, or to hold no longer.
    Invalidated,
}

const STATES: [(&str, ConsentAct); 9] = [
    ("dpv:ConsentRequested", ConsentAct::Requested),
    ("dpv:ConsentRequestDeferred", ConsentAct::Deferred),
    ("dpv:ConsentRefused", ConsentAct::Refused),
    ("dpv:ConsentGiven", ConsentAct::Given),
    ("dpv:RenewedConsentGiven", ConsentAct::Renewed),
    ("dpv:ConsentWithdrawn", ConsentAct::Withdrawn),
    ("dpv:ConsentRevoked", ConsentAct::Revoked),
    ("dpv:ConsentExpired", ConsentAct::Expired),
    ("dpv:ConsentInvalidated", ConsentAct::Invalidated),
];

const NARROWED: &str = "en:Narrowed";
const RECORDS_LOST: &str = "en:RecordsLost";
pub(crate) const ONE_OF_SEVERAL: &str = "en:OneOfSeveral";

impl ConsentAct {
    /// The term of DPV 2.3.
    pub const fn state(self) -> &'static str {
        match self {
            Self::Requested | Self::Agreed => "dpv:ConsentRequested",
            Self::Deferred => "dpv:ConsentRequestDeferred",
            Self::Refused | Self::Declined => "dpv:ConsentRefused",
            Self::Given => "dpv:ConsentGiven",
            Self::Renewed | Self::Narrowed => "dpv:RenewedConsentGiven",
            Self::Withdrawn => "dpv:ConsentWithdrawn",
            Self::Revoked | Self::Suspended => "dpv:ConsentRevoked",
            Self::Expired => "dpv:ConsentExpired",
            Self::Invalidated => "dpv:ConsentInvalidated",
        }
    }

    /// What DPV does not say.
    pub(super) const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Narrowed => Some(NARROWED),
            Self::Suspended => Some(RECORDS_LOST),
            Self::Agreed | Self::Declined => Some(ONE_OF_SEVERAL),
            _ => None,
        }
    }

    /// Whether the person says yes with it.
    pub const fn agrees(self) -> bool {
        matches!(self, Self::Given | Self::Renewed | Self::Narrowed)
    }

    /// The kind of its leaf; none for what stays outside the ledger (`consent.md` §3).
    pub const fn kind(self) -> Option<SubjectKind> {
        match self {
            Self::Requested | Self::Deferred | Self::Refused => None,
            Self::Agreed | Self::Given | Self::Renewed | Self::Narrowed => Some(SubjectKind::ConsentOpened),
            Self::Declined
            | Self::Withdrawn
            | Self::Revoked
            | Self::Suspended
            | Self::Expired
            | Self::Invalidated => Some(SubjectKind::ConsentClosed),
        }
    }

    /// What a record of this act is called.
    pub const fn record_name(self) -> &'static str {
        match self {
            Self::Requested => "consent-requested/2",
            Self::Deferred => "consent-deferred/2",
            Self::Refused => "consent-refused/2",
            Self::Agreed => "consent-agreed/2",
            Self::Declined => "consent-declined/2",
            Self::Given => "consent-given/2",
            Self::Renewed => "consent-renewed/2",
            Self::Narrowed => "consent-narrowed/2",
            Self::Withdrawn => "consent-withdrawn/2",
            Self::Revoked => "consent-revoked/2",
            Self::Suspended => "consent-suspended/2",
            Self::Expired => "consent-expired/2",
            Self::Invalidated => "consent-invalidated/2",
        }
    }
}

/// How somebody acted, and how strong the evidence of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// By which way.
    pub method: Method,
    /// None for what nobody did, such as time running out.
    pub level: Option<EvidenceLevel>,
}

/// The records that a restore lost: a withdrawal may be among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Number of the newest record of the person whose detail is known.
    pub known: u64,
    /// Number of her newest record in the log.
    pub newest: u64,
}

/// One event of a consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentEvent {
    /// What happened.
    pub act: ConsentAct,
    /// Who did it, as an IRI.
    pub by: Id,
    /// When it took effect.
    pub at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// How; unknown for events of before this form.
    pub how: Option<How>,
    /// Until when it is agreed, exclusive, for an agreement.
    pub until: Option<Instant>,
    /// Digest of the JWS of the record that it made. The act of a record has none: it made this one.
    pub record: Option<Digest>,
    /// The person's own signature over the draft.
    pub webauthn: Option<WebauthnAct>,
    /// What was lost, for [`ConsentAct::Suspended`].
    pub lost: Option<Lost>,
    /// For whom, where somebody acted for another.
    pub behalf: Option<OnBehalf>,
}

/// For whom somebody acted, and by what right (`consent.md` §2.2: `capacity`, `on_behalf_of`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnBehalf {
    /// The person concerned, as an IRI.
    pub person: Id,
    /// As what she acted.
    pub capacity: Capacity,
    /// The mandate, as an IRI: its records are in the person's list.
    pub mandate: Id,
}

/// What an event says: which act, and when it was recorded.
pub(super) fn read(event: &Value) -> Result<(ConsentAct, Instant), ConsentError> {
    let wrong = ConsentError::Member {
        member: "dpv:hasConsentStatus",
    };
    let mut states = STATES.iter().filter(|(state, _)| has_type(event, state));
    let (state, None) = (states.next(), states.next()) else {
        return Err(wrong);
    };
    let (_, act) = *state.ok_or(wrong)?;
    let reason = event.get("en:reason").and_then(|reason| reason.get("@id"));
    let act = match (act, reason.and_then(Value::as_str)) {
        (ConsentAct::Renewed, Some(NARROWED)) => ConsentAct::Narrowed,
        (ConsentAct::Revoked, Some(RECORDS_LOST)) => ConsentAct::Suspended,
        (ConsentAct::Requested, Some(ONE_OF_SEVERAL)) => ConsentAct::Agreed,
        (ConsentAct::Refused, Some(ONE_OF_SEVERAL)) => ConsentAct::Declined,
        (act, _) => act,
    };
    let recorded = match event.get("en:recordedAt") {
        None => instant(event, "dpv:isIndicatedAtTime"),
        Some(_) => instant(event, "en:recordedAt"),
    };
    instant(event, "dpv:isIndicatedAtTime").ok_or(ConsentError::Member {
        member: "dpv:isIndicatedAtTime",
    })?;
    let recorded = recorded.ok_or(ConsentError::Member {
        member: "en:recordedAt",
    })?;
    Ok((act, recorded))
}
