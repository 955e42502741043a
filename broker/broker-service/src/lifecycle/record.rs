//! The records of what happens to a consent between its beginning and its withdrawal.

use broker_domain::consent::{Consent, EventKind, EvidenceLevel, How, Method as Channel, Terms};
use broker_domain::ids::Digest;
use broker_domain::mandate::Acting;
use broker_domain::time::{Instant, Interval, Step};
use evidence::record::{self as wire, ActedFor, ConsentChange, ConsentChanged, Method, Record};

use crate::broker::Broker;
use crate::failure::Fault;
use crate::records::consent::{self, Actor, NewAct, Told, act_of};
use crate::records::{at, id};

/// How a person acts on these pages.
pub(crate) const ON_A_PAGE: How = How::on_a_page(EvidenceLevel::L1);

/// An event that is about to be written.
#[derive(Clone, Copy)]
pub(crate) struct Next {
    pub kind: EventKind,
    /// When it takes effect,
    pub effective_at: Instant,
    /// and when it is recorded.
    pub now: Instant,
    /// How it comes about.
    pub how: How,
    /// By what right, where somebody acts for the person.
    pub acting: Option<Acting>,
}

impl Next {
    /// One that takes effect as it is recorded.
    pub const fn at_once(kind: EventKind, now: Instant) -> Self {
        Self {
            kind,
            effective_at: now,
            now,
            how: ON_A_PAGE,
            acting: None,
        }
    }

    fn by(&self, consent: &Consent) -> Actor {
        match self.how.method {
            // Time, or what the grid operator tells: nobody of the household acted.
            Channel::Clock | Channel::Upstream => Actor::Broker,
            _ => Actor::Participant(
                self.acting
                    .map_or(consent.participant, |acting| acting.delegate()),
            ),
        }
    }
}

impl Broker {
    /// New terms of a consent with their digest: that of the record without its act, as with the first terms.
    pub(super) async fn other_terms(
        &self,
        consent: &Consent,
        (step, data, notice): (Step, Interval, Digest),
        now: Instant,
    ) -> Result<Terms, Fault> {
        let terms = Terms {
            step,
            data,
            // Not looked at by a draft.
            digest: consent.terms,
            notice,
        };
        let told = Told::on_terms(&mut *self.store.read().await?, consent, terms).await?;
        let draft = consent::draft(&self.site, &told, consent, now)?;
        Ok(Terms {
            digest: consent::terms_digest(&draft)?,
            ..terms
        })
    }

    /// The record of the next event of a consent: a version of the consent record, or of a pause a record of its own.
    pub(super) async fn next_record(&self, consent: &Consent, next: Next) -> Result<Record, Fault> {
        let Some(act) = act_of(next.kind) else {
            return paused(consent, next);
        };
        let brought = next.kind.parts().terms;
        let terms = brought.unwrap_or_else(|| consent.last_terms());
        let told = Told::on_terms(&mut *self.store.read().await?, consent, terms).await?;
        let act = NewAct {
            at: next.effective_at,
            until: brought.map(|terms| terms.data.end()),
            acting: next.acting,
            ..NewAct::now(act, next.by(consent), next.how, next.now)
        };
        consent::record(&self.site, &told, consent, &act)
    }
}

fn paused(consent: &Consent, next: Next) -> Result<Record, Fault> {
    let before = consent.head().ok_or(Fault::Corrupt {
        what: "consent without event",
    })?;
    let until = next.kind.parts().until;
    let by = next.acting.map(|acting| {
        Ok::<_, Fault>(ActedFor {
            delegate: id(&acting.delegate())?,
            capacity: consent::capacity(acting.capacity()),
            mandate: id(&acting.mandate())?,
        })
    });
    let made = match by {
        Some(_) => Record::ConsentChangedFor,
        None => Record::ConsentChanged,
    };
    Ok(made(ConsentChanged {
        consent: id(&consent.id)?,
        participant: id(&consent.participant)?,
        change: match until {
            Some(_) => ConsentChange::Paused,
            None => ConsentChange::Resumed,
        },
        until: until.map(at).transpose()?,
        method: Method::Web,
        evidence_level: wire::EvidenceLevel::L1,
        prev_sha256: wire::Digest::new(before.0),
        by: by.transpose()?,
        at: at(next.now)?,
    }))
}
