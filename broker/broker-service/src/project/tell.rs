//! Telling people of a new member of a project: a few in each transaction, with how far it came. A broker that is killed goes on where it
//! was; and whoever is met twice is told once, since the occasion is the same. People are told of
//! whoever signed, also if she left at once: she may hold what was released.

use broker_domain::ids::ParticipantId;
use broker_domain::research::ProjectMember;
use broker_domain::time::Instant;
use broker_store::{MessageKind, ProjectScope, ToldUpto, Tx, UntoldMember};

use crate::broker::Broker;
use crate::failure::Fault;
use crate::telling;

/// How many people are looked at in one transaction.
const AT_ONCE: u32 = 16;

impl Broker {
    /// Tells everybody of new members who is still to be told. To be called by a clock.
    ///
    /// # Errors
    /// When the store fails; whoever was told stays told.
    pub(crate) async fn tell_of_members(&self) -> Result<(), Fault> {
        loop {
            let Some(untold) = self.store.read().await?.member_untold().await? else {
                return Ok(());
            };
            match self.tell_some(&untold).await {
                Ok(()) => {}
                // Somebody else noted it meanwhile: the next round goes on from there.
                Err(Fault::Conflict { .. }) => return Ok(()),
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn tell_some(&self, untold: &UntoldMember) -> Result<(), Fault> {
        let now = self.clock.now();
        let member = &untold.member;
        let mut tx = self.store.begin("tell of a member of a project").await?;
        let request = tx.request(member.request).await?;
        let request = request.ok_or(Fault::Corrupt {
            what: "project_member.request",
        })?;
        let dataset = tx.dataset(request.dataset).await?;
        let dataset = dataset.ok_or(Fault::Corrupt {
            what: "request.dataset",
        })?;
        let scope = ProjectScope {
            request: request.id,
            recipient: dataset.dataset.recipient,
            purpose: dataset.dataset.purpose,
        };
        let people = tx.people_of_project(&scope, untold.told_upto, AT_ONCE).await?;
        for who in &people {
            tell_one(&mut *tx, *who, (&scope, member), now).await?;
        }
        let all = u32::try_from(people.len()).unwrap_or(u32::MAX) < AT_ONCE;
        let upto = match people.last() {
            Some(last) if !all => ToldUpto::Person(*last),
            Some(_) | None => ToldUpto::Everybody(now),
        };
        tx.member_told(member, upto).await?;
        Ok(tx.commit().await?)
    }
}

/// Tells one person, if the project uses what she shares now or its release holds her; whoever objected is in neither.
async fn tell_one(
    tx: &mut dyn Tx,
    who: ParticipantId,
    (scope, member): (&ProjectScope, &ProjectMember),
    now: Instant,
) -> Result<(), Fault> {
    if tx.objectors(scope.request).await?.contains(&who) {
        return Ok(());
    }
    let mut consents = tx.consents_of(who).await?;
    consents.retain(|consent| consent.recipient == scope.recipient && consent.purpose == scope.purpose);
    let shares = consents.iter().find(|consent| consent.state(now).is_given());
    let held = match tx.release_of(scope.request).await? {
        Some(release) => tx.disclosed(who, release.id).await?.is_some(),
        None => false,
    };
    let about = match held {
        true => shares.or(consents.last()),
        false => shares,
    };
    let Some(consent) = about else { return Ok(()) };
    let mark = [member.request.as_bytes().as_slice(), member.researcher.as_bytes()].concat();
    telling::about_a_sharing(tx, who, (MessageKind::ProjectJoined, consent.id), &mark, now).await
}
