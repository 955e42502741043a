//! Contracts that several people hold (P-31): who holds one, and who must agree.
//!
//! A joint holder has a mandate about one meter, without an end of its own. She acts in her own name and her own session; what she
//! does stands in the list of whoever enrolled the meter. Either leaves for herself: whoever enrolled it by moving out, the other by
//! giving the mandate back. Neither puts the other out: that takes an officer, who looks at the contract.

use std::collections::BTreeSet;

use async_trait::async_trait;
use broker_domain::ids::{MandateId, ParticipantId, PointId};
use broker_domain::mandate::{
    Acting, Capacity, GrantRule, Joint, LONGEST_JOINT_SECONDS, Mandate, MandateState, Power, Powers, Side,
};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::{Instant, Interval};
use broker_store::{MandateRow, MessageKind, Read, SessionRole};
use evidence::record::MandateStepKind;

use super::{
    CODE_SECONDS, GivenMandate, LONGEST_LABEL, MOST_LISTED, MandateRefusal, MandateView, side, steps,
};
use crate::accounts::{draw_code, shown};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::moving::has_left;
use crate::telling;

/// Somebody who is to hold a contract too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointOrder {
    /// How she is called.
    pub label: String,
    /// Of which meter.
    pub point: PointId,
    /// Who must agree.
    pub rule: GrantRule,
}

/// A contract that somebody holds with another.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldTogether {
    /// Leave to act about its meter, as a holder.
    pub acting: Acting,
    /// The name of whoever enrolled the meter.
    pub with: String,
}

/// Those who hold the contract of a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holders {
    /// Whoever holds it beside the person who enrolled it.
    pub others: BTreeSet<ParticipantId>,
    /// Who must agree; empty where each may alone.
    pub must_agree: BTreeSet<ParticipantId>,
}

impl Holders {
    /// Those of now. Whoever died or cannot decide any more is waited for in vain, and is not.
    pub async fn of<R: Read + ?Sized>(
        read: &mut R,
        (owner, point): (ParticipantId, PointId),
        now: Instant,
    ) -> Result<Self, Fault> {
        let mut others = BTreeSet::new();
        let mut rule = GrantRule::One;
        for row in read.holders_of(point).await? {
            let (MandateState::InForce, Some(held), Some(joint)) =
                (row.mandate.state(now), row.mandate.held, row.mandate.joint)
            else {
                continue;
            };
            if row.mandate.person != owner || read.capacity_end(held.by).await?.is_some() {
                continue;
            }
            others.insert(held.by);
            if joint.rule == GrantRule::Both {
                rule = GrantRule::Both;
            }
        }
        let must_agree = match rule {
            GrantRule::One => BTreeSet::new(),
            GrantRule::Both => others.iter().copied().chain([owner]).collect(),
        };
        Ok(Self { others, must_agree })
    }
}

impl Broker {
    /// Lets somebody hold the contract of a meter together with the person who is signed in, and proved herself minutes ago.
    ///
    /// # Errors
    /// [`MandateRefusal::SignIn`], [`MandateRefusal::Label`], [`MandateRefusal::NotYours`], [`MandateRefusal::TooMany`];
    /// [`MandateRefusal::NotAlone`] where somebody holds it with her, or was given a code to: an officer invites any other.
    pub async fn offer_joint(
        &self,
        token: &[u8; 32],
        order: &JointOrder,
    ) -> Result<GivenMandate, Failure<MandateRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
        let who = super::participant(&session)?;
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::GiveMandate,
            resource: Resource::Person { owner: who },
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(MandateRefusal::NotYours))?;
        let (give, given) = self.joint_given((who, MandateStepKind::Given), order).await?;
        self.commit(OfferJoint(give)).await?;
        Ok(given)
    }

    /// The same for an officer, who saw the contract and proved herself minutes ago.
    ///
    /// # Errors
    /// As [`Self::offer_joint`].
    pub async fn invite_joint(
        &self,
        token: &[u8; 32],
        order: &JointOrder,
    ) -> Result<GivenMandate, Failure<MandateRefusal>> {
        self.officer_invites(token).await?;
        let row = self.store.read().await?.point(order.point).await?;
        let row = row.ok_or(Failure::Refused(MandateRefusal::NotYours))?;
        let step = (row.participant, MandateStepKind::GivenByOfficer);
        let (give, given) = self.joint_given(step, order).await?;
        self.commit(give).await?;
        Ok(given)
    }

    /// Ends what makes somebody a holder, for an officer who saw that the contract is hers no more.
    ///
    /// # Errors
    /// [`MandateRefusal::NotYours`], [`MandateRefusal::Over`].
    pub async fn end_joint(&self, token: &[u8; 32], id: MandateId) -> Result<(), Failure<MandateRefusal>> {
        self.officer_invites(token).await?;
        let row = self.store.read().await?.mandate(id).await?;
        let row = row.filter(|row| row.mandate.joint.is_some());
        let mandate = row.ok_or(Failure::Refused(MandateRefusal::NotYours))?.mandate;
        self.ended(mandate, (Side::Person, MandateStepKind::EndedByOfficer))
            .await
    }

    async fn officer_invites(&self, token: &[u8; 32]) -> Result<(), Failure<MandateRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
        let SessionRole::Officer(officer) = session.role else {
            return Err(Failure::Refused(MandateRefusal::NotYours));
        };
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::Invite,
            resource: Resource::Panel,
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(MandateRefusal::NotYours))?;
        Ok(())
    }

    async fn joint_given(
        &self,
        (who, step): (ParticipantId, MandateStepKind),
        order: &JointOrder,
    ) -> Result<(steps::Give, GivenMandate), Failure<MandateRefusal>> {
        let now = self.clock.now();
        let label = order.label.trim();
        if label.is_empty() || label.chars().count() > LONGEST_LABEL {
            return Err(Failure::Refused(MandateRefusal::Label));
        }
        // Nobody holds a contract with a legal person beside whoever represents it.
        if self.store.read().await?.legal_person(who).await?.is_some() {
            return Err(Failure::Refused(MandateRefusal::NotYours));
        }
        let point = self.store.read().await?.point(order.point).await?;
        let point = point.filter(|row| row.participant == who && !has_left(row.occupancy, now));
        point.ok_or(Failure::Refused(MandateRefusal::NotYours))?;
        let id = MandateId::random(&*self.entropy)?;
        let code = draw_code(&*self.entropy)?;
        let profile = self.own_profile(who).await;
        let profile = profile.map_err(|failure| failure.map_refusal(|_| MandateRefusal::NotYours))?;
        let powers = Powers::of(&Power::ALL).ok_or(Fault::Corrupt { what: "powers" })?;
        let mandate = Mandate {
            id,
            person: who,
            capacity: Capacity::JointHolder,
            powers,
            span: Interval::new(now, now.plus_seconds(LONGEST_JOINT_SECONDS))?,
            basis: None,
            given_at: now,
            open_until: now.plus_seconds(CODE_SECONDS),
            held: None,
            ended: None,
            joint: Some(Joint {
                point: order.point,
                rule: order.rule,
                asked: None,
            }),
        };
        let names = self.sealed_names(who, id, label, &profile.name).await?;
        let drafts = vec![self.mandate_draft(&mandate, step, who, now).await?];
        let open_until = mandate.open_until;
        let row = MandateRow {
            mandate,
            code_hash: Some(self.vault.mandate_code(&code)),
            newcomer: None,
            names,
            delegate_name: None,
        };
        let given = GivenMandate {
            id,
            code: shown(&code),
            open_until,
        };
        Ok((steps::Give { row, drafts }, given))
    }

    /// The contracts that somebody holds with others, as leave to act about each: asked at each request.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn holdings_of(&self, who: ParticipantId) -> Result<Vec<HeldTogether>, Fault> {
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let mut holdings = Vec::new();
        for row in read.mandates_held(who, MOST_LISTED).await? {
            let Some(acting) = row.mandate.joint.and_then(|_| row.mandate.acting(who, now).ok()) else {
                continue;
            };
            if read.capacity_end(acting.person()).await?.is_none() {
                let (_, with) = self.names_of(&mut *read, &row).await?;
                holdings.push(HeldTogether { acting, with });
            }
        }
        Ok(holdings)
    }

    /// Those about one meter, over or not, for whoever may see them: an officer, or the person whose meter it is.
    ///
    /// # Errors
    /// When the store or the vault fails.
    pub async fn holders_shown(&self, point: PointId) -> Result<Vec<MandateView>, Fault> {
        let rows = self.store.read().await?.holders_of(point).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.mandate_view(row).await?);
        }
        Ok(views)
    }

    /// Asks for another rule about who must agree, after a fresh proof; or agrees to the one that the other holder asked for. The
    /// rule of now takes back what was asked.
    ///
    /// # Errors
    /// [`MandateRefusal::SignIn`], [`MandateRefusal::NotYours`], [`MandateRefusal::Over`].
    pub async fn ask_joint_rule(
        &self,
        token: &[u8; 32],
        id: MandateId,
        rule: GrantRule,
    ) -> Result<(), Failure<MandateRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
        let who = super::participant(&session)?;
        let now = self.clock.now();
        let row = self.store.read().await?.mandate(id).await?;
        let mandate = row.ok_or(Failure::Refused(MandateRefusal::NotYours))?.mandate;
        let by = side(&mandate, who).ok_or(Failure::Refused(MandateRefusal::NotYours))?;
        let joint = mandate.joint.ok_or(Failure::Refused(MandateRefusal::NotYours))?;
        if mandate.state(now) != MandateState::InForce {
            return Err(Failure::Refused(MandateRefusal::Over));
        }
        let agreed = joint
            .asked
            .is_some_and(|(asked, asker)| asked == rule && asker != by);
        let after = match agreed {
            true => Joint {
                rule,
                asked: None,
                ..joint
            },
            false => Joint {
                asked: (rule != joint.rule).then_some((rule, by)),
                ..joint
            },
        };
        if after == joint {
            return Ok(());
        }
        let step = match (agreed, by) {
            (false, Side::Person) => MandateStepKind::RuleAskedByPerson,
            (false, Side::Delegate) => MandateStepKind::RuleAskedByDelegate,
            (true, Side::Person) => MandateStepKind::RuleAgreedByPerson,
            (true, Side::Delegate) => MandateStepKind::RuleAgreedByDelegate,
        };
        let known = mandate.clone();
        let mandate = Mandate {
            joint: Some(after),
            ..mandate
        };
        let mut drafts = vec![self.mandate_draft(&mandate, step, mandate.person, now).await?];
        if let Some(held) = mandate.held {
            drafts.push(self.mandate_draft(&mandate, step, held.by, now).await?);
        }
        self.commit(SetRule { known, after, drafts }).await
    }
}

/// Gives a code on the word of whoever enrolled the meter alone: to a second holder, and to no third.
struct OfferJoint(steps::Give);

#[async_trait]
impl Commit for OfferJoint {
    type Answer = ();
    type Refusal = MandateRefusal;
    const NAME: &'static str = steps::Give::NAME;

    fn leaves(&self) -> usize {
        self.0.leaves()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), MandateRefusal>, Fault> {
        let mandate = &self.0.row.mandate;
        let (person, now) = (mandate.person, group.now);
        if let Some(joint) = mandate.joint {
            // Also one who was given a code that is open: two codes at once would make two more holders.
            let rows = group.tx.holders_of(joint.point).await?;
            let open = |row: &MandateRow| {
                row.mandate.person == person && row.mandate.state(now) == MandateState::Open
            };
            let holders = Holders::of(&mut *group.tx, (person, joint.point), now).await?;
            if rows.iter().any(open) || !holders.others.is_empty() {
                return Ok(Err(MandateRefusal::NotAlone));
            }
        }
        self.0.run(group).await
    }
}

/// Changes the rule, or what is asked for.
struct SetRule {
    /// What was decided on.
    known: Mandate,
    after: Joint,
    drafts: Vec<Draft>,
}

#[async_trait]
impl Commit for SetRule {
    type Answer = ();
    type Refusal = MandateRefusal;
    // The way back of migration 0021 looks for this name.
    const NAME: &'static str = "change who must agree";

    fn leaves(&self) -> usize {
        self.drafts.len()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), MandateRefusal>, Fault> {
        // Both at once: the second decides anew on what the first asked for.
        let row = group.tx.mandate(self.known.id).await?;
        if row.is_none_or(|row| row.mandate != self.known) {
            return Err(Fault::Conflict {
                table: "joint_holding",
            });
        }
        group.tx.set_joint_rule(self.known.id, &self.after).await?;
        for draft in &self.drafts {
            group.append(draft).await?;
        }
        let now = group.now;
        let mark = [
            self.known.id.as_bytes().as_slice(),
            &now.as_micros().to_be_bytes(),
        ]
        .concat();
        let other = self.known.held.map(|held| held.by);
        for who in [Some(self.known.person), other].into_iter().flatten() {
            telling::about_a_request(&mut *group.tx, who, MessageKind::JointChanged, &mark, now).await?;
        }
        Ok(Ok(()))
    }
}
