//! What pages list and hand out beside the use cases: proofs to whoever may hold them, the newest erasures. Read-only: nothing here writes a row or a leaf.

use broker_domain::ids::{ConsentId, OfficerId, ParticipantId, PointId, ResearcherId, SubjectId};
use broker_domain::mandate::Hand;
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::{Instant, Interval};
use broker_domain::warrant::AccessWarrant;
use broker_store::{Page, TransferRow};
use broker_vault::{ProfileField, SealedText};
use ledger_core::leaf::{ErasureLeaf, SubjectKind};
use secrecy::ExposeSecret;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::receipts::Receipt;
use crate::vault::not_opened;

/// How many transfers of a person one page looks at when it wants those under one consent.
const LOOK_AT: u32 = 500;
/// How many of the newest leaves the list of erasures looks at.
const ERASURE_WINDOW: u64 = 4_096;

/// The transfers under one consent, as far as one look went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentHistory {
    /// The transfers found, newest first.
    pub rows: Vec<TransferRow>,
    /// Where the next look begins, when there may be more.
    pub older: Option<u64>,
}

/// An erasure as the public log shows it: nobody can tell from it who was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasureEntry {
    /// Index of its leaf.
    pub leaf_index: u64,
    /// The start of the hour in which it was carried out.
    pub hour: Instant,
    /// What names it to whoever held the subject's key.
    pub handle: [u8; 32],
    /// How many records were erased.
    pub records: u32,
}

impl Broker {
    /// The proof of one record in a participant's own list.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for every other record, and for one that does not exist.
    pub async fn own_receipt(
        &self,
        who: impl Into<Hand>,
        leaf_index: u64,
    ) -> Result<Receipt, Failure<OwnRefusal>> {
        let hand = who.into();
        let Some(point) = hand.acting().and_then(|acting| acting.point()) else {
            self.read_own(hand)?;
            return self.receipt_of(hand.person().into(), leaf_index).await;
        };
        self.read_own_at(hand, point)?;
        let receipt = self.receipt_of(hand.person().into(), leaf_index).await?;
        let about = receipt.sharing()?.map(|id| id.as_str().parse());
        let about: Option<ConsentId> = about.transpose().map_err(|_| Fault::Corrupt { what: "record" })?;
        let consent = match about {
            Some(id) => self.store.read().await?.consent(id).await?,
            None => None,
        };
        let reached = consent.is_some_and(|consent| hand.reaches(consent.point));
        match reached {
            true => Ok(receipt),
            false => Err(Failure::Refused(OwnRefusal::NotYours)),
        }
    }

    /// The proof of one record in a researcher's own list.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for every other record, and for one that does not exist.
    pub async fn researcher_receipt(
        &self,
        who: ResearcherId,
        leaf_index: u64,
    ) -> Result<Receipt, Failure<OwnRefusal>> {
        self.receipt_of(who.into(), leaf_index).await
    }

    /// The proof of a transfer, a step of a request or a release, for an officer. Consents and enrolments stay with the
    /// people they are about.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody else and for records of other kinds.
    pub async fn officer_receipt(
        &self,
        who: OfficerId,
        leaf_index: u64,
    ) -> Result<Receipt, Failure<OwnRefusal>> {
        self.read_flows(who)?;
        let row = self.store.read().await?.record(leaf_index).await?;
        let flow = row
            .and_then(|row| SubjectKind::from_number(row.kind))
            .is_some_and(|kind| {
                matches!(
                    kind,
                    SubjectKind::Transfer | SubjectKind::Request | SubjectKind::Release
                )
            });
        if !flow {
            return Err(Failure::Refused(OwnRefusal::NotYours));
        }
        Ok(self.receipt(leaf_index).await?)
    }

    async fn receipt_of(&self, subject: SubjectId, leaf_index: u64) -> Result<Receipt, Failure<OwnRefusal>> {
        let row = self.store.read().await?.record(leaf_index).await?;
        // Another person's record and none at all get the same answer, so that leaves cannot be probed.
        row.filter(|row| row.subject == subject)
            .ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        Ok(self.receipt(leaf_index).await?)
    }

    /// The last four digits of a meter's number, for its owner: never more on a screen (kit document K04).
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn meter_digits(
        &self,
        who: impl Into<Hand>,
        point: PointId,
    ) -> Result<String, Failure<OwnRefusal>> {
        let hand = who.into();
        let who = hand.person();
        let now = self.clock.now();
        let permit = self.read_own_at(hand, point)?;
        let warrant = AccessWarrant::issue(permit, Interval::new(now, now.plus_seconds(1))?)
            .map_err(|_| Failure::Refused(OwnRefusal::NotYours))?;
        let (row, wrapped) = {
            let mut read = self.store.read().await?;
            let row = read.point(point).await?.filter(|row| row.participant == who);
            (row, read.newest_key(who).await?)
        };
        let (row, wrapped) = row.zip(wrapped).ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        let key = self.vault.data_key(&wrapped)?;
        let sealed = SealedText(row.number_sealed);
        let field = ProfileField::MeterNumber(point);
        let number = broker_vault::open_profile(&warrant, self.clock.now(), &key, field, &sealed)
            .map_err(|error| not_opened(error, "open meter number"))?;
        let number = number.expose_secret();
        let hidden = number.chars().count().saturating_sub(4);
        Ok(number.chars().skip(hidden).collect())
    }

    /// The transfers under one consent of a participant, newest first.
    ///
    /// LIMIT: transfers are indexed by person, not by consent, so one call looks at a bounded number of them and says
    /// where to go on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn consent_history(
        &self,
        who: ParticipantId,
        consent: ConsentId,
        page: Page,
    ) -> Result<ConsentHistory, Fault> {
        let look = Page {
            before_leaf: page.before_leaf,
            limit: LOOK_AT,
        };
        let seen = self.store.read().await?.transfers_of(who, look).await?;
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let seen_all = u32::try_from(seen.len()).is_ok_and(|seen| seen < LOOK_AT);
        let last_seen = seen.last().map(|row| row.leaf_index);
        let mut rows: Vec<TransferRow> = seen
            .into_iter()
            .filter(|row| row.consent == Some(consent))
            .collect();
        let more_found = rows.len() > limit;
        rows.truncate(limit);
        let older = if more_found {
            rows.last().map(|row| row.leaf_index)
        } else {
            last_seen.filter(|_| !seen_all)
        };
        Ok(ConsentHistory { rows, older })
    }

    /// The erasures among the newest leaves of the log, latest first, for an officer.
    ///
    /// LIMIT: looks at the newest 4096 leaves; `ledger-audit log` finds all.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody else.
    pub async fn newest_erasures(&self, who: OfficerId) -> Result<Vec<ErasureEntry>, Failure<OwnRefusal>> {
        self.read_flows(who)?;
        let mut read = self.store.read().await?;
        let size = read.newest_head().await?.map_or(0, |head| head.size);
        let leaves = read.leaves(size.saturating_sub(ERASURE_WINDOW), size).await?;
        let mut entries = Vec::new();
        for leaf in leaves.iter().rev() {
            let Ok(erasure) = ErasureLeaf::parse(&leaf.bytes) else {
                continue;
            };
            let erasure = erasure.erasure();
            entries.push(ErasureEntry {
                leaf_index: leaf.index,
                hour: Instant::from_micros(i64::from(erasure.hour.get()).saturating_mul(3_600_000_000))?,
                handle: *erasure.handle.as_bytes(),
                records: erasure.records,
            });
        }
        Ok(entries)
    }

    /// A fresh reference that a person can quote and an operator find in the log: 48 random bits in hexadecimal. `None`
    /// when there is no randomness, which must not keep an error page from being shown.
    #[must_use]
    pub fn reference(&self) -> Option<String> {
        let mut bytes = [0_u8; 6];
        self.entropy.fill(&mut bytes).ok()?;
        Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(crate) fn read_own(&self, who: impl Into<Hand>) -> Result<Permit, Failure<OwnRefusal>> {
        let hand = who.into();
        if !hand.reaches_all() {
            return Err(Failure::Refused(OwnRefusal::NotYours));
        }
        self.may_read(hand)
    }

    /// The same about one meter: whoever holds its contract with another may look at that and at nothing else.
    pub(crate) fn read_own_at(&self, hand: Hand, point: PointId) -> Result<Permit, Failure<OwnRefusal>> {
        if !hand.reaches(point) {
            return Err(Failure::Refused(OwnRefusal::NotYours));
        }
        self.may_read(hand)
    }

    fn may_read(&self, hand: Hand) -> Result<Permit, Failure<OwnRefusal>> {
        let query = Query {
            principal: hand.principal(),
            action: Action::ReadOwn,
            resource: Resource::Person { owner: hand.person() },
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(OwnRefusal::NotYours))
    }

    pub(crate) fn read_flows(&self, who: OfficerId) -> Result<Permit, Failure<OwnRefusal>> {
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::ReadFlows,
            resource: Resource::Flows,
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(OwnRefusal::NotYours))
    }
}
