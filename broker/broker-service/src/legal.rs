//! Companies and public bodies (`docs/decisions/0046`): a participant without an account, whose representative acts under a mandate.
//!
//! An officer enrols it and lists its delivery points; what it permits is in `consents::permit`, who represents it in
//! `mandates::represent`. LIMIT: nobody is asked for a proof that a point is the legal person's; the officers answer for the list.

mod enrol;
mod points;
mod view;

use broker_domain::ids::{OfficerId, ParticipantId, PointId};
use broker_domain::legal::{LegalKind, ListProblem};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{LegalPersonRow, PointRow, SessionRole, SiteRow};
use evidence::consent::point_list;
use evidence::record::{self as wire, LegalPersonStep, LegalPersonStepKind, Record};
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::accounts::SignInRefusal;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::Draft;
use crate::records;

pub use enrol::LegalNewcomer;
pub use points::PointsAdded;
pub use view::{LegalFacts, Site};

/// Why nothing changes about a legal person.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum LegalRefusal {
    /// No such legal person or point, or not for whoever asks.
    #[error("no company or public body is known under this identifier")]
    Unknown,
    /// Its number in the register is known already.
    #[error("this number is enrolled already")]
    NumberTaken,
    /// The list of points is not taken.
    #[error("nothing of the list was taken: {0}")]
    List(#[from] ListProblem),
    /// The point shows the life of a person already.
    #[error("this point was set aside already")]
    AsideAlready,
    /// The session.
    #[error(transparent)]
    SignIn(#[from] SignInRefusal),
}

impl Broker {
    /// An officer who proved in the last ten minutes who she is.
    async fn enrolling_officer(&self, token: &[u8; 32]) -> Result<OfficerId, Failure<LegalRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(LegalRefusal::SignIn))?;
        let SessionRole::Officer(officer) = session.role else {
            return Err(Failure::Refused(LegalRefusal::Unknown));
        };
        self.may_enrol(officer)?;
        Ok(officer)
    }

    fn may_enrol(&self, officer: OfficerId) -> Result<(), Failure<LegalRefusal>> {
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::Invite,
            resource: Resource::Panel,
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(LegalRefusal::Unknown))?;
        Ok(())
    }

    async fn legal_row(&self, person: ParticipantId) -> Result<LegalPersonRow, Failure<LegalRefusal>> {
        let row = self.store.read().await?.legal_person(person).await?;
        row.ok_or(Failure::Refused(LegalRefusal::Unknown))
    }

    /// The record of a step, with the list of points as it is after it.
    fn legal_draft(
        &self,
        (person, kind): (ParticipantId, LegalKind),
        step: LegalPersonStepKind,
        points: &[&PointRow],
        now: Instant,
    ) -> Result<Draft, Fault> {
        let names: Vec<[u8; 32]> = points
            .iter()
            .map(|point| records::consent::point(point))
            .collect();
        let record = Record::LegalPerson(LegalPersonStep {
            participant: records::id(&person)?,
            kind: match kind {
                LegalKind::Company => wire::LegalPersonKind::Company,
                LegalKind::PublicBody => wire::LegalPersonKind::PublicBody,
            },
            step,
            points: u32::try_from(points.len()).map_err(|_| Fault::Corrupt { what: "points" })?,
            list_sha256: point_list(&names),
            at: records::at(now)?,
        });
        Ok(Draft {
            subject: person.into(),
            actor: ActorClass::Dpo,
            signed: self.sign(record)?,
        })
    }
}

/// The points that are the legal person's to permit: those that show a body and were not left.
fn own_points(sites: &[SiteRow], now: Instant) -> Vec<&PointRow> {
    let own = sites
        .iter()
        .filter(|site| !crate::moving::has_left(site.point.occupancy, now));
    own.map(|site| &site.point).collect()
}

/// Which places are known, to see whether something came between.
fn identifiers(sites: &[SiteRow]) -> Vec<(PointId, bool)> {
    let known = |site: &SiteRow| (site.point.id, site.point.occupancy.departure.is_some());
    sites.iter().map(known).collect()
}
