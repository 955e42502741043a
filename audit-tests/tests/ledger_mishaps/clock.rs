//! Clocks that cannot be believed.

use std::fs;

use audit_tests::operator::{fiducie, status};
use audit_tests::server::Server;
use audit_tests::town::{self, RunningClock, Town};
use broker_service::Newcomer;

use super::{feed, operator_is_content};

#[test]
fn a_clock_far_ahead_of_the_newest_record_is_confirmed_by_a_person() {
    let town = Town::found_days_ago(1, 40);
    let before = fs::read(town.ledger().join("checkpoint")).unwrap();
    for command in [
        &["serve"][..],
        &["check"],
        &["ledger", "rotate-key"],
        &["ledger", "repair", "--do", "publish"],
    ] {
        let (code, said) = fiducie(&town, command);
        assert_eq!(code, 2, "{said}");
        for words in [
            "(clock-ahead)",
            "40 days after",
            "--confirm-clock",
            "another clock",
        ] {
            assert!(said.contains(words), "`{words}` is not in:\n{said}");
        }
    }
    let (code, object) = status(&town, &[]);
    assert_eq!(
        (code, object["state"].as_str()),
        (2, Some("clock-ahead")),
        "{object}"
    );
    let confirm = |date: &str| fiducie(&town, &["ledger", "repair", "--confirm-clock", date]);
    let (code, said) = confirm("2019-01-01");
    assert!(code == 2 && said.contains("set the clock"), "{said}");
    assert_eq!(fs::read(town.ledger().join("checkpoint")).unwrap(), before);

    let now = RunningClock::system().to_string();
    let today = now.split('T').next().unwrap();
    let (code, said) = confirm(today);
    assert_eq!(code, 0, "{said}");
    let server = Server::start(&town);
    feed(&server, &town, 0..1);
    let _ = server.stop();
    // From now on the records themselves say so.
    fs::remove_file(town.data().join("clock-confirmed")).unwrap();
    assert_eq!(status(&town, &[]).1["state"], "ready");
    operator_is_content(&town);
}

/// Years ahead, recorded, and back: what cannot be mended is told as such.
#[test]
fn records_of_a_clock_that_was_years_ahead_keep_the_ledger_closed_and_say_how_long() {
    let town = Town::found(1);
    let ahead = RunningClock::starting(RunningClock::system().plus_seconds(3 * 365 * 86_400));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let broker = town::start(&town.data(), ahead).await;
        let newcomer = Newcomer {
            language: "fr".into(),
            name: "Nouvelle".into(),
            address: "1 rue".into(),
            meter_number: "12345678901234".into(),
        };
        broker.join(&newcomer).await.unwrap();
    });
    drop(runtime);
    let (code, said) = fiducie(&town, &["serve"]);
    assert!(code == 2 && said.contains("(clock-behind)"), "{said}");
    let (_, said) = fiducie(&town, &["ledger", "status"]);
    assert!(said.contains("BEHIND the newest batch by 9460"), "{said}");
    assert!(said.contains("wait until that time has passed"), "{said}");
    // Confirming today's date does not bring the past back.
    let now = RunningClock::system().to_string();
    let today = now.split('T').next().unwrap();
    assert_eq!(
        fiducie(&town, &["ledger", "repair", "--confirm-clock", today]).0,
        2
    );
    assert_eq!(fiducie(&town, &["check"]).0, 2);
}
