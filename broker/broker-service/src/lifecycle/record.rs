//! The records of what happens to a consent between its beginning and its withdrawal.

use broker_domain::consent::{Consent, EventKind, Terms};
use broker_domain::ids::Digest;
use broker_domain::time::{Instant, Interval, Step};
use evidence::jcs;
use evidence::record::{
    self as wire, ConsentChange, ConsentChanged, ConsentGiven, EvidenceLevel, Method, Record, Seconds,
};
use serde::Serialize;

use crate::failure::Fault;
use crate::records::{at, id};

#[derive(Serialize)]
struct TermsText<'a> {
    format: &'static str,
    recipient: String,
    purpose: &'a str,
    point: String,
    step_s: u32,
    from: String,
    until: String,
    notice_sha256: wire::Digest,
}

/// New terms of a consent, with the digest of their one spelling: that of the terms first agreed to.
pub(super) fn terms(consent: &Consent, step: Step, data: Interval, notice: Digest) -> Result<Terms, Fault> {
    let text = TermsText {
        format: "fiducie-terms/1",
        recipient: consent.recipient.to_string(),
        purpose: consent.purpose.as_str(),
        point: consent.point.to_string(),
        step_s: step.seconds(),
        from: data.start().to_string(),
        until: data.end().to_string(),
        notice_sha256: wire::Digest::new(notice.0),
    };
    let bytes = jcs::to_bytes(&text).map_err(|_| Fault::Corrupt { what: "terms" })?;
    Ok(Terms {
        step,
        data,
        digest: Digest(*wire::Digest::of(&bytes).as_bytes()),
        notice,
    })
}

/// The record of the next event of a consent.
pub(super) fn of(
    consent: &Consent,
    kind: EventKind,
    effective_at: Instant,
    now: Instant,
) -> Result<Record, Fault> {
    let before = consent.head().ok_or(Fault::Corrupt {
        what: "consent without event",
    })?;
    let change = match kind {
        EventKind::Narrowed(terms) | EventKind::Renewed(terms) => {
            return agreed(consent, &terms, before, now);
        }
        EventKind::Paused { .. } => ConsentChange::Paused,
        EventKind::Resumed => ConsentChange::Resumed,
        EventKind::Expired => ConsentChange::Expired,
        EventKind::Invalidated => ConsentChange::Invalidated,
        EventKind::Requested
        | EventKind::Deferred
        | EventKind::Given
        | EventKind::Refused
        | EventKind::Withdrawn
        | EventKind::Revoked
        | EventKind::Superseded { .. }
        | EventKind::Suspended => return Err(Fault::Corrupt { what: "change" }),
    };
    let by_clock = change == ConsentChange::Expired;
    Ok(Record::ConsentChanged(ConsentChanged {
        consent: id(&consent.id)?,
        participant: id(&consent.participant)?,
        change,
        until: kind.parts().until.map(at).transpose()?,
        method: if by_clock { Method::Clock } else { Method::Web },
        evidence_level: (!by_clock).then_some(EvidenceLevel::L1),
        effective_at: (effective_at < now).then(|| at(effective_at)).transpose()?,
        prev_sha256: wire::Digest::new(before.0),
        at: at(now)?,
    }))
}

fn agreed(consent: &Consent, terms: &Terms, before: Digest, now: Instant) -> Result<Record, Fault> {
    Ok(Record::ConsentGiven(ConsentGiven {
        consent: id(&consent.id)?,
        participant: id(&consent.participant)?,
        point: id(&consent.point)?,
        purpose: id(&consent.purpose)?,
        step_s: Seconds(terms.step.seconds()),
        recipient: id(&consent.recipient)?,
        from: at(terms.data.start())?,
        until: at(terms.data.end())?,
        terms_sha256: wire::Digest::new(terms.digest.0),
        notice_sha256: wire::Digest::new(terms.notice.0),
        method: Method::Web,
        evidence_level: EvidenceLevel::L1,
        prev_sha256: Some(wire::Digest::new(before.0)),
        at: at(now)?,
    }))
}
