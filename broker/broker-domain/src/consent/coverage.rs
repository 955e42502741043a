//! The check that nothing passes without: whether a live consent covers what is asked or handed in.

use super::{Consent, Refusal, Terms};
use crate::ids::{ConsentId, Digest, OrganisationId, ParticipantId, PointId, Purpose};
use crate::time::{Instant, Interval, Step};

/// What somebody wants to receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Whose readings.
    pub participant: ParticipantId,
    /// Of which point.
    pub point: PointId,
    /// Who receives.
    pub recipient: OrganisationId,
    /// For what.
    pub purpose: Purpose,
    /// One value every so often.
    pub step: Step,
    /// Of which span.
    pub interval: Interval,
}

/// Proof that a live consent covers an ask. Only [`covers`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    ask: Ask,
    consent: ConsentId,
    consent_head: Digest,
    valid: Interval,
    consented_step: Step,
    checked_at: Instant,
}

impl Covered {
    /// What was asked, and is covered.
    #[must_use]
    pub const fn ask(&self) -> &Ask {
        &self.ask
    }

    /// The consent that covers it.
    #[must_use]
    pub const fn consent(&self) -> ConsentId {
        self.consent
    }

    /// Digest of the consent event in force.
    #[must_use]
    pub const fn consent_head(&self) -> Digest {
        self.consent_head
    }

    /// The span of readings agreed to; its end is the end of the consent.
    #[must_use]
    pub const fn valid(&self) -> Interval {
        self.valid
    }

    /// The finest step agreed to.
    #[must_use]
    pub const fn consented_step(&self) -> Step {
        self.consented_step
    }

    /// The instant of the check.
    #[must_use]
    pub const fn checked_at(&self) -> Instant {
        self.checked_at
    }
}

/// Whether a live consent covers the ask at `now`.
///
/// Looks at every consent of the participant; the first that covers wins, in order of identifier so that the answer
/// does not depend on the order of the slice.
///
/// # Errors
/// The refusal that came nearest to a yes.
pub fn covers(consents: &[Consent], ask: &Ask, now: Instant) -> Result<Covered, Refusal> {
    let mut nearest = Refusal::NoConsent;
    let mut winner: Option<Covered> = None;
    for consent in consents {
        match covered_by(consent, ask, now) {
            Ok(covered) if winner.as_ref().is_none_or(|best| covered.consent < best.consent) => {
                winner = Some(covered);
            }
            Ok(_) => {}
            Err(refusal) if refusal.nearness() > nearest.nearness() => nearest = refusal,
            Err(_) => {}
        }
    }
    winner.ok_or(nearest)
}

fn covered_by(consent: &Consent, ask: &Ask, now: Instant) -> Result<Covered, Refusal> {
    let concerns = consent.participant == ask.participant
        && consent.point == ask.point
        && consent.recipient == ask.recipient
        && consent.purpose == ask.purpose;
    if !concerns {
        return Err(Refusal::NoConsent);
    }
    // What is said is the period agreed, and not how long the person lives there: recipients must not read off a refusal
    // when a home will stand empty. Once she left, the consent is closed, and says that.
    let agreed = consent.in_force(now)?;
    let outside = Refusal::OutsidePeriod {
        from: agreed.data.start(),
        until: agreed.data.end(),
    };
    let data = consent.while_living_there(agreed.data).ok_or(outside)?;
    if !data.encloses(&ask.interval) {
        return Err(outside);
    }
    let terms = Terms { data, ..agreed };
    if let Some(pause) = consent.pause_over(&ask.interval) {
        return Err(Refusal::DuringPause {
            from: pause.start(),
            until: pause.end(),
        });
    }
    if ask.step < terms.step {
        return Err(Refusal::TooFine {
            consented: terms.step.seconds(),
            asked: ask.step.seconds(),
        });
    }
    if !aligned(terms.step, ask) {
        return Err(Refusal::Misaligned {
            consented: terms.step.seconds(),
        });
    }
    Ok(Covered {
        ask: ask.clone(),
        consent: consent.id,
        consent_head: consent.head().ok_or(Refusal::NoConsent)?,
        valid: terms.data,
        consented_step: terms.step,
        checked_at: now,
    })
}

/// The terms in force, for as long as the person lives there.
fn living_terms(consent: &Consent, now: Instant) -> Result<Terms, Refusal> {
    let terms = consent.in_force(now)?;
    let data = consent.while_living_there(terms.data).ok_or(Refusal::NoConsent)?;
    Ok(Terms { data, ..terms })
}

/// Whether an ask stays on the grid of the consented step. Off the grid, differences between shifted curves would give
/// away values finer than agreed, although each curve alone is coarse enough.
fn aligned(consented: Step, ask: &Ask) -> bool {
    ask.step.seconds().is_multiple_of(consented.seconds())
        && ask.interval.start().is_on_grid(consented)
        && ask.interval.end().is_on_grid(consented)
}

/// Proof that at least one live consent wants readings of this point collected. Only [`covers_intake`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredIntake {
    participant: ParticipantId,
    point: PointId,
    consents: Vec<ConsentId>,
    finest_step: Step,
    spans: Vec<Interval>,
    checked_at: Instant,
}

impl CoveredIntake {
    /// Whose readings.
    #[must_use]
    pub const fn participant(&self) -> ParticipantId {
        self.participant
    }

    /// Of which point.
    #[must_use]
    pub const fn point(&self) -> PointId {
        self.point
    }

    /// The live consents that need them.
    #[must_use]
    pub fn consents(&self) -> &[ConsentId] {
        &self.consents
    }

    /// The finest step any of them allows: nothing finer is kept.
    #[must_use]
    pub const fn finest_step(&self) -> Step {
        self.finest_step
    }

    /// The spans agreed to, without pauses: nothing outside is kept.
    #[must_use]
    pub fn spans(&self) -> &[Interval] {
        &self.spans
    }

    /// The instant of the check.
    #[must_use]
    pub const fn checked_at(&self) -> Instant {
        self.checked_at
    }

    /// Whether a later check came to the same consents, step and spans.
    #[must_use]
    pub fn same_terms(&self, other: &Self) -> bool {
        self.consents == other.consents && self.finest_step == other.finest_step && self.spans == other.spans
    }
}

/// Whether anything may be collected from this point at `now`: some live consent must need a part of `span`.
///
/// # Errors
/// The refusal that came nearest to a yes.
pub fn covers_intake(
    consents: &[Consent],
    participant: ParticipantId,
    point: PointId,
    span: &Interval,
    now: Instant,
) -> Result<CoveredIntake, Refusal> {
    let mut nearest = Refusal::NoConsent;
    let mut live: Vec<(&Consent, Terms, Vec<Interval>)> = Vec::new();
    for consent in consents
        .iter()
        .filter(|c| c.participant == participant && c.point == point)
    {
        match wanted(consent, span, now) {
            Ok((terms, spans)) => live.push((consent, terms, spans)),
            Err(refusal) if refusal.nearness() > nearest.nearness() => nearest = refusal,
            Err(_) => {}
        }
    }
    live.sort_by_key(|(consent, ..)| consent.id);
    let finest_step = live.iter().map(|(_, terms, _)| terms.step).min().ok_or(nearest)?;
    Ok(CoveredIntake {
        participant,
        point,
        consents: live.iter().map(|(consent, ..)| consent.id).collect(),
        finest_step,
        spans: live.into_iter().flat_map(|(.., spans)| spans).collect(),
        checked_at: now,
    })
}

/// The terms of a live consent and what it wants collected, when a part of `span` is in that. What was measured during a
/// pause is not collected for that consent, not even when it arrives later.
fn wanted(consent: &Consent, span: &Interval, now: Instant) -> Result<(Terms, Vec<Interval>), Refusal> {
    let terms = living_terms(consent, now)?;
    if !terms.data.overlaps(span) {
        return Err(Refusal::OutsidePeriod {
            from: terms.data.start(),
            until: terms.data.end(),
        });
    }
    let spans = consent.without_pauses(terms.data);
    if spans.iter().any(|wanted| wanted.overlaps(span)) {
        return Ok((terms, spans));
    }
    Err(consent
        .pause_over(span)
        .map_or(Refusal::NothingNeeded, |pause| Refusal::DuringPause {
            from: pause.start(),
            until: pause.end(),
        }))
}
