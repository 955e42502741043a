//! What recipients answer: an acknowledgement, and for a promise to delete the attestation that it was kept. Both are
//! compact JWS of the application's own key, kept byte for byte, and recorded in the list of the person and of the
//! recipient.

use async_trait::async_trait;
use broker_domain::ids::{ConsentId, DossierId};
use broker_domain::time::Instant;
use broker_store::{AnswerRow, ApplicationRow, Duty, NoticeRow, PastData};
use evidence::jcs;
use evidence::jws::{Jwk, Jws};
use evidence::record::{self as wire, AnswerStep, Record, WithdrawalAnswer};
use ledger_core::leaf::ActorClass;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::days;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::records;

/// The media type of an acknowledgement.
const ACKNOWLEDGEMENT_TYP: &str = "fiducie-acknowledgement+jws";
/// The media type of an attestation.
const ATTESTATION_TYP: &str = "fiducie-attestation+jws";
/// Longest that a recipient may take to delete, in days: the month of GDPR art. 12(3).
const MOST_DELETE_DAYS: i64 = 31;
/// How far a recipient's clock may be ahead, in seconds.
const MAX_SKEW_SECONDS: i64 = 300;
/// Longest basis, in characters.
const MOST_BASIS: usize = 500;

/// An answer that was recorded, now or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The dossier.
    pub dossier: DossierId,
    /// When it was recorded.
    pub at: Instant,
}

/// Why an answer is not taken.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum RecipientRefusal {
    /// No such dossier, or not told to this organisation.
    #[error("no withdrawal of this identifier was told to your organisation")]
    Unknown,
    /// Nothing to verify it with.
    #[error("no signing key is registered for this application; ask the operator to register one")]
    NoKey,
    /// Not signed by the application's key.
    #[error(
        "the answer is not a compact JWS of the registered key; see docs/API.md for its header and canonical payload"
    )]
    Signature,
    /// Not what an answer says.
    #[error("the answer is not understood: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// A processor keeps nothing.
    #[error("a processor deletes what it received; only a controller may keep data and state a basis")]
    MustDelete,
    /// Another answer stands.
    #[error(
        "this was answered before, with another answer; write to the data-protection officer to correct it"
    )]
    AnsweredBefore,
    /// Nothing was promised.
    #[error("no deletion was promised here; acknowledge the withdrawal first")]
    NotPromised,
}

// Written back to compare: what is signed must be canonical, so that it has one reading.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledgement {
    authorisation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basis: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delete_by: Option<String>,
    dossier: String,
    past_data: String,
    received_at: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attestation {
    authorisation: String,
    deleted_at: String,
    dossier: String,
}

/// A text of the answer and what it must say.
const fn malformed(what: &'static str) -> Failure<RecipientRefusal> {
    Failure::Refused(RecipientRefusal::Malformed { what })
}

impl Broker {
    /// Takes a recipient's acknowledgement. The same one again is answered as the first time.
    ///
    /// # Errors
    /// See [`RecipientRefusal`].
    pub async fn acknowledge_withdrawal(
        &self,
        application: &ApplicationRow,
        dossier: DossierId,
        jws: &str,
    ) -> Result<Answered, Failure<RecipientRefusal>> {
        let now = self.clock.now();
        let notice = self.told_to(application, dossier).await?;
        let jws = Jws::from_stored(jws);
        let digest = *jws.digest().as_bytes();
        if let Some(answer) = &notice.answer {
            return match answer.digest == digest {
                true => Ok(Answered {
                    dossier,
                    at: answer.at,
                }),
                false => Err(Failure::Refused(RecipientRefusal::AnsweredBefore)),
            };
        }
        let payload = self.signed_by(application, ACKNOWLEDGEMENT_TYP, &jws).await?;
        let said: Acknowledgement =
            jcs::parse(&payload).map_err(|_| malformed("expected the members of an acknowledgement"))?;
        is_about(&notice, &said.dossier, &said.authorisation)?;
        happened(&notice, &said.received_at, "received_at", now)?;
        let past_data = past_data(&notice, &said, now)?;
        let (step, promised) = match &past_data {
            PastData::Delete { by } => (wire::PastData::Delete, Some(*by)),
            PastData::Keep { .. } => (wire::PastData::Keep, None),
        };
        let drafts = self.answer_drafts(
            application,
            &notice,
            AnswerStep::Acknowledged,
            (step, promised),
            digest,
            now,
        )?;
        let beat = KeepAnswer {
            notice,
            said: Said::Acknowledged(AnswerRow {
                at: now,
                past_data,
                digest,
            }),
            jws: jws.as_str().to_owned(),
            drafts,
        };
        self.commit(beat).await?;
        Ok(Answered { dossier, at: now })
    }

    /// Takes a recipient's attestation that it deleted what it had promised to delete.
    ///
    /// # Errors
    /// See [`RecipientRefusal`].
    pub async fn attest_deletion(
        &self,
        application: &ApplicationRow,
        dossier: DossierId,
        jws: &str,
    ) -> Result<Answered, Failure<RecipientRefusal>> {
        let now = self.clock.now();
        let notice = self.told_to(application, dossier).await?;
        let promised = notice
            .answer
            .as_ref()
            .is_some_and(|answer| matches!(answer.past_data, PastData::Delete { .. }));
        if !promised {
            return Err(Failure::Refused(RecipientRefusal::NotPromised));
        }
        if let Some(at) = notice.attested_at {
            let (_, known) = self.store.read().await?.notice_proofs(notice.id).await?;
            return match known.as_deref() == Some(jws) {
                true => Ok(Answered { dossier, at }),
                false => Err(Failure::Refused(RecipientRefusal::AnsweredBefore)),
            };
        }
        let jws = Jws::from_stored(jws);
        let payload = self.signed_by(application, ATTESTATION_TYP, &jws).await?;
        let said: Attestation =
            jcs::parse(&payload).map_err(|_| malformed("expected the members of an attestation"))?;
        is_about(&notice, &said.dossier, &said.authorisation)?;
        happened(&notice, &said.deleted_at, "deleted_at", now)?;
        let drafts = self.answer_drafts(
            application,
            &notice,
            AnswerStep::Attested,
            (wire::PastData::Delete, None),
            *jws.digest().as_bytes(),
            now,
        )?;
        let beat = KeepAnswer {
            notice,
            said: Said::Attested(now),
            jws: jws.as_str().to_owned(),
            drafts,
        };
        self.commit(beat).await?;
        Ok(Answered { dossier, at: now })
    }

    /// The notice of a dossier that this application answers to: its own, or else the letter to its organisation.
    async fn told_to(
        &self,
        application: &ApplicationRow,
        dossier: DossierId,
    ) -> Result<NoticeRow, Failure<RecipientRefusal>> {
        let rows = self.store.read().await?.notices_in(dossier).await?;
        let hers = rows.into_iter().filter(|row| {
            row.dossier.recipient == application.organisation
                && row.application.is_none_or(|told| told == application.id)
        });
        hers.max_by_key(|row| row.application.is_some())
            .ok_or(Failure::Refused(RecipientRefusal::Unknown))
    }

    async fn signed_by(
        &self,
        application: &ApplicationRow,
        typ: &str,
        jws: &Jws,
    ) -> Result<Vec<u8>, Failure<RecipientRefusal>> {
        let route = self.store.read().await?.route(application.id).await?;
        let route = route.ok_or(Failure::Refused(RecipientRefusal::NoKey))?;
        let key: Jwk = jcs::parse(route.signing_jwk.as_bytes()).map_err(|_| Fault::Corrupt {
            what: "signing key of an application",
        })?;
        jws.verify_as(typ, &key)
            .map_err(|_| Failure::Refused(RecipientRefusal::Signature))
    }

    /// One record for the person, one without her for the recipient.
    fn answer_drafts(
        &self,
        application: &ApplicationRow,
        notice: &NoticeRow,
        step: AnswerStep,
        (past_data, delete_by): (wire::PastData, Option<Instant>),
        digest: [u8; 32],
        now: Instant,
    ) -> Result<Vec<Draft>, Fault> {
        let dossier = &notice.dossier;
        let hers = WithdrawalAnswer {
            dossier: records::id(&dossier.id)?,
            consent: records::id(&dossier.consent)?,
            participant: Some(records::id(&dossier.participant)?),
            recipient: records::id(&dossier.recipient)?,
            application: records::id(&application.id)?,
            step,
            past_data,
            delete_by: delete_by.map(records::at).transpose()?,
            answer_sha256: wire::Digest::new(digest),
            at: records::at(now)?,
        };
        let theirs = WithdrawalAnswer {
            participant: None,
            ..hers.clone()
        };
        let draft = |subject, record| {
            Ok::<_, Fault>(Draft {
                subject,
                actor: ActorClass::Broker,
                signed: self.sign(Record::WithdrawalAnswer(record))?,
            })
        };
        Ok(vec![
            draft(dossier.participant.into(), hers)?,
            draft(dossier.recipient.into(), theirs)?,
        ])
    }
}

fn is_about(notice: &NoticeRow, dossier: &str, authorisation: &str) -> Result<(), Failure<RecipientRefusal>> {
    let same = dossier.parse() == Ok(notice.dossier.id)
        && authorisation.parse::<ConsentId>() == Ok(notice.dossier.consent);
    match same {
        true => Ok(()),
        false => Err(malformed("it names another dossier or authorisation")),
    }
}

/// Whether an instant of theirs lies between the withdrawal and now, clocks being what they are.
fn happened(
    notice: &NoticeRow,
    text: &str,
    what: &'static str,
    now: Instant,
) -> Result<(), Failure<RecipientRefusal>> {
    let at = Instant::parse(text).map_err(|_| malformed(what))?;
    let earliest = notice.dossier.withdrawn_at.plus_seconds(-MAX_SKEW_SECONDS);
    match earliest <= at && at <= now.plus_seconds(MAX_SKEW_SECONDS) {
        true => Ok(()),
        false => Err(malformed(what)),
    }
}

fn past_data(
    notice: &NoticeRow,
    said: &Acknowledgement,
    now: Instant,
) -> Result<PastData, Failure<RecipientRefusal>> {
    match (said.past_data.as_str(), &said.delete_by, &said.basis) {
        ("delete", Some(by), None) => {
            let by = Instant::parse(by).map_err(|_| malformed("delete_by"))?;
            let latest = days(notice.dossier.withdrawn_at, MOST_DELETE_DAYS);
            match by <= latest.max(days(now, 1)) && by >= notice.dossier.withdrawn_at {
                true => Ok(PastData::Delete { by }),
                false => Err(malformed("`delete_by` is at most 31 days after the withdrawal")),
            }
        }
        ("keep", None, Some(_)) if notice.duty == Duty::Delete => {
            Err(Failure::Refused(RecipientRefusal::MustDelete))
        }
        ("keep", None, Some(basis)) => {
            let basis = basis.trim();
            match basis.is_empty() || basis.chars().count() > MOST_BASIS {
                true => Err(malformed("`basis` has 1 to 500 characters")),
                false => Ok(PastData::Keep {
                    basis: basis.to_owned(),
                }),
            }
        }
        _ => Err(malformed(
            "`past_data` is `delete` with `delete_by`, or `keep` with `basis`",
        )),
    }
}

enum Said {
    Acknowledged(AnswerRow),
    Attested(Instant),
}

struct KeepAnswer {
    notice: NoticeRow,
    said: Said,
    jws: String,
    drafts: Vec<Draft>,
}

#[async_trait]
impl Commit for KeepAnswer {
    type Answer = ();
    type Refusal = RecipientRefusal;
    const NAME: &'static str = "keep a recipient's answer";

    fn leaves(&self) -> usize {
        self.drafts.len()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), RecipientRefusal>, Fault> {
        // Of two answers at once one is kept, the other told to repeat: then it is the same, or refused.
        match &self.said {
            Said::Acknowledged(answer) => {
                group
                    .tx
                    .acknowledge_notice(self.notice.id, answer, &self.jws)
                    .await?;
            }
            Said::Attested(at) => group.tx.attest_notice(self.notice.id, *at, &self.jws).await?,
        }
        for draft in &self.drafts {
            group.append(draft).await?;
        }
        Ok(Ok(()))
    }
}
