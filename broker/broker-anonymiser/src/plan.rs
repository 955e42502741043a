//! From a request to a release: decide on the count, then on the cells, then on what was released before.

use jiff::Timestamp;

use crate::{
    aggregate::{Aggregate, Aggregation, Cell, CellStatus, Suppression},
    audit::{self, Outcome, QueryRecord, QueryRun, StoredRelease},
    members::MemberSet,
    policy::{PeriodLimit, PolicyBook, PolicyVersion, ReleasePolicy},
    refusal::{Reason, Refusal, Remedy},
    risk::{self, Candidates, LengthRisk},
    units::{Direction, GroupId, HouseholdCount, Period, Slot, StepSeconds},
};

/// What a researcher asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The published name of the group of homes.
    pub group: GroupId,
    /// Drawn or fed energy. For fed energy add only homes that have an injection point: others would count.
    pub direction: Direction,
    /// Interval, step and zone.
    pub period: Period,
    /// Homes of the group whose consent covers the request.
    pub households: HouseholdCount,
    /// The homes they are to be hidden among, for the length rule.
    pub candidates: Candidates,
    /// The rule; `None` for the default of the book.
    pub rule_id: Option<String>,
    /// The instant of release. The rule in force is that of its date in the zone of the period.
    pub released_at: Timestamp,
}

/// A request that the rule allows as far as the number of homes tells.
#[derive(Debug, Clone)]
pub struct Plan {
    request: Request,
    policy: ReleasePolicy,
    version: PolicyVersion,
}

/// Decides whether a request can be served at all, before any reading is opened.
///
/// # Errors
/// [`Refusal`] with every reason found and the changes that would pass.
pub fn plan(book: &PolicyBook, request: Request) -> Result<Plan, Refusal> {
    let date = request.released_at.to_zoned(request.period.zone().clone()).date();
    let rule_id = request.rule_id.as_deref().unwrap_or(book.default_rule());
    let Some(version) = book.in_force(rule_id, date) else {
        return Err(refusal(Reason::NoPolicyInForce, Vec::new()));
    };
    if request.period.end() > request.released_at {
        return Err(refusal(Reason::PeriodNotOver, vec![Remedy::Wait]));
    }
    let remedies = || remedies(version, &request);
    if request.period.step() < version.finest_step() {
        return Err(refusal(
            Reason::StepTooFine {
                finest: version.finest_step(),
            },
            remedies(),
        ));
    }
    let Some(policy) = version.resolve(&request.period, request.direction) else {
        return Err(refusal(Reason::NoBand, remedies()));
    };
    if request.households < policy.required {
        let reason = Reason::TooFewHouseholds {
            found: request.households,
            needed: policy.required,
        };
        return Err(refusal(reason, remedies()));
    }
    Ok(Plan {
        policy,
        version: version.clone(),
        request,
    })
}

fn refusal(reason: Reason, remedies: Vec<Remedy>) -> Refusal {
    Refusal {
        reasons: vec![reason],
        remedies,
    }
}

/// The single changes that would pass with the same homes, and the number of homes that would pass unchanged.
fn remedies(version: &PolicyVersion, request: &Request) -> Vec<Remedy> {
    let (period, direction) = (&request.period, request.direction);
    let mut remedies = Vec::new();
    if let Some(policy) = version.resolve(period, direction) {
        remedies.push(Remedy::MoreHouseholds {
            needed: policy.required,
        });
    }
    for band in version.bands() {
        let enough = band
            .minimum(direction)
            .is_some_and(|minimum| minimum <= request.households);
        if !enough {
            continue;
        }
        if band.admits_step(period.step()) && !band.period_max.admits(period) {
            remedies.extend(match band.period_max {
                PeriodLimit::Hours(at_most) => Some(Remedy::ShorterPeriodHours { at_most }),
                PeriodLimit::Days(at_most) => Some(Remedy::ShorterPeriodDays { at_most }),
                PeriodLimit::Unlimited => None,
            });
        }
        let at_least = band.step_from.max(version.finest_step());
        if at_least > period.step() && band.period_max.admits(period) {
            remedies.push(Remedy::CoarserStep { at_least });
        }
    }
    remedies
}

/// The earlier release that answers exactly the same question for the same homes. Its stored files are given
/// again; nothing is computed anew, for a reading that came in since would show in the difference.
#[must_use]
pub fn stored_vintage<'a>(
    request: &Request,
    members: &MemberSet,
    previous: &'a [StoredRelease],
) -> Option<&'a StoredRelease> {
    previous
        .iter()
        .find(|stored| stored.query.answers(request.direction, &request.period, members))
}

/// What to do with an aggregate.
#[derive(Debug)]
pub enum Decision {
    /// Publish this.
    Release(Box<Release>),
    /// The question was answered before: give the stored files of that release again.
    SameVintage(StoredRelease),
}

/// An aggregate cannot be decided on, or may not be released.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The aggregate was not made for this plan.
    #[error("the aggregate has {found} slots instead of {expected}")]
    WrongShape {
        /// Slots of the plan.
        expected: u32,
        /// Slots of the aggregate.
        found: usize,
    },
    /// The release is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Plan {
    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// The rule that allowed it.
    #[must_use]
    pub const fn policy(&self) -> &ReleasePolicy {
        &self.policy
    }

    /// An empty aggregation of the right number of slots.
    #[must_use]
    pub fn aggregation(&self) -> Aggregation {
        Aggregation::new(self.request.period.slots())
    }

    /// Decides what of the aggregate is shown. `previous` is every earlier release of the same direction,
    /// whatever its group or rule: one left out can be subtracted.
    ///
    /// # Errors
    /// [`DecideError::Refused`] when nothing can be shown or the differencing audit objects, and
    /// [`DecideError::WrongShape`] for an aggregate of another plan.
    pub fn decide(&self, aggregate: &Aggregate, previous: &[StoredRelease]) -> Result<Decision, DecideError> {
        let (expected, found) = (self.request.period.slots(), aggregate.cells().len());
        if usize::try_from(expected).ok() != Some(found) {
            return Err(DecideError::WrongShape { expected, found });
        }
        let members = aggregate.members();
        if let Some(stored) = stored_vintage(&self.request, members, previous) {
            return Ok(Decision::SameVintage(stored.clone()));
        }
        let policy = self.policy_with_history(members, previous)?;
        let judged: Vec<(Cell, CellStatus)> = aggregate
            .cells()
            .iter()
            .map(|cell| (*cell, cell.judge(&policy)))
            .collect();
        let cells: Vec<CellStatus> = judged.iter().map(|(_, status)| *status).collect();
        refuse_if_nothing_is_shown(&cells)?;
        let runs = query_runs(aggregate, &cells);
        let query = QueryRecord::new(
            self.request.direction,
            &self.request.period,
            policy.required,
            members.clone(),
            runs,
        );
        audit::check(&query, previous)?;
        let risk = risk::length_risk(&judged, policy.round_to, members.count(), self.request.candidates);
        Ok(Decision::Release(Box::new(Release {
            request: self.request.clone(),
            policy,
            cells,
            query,
            risk,
        })))
    }

    /// Thirty releases of one day are a month: time shown of any of these homes before counts as part of the
    /// period, else the table of D. 111-63 II 3 would bind only those who ask for everything at once.
    fn policy_with_history(
        &self,
        members: &MemberSet,
        previous: &[StoredRelease],
    ) -> Result<ReleasePolicy, Refusal> {
        let (step, direction) = (self.request.period.step(), self.request.direction);
        let related = |stored: &&StoredRelease| {
            stored.query.direction() == direction
                && same_class(&self.version, step, stored.query.step())
                && !stored.query.members().is_disjoint(members)
        };
        let mut spans: Vec<(i64, i64)> = previous
            .iter()
            .filter(related)
            .map(|stored| stored.query.span())
            .collect();
        if spans.is_empty() {
            return Ok(self.policy.clone());
        }
        spans.push((
            self.request.period.start().as_second(),
            self.request.period.end().as_second(),
        ));
        let found = members.count();
        let total = self.version.resolve_total(step, union_length(spans), direction);
        // One period may be allowed more than its seconds (a day of 25 hours): never fall below its own
        // number.
        match total {
            Some(policy) if policy.required.max(self.policy.required) <= found => {
                Ok(if policy.required > self.policy.required {
                    policy
                } else {
                    self.policy.clone()
                })
            }
            other => {
                let needed = other.map(|policy| policy.required);
                let more = needed.map(|needed| Remedy::MoreHouseholds { needed });
                Err(Refusal {
                    reasons: vec![Reason::PeriodsAddUp { found, needed }],
                    remedies: more.into_iter().chain([Remedy::SameAsBefore]).collect(),
                })
            }
        }
    }
}

/// Whether two steps fall under the same lines of the table.
fn same_class(version: &PolicyVersion, one: StepSeconds, other: StepSeconds) -> bool {
    version
        .bands()
        .iter()
        .any(|band| band.admits_step(one) && band.admits_step(other))
}

fn union_length(mut spans: Vec<(i64, i64)>) -> i64 {
    spans.sort_unstable();
    let (mut total, mut covered_until) = (0_i64, i64::MIN);
    for (from, until) in spans {
        let from = from.max(covered_until);
        if until > from {
            total = total.saturating_add(until - from);
            covered_until = until;
        }
    }
    total
}

fn refuse_if_nothing_is_shown(cells: &[CellStatus]) -> Result<(), Refusal> {
    if cells
        .iter()
        .any(|cell| matches!(cell, CellStatus::Published { .. }))
    {
        return Ok(());
    }
    let reason = if cells.iter().all(|cell| matches!(cell, CellStatus::NoData)) {
        Reason::NothingValid
    } else {
        Reason::EveryCellSuppressed
    };
    Err(refusal(reason, Vec::new()))
}

/// Cuts the runs of equal contributors where the outcome changes, and leaves out cells without data.
fn query_runs(aggregate: &Aggregate, cells: &[CellStatus]) -> Vec<QueryRun> {
    let mut runs: Vec<QueryRun> = Vec::new();
    let mut outcomes = (0_u32..).zip(cells.iter().map(outcome));
    for shared in aggregate.contributors() {
        let mut open = false;
        for _ in 0..shared.slots {
            let Some((slot, outcome)) = outcomes.next() else {
                return runs;
            };
            match (outcome, runs.last_mut()) {
                (None, _) => open = false,
                (Some(outcome), Some(run)) if open && run.outcome == outcome => run.slots += 1,
                (Some(outcome), _) => {
                    runs.push(QueryRun {
                        first: Slot(slot),
                        slots: 1,
                        outcome,
                        contributors: shared.set.clone(),
                    });
                    open = true;
                }
            }
        }
    }
    runs
}

const fn outcome(cell: &CellStatus) -> Option<Outcome> {
    match cell {
        CellStatus::Published { .. } => Some(Outcome::Published),
        CellStatus::Suppressed(_) => Some(Outcome::Suppressed),
        CellStatus::NoData => None,
    }
}

/// What may be published. Only [`Plan::decide`] makes one.
#[derive(Debug, Clone)]
pub struct Release {
    request: Request,
    policy: ReleasePolicy,
    cells: Vec<CellStatus>,
    query: QueryRecord,
    risk: LengthRisk,
}

impl Release {
    /// The request it answers.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// The rule it obeys.
    #[must_use]
    pub const fn policy(&self) -> &ReleasePolicy {
        &self.policy
    }

    /// One status per slot, in order.
    #[must_use]
    pub fn cells(&self) -> &[CellStatus] {
        &self.cells
    }

    /// What the broker must store, in the transaction that publishes, for the audit of later releases.
    #[must_use]
    pub const fn query(&self) -> &QueryRecord {
        &self.query
    }

    /// The numbers of the length rule.
    #[must_use]
    pub const fn risk(&self) -> &LengthRisk {
        &self.risk
    }

    /// Cells shown, cells hidden and cells without data.
    #[must_use]
    pub fn counts(&self) -> CellCounts {
        let mut counts = CellCounts::default();
        for cell in &self.cells {
            match cell {
                CellStatus::Published { .. } => counts.ok += 1,
                CellStatus::Suppressed(Suppression::TooFewHouseholds | Suppression::Dominance) => {
                    counts.suppressed += 1;
                }
                CellStatus::NoData => counts.no_data += 1,
            }
        }
        counts
    }
}

/// How many cells have which status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CellCounts {
    /// Shown.
    pub ok: u32,
    /// Hidden.
    pub suppressed: u32,
    /// Without data.
    pub no_data: u32,
}
