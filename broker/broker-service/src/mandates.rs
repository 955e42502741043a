//! Mandates (P-30): a person lets another act for her, within powers and dates, and either ends it at any time.
//!
//! Given by a code that its bearer accepts with an account of her own. [`Broker::acting_now`] says for whom a session acts; what
//! it answers is the only thing that use cases take as leave ([`Acting`]), and [`note_event`] asks once more where an act is
//! written. LIMIT: no invitation by e-mail: the person hands the code over herself.

mod accept;
mod acting;
mod gone;
mod joint;
mod names;
mod newcomer;
mod represent;
mod steps;

use broker_domain::consent::{ConsentEvent, EventKind};
use broker_domain::ids::{ConsentId, Digest, MandateId, ParticipantId};
use broker_domain::mandate::{
    Acting, Capacity, Ended, Hand, LONGEST_MANDATE_SECONDS, Mandate, MandateState, Power, Powers, Side,
};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::{Instant, Interval};
use broker_store::{DelegatedAct, DelegatedRow, MandateRow, MessageKind, SessionRole, Tx};
use evidence::record::MandateStepKind;
use jiff::civil::Date;
use thiserror::Error;

use crate::accounts::{SignInRefusal, draw_code, shown};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::sessions::LiveSession;
use crate::telling;

pub use accept::Claim;
pub use acting::ActingNow;
pub(crate) use gone::{EndListed, HoldingsEnd};
pub(crate) use joint::Holders;
pub use joint::{HeldTogether, JointOrder};
pub use newcomer::DelegateInvited;
pub use represent::RepresentOrder;

/// How long the code of a mandate can be used, in seconds: as an invitation, it may be handed over by letter.
const CODE_SECONDS: i64 = 14 * 86_400;
/// How many mandates of one person may be open or in force.
const MOST_LIVING: usize = 10;
/// How many are listed, over or not.
const MOST_LISTED: u32 = 100;
/// How many looks and acts are listed with each.
const MOST_LINES: u32 = 20;
/// Longest name that a person gives to whoever acts for her, in characters.
const LONGEST_LABEL: usize = 100;

/// What a person lets somebody do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateOrder {
    /// What she calls whoever will act.
    pub label: String,
    /// What may be done.
    pub powers: Powers,
    /// From when until when.
    pub span: Interval,
    /// SHA-256 of a document that it rests on.
    pub basis: Option<Digest>,
}

/// A mandate just given. The code is shown now and not kept; it has no `Debug`.
#[derive(Clone)]
pub struct GivenMandate {
    /// Which.
    pub id: MandateId,
    /// What its bearer types: `ABCD-EFGH-JKMN`.
    pub code: String,
    /// Until when it is taken.
    pub open_until: Instant,
}

/// A mandate as its two sides see it.
#[derive(Clone, PartialEq, Eq)]
pub struct MandateView {
    /// The mandate.
    pub mandate: Mandate,
    /// Where it stands now.
    pub state: MandateState,
    /// What the person calls whoever acts.
    pub label: String,
    /// The person's name.
    pub person: String,
    /// The name of whoever acts, once somebody does.
    pub delegate: Option<String>,
    /// On which days that one looked, latest first.
    pub looks: Vec<Date>,
    /// What that one did, latest first.
    pub acts: Vec<DelegatedAct>,
}

/// The mandates of somebody.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OwnMandates {
    /// Those that she gave, newest first.
    pub given: Vec<MandateView>,
    /// Those under which she acts for others, or that wait for her, newest first.
    pub held: Vec<MandateView>,
}

/// Why nothing changes about a mandate.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum MandateRefusal {
    /// No such mandate, or somebody else's.
    #[error("this mandate is not one of yours")]
    NotYours,
    /// A name is missing, or too long.
    #[error("say who will act, in at most 100 characters")]
    Label,
    /// Whoever gets an account is of age.
    #[error("say that you are of age")]
    AgeUnsaid,
    /// It begins in the past, ends before it begins, or lasts for too long.
    #[error("choose an end after the start, at most two years later, and no start in the past")]
    Span,
    /// There are enough.
    #[error("ten mandates are open or in force already; end one of them first")]
    TooMany,
    /// No such code, or one that was used, ended or came too late.
    #[error("this code is unknown, used or expired; ask for a new one")]
    Code,
    /// One's own.
    #[error("this mandate is about yourself; give its code to whoever is to act for you")]
    Own,
    /// It ended before.
    #[error("this mandate is over already")]
    Over,
    /// A contract that two hold: neither puts the other out, nor brings in a third alone.
    #[error("you hold this contract together; ask the data-protection officer")]
    NotAlone,
    /// The session.
    #[error(transparent)]
    SignIn(#[from] SignInRefusal),
}

impl Broker {
    /// Lets somebody act for the person who is signed in, and proved herself minutes ago: whoever took over a session could
    /// otherwise stay for years.
    ///
    /// # Errors
    /// [`MandateRefusal::SignIn`], [`MandateRefusal::Label`], [`MandateRefusal::Span`], [`MandateRefusal::TooMany`].
    pub async fn give_mandate(
        &self,
        token: &[u8; 32],
        order: &MandateOrder,
    ) -> Result<GivenMandate, Failure<MandateRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
        let who = participant(&session)?;
        let now = self.clock.now();
        check(order, now).map_err(Failure::Refused)?;
        // Officers say who represents a legal person, with a document.
        if self.store.read().await?.legal_person(who).await?.is_some() {
            return Err(Failure::Refused(MandateRefusal::NotYours));
        }
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::GiveMandate,
            resource: Resource::Person { owner: who },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(MandateRefusal::NotYours))?;
        let id = MandateId::random(&*self.entropy)?;
        let code = draw_code(&*self.entropy)?;
        let profile = self.own_profile(who).await;
        let profile = profile.map_err(|failure| failure.map_refusal(|_| MandateRefusal::NotYours))?;
        let mandate = Mandate {
            id,
            person: who,
            capacity: Capacity::Delegate,
            powers: order.powers,
            span: order.span,
            basis: order.basis,
            given_at: now,
            open_until: now.plus_seconds(CODE_SECONDS).min(order.span.end()),
            held: None,
            ended: None,
            joint: None,
        };
        let names = self.sealed_names(who, id, &order.label, &profile.name).await?;
        let drafts = vec![
            self.mandate_draft(&mandate, MandateStepKind::Given, who, now)
                .await?,
        ];
        let beat = steps::Give {
            row: MandateRow {
                mandate,
                code_hash: Some(self.vault.mandate_code(&code)),
                newcomer: None,
                names,
                delegate_name: None,
            },
            drafts,
        };
        let open_until = beat.row.mandate.open_until;
        self.commit(beat).await?;
        Ok(GivenMandate {
            id,
            code: shown(&code),
            open_until,
        })
    }

    /// Ends a mandate, for either of its sides: in one step, without a reason, also before anybody accepted it.
    ///
    /// # Errors
    /// [`MandateRefusal::NotYours`], [`MandateRefusal::Over`].
    pub async fn end_mandate(
        &self,
        who: ParticipantId,
        id: MandateId,
    ) -> Result<(), Failure<MandateRefusal>> {
        let now = self.clock.now();
        let row = self.store.read().await?.mandate(id).await?;
        let mandate = row.ok_or(Failure::Refused(MandateRefusal::NotYours))?.mandate;
        let by = side(&mandate, who).ok_or(Failure::Refused(MandateRefusal::NotYours))?;
        let step = match by {
            Side::Person => MandateStepKind::EndedByPerson,
            Side::Delegate => MandateStepKind::EndedByDelegate,
        };
        // Or whoever enrolled the meter would decide alone the next minute, whatever the two had agreed on.
        if by == Side::Person && mandate.joint.is_some() && mandate.state(now) == MandateState::InForce {
            return Err(Failure::Refused(MandateRefusal::NotAlone));
        }
        self.ended(mandate, (by, step)).await
    }

    /// Whether a mandate makes somebody a holder of a contract: what she gives back with it is a word over both.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn holds_contract_by(&self, who: ParticipantId, id: MandateId) -> Result<bool, Fault> {
        let row = self.store.read().await?.mandate(id).await?;
        let hers = |mandate: &Mandate| mandate.joint.is_some() && side(mandate, who) == Some(Side::Delegate);
        Ok(row.is_some_and(|row| hers(&row.mandate)))
    }

    /// Ends a mandate with the step that says who did.
    async fn ended(
        &self,
        mandate: Mandate,
        (by, step): (Side, MandateStepKind),
    ) -> Result<(), Failure<MandateRefusal>> {
        let now = self.clock.now();
        if matches!(mandate.state(now), MandateState::Ended(_) | MandateState::Expired) {
            return Err(Failure::Refused(MandateRefusal::Over));
        }
        let mut drafts = vec![self.mandate_draft(&mandate, step, mandate.person, now).await?];
        if let Some(held) = mandate.held {
            drafts.push(self.mandate_draft(&mandate, step, held.by, now).await?);
        }
        let ended = Ended { at: now, by };
        self.commit(steps::End {
            mandate,
            ended,
            drafts,
        })
        .await
    }

    /// What somebody gave and holds.
    ///
    /// # Errors
    /// When the store or the vault fails.
    pub async fn own_mandates(&self, who: ParticipantId) -> Result<OwnMandates, Fault> {
        let (given, held) = {
            let mut read = self.store.read().await?;
            (
                read.mandates_given(who, MOST_LISTED).await?,
                read.mandates_held(who, MOST_LISTED).await?,
            )
        };
        let mut own = OwnMandates::default();
        for row in given {
            own.given.push(self.mandate_view(row).await?);
        }
        for row in held {
            own.held.push(self.mandate_view(row).await?);
        }
        Ok(own)
    }

    async fn mandate_view(&self, row: MandateRow) -> Result<MandateView, Fault> {
        let mut read = self.store.read().await?;
        let looks = read.mandate_looks(row.mandate.id, MOST_LINES).await?;
        let acts = read.acts_under(row.mandate.id, MOST_LINES).await?;
        let (label, person) = self.names_of(&mut *read, &row).await?;
        let delegate = self.delegate_name_of(&mut *read, &row).await?;
        Ok(MandateView {
            state: row.mandate.state(self.clock.now()),
            mandate: row.mandate,
            label,
            person,
            delegate,
            looks,
            acts,
        })
    }
}

/// As whom somebody is on a mandate.
fn side(mandate: &Mandate, who: ParticipantId) -> Option<Side> {
    if mandate.person == who {
        Some(Side::Person)
    } else {
        mandate
            .held
            .is_some_and(|held| held.by == who)
            .then_some(Side::Delegate)
    }
}

fn participant(session: &LiveSession) -> Result<ParticipantId, Failure<MandateRefusal>> {
    match session.role {
        SessionRole::Participant(who) => Ok(who),
        SessionRole::Researcher(_) | SessionRole::Officer(_) => {
            Err(Failure::Refused(MandateRefusal::NotYours))
        }
    }
}

/// A local day may have begun 25 hours ago: its midnight is no start in the past.
const DAY_SECONDS: i64 = 25 * 3_600;

fn check(order: &MandateOrder, now: Instant) -> Result<(), MandateRefusal> {
    let label = order.label.trim();
    if label.is_empty() || label.chars().count() > LONGEST_LABEL {
        return Err(MandateRefusal::Label);
    }
    let (start, end) = (order.span.start(), order.span.end());
    let long = start.plus_seconds(LONGEST_MANDATE_SECONDS) < end
        || now.plus_seconds(LONGEST_MANDATE_SECONDS) < start;
    if start.plus_seconds(DAY_SECONDS) <= now || end <= now || long {
        return Err(MandateRefusal::Span);
    }
    Ok(())
}

/// The same for many events of one act: leave is asked for once, and each side is told once.
///
/// # Errors
/// As [`note_event`].
pub(crate) async fn note_events(
    tx: &mut dyn Tx,
    acting: Acting,
    events: &[(ConsentId, ConsentEvent)],
    now: Instant,
) -> Result<(), Fault> {
    let Some(((first, event), rest)) = events.split_first() else {
        return Ok(());
    };
    note_event(tx, acting, *first, event, now).await?;
    for (consent, event) in rest {
        let hers = tx.consent(*consent).await?.map(|consent| consent.participant);
        if hers != Some(acting.person()) || !acting.powers().include(power_of(event.kind)) {
            return Err(Fault::Conflict { table: "mandate" });
        }
        tx.add_delegated_event(*consent, DelegatedRow::of(acting, event.seq))
            .await?;
    }
    Ok(())
}

/// Notes that an event of a consent was done for the person, and tells both; in the transaction of the event.
///
/// # Errors
/// [`Fault::Conflict`] when the mandate does not let her any more: repeated, the request is refused with its reason.
pub(crate) async fn note_event(
    tx: &mut dyn Tx,
    acting: Acting,
    consent: ConsentId,
    event: &ConsentEvent,
    now: Instant,
) -> Result<(), Fault> {
    let over = || Fault::Conflict { table: "mandate" };
    let row = tx.mandate(acting.mandate()).await?.ok_or_else(over)?;
    let still = row.mandate.acting(acting.delegate(), now).map_err(|_| over())?;
    let about = tx.consent(consent).await?;
    let hers = about.as_ref().map(|consent| consent.participant);
    let reached = about.is_some_and(|consent| Hand::from(still).reaches(consent.point));
    let ended = tx.capacity_end(still.person()).await?.is_some();
    if ended || !reached || !still.powers().include(power_of(event.kind)) || hers != Some(still.person()) {
        return Err(over());
    }
    tx.add_delegated_event(consent, DelegatedRow::of(still, event.seq))
        .await?;
    // Those who hold a contract together are told of every change, whichever of them made it.
    if still.capacity() == Capacity::JointHolder {
        return Ok(());
    }
    let mark = [consent.as_bytes().as_slice(), &event.seq.to_be_bytes()].concat();
    for who in [still.person(), still.delegate()] {
        telling::about_a_request(tx, who, MessageKind::DelegateActed, &mark, now).await?;
    }
    Ok(())
}

/// The power that an event takes.
const fn power_of(kind: EventKind) -> Power {
    match kind {
        EventKind::Requested
        | EventKind::Deferred
        | EventKind::Given
        | EventKind::Agreed { .. }
        | EventKind::Refused
        | EventKind::Renewed(_)
        | EventKind::Resumed
        | EventKind::Superseded { .. } => Power::Grant,
        EventKind::Declined
        | EventKind::Narrowed(_)
        | EventKind::Paused { .. }
        | EventKind::Withdrawn
        | EventKind::Revoked
        | EventKind::Expired
        | EventKind::Invalidated
        | EventKind::Suspended => Power::Withdraw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(start: i64, end: i64, now: Instant) -> MandateOrder {
        MandateOrder {
            label: "Ma fille".into(),
            powers: Powers::of(&[Power::View]).unwrap(),
            span: Interval::new(now.plus_seconds(start), now.plus_seconds(end)).unwrap(),
            basis: None,
        }
    }

    #[test]
    fn a_mandate_always_ends_and_within_two_years() {
        let now = Instant::parse("2026-11-21T12:00:00Z").unwrap();
        let refused = Err(MandateRefusal::Span);
        assert_eq!(check(&order(0, LONGEST_MANDATE_SECONDS, now), now), Ok(()));
        assert_eq!(check(&order(0, LONGEST_MANDATE_SECONDS + 1, now), now), refused);
        assert_eq!(check(&order(-90_001, 9, now), now), refused, "before today");
        assert_eq!(check(&order(-43_200, 9, now), now), Ok(()), "since midnight");
        assert_eq!(check(&order(-43_200, -9, now), now), refused, "over");
    }

    #[test]
    fn somebody_is_named() {
        let now = Instant::parse("2026-11-21T12:00:00Z").unwrap();
        for label in [String::new(), "  ".into(), "x".repeat(101)] {
            let order = MandateOrder {
                label,
                ..order(0, 900, now)
            };
            assert_eq!(check(&order, now), Err(MandateRefusal::Label));
        }
    }
}
