//! Witnesses that lie, and witnesses that know more than a restored broker.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use audit_tests::operator::{fiducie, status};
use audit_tests::process::Process;
use audit_tests::programs::{ledger_audit, programs};
use audit_tests::server::Server;
use audit_tests::town::Town;

use super::front::{Front, Manner};
use super::scene::{Named, ONE_RECORD, Scene, Witness, answer_of, transfer, until, until_witnessed};

fn named<'a>(name: &'a str, witness: &'a Witness, url: String) -> Named<'a> {
    Named {
        name,
        key: &witness.key,
        url,
    }
}

#[test]
fn a_witness_that_claims_a_size_without_proof_is_left_aside() {
    let scene = Scene::set();
    let names = ["first.example/w", "second.example/w", "third.example/w"];
    let [first, second, third] = names.map(|name| Witness::found(&scene.town, name));
    let front = Front::before(third.address, Manner::Claims(1_000_000));
    let all = [
        named("first", &first, first.url()),
        named("second", &second, second.url()),
        named("third", &third, front.url()),
    ];
    scene.require(2, &all, "");
    let server = Server::start(&scene.town);
    // The quorum does not wait for it, so what it said shows in a later question.
    let mut second = 0;
    let mut next = || {
        scene.intake(&server, second);
        second += 60;
        until_witnessed(&server)
    };
    let told = until(|| Some(next()).filter(|told| answer_of(told, names[2]) == "faulty"));
    assert_eq!(answer_of(&told, names[0]), "cosigned");
    assert_eq!(scene.order(&server, &transfer()).status, 200);
    assert!(
        server.log().contains("it claims 1000000 leaves"),
        "{}",
        server.log()
    );
    // When it tells the truth again it counts again.
    front.set(Manner::HandsOn(Duration::ZERO));
    until(|| Some(next()).filter(|told| answer_of(told, names[2]) == "cosigned"));
}

/// A broker that two witnesses saw grow, put back to how it was before they did.
struct RolledBack {
    scene: Scene,
    /// What it had when they saw it last.
    newest: PathBuf,
    /// They run as long as this.
    _witnesses: [Witness; 2],
    fronts: [Front; 2],
}

impl RolledBack {
    fn set() -> Self {
        let scene = Scene::set();
        let witnesses = ["first.example/w", "second.example/w"].map(|name| Witness::found(&scene.town, name));
        let fronts = [0, 1].map(|i: usize| {
            let open = Manner::HandsOn(Duration::ZERO);
            Front::before(witnesses[i].address, open)
        });
        let all = [
            named("first", &witnesses[0], fronts[0].url()),
            named("second", &witnesses[1], fronts[1].url()),
        ];
        scene.require(2, &all, "time_limit_ms = 1000");
        let backup = scene.town.aside("backup");
        copy(&scene.town.data(), &backup);
        let server = Server::start(&scene.town);
        scene.intake(&server, 0);
        scene.intake(&server, 60);
        until_witnessed(&server);
        let _ = server.stop();
        let newest = scene.town.aside("newest");
        copy(&scene.town.data(), &newest);
        // Everything of the broker, the lock store included, which no backup should ever bring back.
        fs::remove_dir_all(scene.town.data()).unwrap();
        copy(&backup, &scene.town.data());
        Self {
            scene,
            newest,
            _witnesses: witnesses,
            fronts,
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

fn checkpoint(town: &Town) -> Vec<u8> {
    fs::read(town.ledger().join("checkpoint")).unwrap()
}

#[test]
fn a_restored_broker_refuses_to_start_when_a_witness_is_ahead() {
    let rolled_back = RolledBack::set();
    let town = &rolled_back.scene.town;
    let before = checkpoint(town);
    // One witness is enough to know.
    rolled_back.fronts[0].set(Manner::HangsUp);
    let Err(said) = Server::try_start(town) else {
        panic!("it started")
    };
    assert!(
        said.contains("`second.example/w` holds a checkpoint of"),
        "{said}"
    );
    assert!(said.contains("rolled back or second log"), "{said}");
    // The proof is in its log, for the person who must decide.
    assert!(
        said.contains("evidence=") && said.contains("audit.fiducie.invalid/ledger"),
        "{said}"
    );
    assert_eq!(checkpoint(town), before, "nothing was signed");
}

#[test]
fn a_restored_broker_stops_as_soon_as_a_witness_is_heard() {
    let rolled_back = RolledBack::set();
    let scene = &rolled_back.scene;
    for front in &rolled_back.fronts {
        front.set(Manner::HangsUp);
    }
    // Nobody tells it at the start, so it starts; and hands over nothing.
    let log = scene.town.aside("restored.log");
    let mut serve = Command::new(&programs().fiducie);
    serve.arg("serve").args(scene.town.config());
    let mut process = Process::start(&mut serve, log);
    process
        .until(|said| said.contains("the broker listens").then_some(()))
        .unwrap();
    process
        .until(|said| said.contains("recorded but not witnessed").then_some(()))
        .unwrap();
    rolled_back.fronts[1].set(Manner::HandsOn(Duration::ZERO));
    let status = process.wait();
    let said = process.log();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("the ledger must sign nothing more"), "{said}");
    assert!(
        said.contains("`second.example/w` holds a checkpoint of"),
        "{said}"
    );
    // Nor does it start again.
    let Err(said) = Server::try_start(&scene.town) else {
        panic!("it started again")
    };
    assert!(said.contains("rolled back or second log"), "{said}");
}

impl RolledBack {
    /// Nobody tells it at the start, so it starts; then the second witness is heard, and it stops. What it said.
    fn stops(&self, records: i64) -> String {
        let scene = &self.scene;
        for front in &self.fronts {
            front.set(Manner::HangsUp);
        }
        let server = Server::start(&scene.town);
        for n in 0..records {
            scene.intake(&server, 600 + 60 * n);
        }
        self.fronts[1].set(Manner::HandsOn(Duration::ZERO));
        // The last thing that it does is to stop by itself.
        until(|| scene.town.data().join("stopped").exists().then_some(()));
        until(|| {
            server
                .log()
                .contains("the ledger must sign nothing more")
                .then_some(())
        });
        let said = server.log();
        server.kill();
        for front in &self.fronts {
            front.set(Manner::HangsUp);
        }
        said
    }

    /// Without a word from any witness, and without any in the configuration: nothing starts, nothing signs.
    fn nothing_signs(&self) {
        let town = &self.scene.town;
        let before = checkpoint(town);
        let timestamps = "\n[timestamps]\nurl = \"http://127.0.0.1:1/\"\nroots = \"/dev/null\"\n";
        let path = town.aside("fiducie.toml");
        let with = fs::read_to_string(&path).unwrap();
        let without = with.split("[witnesses]").next().unwrap();
        for config in [with.as_str(), without] {
            fs::write(&path, format!("{config}{timestamps}")).unwrap();
            for command in [
                &["serve"][..],
                &["check"],
                &["ledger", "rotate-key"],
                &["ledger", "rotate-key", "--finish"],
                &["ledger", "timestamp"],
                &["ledger", "repair", "--do", "publish"],
            ] {
                let (code, said) = fiducie(town, command);
                assert_eq!(code, 2, "{command:?}: {said}");
                for words in ["(stopped)", "`second.example/w` showed on", "--acknowledge-stop"] {
                    assert!(said.contains(words), "{command:?}: `{words}` is not in:\n{said}");
                }
            }
        }
        fs::write(&path, with).unwrap();
        assert_eq!(checkpoint(town), before, "something was signed");
        assert!(!town.data().join("keys/checkpoint-next.key").exists());
    }

    /// The newest data again, with the evidence where it stands.
    fn put_newest_back(&self) {
        let town = &self.scene.town;
        for name in ["broker.db", "broker.db-wal", "lock.db", "lock.db-wal"] {
            let _ = fs::remove_file(town.data().join(name));
            let newest = self.newest.join(name);
            if newest.exists() {
                fs::copy(newest, town.data().join(name)).unwrap();
            }
        }
        for name in ["ledger", "map"] {
            fs::remove_dir_all(town.data().join(name)).unwrap();
            copy(&self.newest.join(name), &town.data().join(name));
        }
    }

    fn digest(&self) -> String {
        let (code, object) = status(&self.scene.town, &[]);
        assert_eq!((code, object["state"].as_str()), (2, Some("stopped")), "{object}");
        assert_eq!(object["stopped"]["witness"], "second.example/w");
        object["stopped"]["digest"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_stopped_broker_stays_stopped_until_what_the_witness_saw_is_put_back() {
    let rolled_back = RolledBack::set();
    let town = &rolled_back.scene.town;
    let said = rolled_back.stops(0);
    assert!(
        said.contains("`second.example/w` holds a checkpoint of"),
        "{said}"
    );
    rolled_back.nothing_signs();
    let (_, said) = fiducie(town, &["ledger", "status"]);
    for words in [
        "second.example/w",
        "showed 1",
        "evidence ",
        "--acknowledge-stop",
        "in the past",
    ] {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    let digest = rolled_back.digest();
    let acknowledge = |digest: &str| fiducie(town, &["ledger", "repair", "--acknowledge-stop", digest]);
    // Not by a word alone: the witness's checkpoint is not here.
    let (code, said) = acknowledge(&digest);
    assert!(
        code == 2 && said.contains("is not in the past of this database"),
        "{said}"
    );

    rolled_back.put_newest_back();
    rolled_back.nothing_signs();
    for wrong in ["", "0123456789abcdef", &digest[..15]] {
        let (code, said) = acknowledge(wrong);
        assert!(code == 2 && said.contains("another was named"), "{said}");
    }
    let size = || status(town, &[]).1["database"]["size"].as_u64().unwrap();
    let before = size();
    for front in &rolled_back.fronts {
        front.set(Manner::HandsOn(Duration::ZERO));
    }
    let (code, said) = acknowledge(&digest[..16]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("the ledger goes on") && said.contains("set-aside"),
        "{said}"
    );
    assert_eq!(size(), before + ONE_RECORD, "it says so in the log");
    assert!(!town.data().join("stopped").exists());
    assert_eq!(acknowledge(&digest).0, 2, "nothing stands any more");
    let server = Server::start(town);
    rolled_back.scene.intake(&server, 6_000);
    until_witnessed(&server);
    let _ = server.stop();
    let (code, said) = rolled_back.scene.audit();
    assert_eq!(code, 0, "{said}");
}

#[test]
fn evidence_of_two_histories_convicts_the_log_by_itself() {
    let rolled_back = RolledBack::set();
    let town = &rolled_back.scene.town;
    // Larger than what the witness saw, and another history.
    rolled_back.stops(4);
    rolled_back.nothing_signs();
    let digest = rolled_back.digest();
    let (_, object) = status(town, &[]);
    assert_eq!(object["stopped"]["split_view"], true, "{object}");
    let stopped = |name: &str| town.data().join("stopped").join(name).display().to_string();
    let key = town.log_key().to_string();
    let (code, said) = ledger_audit(&["split-view", &stopped("split-view.json"), "--log-key", &key]);
    assert!(code == 0 && said.contains("signed two histories"), "{said}");
    // The two notes give the same proof to whoever has the tiles.
    let (theirs, ours) = (stopped("theirs.checkpoint"), stopped("ours.checkpoint"));
    let evidence = town.aside("evidence.json").display().to_string();
    let ledger = town.ledger().display().to_string();
    let compare = [
        "compare",
        &theirs,
        &ours,
        &ledger,
        "--log-key",
        &key,
        "--evidence",
        &evidence,
    ];
    let (code, said) = ledger_audit(&compare);
    assert!(code == 1 && said.contains("signed two histories"), "{said}");
    assert_eq!(ledger_audit(&["split-view", &evidence, "--log-key", &key]).0, 0);
    // Such a log does not go on.
    let (code, said) = fiducie(town, &["ledger", "repair", "--acknowledge-stop", &digest]);
    assert!(code == 2 && said.contains("the log ends here"), "{said}");
}

#[test]
fn keys_are_not_changed_and_nothing_is_stamped_before_the_witnesses_were_looked_at() {
    for command in [&["ledger", "rotate-key"][..], &["ledger", "timestamp"]] {
        let rolled_back = RolledBack::set();
        let town = &rolled_back.scene.town;
        let path = town.aside("fiducie.toml");
        let config = fs::read_to_string(&path).unwrap();
        let timestamps = "\n[timestamps]\nurl = \"http://127.0.0.1:1/\"\nroots = \"/dev/null\"\n";
        fs::write(&path, format!("{config}{timestamps}")).unwrap();
        let before = checkpoint(town);
        let (code, said) = fiducie(town, command);
        assert!(
            code == 2 && said.contains("rolled back or second log"),
            "{command:?}: {said}"
        );
        assert_eq!(checkpoint(town), before, "{command:?} signed");
        assert!(town.data().join("stopped/stop.json").exists());
    }
}
