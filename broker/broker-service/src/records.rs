//! From domain facts to the records that are signed and committed to. One function per event.

pub(crate) mod consent;

use broker_anonymiser::Bundle;
use broker_domain::curve::Slot;
use broker_domain::ids::{BatchId, ConsentId, Digest, GatewayId, ReleaseId, SubjectId};
use broker_domain::policy::Permit;
use broker_domain::research::{AccessRequest, RequestState};
use broker_domain::time::{Instant, Interval, Step};
use broker_store::{GatewayRow, Outcome, TransferRow};
use evidence::jcs;
use evidence::jws::Jwk;
use evidence::record::{
    self as wire, Enrolment, Id, InOutcome, OutOutcome, Record, ReleasedFile, RequestStep, Role, Seconds,
    Text, TransferIn, TransferOut,
};
use serde::Serialize;

use crate::deliver::Order;
use crate::failure::Fault;

pub(crate) fn id(value: &(impl ToString + ?Sized)) -> Result<Id, Fault> {
    Id::new(value.to_string()).map_err(|_| Fault::Corrupt {
        what: "record identifier",
    })
}

pub(crate) fn at(instant: Instant) -> Result<wire::Instant, Fault> {
    wire::Instant::from_unix_micros(instant.as_micros()).ok_or(Fault::Corrupt {
        what: "record instant",
    })
}

const fn digest(digest: Digest) -> wire::Digest {
    wire::Digest::new(digest.0)
}

/// Record number 1 of everybody.
pub(crate) fn subject_enrolled(subject: SubjectId, role: Role, now: Instant) -> Result<Record, Fault> {
    Ok(Record::Enrolment(Enrolment {
        subject: id(&subject)?,
        role,
        gateway: None,
        point: None,
        key: None,
        at: at(now)?,
    }))
}

/// A gateway's key enters the list of its household: what it signs can be checked for ever.
pub(crate) fn gateway_enrolled(row: &GatewayRow, now: Instant) -> Result<Record, Fault> {
    Ok(Record::Enrolment(Enrolment {
        subject: id(&SubjectId::from(row.gateway.participant))?,
        role: Role::Participant,
        gateway: Some(id(&row.gateway.id)?),
        point: Some(id(&row.gateway.point)?),
        key: Some(Jwk::Ed25519 {
            x: row.gateway.public_key,
        }),
        at: at(now)?,
    }))
}

/// What a record of an inbound transfer says beyond the transfer's row.
pub(crate) struct Inbound<'a> {
    pub gateway: GatewayId,
    pub batch: BatchId,
    pub envelope: Digest,
    /// Of the readings; `None` when they were not believed or not read.
    pub span: Option<Interval>,
    pub ciphertext: Option<Digest>,
    pub consents: &'a [ConsentId],
}

/// A batch came in, or was refused.
pub(crate) fn transfer_in(row: &TransferRow, inbound: &Inbound<'_>) -> Result<Record, Fault> {
    let (outcome, refusal) = match &row.outcome {
        Outcome::Done => (InOutcome::Stored, None),
        Outcome::Refused { code } => (InOutcome::Refused, Some(id(code)?)),
    };
    Ok(Record::TransferIn(TransferIn {
        transfer: id(&row.id)?,
        participant: id(&row.participant)?,
        gateway: id(&inbound.gateway)?,
        point: id(&row.point)?,
        consent: inbound.consents.first().map(id).transpose()?,
        batch: id(&inbound.batch)?,
        first_at: inbound.span.map(|span| at(span.start())).transpose()?,
        last_at: inbound.span.map(|span| at(span.end())).transpose()?,
        rows: u64::from(row.rows),
        ciphertext_sha256: inbound.ciphertext.map(digest),
        envelope_sha256: digest(inbound.envelope),
        outcome,
        refusal,
        at: at(row.at)?,
    }))
}

/// A curve went to an application, or was refused to it. `policies` names the determining ones; none for a refusal that
/// was decided before the policies were asked.
pub(crate) fn transfer_out(
    row: &TransferRow,
    ciphertext: Option<Digest>,
    policy_set: Digest,
    policies: &[String],
    copy: Copy,
) -> Result<Record, Fault> {
    let missing = Fault::Corrupt { what: "transfer" };
    let (outcome, refusal) = match &row.outcome {
        Outcome::Done => (OutOutcome::Delivered, None),
        Outcome::Refused { code } => (OutOutcome::Refused, Some(id(code)?)),
    };
    let (Some(recipient), Some(purpose), Some(step)) = (row.recipient, &row.purpose, row.step) else {
        return Err(missing);
    };
    Ok(Record::TransferOut(TransferOut {
        transfer: id(&row.id)?,
        participant: match copy {
            Copy::Whole | Copy::Household => Some(id(&row.participant)?),
            Copy::Recipient => None,
        },
        consent: row.consent.as_ref().map(id).transpose()?,
        recipient: id(&recipient)?,
        purpose: id(&purpose)?,
        step_s: Seconds(step.seconds()),
        from: at(row.span.start())?,
        until: at(row.span.end())?,
        rows: u64::from(row.rows),
        ciphertext_sha256: ciphertext.map(digest),
        policy_set_sha256: digest(policy_set),
        policies: policies.iter().map(id).collect::<Result<_, _>>()?,
        outcome,
        refusal,
        at: at(row.at)?,
    }))
}

#[derive(Serialize)]
struct CurvePayload {
    format: &'static str,
    transfer: String,
    authorisation: String,
    unit: &'static str,
    from: String,
    until: String,
    step_s: u32,
    values: Vec<Option<i64>>,
}

/// What an application receives: energy per step in Wh, `null` where the meter was not heard.
pub(crate) fn curve_payload(order: &Order, slots: &[Slot]) -> Result<Vec<u8>, Fault> {
    let payload = CurvePayload {
        format: "fiducie-load-curve/1",
        transfer: order.transfer.to_string(),
        authorisation: order.authorisation.to_string(),
        unit: "Wh",
        from: order.interval.start().to_string(),
        until: order.interval.end().to_string(),
        step_s: order.step.seconds(),
        values: slots
            .iter()
            .map(|slot| slot.energy.map(|energy| energy.0))
            .collect(),
    };
    jcs::to_bytes(&payload).map_err(|_| Fault::Corrupt { what: "curve" })
}

/// A step of a researcher's request.
pub(crate) fn request_step(request: &AccessRequest, now: Instant) -> Result<Record, Fault> {
    let (step, reason) = match &request.state {
        RequestState::Submitted => (wire::Step::Requested, None),
        RequestState::Approved { .. } => (wire::Step::Approved, None),
        RequestState::Declined { reason, .. } => (wire::Step::Refused, Some(one_line(reason)?)),
    };
    Ok(Record::RequestStep(RequestStep {
        request: id(&request.id)?,
        dataset: id(&request.dataset)?,
        researcher: id(&request.researcher)?,
        step,
        reason,
        at: at(now)?,
    }))
}

/// The record keeps the reason's words on one line; the page keeps its paragraphs.
fn one_line(text: &str) -> Result<Text, Fault> {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).take(1_000).collect();
    Text::new(line).map_err(|_| Fault::Corrupt { what: "reason" })
}

/// What a release's record says of its files. The manifest is named by its own digest.
pub(crate) fn released_files(bundle: &Bundle) -> Result<Vec<ReleasedFile>, Fault> {
    let files = bundle.files().iter().filter(|file| file.name != "manifest.json");
    files
        .map(|file| {
            Ok(ReleasedFile {
                name: id(&file.name)?,
                sha256: wire::Digest::of(&file.bytes),
                bytes: u64::try_from(file.bytes.len()).map_err(|_| Fault::Corrupt { what: "file size" })?,
            })
        })
        .collect()
}

/// What a release's record says.
pub(crate) struct ReleaseFacts<'a> {
    pub id: ReleaseId,
    pub rule: &'a str,
    pub households: u32,
    pub step: Step,
    pub files: &'a [ReleasedFile],
    pub manifest: Digest,
    pub ciphertext: Digest,
    /// Root of the disclosure manifest of this delivery.
    pub disclosure_root: [u8; 32],
    pub permit: &'a Permit,
    pub now: Instant,
}

/// Whose copy of a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copy {
    /// The researcher's and the dataset's.
    Whole,
    /// A household's: it learns what was done with its readings, not which person asked.
    Household,
    /// A recipient organisation's: it learns what it received, under its own authorisation, not whose it is.
    Recipient,
}

/// A release was made.
pub(crate) fn release(
    request: &AccessRequest,
    facts: &ReleaseFacts<'_>,
    copy: Copy,
) -> Result<Record, Fault> {
    Ok(Record::Release(wire::Release {
        release: id(&facts.id)?,
        request: id(&request.id)?,
        dataset: id(&request.dataset)?,
        researcher: match copy {
            Copy::Whole => Some(id(&request.researcher)?),
            Copy::Household | Copy::Recipient => None,
        },
        rule: id(&facts.rule)?,
        households: u64::from(facts.households),
        from: at(request.period.start())?,
        until: at(request.period.end())?,
        step_s: Seconds(facts.step.seconds()),
        files: facts.files.to_vec(),
        manifest_sha256: digest(facts.manifest),
        ciphertext_sha256: digest(facts.ciphertext),
        disclosure_root: Some(wire::ManifestRoot::new(facts.disclosure_root)),
        policy_set_sha256: digest(facts.permit.set()),
        at: at(facts.now)?,
    }))
}

/// A release was refused by the policies or by the rules of disclosure.
pub(crate) fn release_refused(
    request: &AccessRequest,
    rule: &str,
    code: &str,
    policy_set: Digest,
    now: Instant,
) -> Result<Record, Fault> {
    Ok(Record::ReleaseRefused(wire::ReleaseRefused {
        request: id(&request.id)?,
        dataset: id(&request.dataset)?,
        researcher: id(&request.researcher)?,
        rule: id(rule)?,
        refusal: id(code)?,
        policy_set_sha256: digest(policy_set),
        at: at(now)?,
    }))
}
