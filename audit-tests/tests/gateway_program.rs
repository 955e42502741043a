//! The real gateway at the door of the real broker: nothing is kept without consent, and no batch is lost.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use audit_tests::demo::Demo;
use audit_tests::pages::Visitor;
use audit_tests::process::Process;
use audit_tests::programs::{programs, text};
use gateway_simulator::Street;
use gateway_simulator::tic::TicMode;

/// How often the gateway is killed.
const LIVES: usize = 4;

/// The household without gateway, with the real program plugged in.
struct House<'a> {
    demo: &'a Demo,
    state: PathBuf,
    capture: PathBuf,
}

impl<'a> House<'a> {
    /// Enrolled with the code that the demonstration prints.
    fn plugged_into(demo: &'a Demo) -> Self {
        let house = Self {
            demo,
            state: demo.aside("gateway"),
            capture: demo.aside("capture.tic"),
        };
        fs::write(&house.capture, capture()).unwrap();
        let enrolled = Command::new(&programs().gateway)
            .args([
                "enrol",
                "--broker",
                &demo.page(""),
                "--code",
                &demo.code,
                "--state",
            ])
            .arg(&house.state)
            .output()
            .unwrap();
        assert!(enrolled.status.success(), "{}", text(&enrolled.stderr));
        house
    }

    /// The gateway reads the capture at the pace of the wire, as of now.
    fn replay(&self, log: &str) -> Process {
        let mut run = Command::new(&programs().gateway);
        run.args(["run", "--every", "1", "--retry-ms", "50", "--state"])
            .arg(&self.state)
            .arg("--replay")
            .arg(&self.capture);
        Process::start(&mut run, self.demo.aside(log))
    }

    fn spooled(&self) -> usize {
        fs::read_dir(self.state.join("spool")).unwrap().count()
    }
}

/// A few seconds of the customer output of a meter that nobody has. Historique mode has no clock, so what it says is
/// dated when it is replayed.
fn capture() -> Vec<u8> {
    let street = Street::new(7, 40).unwrap();
    let mut households = street.households().iter();
    let household = households
        .find(|one| one.mode() == TicMode::Historique && !one.has_noisy_wire())
        .unwrap();
    let days = household.days(household.first_day());
    let noon = days.into_iter().nth(2).unwrap().starts_at_us() + 43_200_000_000;
    let frames = household.frames(noon, noon + 12_000_000, 2);
    frames.flat_map(|(_, bytes)| bytes).collect()
}

/// Identifiers of the batches of which the log says this.
fn batches(log: &str, said: &str) -> BTreeSet<String> {
    let lines = log.lines().filter(|line| line.contains(said));
    lines
        .filter_map(|line| line.split("batch.id=").nth(1)?.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_gateway_obeys_consent_and_loses_nothing_when_either_side_dies() {
    let demo = Demo::start(&[]);
    let house = House::plugged_into(&demo);

    // Nobody agreed: what it read is refused, and the gateway keeps none of it.
    let mut before = house.replay("before.log");
    assert!(before.wait().success(), "{}", before.log());
    let refused = batches(&before.log(), "batch spooled");
    assert!(!refused.is_empty(), "{}", before.log());
    assert_eq!(
        refused,
        batches(&before.log(), "no consent covers this batch: deleted")
    );
    assert!(before.log().contains("consent-missing"), "{}", before.log());
    assert_eq!(house.spooled(), 0);

    let mut resident = Visitor::newcomer(demo.address);
    resident.agree();

    // Now it may. Each time the broker falls silent before the first batch, and the gateway is killed with it on disk.
    let mut kept = BTreeSet::new();
    for life in 1..=LIVES {
        demo.process.signal("CONT");
        let mut gateway = house.replay(&format!("life-{life}.log"));
        gateway
            .until(|said| said.contains("started").then_some(()))
            .unwrap();
        demo.process.signal("STOP");
        let spooled = |said: &str| Some(batches(said, "batch spooled")).filter(|found| !found.is_empty());
        kept.append(&mut gateway.until(spooled).unwrap());
        gateway.kill();
        assert!(house.spooled() > 0, "life {life}: nothing on disk");
    }
    demo.process.signal("CONT");
    let mut last = house.replay("last.log");
    assert!(last.wait().success(), "{}", last.log());
    kept.append(&mut batches(&last.log(), "batch spooled"));
    assert_eq!(house.spooled(), 0);

    // The resident sees each of them exactly once: those that were refused, and those that were kept.
    let history = resident.get("/moi/historique");
    let rows = |said: &str| history.matches(&format!("\">{said}</span>")).count();
    assert_eq!(rows("Réception refusée"), refused.len());
    assert_eq!(rows("Reçu"), kept.len());
    assert!(kept.len() > LIVES);
}
