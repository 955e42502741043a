//! Every role × action × resource, as a golden file that a reviewer reads in one minute.

use std::fmt::Write as _;
use std::path::Path;

use broker_domain::consent::{Ask, Consent, ConsentEvent, Covered, EventKind, Occupancy, covers};
use broker_domain::ids::{
    ApplicationId, ConsentId, DatasetId, Digest, EnteredId, GatewayId, MandateId, OfficerId, OrganisationId,
    ParticipantId, PointId, Purpose, ReleaseId, RequestId, ResearcherId,
};
use broker_domain::mandate::{Capacity, Held, Mandate, Power, Powers};
use broker_domain::policy::{Approval, Principal, Resource};
use broker_domain::time::{Instant, Interval, Step};

use super::*;

const HER: ParticipantId = ParticipantId::from_bytes([1; 16]);
const NEIGHBOUR: ParticipantId = ParticipantId::from_bytes([2; 16]);
const MEMBER: OrganisationId = OrganisationId::from_bytes([3; 16]);
const OTHER_MEMBER: OrganisationId = OrganisationId::from_bytes([4; 16]);
const LABORATORY: OrganisationId = OrganisationId::from_bytes([5; 16]);
const OTHER_LABORATORY: OrganisationId = OrganisationId::from_bytes([6; 16]);
const RESEARCHER: ResearcherId = ResearcherId::from_bytes([7; 16]);
const POINT: PointId = PointId::from_bytes([8; 16]);

fn now() -> Instant {
    Instant::parse("2026-11-21T12:00:00.123456Z").unwrap()
}

/// Curves begin and end on whole steps.
fn noon() -> Instant {
    Instant::parse("2026-11-21T12:00:00Z").unwrap()
}

fn days(count: i64) -> Instant {
    now().plus_seconds(count * 86_400)
}

fn roles() -> Vec<(&'static str, Principal)> {
    let researcher = |byte, of| Principal::Researcher(ResearcherId::from_bytes([byte; 16]), of);
    vec![
        ("she herself", Principal::Participant(HER)),
        ("her neighbour", Principal::Participant(NEIGHBOUR)),
        ("her delegate", delegate(&Power::ALL)),
        ("delegate who looks", delegate(&[Power::View])),
        ("delegate who withdraws", delegate(&[Power::Withdraw])),
        (
            "her application",
            Principal::Application(ApplicationId::from_bytes([10; 16]), MEMBER),
        ),
        (
            "foreign application",
            Principal::Application(ApplicationId::from_bytes([11; 16]), OTHER_MEMBER),
        ),
        ("researcher", Principal::Researcher(RESEARCHER, LABORATORY)),
        ("colleague", researcher(12, LABORATORY)),
        ("foreign researcher", researcher(13, OTHER_LABORATORY)),
        ("officer", Principal::Officer(OfficerId::from_bytes([14; 16]))),
        (
            "another officer",
            Principal::Officer(OfficerId::from_bytes([17; 16])),
        ),
        (
            "her gateway",
            Principal::Gateway(GatewayId::from_bytes([15; 16]), HER),
        ),
        (
            "foreign gateway",
            Principal::Gateway(GatewayId::from_bytes([16; 16]), NEIGHBOUR),
        ),
        ("adult of her home", Principal::Cohabitant(POINT)),
        (
            "adult of another home",
            Principal::Cohabitant(PointId::from_bytes([17; 16])),
        ),
    ]
}

/// Somebody who acts for her with these powers.
fn delegate(powers: &[Power]) -> Principal {
    let by = ParticipantId::from_bytes([17; 16]);
    let mandate = Mandate {
        id: MandateId::from_bytes([18; 16]),
        person: HER,
        capacity: Capacity::Delegate,
        powers: Powers::of(powers).unwrap(),
        span: Interval::new(days(-1), days(1)).unwrap(),
        basis: None,
        given_at: days(-1),
        open_until: days(1),
        held: Some(Held { by, since: days(-1) }),
        ended: None,
        joint: None,
    };
    Principal::Delegate(mandate.acting(by, now()).unwrap())
}

/// What the consent check says of one day of her half-hourly readings, asked for by her application's member.
pub(super) fn covered(recipient: OrganisationId, checked_at: Instant) -> Covered {
    let event = ConsentEvent {
        seq: 0,
        kind: EventKind::Given,
        effective_at: days(-3),
        recorded_at: days(-3),
        record: Digest([1; 32]),
    };
    let consent = Consent {
        id: ConsentId::from_bytes([9; 16]),
        participant: HER,
        point: POINT,
        recipient,
        purpose: Purpose::parse("energy-advice").unwrap(),
        step: Step::HALF_HOUR,
        data: Interval::new(days(-3), days(30)).unwrap(),
        terms: Digest([2; 32]),
        notice: Digest([3; 32]),
        occupancy: Occupancy::default(),
        events: vec![event],
    };
    let ask = Ask {
        participant: HER,
        point: POINT,
        recipient,
        purpose: consent.purpose.clone(),
        step: Step::HALF_HOUR,
        interval: Interval::new(noon().plus_seconds(-86_400), noon()).unwrap(),
    };
    covers(&[consent], &ask, checked_at).unwrap()
}

fn resources() -> Vec<(&'static str, Resource)> {
    let request = |approval| Resource::Request {
        request: RequestId::from_bytes([20; 16]),
        researcher: RESEARCHER,
        organisation: LABORATORY,
        approval,
    };
    let dataset = |recipient| Resource::Dataset {
        dataset: DatasetId::from_bytes([21; 16]),
        recipient,
    };
    let consent = ConsentId::from_bytes([9; 16]);
    let release = ReleaseId::from_bytes([22; 16]);
    vec![
        ("her person", Resource::Person { owner: HER }),
        (
            "her point",
            Resource::Point {
                point: POINT,
                owner: HER,
            },
        ),
        ("her consent", Resource::Consent { consent, owner: HER }),
        (
            "her readings, covered",
            Resource::Readings {
                covered: covered(MEMBER, now()),
            },
        ),
        (
            "her readings, checked earlier",
            Resource::Readings {
                covered: covered(MEMBER, days(-1)),
            },
        ),
        ("dataset for the laboratory", dataset(LABORATORY)),
        ("request, undecided", request(Approval::Missing)),
        ("request, approved", request(Approval::Granted)),
        (
            "release for the researcher",
            Resource::Release {
                release,
                researcher: RESEARCHER,
            },
        ),
        (
            "act entered by the officer",
            Resource::Entered {
                act: EnteredId::from_bytes([23; 16]),
                by: OfficerId::from_bytes([14; 16]),
            },
        ),
        ("all flows", Resource::Flows),
        ("who takes part", Resource::Panel),
    ]
}

/// The query of one cell.
pub(super) fn query(role: &str, action: Action, resource: &str) -> Query {
    let find_role = roles().into_iter().find(|(name, _)| *name == role).unwrap().1;
    let find_resource = resources()
        .into_iter()
        .find(|(name, _)| *name == resource)
        .unwrap()
        .1;
    Query {
        principal: find_role,
        action,
        resource: find_resource,
        now: now(),
    }
}

fn render(engine: &CedarEngine) -> String {
    let mut out = String::from(
        "Who may do what to what. A cell says `allow`, or `.` for denied by the policies, or `-` for an act\n\
         that the schema does not know. Written by the tests of this crate; see src/engine/tests/matrix.rs.\n",
    );
    for (resource_name, resource) in resources() {
        write!(out, "\n{resource_name:30}").unwrap();
        for action in Action::ALL {
            write!(out, " {:>10}", action.code()).unwrap();
        }
        out.push('\n');
        for (role, principal) in roles() {
            write!(out, "  {role:28}").unwrap();
            for action in Action::ALL {
                let query = Query {
                    principal,
                    action,
                    resource: resource.clone(),
                    now: now(),
                };
                let weighing = engine.weigh(&query);
                let cell = match (weighing.verdict, weighing.reach) {
                    (Verdict::Allow { .. }, _) => "allow",
                    (Verdict::Deny { .. }, Reach::Evaluated) => ".",
                    (Verdict::Deny { .. }, Reach::OutsideSchema) => "-",
                };
                write!(out, " {cell:>10}").unwrap();
            }
            out.push('\n');
        }
    }
    out
}

#[test]
fn the_whole_matrix_is_as_agreed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join("matrix.txt");
    let now = render(&engine());
    if std::env::var_os("FIDUCIE_REGENERATE_GOLDEN").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    if now == golden {
        return;
    }
    let mut difference = String::new();
    let longest = now.lines().count().max(golden.lines().count());
    for number in 0..longest {
        let (old, new) = (golden.lines().nth(number), now.lines().nth(number));
        if old != new {
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            writeln!(
                difference,
                "line {}\n  agreed: {old}\n  now:    {new}",
                number + 1
            )
            .unwrap();
        }
    }
    panic!(
        "the policies decide differently from golden/matrix.txt:\n{difference}\n\
         If that is wanted: FIDUCIE_REGENERATE_GOLDEN=1 cargo test -p policies, then review the difference."
    );
}

/// The engine evaluates only the policies that can concern the action, over entities that nobody held against the schema.
#[test]
fn its_two_short_cuts_change_no_answer() {
    let engine = engine();
    let schema = &engine.set.schema;
    let mut asked = 0;
    let cells = resources().into_iter().flat_map(|(_, resource)| {
        roles().into_iter().flat_map(move |(_, principal)| {
            let resource = resource.clone();
            Action::ALL.map(|action| Query {
                principal,
                action,
                resource: resource.clone(),
                now: now(),
            })
        })
    });
    for query in cells {
        let question = engine.vocabulary.question(&query).unwrap();
        let entities = Entities::from_entities(question.entities.clone(), Some(schema)).unwrap();
        let (by, act, to) = (
            question.principal.clone(),
            question.action.clone(),
            question.resource.clone(),
        );
        let Ok(request) = Request::new(by, act, to, question.context.clone(), Some(schema)) else {
            continue;
        };
        let long = engine
            .authorizer
            .is_authorized(&request, &engine.set.policies, &entities);
        let mut reasons: Vec<String> = long.diagnostics().reason().map(ToString::to_string).collect();
        reasons.sort();
        let short = engine.ask(question).unwrap();
        let (decision, policies) = match short.verdict {
            Verdict::Allow { policies } => (Decision::Allow, policies),
            Verdict::Deny { policies } => (Decision::Deny, policies),
        };
        assert_eq!((decision, policies), (long.decision(), reasons));
        assert_eq!(long.diagnostics().errors().count(), short.failed.len());
        asked += 1;
    }
    // As many as the golden matrix has cells that the policies answered.
    assert_eq!(asked, 90, "questions inside the schema");
}

#[test]
fn officers_are_allowed_nothing_that_shows_a_value() {
    let engine = engine();
    for (name, _) in resources() {
        for action in [
            Action::ReadOwn,
            Action::Transfer,
            Action::Download,
            Action::Submit,
        ] {
            let verdict = engine.evaluate(&query("officer", action, name));
            assert!(matches!(verdict, Verdict::Deny { .. }), "{action:?} {name}");
        }
    }
}

#[test]
fn a_proof_of_coverage_kept_for_later_is_forbidden() {
    let verdict = engine().evaluate(&query(
        "her application",
        Action::Transfer,
        "her readings, checked earlier",
    ));
    assert_eq!(
        verdict,
        Verdict::Deny {
            policies: vec!["never-after-end".into()]
        }
    );
}

#[test]
fn an_instant_that_cedar_cannot_write_is_denied() {
    let mut query = query("her application", Action::Transfer, "her readings, covered");
    query.now = Instant::from_micros(-70_000_000_000_000_000).unwrap();
    let weighing = engine().weigh(&query);
    assert_eq!(weighing.verdict, Verdict::Deny { policies: vec![] });
    assert_eq!(weighing.reach, Reach::OutsideSchema);
}
