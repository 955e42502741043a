//! What a legal person permits for many points in one act (`consent.md` §8): one authorisation a point, all of them or none.
//!
//! ```text
//! list  = evidence::consent::point_list(points)          in every record
//! terms = evidence::passkey::SignedList(drafts).terms    under one signature, where the offer asks for one
//! ```
//!
//! LIMIT: the writer is kept busy as long as one act takes, about a millisecond a point.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, EventKind, EvidenceLevel, How};
use broker_domain::ids::{ConsentId, Digest, GrantId, OfferId, PointId};
use broker_domain::legal::MOST_POINTS;
use broker_domain::mandate::{Acting, Capacity, Hand};
use broker_domain::policy::{Action, Permit, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{OfferRow, PermissionRow, PointRow, Read};
use evidence::consent::{ConsentAct, point_list};
use evidence::passkey::{self, SignedList, WebauthnAct};
use ledger_core::leaf::ActorClass;

use super::{
    Agreeing, Answering, AskedSignature, Asking, ChoiceRefusal, Proposal, barred, click_level, next_event,
    read_answer, use_intent,
};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::mandates;
use crate::moving::has_left;
use crate::records::consent::{self, NewAct, Told};

/// After how many points others get their turn.
const TURN: usize = 32;

/// What a representative permits on the page of one offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitOrder {
    /// The offer shown.
    pub offer: OfferId,
    /// For which points.
    pub points: Vec<PointId>,
    /// SHA-256 of the notice that was shown.
    pub notice: Digest,
    /// When she last proved who she is.
    pub proved_at: Option<Instant>,
}

/// What was permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permitted {
    /// The act.
    pub grant: GrantId,
    /// Digest of its points.
    pub list: Digest,
    /// How many they are.
    pub points: u32,
}

/// What makes the consent for one point a permission: a list of one. The act is named like the consent, so that terms drafted again
/// are the same.
pub(super) fn for_one_point(point: &PointRow, consent: ConsentId) -> Result<PermissionRow, Fault> {
    permission(GrantId::from_bytes(*consent.as_bytes()), [point])
}

fn permission<'a>(
    grant: GrantId,
    points: impl IntoIterator<Item = &'a PointRow>,
) -> Result<PermissionRow, Fault> {
    let points: Vec<[u8; 32]> = points.into_iter().map(consent::point).collect();
    Ok(PermissionRow {
        grant,
        list: Digest(*point_list(&points).as_bytes()),
        points: u32::try_from(points.len()).map_err(|_| Fault::Corrupt { what: "points" })?,
    })
}

/// What was weighed: the offer, the points in the order of the act, and the consents of the legal person.
struct Weighed {
    row: OfferRow,
    points: Vec<PointRow>,
    acting: Acting,
}

/// The terms of one act for every point.
struct Proposed {
    permission: PermissionRow,
    proposals: Vec<Proposal>,
    asked_at: Instant,
}

impl Proposed {
    /// The drafts as one list to be signed.
    fn signed(&self) -> Result<SignedList, Fault> {
        let drafts = self.proposals.iter().map(Proposal::terms);
        let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        SignedList::of(drafts.iter().map(Vec::as_slice)).ok_or(Fault::Corrupt {
            what: "list of drafts",
        })
    }
}

impl Broker {
    /// Permits the same for some points of a legal person, by a click of whoever represents it. All or none.
    ///
    /// # Errors
    /// See [`ChoiceRefusal`].
    pub async fn permit_points(
        &self,
        hand: Hand,
        order: &PermitOrder,
    ) -> Result<Permitted, Failure<ChoiceRefusal>> {
        let now = self.clock.now();
        let level = click_level(order.proved_at, now);
        let weighed = self.weigh_points(hand, order, now).await?;
        if level < weighed.row.evidence {
            let needed = weighed.row.evidence;
            return Err(Failure::Refused(ChoiceRefusal::TooWeak { needed }));
        }
        let ids = self.fresh_consents(&weighed.points)?;
        let grant = GrantId::random(&*self.entropy)?;
        let proposed = self
            .propose_points(hand, order, &weighed, (grant, &ids, None), now)
            .await?;
        self.add_permissions(hand, weighed, proposed, (How::on_a_page(level), None, None), now)
            .await
    }

    /// Drafts the terms for each of the points, and asks for one signature over all of them.
    ///
    /// # Errors
    /// See [`ChoiceRefusal`]; [`ChoiceRefusal::NoKey`] where the representative has no passkey, or none can be used here.
    pub async fn ask_for_list_signature(
        &self,
        hand: Hand,
        order: &PermitOrder,
    ) -> Result<AskedSignature, Failure<ChoiceRefusal>> {
        let now = self.clock.now();
        let weighed = self.weigh_points(hand, order, now).await?;
        let ids = self.fresh_consents(&weighed.points)?;
        let grant = GrantId::random(&*self.entropy)?;
        let proposed = self
            .propose_points(hand, order, &weighed, (grant, &ids, None), now)
            .await?;
        let terms = proposed.signed()?.terms;
        let (first, asked_at) = (proposed.proposals.into_iter().next(), proposed.asked_at);
        let first = first.ok_or(Failure::Refused(ChoiceRefusal::NotYours))?;
        let list: Vec<(ConsentId, PointId)> = ids
            .into_iter()
            .zip(weighed.points.iter().map(|point| point.id))
            .collect();
        let about = ConsentId::from_bytes(*grant.as_bytes());
        let asking = Asking::grant(order.offer, hand, now);
        self.ask_over(&first, (about, &terms, &list), &asking, asked_at)
            .await
    }

    /// Records what was permitted under the representative's own signature over the whole list.
    ///
    /// # Errors
    /// See [`ChoiceRefusal`].
    pub async fn permit_signed(
        &self,
        hand: Hand,
        nonce: [u8; 32],
        answer: &str,
    ) -> Result<Permitted, Failure<ChoiceRefusal>> {
        let now = self.clock.now();
        let malformed = Failure::Refused(ChoiceRefusal::Signature(passkey::Refusal::Malformed));
        let assertion = read_answer(answer).ok_or(malformed)?;
        let stored = self.waiting(hand.person(), nonce).await?;
        let list = self.store.read().await?.intent_list(nonce).await?;
        let order = PermitOrder {
            offer: stored.offer,
            points: list.iter().map(|(_, point)| *point).collect(),
            notice: stored.notice,
            proved_at: None,
        };
        let weighed = self.weigh_points(hand, &order, now).await?;
        let ids: Vec<ConsentId> = list.iter().map(|(consent, _)| *consent).collect();
        let grant = GrantId::from_bytes(*stored.consent.as_bytes());
        // Made again from what is stored now: whoever changed something meanwhile changed the terms.
        let made = (grant, ids.as_slice(), Some(stored.asked_at));
        let proposed = self
            .propose_points(hand, &order, &weighed, made, stored.drafted_at)
            .await?;
        let answering = Answering {
            stored: &stored,
            assertion,
            action: passkey::Action::Grant,
            hand,
            now,
        };
        let (act, how) = self.signed_list_act(&proposed, answering).await?;
        if how.level < Some(weighed.row.evidence) {
            let needed = weighed.row.evidence;
            return Err(Failure::Refused(ChoiceRefusal::TooWeak { needed }));
        }
        self.add_permissions(hand, weighed, proposed, (how, Some(act), Some(nonce)), now)
            .await
    }

    async fn signed_list_act(
        &self,
        proposed: &Proposed,
        answering: Answering<'_>,
    ) -> Result<(WebauthnAct, How), Failure<ChoiceRefusal>> {
        let first = proposed
            .proposals
            .first()
            .ok_or(Failure::Refused(ChoiceRefusal::NotYours))?;
        let terms = proposed.signed()?.terms;
        let act = ConsentId::from_bytes(*proposed.permission.grant.as_bytes());
        self.signed_act_over(first, (act, &terms), answering).await
    }

    fn fresh_consents(&self, points: &[PointRow]) -> Result<Vec<ConsentId>, Fault> {
        let drawn = points.iter().map(|_| ConsentId::random(&*self.entropy));
        Ok(drawn.collect::<Result<_, _>>()?)
    }

    /// Reads what the order is about, and asks the policies for each point.
    async fn weigh_points(
        &self,
        hand: Hand,
        order: &PermitOrder,
        now: Instant,
    ) -> Result<Weighed, Failure<ChoiceRefusal>> {
        let who = hand.person();
        let refused = |refusal| Failure::Refused(refusal);
        let acting = hand
            .acting()
            .filter(|acting| acting.capacity() == Capacity::Representative);
        let acting = acting.ok_or(refused(ChoiceRefusal::NotYours))?;
        let mut read = self.store.read().await?;
        let row = read
            .offer(order.offer)
            .await?
            .ok_or(refused(ChoiceRefusal::UnknownOffer))?;
        if read.legal_person(who).await?.is_none() {
            return Err(refused(ChoiceRefusal::NotYours));
        }
        if !row.notices().contains(&order.notice) {
            return Err(refused(ChoiceRefusal::NoticeChanged));
        }
        let mut own: HashMap<PointId, PointRow> = read
            .points_of(who)
            .await?
            .into_iter()
            .map(|point| (point.id, point))
            .collect();
        drop(read);
        if order.points.is_empty() || order.points.len() > MOST_POINTS {
            return Err(refused(ChoiceRefusal::NotYours));
        }
        let mut points = Vec::with_capacity(order.points.len());
        for id in &order.points {
            // Taken out, so that a point named twice is none the second time.
            let point = own.remove(id).ok_or(refused(ChoiceRefusal::NotYours))?;
            if has_left(point.occupancy, now) {
                return Err(refused(ChoiceRefusal::HomeLeft));
            }
            let query = Query {
                principal: hand.principal(),
                action: Action::Grant,
                resource: Resource::Point {
                    point: *id,
                    owner: who,
                },
                now,
            };
            Permit::ask(&*self.policy, query).map_err(|_| refused(ChoiceRefusal::NotYours))?;
            points.push(point);
        }
        Ok(Weighed { row, points, acting })
    }

    /// The consents that an act would make. `made`: the act, the identifiers of its consents, and when it was asked for.
    async fn propose_points(
        &self,
        hand: Hand,
        order: &PermitOrder,
        weighed: &Weighed,
        (grant, ids, asked_at): (GrantId, &[ConsentId], Option<Instant>),
        drafted_at: Instant,
    ) -> Result<Proposed, Failure<ChoiceRefusal>> {
        let who = hand.person();
        let permission = permission(grant, &weighed.points)?;
        let answered = |point: &PointRow, id: ConsentId| {
            weighed
                .row
                .offer
                .answered_by(who, point.id, order.notice, id, drafted_at)
        };
        let (first, id) = weighed
            .points
            .first()
            .zip(ids.first())
            .ok_or(Failure::Refused(ChoiceRefusal::NotYours))?;
        let mut read = self.store.read().await?;
        let mut told = Told::of(&mut *read, &answered(first, *id)?).await?;
        let served = read.notice_served(who, order.offer, order.notice).await?;
        drop(read);
        let served = served.map_or(drafted_at, |served| served.first_at.min(drafted_at));
        let asked_at = asked_at.unwrap_or(served);
        told.asked_at = Some(asked_at);
        told.permission = Some(permission);
        let mut proposals = Vec::with_capacity(weighed.points.len());
        for (place, (point, id)) in weighed.points.iter().zip(ids).enumerate() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let consent = answered(point, *id)?;
            let told = Told {
                point: point.clone(),
                ..told.clone()
            };
            let draft = consent::draft(&self.site, &told, &consent, drafted_at)?;
            let terms = consent::terms_digest(&draft)?;
            proposals.push(Proposal {
                consent: consent.on_terms(terms),
                told,
                draft,
            });
        }
        Ok(Proposed {
            permission,
            proposals,
            asked_at,
        })
    }

    /// Signs the record of each, and commits them together.
    async fn add_permissions(
        &self,
        hand: Hand,
        weighed: Weighed,
        proposed: Proposed,
        (how, act, intent): (How, Option<WebauthnAct>, Option<[u8; 32]>),
        now: Instant,
    ) -> Result<Permitted, Failure<ChoiceRefusal>> {
        let mut places = match act {
            Some(_) => proposed.signed()?.places,
            None => Vec::new(),
        }
        .into_iter();
        let permission = proposed.permission;
        let mut permissions = Vec::with_capacity(proposed.proposals.len());
        for (place, Proposal { consent, draft, .. }) in proposed.proposals.into_iter().enumerate() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let webauthn = act.clone().map(|act| WebauthnAct {
                list: places.next(),
                ..act
            });
            let act = NewAct {
                webauthn,
                ..NewAct::by_hand(ConsentAct::Given, hand, how, now)
            };
            let signed = self.sign(consent::with_act(draft, &self.site, &consent, &act)?)?;
            let event = next_event(&consent, EventKind::Given, now, signed.digest())?;
            let draft = Draft {
                subject: hand.person().into(),
                actor: ActorClass::Participant,
                signed,
            };
            permissions.push((consent, event, draft));
        }
        self.commit(AddPermissions {
            permission,
            permissions,
            asked_at: proposed.asked_at,
            how,
            acting: weighed.acting,
            intent,
        })
        .await?;
        Ok(Permitted {
            grant: permission.grant,
            list: permission.list,
            points: permission.points,
        })
    }
}

/// Consents of one act, each with its first record.
struct AddPermissions {
    permission: PermissionRow,
    permissions: Vec<(Consent, ConsentEvent, Draft)>,
    asked_at: Instant,
    how: How,
    acting: Acting,
    intent: Option<[u8; 32]>,
}

impl AddPermissions {
    /// Why one of them cannot be given, looked at where nobody can come between.
    async fn refusal<R: Read + ?Sized>(
        &self,
        read: &mut R,
        now: Instant,
    ) -> Result<Option<ChoiceRefusal>, Fault> {
        let Some((first, ..)) = self.permissions.first() else {
            return Ok(Some(ChoiceRefusal::NotYours));
        };
        let who = first.participant;
        let consents = read.consents_of(who).await?;
        let same =
            |consent: &&Consent| consent.recipient == first.recipient && consent.purpose == first.purpose;
        let same: Vec<Consent> = consents.iter().filter(same).cloned().collect();
        let given = same.iter().filter(|consent| consent.state(now).is_given());
        let given: HashSet<PointId> = given.map(|consent| consent.point).collect();
        let known: HashSet<PointId> = same.iter().map(|consent| consent.point).collect();
        let lived = read.points_of(who).await?.into_iter();
        let lived: HashSet<PointId> = lived
            .filter(|point| !has_left(point.occupancy, now))
            .map(|point| point.id)
            .collect();
        for (consent, ..) in &self.permissions {
            if !lived.contains(&consent.point) {
                return Ok(Some(ChoiceRefusal::HomeLeft));
            }
            if given.contains(&consent.point) {
                return Ok(Some(ChoiceRefusal::AlreadyGiven));
            }
        }
        // What bars her bars every point; what stands still is of a point that was shared before.
        let known = self
            .permissions
            .iter()
            .filter(|(consent, ..)| known.contains(&consent.point));
        for (consent, ..) in self.permissions.first().into_iter().chain(known) {
            let agreeing = Agreeing {
                point: consent.point,
                recipient: consent.recipient,
                purpose: &consent.purpose,
                delegated: true,
                level: self.how.level.unwrap_or(EvidenceLevel::L1),
            };
            if let Some(refusal) = barred(read, (who, now), &same, &agreeing).await? {
                return Ok(Some(refusal));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Commit for AddPermissions {
    type Answer = ();
    type Refusal = ChoiceRefusal;
    // The way back of the migration `legal` looks for this name.
    const NAME: &'static str = "permit for points";

    fn leaves(&self) -> usize {
        self.permissions.len()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), ChoiceRefusal>, Fault> {
        if let Some(refusal) = self.refusal(&mut *group.tx, group.now).await? {
            return Ok(Err(refusal));
        }
        if let Some(nonce) = self.intent
            && let Some(refusal) = use_intent(group, nonce).await?
        {
            return Ok(Err(ChoiceRefusal::Signature(refusal)));
        }
        let mut done = Vec::with_capacity(self.permissions.len());
        for (consent, event, draft) in &self.permissions {
            group.tx.add_consent(consent).await?;
            group.tx.add_consent_request(consent.id, self.asked_at).await?;
            group.tx.add_permission(consent.id, self.permission).await?;
            super::add_event(group, consent.id, *event, self.how, draft).await?;
            done.push((consent.id, *event));
        }
        let now = group.now;
        mandates::note_events(&mut *group.tx, self.acting, &done, now).await?;
        Ok(Ok(()))
    }
}
