//! A town, its broker's configuration, and witnesses of several organisations as processes.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use audit_tests::process::{PATIENCE, Process};
use audit_tests::programs::{ledger_audit, programs, text};
use audit_tests::server::{Answer, Server};
use audit_tests::town::{Town, half_hour, random};
use serde_json::Value;

/// What one record adds to the log: its leaf, and the root of the map that ends its batch.
pub const ONE_RECORD: u64 = 2;

/// `ledger-witness`, trusting the town's log.
pub struct Witness {
    folder: PathBuf,
    /// Its verifier key.
    pub key: String,
    /// Where it listens whenever it runs.
    pub address: SocketAddr,
    process: Option<Process>,
}

impl Witness {
    /// Makes its key under this name, and starts it.
    pub fn found(town: &Town, name: &str) -> Self {
        let folder = town.aside(&name.replace('/', "-"));
        let made = Command::new(&programs().ledger_witness)
            .args(["keygen", "--name", name, "--folder"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", text(&made.stderr));
        let key = text(&made.stdout).lines().next().unwrap().to_owned();
        // A port that was free a moment ago: the policy names it, so it must stay the same after a restart.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = folder.join("witness.toml");
        let written = fs::read_to_string(&config).unwrap();
        let trusted = format!("logs = [\n  \"{}\",\n", town.log_key());
        let written = written
            .replace("logs = [\n", &trusted)
            .replace("127.0.0.1:7380", &address.to_string());
        fs::write(&config, written).unwrap();
        let mut witness = Self {
            folder,
            key,
            address,
            process: None,
        };
        witness.start();
        witness
    }

    pub fn start(&mut self) {
        let mut serve = Command::new(&programs().ledger_witness);
        serve
            .arg("serve")
            .arg("--config")
            .arg(self.folder.join("witness.toml"));
        let log = self.folder.join("serve.log");
        let starts = |said: &str| said.matches("the witness listens").count();
        // Its log goes on after a restart.
        let before = fs::read_to_string(&log).map_or(0, |said| starts(&said));
        let mut process = Process::start(&mut serve, log);
        let listens = |said: &str| (starts(said) > before).then_some(());
        process.until(listens).unwrap();
        self.process = Some(process);
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// One line `witness` of a policy.
pub struct Named<'a> {
    pub name: &'a str,
    pub key: &'a str,
    pub url: String,
}

pub struct Scene {
    pub town: Town,
    /// The file of the policy.
    pub policy: PathBuf,
}

impl Scene {
    /// A town of one household, whose broker has no witnesses yet.
    pub fn set() -> Self {
        let town = Town::found(1);
        let policy = town.aside("witnesses.policy");
        Self { town, policy }
    }

    /// Writes the policy, `k` of these, and puts it with these options into the configuration.
    pub fn require(&self, k: usize, named: &[Named<'_>], options: &str) {
        let lines = named.iter();
        let lines: String = lines
            .map(|one| format!("witness {} {} {}\n", one.name, one.key, one.url))
            .collect();
        let names: Vec<_> = named.iter().map(|one| one.name).collect();
        let policy = format!(
            "log {}\n{lines}group organisations {k} {}\nquorum organisations\n",
            self.town.log_key(),
            names.join(" ")
        );
        fs::write(&self.policy, policy).unwrap();
        self.configure(options);
    }

    /// Puts the policy with these options into the configuration.
    pub fn configure(&self, options: &str) {
        let config = self.town.aside("fiducie.toml");
        let text = fs::read_to_string(&config).unwrap();
        let text = text.split("[witnesses]").next().unwrap();
        let policy = self.policy.display();
        fs::write(
            &config,
            format!("{text}[witnesses]\npolicy = \"{policy}\"\n{options}\n"),
        )
        .unwrap();
    }

    /// Hands in another batch; it must be taken.
    pub fn intake(&self, server: &Server, second: i64) {
        let at = half_hour(5).plus_seconds(second).as_micros();
        let envelope = self.town.residents[0]
            .gateway
            .envelope(&[("east", at, 4_711_042)]);
        let answer = server.intake(&envelope);
        assert_eq!(answer.status, 201, "{}", text(&answer.body));
    }

    /// The application's order under this transfer id.
    pub fn order(&self, server: &Server, transfer: &str) -> Answer {
        let body = serde_json::json!({
            "transfer": transfer,
            "authorisation": self.town.residents[0].consent.unwrap().to_string(),
            "from": half_hour(6).to_string(),
            "until": half_hour(4).to_string(),
            "step_s": 1_800,
        });
        let credential = format!("Bearer {}", self.town.application.credential);
        let headers = [
            ("content-type", "application/json"),
            ("authorization", credential.as_str()),
        ];
        server.ask(
            "POST",
            "/api/v1/deliveries",
            &headers,
            body.to_string().as_bytes(),
        )
    }

    /// Orders until it is delivered.
    pub fn delivered(&self, server: &Server, transfer: &str) -> Answer {
        until(|| Some(self.order(server, transfer)).filter(|answer| answer.status == 200))
    }

    /// `ledger-audit log` on the public folder, under the policy.
    pub fn audit(&self) -> (i32, String) {
        self.audit_of(&self.town.ledger().display().to_string())
    }

    /// The same on any source.
    pub fn audit_of(&self, source: &str) -> (i32, String) {
        let policy = self.policy.to_str().unwrap();
        ledger_audit(&["log", source, "--policy", policy, "--max-age", "120"])
    }
}

/// A transfer id that nobody used.
pub fn transfer() -> String {
    let hex = hex::encode(random::<16>());
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// What is told of the witnesses.
pub fn told(server: &Server) -> Value {
    server.get("/api/v1/health").json()["witnesses"].clone()
}

/// Waits until the quorum is met for everything that is signed.
pub fn until_witnessed(server: &Server) -> Value {
    until(|| {
        let health = server.get("/api/v1/health").json();
        let told = health["witnesses"].clone();
        (told["quorum"] == "met" && told["tree_size"] == health["tree_size"]).then_some(told)
    })
}

/// The last answer of a witness.
pub fn answer_of(told: &Value, name: &str) -> String {
    let each = told["each"].as_array().unwrap();
    let found = each.iter().find(|one| one["name"] == name).unwrap();
    found["answer"].as_str().unwrap().to_owned()
}

/// Waits for something.
pub fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "it does not come to that");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The refusal of a hand-over that is not witnessed.
pub fn is_not_witnessed(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", text(&answer.body));
    assert_eq!(answer.json()["code"], "not-witnessed");
    assert!(answer.header("retry-after").is_some());
}
