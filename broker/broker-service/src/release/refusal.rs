//! Releases that are not made: each leaves a record in the researcher's list before the officer learns of it.

use async_trait::async_trait;
use broker_anonymiser as anonymiser;
use broker_domain::ids::Digest;
use broker_domain::policy::Permit;
use broker_domain::research::AccessRequest;
use broker_domain::time::Instant;
use broker_store::Serial;
use evidence::jws::{Jwk, Jws};
use evidence::record::Record;
use ledger_core::leaf::ActorClass;

use super::case::Case;
use super::{ReleaseRefusal, Released};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group, Places, Shown};
use crate::records;

/// The code of a release that the policies do not allow.
const FORBIDDEN: &str = "policy";
/// Among how many of a researcher's newest records the same refusal is looked for.
const NEWEST: u32 = 32;

impl Broker {
    /// The rules of disclosure say no. Each attempt is a decision of its own: households come and go.
    pub(super) async fn refuse_release(
        &self,
        case: &Case,
        permit: &Permit,
        refusal: anonymiser::Refusal,
    ) -> Result<Released, Failure<ReleaseRefusal>> {
        let code = refusal.reasons.first().map_or("refused", |reason| reason.code());
        let draft = self.refused(&case.request, code, permit.set(), case.now)?;
        let leaf_index = self.commit(NoteRefusal { draft, same: None }).await?;
        Err(Failure::Refused(ReleaseRefusal::Unsafe { refusal, leaf_index }))
    }

    /// The policies say no. Asked again, it is the refusal recorded before: nothing was decided anew.
    pub(super) async fn forbid_release(
        &self,
        request: &AccessRequest,
        now: Instant,
    ) -> Result<Released, Failure<ReleaseRefusal>> {
        let draft = self.refused(request, FORBIDDEN, self.policy.set_digest(), now)?;
        let same = Some(self.record_key.clone());
        let leaf_index = self.commit(NoteRefusal { draft, same }).await?;
        Err(Failure::Refused(ReleaseRefusal::NotAllowed { leaf_index }))
    }

    fn refused(
        &self,
        request: &AccessRequest,
        code: &str,
        policy_set: Digest,
        now: Instant,
    ) -> Result<Draft, Fault> {
        let rule = self.rules.default_rule();
        Ok(Draft {
            subject: request.researcher.into(),
            actor: ActorClass::Broker,
            signed: self.sign(records::release_refused(request, rule, code, policy_set, now)?)?,
        })
    }
}

/// Where the refusal stands.
enum Noted {
    /// In this group.
    Now(Serial),
    /// In the log already, at this index.
    Before(u64),
}

impl Shown for Noted {
    type View = u64;

    fn shown(self, places: &dyn Places) -> Option<u64> {
        match self {
            Self::Now(serial) => serial.shown(places),
            Self::Before(leaf_index) => Some(leaf_index),
        }
    }
}

struct NoteRefusal {
    draft: Draft,
    /// When the same refusal, recorded before, stands for this one: the key that verifies it.
    same: Option<Jwk>,
}

#[async_trait]
impl Commit for NoteRefusal {
    type Answer = Noted;
    type Refusal = ReleaseRefusal;
    const NAME: &'static str = "refuse release";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Noted, ReleaseRefusal>, Fault> {
        if let Some(key) = &self.same {
            let newest = group.tx.records_of(self.draft.subject, u64::MAX, NEWEST).await?;
            let before = newest
                .into_iter()
                .find(|row| is_same(&row.record, key, &self.draft.signed.record));
            if let Some(row) = before {
                return Ok(Ok(Noted::Before(row.leaf_index)));
            }
        }
        Ok(Ok(Noted::Now(group.append(&self.draft).await?)))
    }
}

/// Whether a stored record is the same refusal: of this request, for this reason, by these policies.
fn is_same(stored: &[u8], key: &Jwk, new: &Record) -> bool {
    let Record::ReleaseRefused(new) = new else {
        return false;
    };
    let payload = std::str::from_utf8(stored)
        .ok()
        .and_then(|text| Jws::from_stored(text).verify(key).ok());
    match payload.as_deref().map(Record::parse) {
        Some(Ok(Record::ReleaseRefused(old))) => {
            old.request == new.request
                && old.refusal == new.refusal
                && old.policy_set_sha256 == new.policy_set_sha256
        }
        _ => false,
    }
}
