//! The points of a legal person: added as a list, all lines or none, and set aside where they show the life of a person.
//!
//! A point that is set aside is left by the legal person (decision 0038): nothing of it is its any more, and whoever lives there enrols
//! the meter herself, with consents of her own.

use async_trait::async_trait;
use broker_domain::consent::{Departure, Method, Occupancy};
use broker_domain::ids::{Digest, OfficerId, ParticipantId, PointId};
use broker_domain::legal::{LineProblem, ListProblem, MOST_POINTS, PointLine, Shows};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{PointRow, SiteRow};
use broker_vault::{DataKey, ProfileField};
use evidence::record::{LegalPersonStepKind, Record};

use super::{LegalRefusal, identifiers, own_points};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::moving::has_left;

/// How many wrong lines are told at once.
const MOST_TOLD: usize = 50;
/// After how many lines others get their turn.
const TURN: usize = 64;
/// How often it is begun again when something came between.
const ATTEMPTS: usize = 3;

/// Points that were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointsAdded {
    /// How many the legal person may permit.
    pub added: usize,
    /// How many show the life of a person.
    pub aside: usize,
    /// How many it may permit in all.
    pub total: u32,
    /// Digest of these, as the record has it.
    pub list: Digest,
}

impl Broker {
    /// Adds points, for an officer who proved in the last ten minutes who she is. All lines or none.
    ///
    /// # Errors
    /// [`LegalRefusal::List`] with what is wrong in which line; [`LegalRefusal::SignIn`], [`LegalRefusal::Unknown`].
    pub async fn add_points(
        &self,
        token: &[u8; 32],
        person: ParticipantId,
        lines: &[PointLine],
    ) -> Result<PointsAdded, Failure<LegalRefusal>> {
        self.enrolling_officer(token).await?;
        for _ in 1..ATTEMPTS {
            match self.add_points_now(person, lines).await {
                Err(Failure::Conflict | Failure::Fault(Fault::Conflict { .. })) => {}
                other => return other,
            }
        }
        self.add_points_now(person, lines).await
    }

    async fn add_points_now(
        &self,
        person: ParticipantId,
        lines: &[PointLine],
    ) -> Result<PointsAdded, Failure<LegalRefusal>> {
        let now = self.clock.now();
        let legal = self.legal_row(person).await?;
        let (sites, wrapped) = {
            let mut read = self.store.read().await?;
            (read.sites_of(person).await?, read.newest_key(person).await?)
        };
        if sites.len().saturating_add(lines.len()) > MOST_POINTS {
            return Err(Failure::Refused(ListProblem::TooMany.into()));
        }
        let key = self.vault.data_key(&wrapped.ok_or(Fault::SubjectErased)?)?;
        let added = self.sealed_sites(person, &key, lines, now).await?;
        let mut points = own_points(&sites, now);
        points.extend(own_points(&added, now));
        let (total, step) = (points.len(), LegalPersonStepKind::PointsAdded);
        let draft = self.legal_draft((person, legal.kind), step, &points, now)?;
        let list = list_of(&draft)?;
        let aside = added.iter().filter(|site| site.shows == Shows::Person).count();
        let told = PointsAdded {
            added: added.len().saturating_sub(aside),
            aside,
            total: u32::try_from(total).map_err(|_| Fault::Corrupt { what: "points" })?,
            list,
        };
        let beat = AddPoints {
            person,
            before: identifiers(&sites),
            lines: lines.iter().map(|line| line.line).collect(),
            added,
            draft,
        };
        self.commit(beat).await?;
        Ok(told)
    }

    /// The rows of new points, their numbers and names sealed.
    async fn sealed_sites(
        &self,
        person: ParticipantId,
        key: &DataKey,
        lines: &[PointLine],
        now: Instant,
    ) -> Result<Vec<SiteRow>, Fault> {
        let departure = Departure {
            at: now,
            known_at: now,
        };
        let mut added = Vec::with_capacity(lines.len());
        for (place, line) in lines.iter().enumerate() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let id = PointId::random(&*self.entropy)?;
            let number = line.number.as_str();
            let seal = |field, text: &str| self.vault.seal_text(key, field, text, &*self.entropy);
            added.push(SiteRow {
                point: PointRow {
                    id,
                    participant: person,
                    number_index: self.vault.point_index(number),
                    number_sealed: seal(ProfileField::MeterNumber(id), number)?,
                    created_at: now,
                    occupancy: Occupancy {
                        departure: (line.shows == Shows::Person).then_some(departure),
                        held_since: None,
                    },
                },
                name_sealed: seal(ProfileField::SiteName(id), &line.name)?,
                shows: line.shows,
            });
        }
        Ok(added)
    }

    /// Says that a point shows the life of a person: from now on the legal person permits nothing of it, and what it permitted ends.
    /// It takes away: an officer's session is enough.
    ///
    /// # Errors
    /// [`LegalRefusal::Unknown`], [`LegalRefusal::AsideAlready`].
    pub async fn set_point_aside(
        &self,
        officer: OfficerId,
        point: PointId,
    ) -> Result<(), Failure<LegalRefusal>> {
        let now = self.clock.now();
        let site = self.store.read().await?.site(point).await?;
        let site = site.ok_or(Failure::Refused(LegalRefusal::Unknown))?;
        let person = site.point.participant;
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::EndOccupancy,
            resource: Resource::Point { point, owner: person },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(LegalRefusal::Unknown))?;
        if site.shows == Shows::Person || has_left(site.point.occupancy, now) {
            return Err(Failure::Refused(LegalRefusal::AsideAlready));
        }
        let legal = self.legal_row(person).await?;
        let sites = self.store.read().await?.sites_of(person).await?;
        let mut points = own_points(&sites, now);
        points.retain(|row| row.id != point);
        let step = LegalPersonStepKind::PointSetAside;
        let beat = SetAside {
            person,
            point,
            before: identifiers(&sites),
            draft: self.legal_draft((person, legal.kind), step, &points, now)?,
        };
        self.commit(beat).await?;
        // Nothing waits for it: the departure closes already, and the clock of duties comes back to what fails here.
        if let Err(fault) = self.close_departure(point).await {
            let error: &dyn std::error::Error = &fault;
            tracing::error!(
                error,
                "what follows from a departure is not done yet; it is tried again"
            );
        }
        Ok(())
    }
}

fn list_of(draft: &Draft) -> Result<Digest, Fault> {
    match &draft.signed.record {
        Record::LegalPerson(step) => Ok(Digest(*step.list_sha256.as_bytes())),
        _ => Err(Fault::Corrupt { what: "legal person" }),
    }
}

struct AddPoints {
    person: ParticipantId,
    before: Vec<(PointId, bool)>,
    /// The line of each point.
    lines: Vec<usize>,
    added: Vec<SiteRow>,
    draft: Draft,
}

#[async_trait]
impl Commit for AddPoints {
    type Answer = ();
    type Refusal = LegalRefusal;
    // The way back of the migration `legal` looks for this name.
    const NAME: &'static str = "add points";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), LegalRefusal>, Fault> {
        if identifiers(&group.tx.sites_of(self.person).await?) != self.before {
            return Err(Fault::Conflict { table: "site" });
        }
        let mut wrong = Vec::new();
        for (line, site) in self.lines.iter().zip(&self.added) {
            if let Some(problem) = stands_against(group, self.person, site).await? {
                wrong.push((*line, problem));
            }
            if wrong.len() >= MOST_TOLD {
                break;
            }
        }
        if !wrong.is_empty() {
            return Ok(Err(ListProblem::Lines(wrong).into()));
        }
        for site in &self.added {
            match site.shows {
                Shows::Body => group.tx.add_point(&site.point).await?,
                Shows::Person => group.tx.add_point_aside(&site.point, group.now).await?,
            }
            group.tx.add_site(site).await?;
        }
        group.append(&self.draft).await?;
        Ok(Ok(()))
    }
}

/// What is known of a number that a line names.
async fn stands_against(
    group: &mut Group<'_>,
    person: ParticipantId,
    site: &SiteRow,
) -> Result<Option<LineProblem>, Fault> {
    let known = group.tx.points_of_number(site.point.number_index).await?;
    for row in known {
        let stands = !has_left(row.occupancy, group.now);
        if stands && row.participant == person {
            return Ok(Some(LineProblem::Listed));
        }
        let before = group.tx.site(row.id).await?.map(|before| before.shows);
        match (site.shows, before) {
            // Once said, it stands: a later list does not take it back in silence.
            (Shows::Body, Some(Shows::Person)) => return Ok(Some(LineProblem::Lived)),
            // Whoever lives there may have enrolled already.
            (Shows::Body, _) if stands => return Ok(Some(LineProblem::Taken)),
            // Another body permits something of it: that officer's word comes first.
            (Shows::Person, Some(Shows::Body)) if stands => return Ok(Some(LineProblem::Taken)),
            _ => {}
        }
    }
    Ok(None)
}

struct SetAside {
    person: ParticipantId,
    point: PointId,
    before: Vec<(PointId, bool)>,
    draft: Draft,
}

#[async_trait]
impl Commit for SetAside {
    type Answer = ();
    type Refusal = LegalRefusal;
    // The way back of the migration `legal` looks for this name.
    const NAME: &'static str = "set a point aside";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), LegalRefusal>, Fault> {
        if identifiers(&group.tx.sites_of(self.person).await?) != self.before {
            return Err(Fault::Conflict { table: "site" });
        }
        let departure = Departure {
            at: group.now,
            known_at: group.now,
        };
        group.tx.set_site_aside(self.point).await?;
        group.tx.set_departure(self.point, departure, Method::Web).await?;
        group.append(&self.draft).await?;
        Ok(Ok(()))
    }
}
