//! The quorum comes, goes and comes back.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use audit_tests::programs::{ledger_audit, text};
use audit_tests::server::Server;

use super::front::{Front, Manner};
use super::scene::{
    Named, ONE_RECORD, Scene, Witness, answer_of, is_not_witnessed, told, transfer, until, until_witnessed,
};

const FIRST: &str = "first.example/w";
const SECOND: &str = "second.example/w";

/// Waits less than by default, so that the tests do.
const QUICK: &str = "time_limit_ms = 1000\nhand_over_wait_ms = 1500";

fn two(first: &Witness, second: &Witness) -> [Named<'static>; 2] {
    let named = |name, witness: &Witness| Named {
        name,
        key: Box::leak(witness.key.clone().into_boxed_str()),
        url: witness.url(),
    };
    [named("first", first), named("second", second)]
}

#[test]
fn what_two_organisations_vouch_for_is_delivered_and_verifies_offline() {
    let scene = Scene::set();
    let (first, second) = (
        Witness::found(&scene.town, FIRST),
        Witness::found(&scene.town, SECOND),
    );
    scene.require(2, &two(&first, &second), QUICK);
    let server = Server::start(&scene.town);
    scene.intake(&server, 0);
    let told = until_witnessed(&server);
    assert_eq!(
        (answer_of(&told, FIRST), answer_of(&told, SECOND)),
        ("cosigned".into(), "cosigned".into())
    );
    assert_eq!(told["required"], true);

    let delivered = scene.order(&server, &transfer());
    assert_eq!(delivered.status, 200, "{}", text(&delivered.body));
    let served = text(&server.get("/ledger/checkpoint").body);
    // One in some checkpoints carries a signature of nobody, which readers must pass over (C2SP signed-note, grease).
    let real = served.replace("\n\u{2014} grease.", "");
    assert_eq!(real.matches("\n\u{2014} ").count(), 3, "{served}");
    let url = format!("http://{}/ledger", server.address);
    for (status, said) in [scene.audit(), scene.audit_of(&url)] {
        assert_eq!(status, 0, "{said}");
        assert!(
            said.contains("first.example/w at ") && said.contains("second.example/w at "),
            "{said}"
        );
    }

    // The recipient's proof that others vouch for verifies under the policy alone; the one that is the same each time
    // carries nobody's word but the ledger's.
    let policy = scene.policy.to_str().unwrap();
    let (kept, witnessed) = (scene.town.aside("proof.json"), scene.town.aside("witnessed.json"));
    let delivered = delivered.json();
    fs::write(&kept, delivered["proof"].to_string()).unwrap();
    fs::write(&witnessed, delivered["witnessed_proof"].to_string()).unwrap();
    let verify = |path: &std::path::Path, policy: &[&str]| {
        ledger_audit(&[&["verify", path.to_str().unwrap()], policy].concat())
    };
    let (status, said) = verify(&witnessed, &["--policy", policy]);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("The quorum `organisations` of the policy vouches"),
        "{said}"
    );
    assert_eq!(verify(&witnessed, &[]).0, 0);
    assert_eq!(verify(&kept, &[]).0, 0);
    let (status, said) = verify(&kept, &["--policy", policy]);
    assert!(status == 1 && said.contains("not witnessed"), "{said}");

    // What was witnessed is still so after a restart, which takes the cosigned checkpoint up.
    let _ = server.stop();
    assert!(text(&fs::read(scene.town.ledger().join("checkpoint")).unwrap()).contains(FIRST));
    let server = Server::start(&scene.town);
    assert_eq!(scene.audit().0, 0);
    until_witnessed(&server);
    assert_eq!(scene.order(&server, &transfer()).status, 200);
}

#[test]
fn without_quorum_nothing_is_handed_over_and_intake_goes_on() {
    let scene = Scene::set();
    let (first, mut second) = (
        Witness::found(&scene.town, FIRST),
        Witness::found(&scene.town, SECOND),
    );
    scene.require(2, &two(&first, &second), QUICK);
    let server = Server::start(&scene.town);
    scene.intake(&server, 0);
    until_witnessed(&server);
    second.kill();

    // Decided while the quorum still stood: recorded, and not handed over.
    let (waiting, refused) = (transfer(), transfer());
    let before = server.tree_size();
    is_not_witnessed(&scene.order(&server, &waiting));
    assert!(server.tree_size() > before);
    let health = told(&server);
    assert_eq!(
        (health["quorum"].as_str(), answer_of(&health, SECOND)),
        (Some("not-met"), "unavailable".into())
    );
    let (status, said) = scene.audit();
    assert!(
        status == 1 && said.contains("recorded, but not witnessed") && said.contains("lacks `second`"),
        "{said}"
    );
    assert_eq!(ledger_audit(&["log", scene.town.ledger().to_str().unwrap()]).0, 0);

    // From then on nothing is even opened: no record, no wait.
    let before = server.tree_size();
    let asked = Instant::now();
    is_not_witnessed(&scene.order(&server, &refused));
    assert!(
        asked.elapsed() < Duration::from_millis(1_400),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(server.tree_size(), before);
    scene.intake(&server, 60);
    assert_eq!(server.tree_size(), before + ONE_RECORD);
    assert_eq!(server.get("/api/v1/health").status, 200);
    // What is public keeps up with what is signed.
    let newest = || {
        let served = text(&server.get("/ledger/checkpoint").body);
        (served.lines().nth(1)? == server.tree_size().to_string()).then_some(())
    };
    until(newest);

    second.start();
    let first_answer = scene.delivered(&server, &waiting).json();
    let size = server.tree_size();
    let again = scene.delivered(&server, &waiting).json();
    assert_eq!(
        (&first_answer["payload"], &first_answer["proof"]),
        (&again["payload"], &again["proof"])
    );
    assert_eq!(server.tree_size(), size, "the record was there already");
    assert_eq!(scene.delivered(&server, &refused).status, 200);
    assert_eq!(scene.audit().0, 0);
}

#[test]
fn a_slow_witness_delays_deliveries_and_nothing_else() {
    let scene = Scene::set();
    let (first, second) = (
        Witness::found(&scene.town, FIRST),
        Witness::found(&scene.town, SECOND),
    );
    let front = Front::before(second.address, Manner::HandsOn(Duration::ZERO));
    let [one, other] = two(&first, &second);
    let other = Named {
        url: front.url(),
        ..other
    };
    scene.require(2, &[one, other], "time_limit_ms = 300\nhand_over_wait_ms = 300");
    let server = Server::start(&scene.town);
    until_witnessed(&server);
    front.set(Manner::HandsOn(Duration::from_millis(2_500)));
    let asked = Instant::now();
    scene.intake(&server, 0);
    assert!(
        asked.elapsed() < Duration::from_millis(2_000),
        "{:?}",
        asked.elapsed()
    );
    let waiting = transfer();
    is_not_witnessed(&scene.order(&server, &waiting));
    // Its word counts in the end, as slow as it is.
    scene.delivered(&server, &waiting);
}

#[test]
fn witnesses_that_are_slower_than_the_limit_count_under_load() {
    let scene = Scene::set();
    let (first, second) = (
        Witness::found(&scene.town, FIRST),
        Witness::found(&scene.town, SECOND),
    );
    let fronts =
        [&first, &second].map(|witness| Front::before(witness.address, Manner::HandsOn(Duration::ZERO)));
    let [one, other] = two(&first, &second);
    let named = [
        Named {
            url: fronts[0].url(),
            ..one
        },
        Named {
            url: fronts[1].url(),
            ..other
        },
    ];
    scene.require(2, &named, "time_limit_ms = 200\nhand_over_wait_ms = 15000");
    let server = Server::start(&scene.town);
    until_witnessed(&server);
    fronts[0].set(Manner::HandsOn(Duration::from_millis(700)));
    fronts[1].set(Manner::HandsOn(Duration::from_millis(1_100)));
    // There is always a newer checkpoint than the one that they are at.
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for second in 0.. {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                scene.intake(&server, second);
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        for _ in 0..3 {
            let answer = scene.order(&server, &transfer());
            let status = answer.status;
            if status != 200 {
                done.store(true, Ordering::SeqCst);
            }
            assert_eq!(status, 200, "{}", text(&answer.body));
            let proof = scene.town.aside("slow.json");
            fs::write(&proof, answer.json()["witnessed_proof"].to_string()).unwrap();
            let policy = scene.policy.to_str().unwrap();
            let (code, said) = ledger_audit(&["verify", proof.to_str().unwrap(), "--policy", policy]);
            if code != 0 {
                done.store(true, Ordering::SeqCst);
            }
            assert_eq!(code, 0, "{said}");
        }
        done.store(true, Ordering::SeqCst);
    });
    assert!(server.tree_size() > 40);
}

#[test]
fn where_it_is_not_required_it_is_shown_and_nothing_waits() {
    let scene = Scene::set();
    let (first, mut second) = (
        Witness::found(&scene.town, FIRST),
        Witness::found(&scene.town, SECOND),
    );
    scene.require(2, &two(&first, &second), "required = false\ntime_limit_ms = 300");
    second.kill();
    let server = Server::start(&scene.town);
    scene.intake(&server, 0);
    let answer = scene.order(&server, &transfer());
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("witnessed_proof").is_none());
    let health = until(|| Some(told(&server)).filter(|told| answer_of(told, SECOND) == "unavailable"));
    assert_eq!(
        (health["quorum"].as_str(), health["required"].as_bool()),
        (Some("not-met"), Some(false))
    );
    assert_eq!(answer_of(&health, FIRST), "cosigned");
}

#[test]
fn a_policy_that_could_not_do_what_is_asked_of_it_is_refused() {
    let scene = Scene::set();
    let first = Witness::found(&scene.town, FIRST);
    let refused = |policy: String, options: &str, why: &str| {
        fs::write(&scene.policy, policy).unwrap();
        scene.configure(options);
        let Err(said) = Server::try_start(&scene.town) else {
            panic!("it started although: {why}")
        };
        assert!(said.contains(why), "{said}");
    };
    let (log, key, url) = (scene.town.log_key(), &first.key, first.url());
    let alone = format!("log {log}\nwitness w {key} {url}\nquorum w\n");
    refused(alone.clone(), "", "two organisations");
    refused(
        alone.replace("quorum w", "quorum none"),
        "required = false",
        "asks for no witness",
    );
    let nameless = alone.lines().skip(1).map(|line| format!("{line}\n")).collect();
    refused(nameless, "required = false", &format!("log {log}"));
    refused("quorum\n".to_owned(), "", "is not understood");
    refused(
        alone,
        "required = false\nrefresh_s = 300",
        "`refresh_s` must be smaller",
    );
}
