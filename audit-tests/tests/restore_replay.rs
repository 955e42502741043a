//! Restoring last week's backup: refused until it is replayed; what was erased since does not come back; what was
//! withdrawn since does not hold again; every receipt still verifies (`ledger.md` §11, §15 items 7 and 9).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first surprise"
)]

#[path = "restore_replay/lists.rs"]
mod lists;
#[path = "restore_replay/withheld.rs"]
mod withheld;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use audit_tests::operator::{self, backup, fiducie, put_back, status};
use audit_tests::programs::{ledger_audit, text};
use audit_tests::remains::{self, Remains, bytes_of};
use audit_tests::server::Server;
use audit_tests::town::{self, Resident, RunningClock, Town, half_hour, random};
use broker_domain::consent::State;
use broker_domain::policy::Principal;
use broker_service::{Answer, Broker, Choice, Newcomer};
use ledger_core::leaf::{Leaf, RestoreLeaf};
use ledger_core::tile::parse_entries;
use lists::{find, history};
use serde_json::Value;

/// A town with a backup, and what happened after it.
struct Week {
    town: Town,
    backup: PathBuf,
    /// Receipts from before and after the backup.
    receipts: Vec<Vec<u8>>,
    /// What was known of the person who was erased after the backup.
    gone: Remains,
    /// Leaves of the log at the end of the week.
    size: u64,
}

const STAYS: usize = 0;
const ERASED: usize = 1;
const WITHDREW: usize = 2;
const QUIET: usize = 3;

fn intake(server: &Server, resident: &Resident, n: i64) -> Vec<u8> {
    let at = half_hour(40).plus_seconds(n).as_micros();
    let answer = server.intake(&resident.gateway.envelope(&[("east", at, 4_711_042)]));
    assert_eq!(answer.status, 201, "{}", answer.head);
    answer.body
}

async fn open(town: &Town) -> Arc<Broker> {
    town::start(&town.data(), RunningClock::starting(RunningClock::system())).await
}

impl Week {
    fn pass() -> Self {
        let town = Town::found(4);
        let mut receipts = Vec::new();
        let server = Server::start(&town);
        for resident in &town.residents[..4] {
            receipts.push(intake(&server, resident, 1));
        }
        server.kill();
        let copy = backup(&town, "last-week.db");

        let server = Server::start(&town);
        for n in 2..5 {
            receipts.push(intake(&server, &town.residents[STAYS], n));
        }
        let _ = server.stop();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (gone, size) = runtime.block_on(async {
            let broker = open(&town).await;
            let erased = &town.residents[ERASED];
            let gone = remains::of(&broker, erased).await;
            broker
                .erase(Principal::Participant(erased.participant), erased.participant)
                .await
                .unwrap();
            let withdrew = &town.residents[WITHDREW];
            let receipt = broker
                .withdraw(withdrew.participant, withdrew.consent.unwrap())
                .await;
            receipts.push(receipt.unwrap().bundle);
            broker
                .join(&Newcomer {
                    language: "fr".into(),
                    name: "Nouvelle".into(),
                    address: "1 rue".into(),
                    meter_number: "12345678901234".into(),
                })
                .await
                .unwrap();
            (gone, broker.latest_checkpoint().size().get())
        });
        drop(runtime);
        Self {
            town,
            backup: copy,
            receipts,
            gone,
            size,
        }
    }

    fn database(&self) -> PathBuf {
        self.town.data().join("broker.db")
    }

    /// As an operator does who first put the backup back and then read the message.
    fn restore(&self) -> Value {
        put_back(&self.backup, &self.database());
        let backup = self.backup.to_str().unwrap();
        let mut command = operator::command(&self.town, &["ledger", "restore", "--json", "--backup", backup]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What was moved aside still holds what the operator is told to destroy.
    fn destroy(&self, answer: &Value) {
        for path in answer["moved_aside"].as_array().unwrap() {
            fs::remove_file(path.as_str().unwrap()).unwrap();
        }
    }

    fn every_receipt_verifies(&self) {
        let (path, key) = (self.town.aside("receipt.json"), self.town.log_key().to_string());
        for receipt in &self.receipts {
            fs::write(&path, receipt).unwrap();
            let (code, said) = ledger_audit(&["verify", path.to_str().unwrap(), "--log-key", &key]);
            assert_eq!(code, 0, "{said}");
        }
    }

    fn the_log_passes(&self, checkpoint: &Path) {
        let (ledger, key) = (self.town.ledger(), self.town.log_key().to_string());
        let old = checkpoint.to_str().unwrap();
        let arguments = [
            "log",
            ledger.to_str().unwrap(),
            "--log-key",
            &key,
            "--old-checkpoint",
            old,
        ];
        let (code, said) = ledger_audit(&arguments);
        assert_eq!(code, 0, "{said}");
        let (code, said) = fiducie(&self.town, &["check", "--full"]);
        assert_eq!(code, 0, "{said}");
    }

    fn keep_checkpoint(&self) -> PathBuf {
        let kept = self.town.aside("newest.checkpoint");
        fs::copy(self.town.ledger().join("checkpoint"), &kept).unwrap();
        kept
    }
}

/// The restores that the log holds: in a small one all leaves stand in the widest partial bundle.
fn restores(town: &Town) -> Vec<RestoreLeaf> {
    let bundles = fs::read_dir(town.ledger().join("tile/entries/000.p")).unwrap();
    let width = |path: &Path| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .parse::<u16>()
            .unwrap()
    };
    let widest = bundles
        .map(|entry| entry.unwrap().path())
        .max_by_key(|path| width(path));
    let widest = widest.unwrap();
    let bytes = fs::read(&widest).unwrap();
    // A test may have cut it.
    let entries = parse_entries(&bytes, width(&widest)).unwrap_or_default();
    let leaves = entries.into_iter().filter_map(|entry| match Leaf::parse(entry) {
        Ok(Leaf::System(leaf)) => RestoreLeaf::try_from(&leaf).ok(),
        _ => None,
    });
    leaves.collect()
}

#[test]
fn an_old_backup_is_refused_and_the_refusal_names_the_way_out() {
    let week = Week::pass();
    put_back(&week.backup, &week.database());
    let Err(said) = Server::try_start(&week.town) else {
        panic!("a broker started on an old backup");
    };
    for words in ["data-behind-lock", "fiducie ledger restore", "were signed for"] {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    let (code, object) = status(&week.town, &[]);
    assert_eq!((code, object["state"].as_str()), (2, Some("data-behind-lock")));
    assert!(
        object["next"][0]
            .as_str()
            .unwrap()
            .contains("fiducie ledger restore")
    );
    // Nothing was signed, and asking again changes nothing.
    let (code, said) = fiducie(&week.town, &["ledger", "repair", "--do", "publish"]);
    assert_eq!(code, 2, "{said}");
    assert_eq!(status(&week.town, &[]).1["public_folder"]["size"], week.size);
}

#[test]
fn a_restored_backup_replays_erasures_and_suspends_what_may_have_been_withdrawn() {
    let week = Week::pass();
    let before = week.keep_checkpoint();
    let answer = week.restore();
    week.destroy(&answer);
    let done = &answer["restored"];
    assert_eq!(done["erased_again"], 1, "{answer}");
    // Those with records after the backup: one who went on, one who withdrew. The quiet ones lost nothing.
    assert_eq!(done["subjects_with_lost_records"], 2, "{answer}");
    assert_eq!(done["lost_records"], 4, "{answer}");
    assert_eq!(done["suspended_consents"], 2, "{answer}");
    assert!(done["records_of_nobody"].as_u64().unwrap() >= 1, "{answer}");
    assert_eq!(
        done["known"].as_u64().unwrap() + done["imported"].as_u64().unwrap(),
        week.size
    );

    week.gone
        .secrets
        .must_be_absent("a file of the restored broker", &bytes_of(&week.town.data()));
    week.every_receipt_verifies();
    week.the_log_passes(&before);
    let leaves = restores(&week.town);
    let [leaf] = leaves[..] else { panic!("{leaves:?}") };
    assert_eq!((leaf.known + leaf.imported, leaf.erasures), (week.size, 1));

    let town = &week.town;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let broker = runtime.block_on(open(town));
    nothing_is_taken_before_people_agree_again(&week, &broker, &runtime);
    lists_are_complete_and_say_what_was_lost(&week, &broker, &runtime);
    drop((broker, runtime));
    week.the_log_passes(&before);

    let (_, object) = status(town, &["--full"]);
    let full = &object["full"];
    assert_eq!(
        (&full["clean"], &full["missing"]),
        (&true.into(), &0.into()),
        "{object}"
    );
    assert_eq!(full["lost"], 4, "{object}");

    // Once is enough.
    let (code, said) = fiducie(town, &["ledger", "restore"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("nothing is missing"), "{said}");
    let again = week.backup.to_str().unwrap();
    let (code, said) = fiducie(town, &["ledger", "restore", "--backup", again]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("nothing is missing"), "{said}");
    let _ = Server::start(town);
}

fn nothing_is_taken_before_people_agree_again(
    week: &Week,
    broker: &Arc<Broker>,
    runtime: &tokio::runtime::Runtime,
) {
    let town = &week.town;
    let state = |resident: &Resident| {
        runtime.block_on(async {
            let consent = broker
                .read()
                .await
                .unwrap()
                .consent(resident.consent.unwrap())
                .await;
            consent.unwrap().map(|consent| consent.state(broker.now()))
        })
    };
    for resident in [STAYS, WITHDREW] {
        let state = state(&town.residents[resident]);
        assert!(matches!(state, Some(State::Suspended { .. })), "{state:?}");
    }
    assert!(matches!(state(&town.residents[QUIET]), Some(State::Given { .. })));
    assert_eq!(state(&town.residents[ERASED]), None);
    runtime.block_on(async {
        let gone = &town.residents[ERASED];
        assert!(!broker.participant_exists(gone.participant).await.unwrap());
        let mut read = broker.read().await.unwrap();
        for resident in [STAYS, WITHDREW, QUIET] {
            for row in read
                .gateways_of(town.residents[resident].participant)
                .await
                .unwrap()
            {
                let settings = row.gateway.settings;
                assert_eq!(settings.measuring, broker_domain::gateway::Measuring::Off);
            }
        }
    });
}

fn lists_are_complete_and_say_what_was_lost(
    week: &Week,
    broker: &Arc<Broker>,
    runtime: &tokio::runtime::Runtime,
) {
    let town = &week.town;
    let stays = &town.residents[STAYS];
    let list = history(town, broker, stays, runtime);
    assert_eq!(find(&list, "lost"), Some(&Value::from(3)), "{list}");
    let list = history(town, broker, &town.residents[WITHDREW], runtime);
    assert_eq!(find(&list, "lost"), Some(&Value::from(1)), "{list}");
    let list = history(town, broker, &town.residents[QUIET], runtime);
    assert_eq!(find(&list, "lost"), Some(&Value::from(0)), "{list}");

    // She agrees again: the next number follows, and the list stays complete.
    runtime.block_on(async {
        let offer = broker
            .read()
            .await
            .unwrap()
            .offers()
            .await
            .unwrap()
            .remove(0)
            .offer;
        let choice = Choice {
            offer: offer.id,
            point: stays.point,
            notice: offer.notice,
            answer: Answer::Agree,
            proved_at: None,
        };
        broker.choose(stays.participant, choice).await.unwrap();
    });
    let again = history(town, broker, stays, runtime);
    assert_eq!(find(&again, "lost"), Some(&Value::from(3)), "{again}");
    let newest = |list: &Value| find(list, "newest").and_then(Value::as_u64);
    assert!(newest(&again) > newest(&list));
}

/// How often the same backup is restored and the restore killed.
const ROUNDS: u64 = 16;
/// A restore of so small a copy takes about this long, so that kills fall into every part of it.
const LONGEST_LIFE_MS: u64 = 250;

#[test]
fn a_restore_that_is_killed_is_finished_by_the_next_one() {
    let week = Week::pass();
    let before = week.keep_checkpoint();
    let (mut killed, mut states) = (0, Vec::new());
    for round in 1..=ROUNDS {
        // The log of the round before is the lock's and the public folder's: the same backup is older each time.
        put_back(&week.backup, &week.database());
        let log = fs::File::create(week.town.aside("restore.log")).unwrap();
        let backup = week.backup.to_str().unwrap();
        let mut restore = operator::command(&week.town, &["ledger", "restore", "--backup", backup]);
        let mut child = restore
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let life = u64::from_be_bytes(random()) % (LONGEST_LIFE_MS * 1_000);
        thread::sleep(Duration::from_micros(life));
        let _ = child.kill();
        killed += u64::from(child.wait().unwrap().code().is_none());

        // Whatever stands now, a broker starts only on the whole of it.
        let (_, object) = status(&week.town, &[]);
        let state = object["state"].as_str().unwrap().to_owned();
        let started = Server::try_start(&week.town);
        assert_eq!(started.is_ok(), state != "data-behind-lock", "{state}");
        assert!(["data-behind-lock", "unsigned", "unpublished", "ready"].contains(&state.as_str()));
        drop(started);
        if state == "data-behind-lock" {
            let (code, said) = fiducie(&week.town, &["ledger", "restore", "--backup", backup]);
            assert_eq!(code, 0, "{said}");
        }
        states.push(state);
        assert_eq!(u64::try_from(restores(&week.town).len()).unwrap(), round);
        week.gone.secrets.must_be_absent(
            "a file of the restored broker",
            &fs::read(week.database()).unwrap(),
        );
    }
    eprintln!("{killed} of {ROUNDS} restores were killed; then the state was {states:?}");
    assert!(killed > 2, "no restore was interrupted");
    for path in fs::read_dir(week.town.data()).unwrap() {
        let path = path.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if name.contains(".replaced-") || name.contains(".restoring") {
            fs::remove_file(path).unwrap();
        }
    }
    week.gone
        .secrets
        .must_be_absent("a file of the restored broker", &bytes_of(&week.town.data()));
    week.every_receipt_verifies();
    week.the_log_passes(&before);
}

#[test]
fn a_copy_that_cannot_be_replayed_is_refused_and_changes_nothing() {
    let week = Week::pass();
    let backup = week.backup.to_str().unwrap();
    put_back(&week.backup, &week.database());
    let refuses = |words: &str| {
        let (code, said) = fiducie(&week.town, &["ledger", "restore"]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
        assert_eq!(restores(&week.town).len(), 0);
    };
    // A public file that holds missing leaves is gone, changed, or cut.
    let bundle = week
        .town
        .ledger()
        .join(format!("tile/entries/000.p/{}", week.size));
    let right = fs::read(&bundle).unwrap();
    fs::remove_file(&bundle).unwrap();
    refuses("stand nowhere else");
    let mut wrong = right.clone();
    let last = wrong.len() - 3;
    wrong[last] ^= 1;
    fs::write(&bundle, &wrong).unwrap();
    refuses("do not make the log that was signed");
    fs::write(&bundle, &right[..right.len() - 1]).unwrap();
    refuses("damaged");
    fs::write(&bundle, &right).unwrap();

    // A copy of another log.
    let other = Town::found(1);
    let foreign = operator::backup(&other, "foreign.db");
    put_back(&foreign, &week.database());
    refuses("do not make the log that was signed");

    put_back(&week.backup, &week.database());
    let (code, said) = fiducie(&week.town, &["ledger", "restore", "--backup", backup]);
    assert_eq!(code, 0, "{said}");
    for words in ["Erased again: 1", "Suspended: 2", "destroy the backup"] {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    week.every_receipt_verifies();
}
