//! Letters handed to a mail server of somebody else: PyPI's `aiosmtpd`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first surprise"
)]

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant as Started};

use broker_domain::ids::MessageId;
use broker_domain::telling::{Letter, Post as _, PostFailure};
use broker_domain::time::Instant;
use broker_mail::{Security, Sender, SmtpPost, SmtpSettings};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

const SCRIPT: &str = include_str!("smtp/server.py");
const PATIENCE: Duration = Duration::from_secs(20);
const PACKAGE: &str = "aiosmtpd==1.4.6";

/// Says why nothing was looked at; on a machine that must have everything, fails.
fn skipped(why: &str) {
    let message = format!("SKIPPED: {why}");
    // Not the configuration of a broker, which is what the lint keeps out of the environment.
    assert!(std::env::var_os("CI").is_none(), "{message}");
    eprintln!("{message}");
}

/// A Python that has the package, in a folder that ends with the test.
fn python(folder: &Path) -> Option<PathBuf> {
    let venv = folder.join("venv");
    let python = venv.join("bin/python");
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&venv);
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        PACKAGE,
    ]);
    for command in [&mut make, &mut install] {
        let done = command.output();
        if !done.is_ok_and(|done| done.status.success()) {
            skipped("`aiosmtpd` could not be installed (python3-venv, and PyPI in reach)");
            return None;
        }
    }
    Some(python)
}

struct Server {
    child: Child,
    _input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start(python: &Path, folder: &Path, tls: &str) -> Self {
        let script = folder.join("server.py");
        std::fs::write(&script, SCRIPT).unwrap();
        let mut child = Command::new(python)
            .arg(script)
            .arg(tls)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self {
            child,
            _input: input,
            output,
            port,
        }
    }

    /// The next letter it took.
    fn taken(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn letter(number: u8, to: &str) -> Letter {
    Letter {
        id: MessageId::from_bytes([number; 16]),
        to: to.parse().unwrap(),
        subject: "Votre retrait est enregistré".into(),
        body: "Été. Plus rien n'est transmis.\n.\nUne ligne d'un point ne finit pas la lettre.\n".into(),
        at: Instant::parse("2027-03-02T18:20:00Z").unwrap(),
    }
}

fn post(settings: SmtpSettings) -> SmtpPost {
    SmtpPost::new(
        settings,
        Sender::parse("Fiducie <no-reply@broker.example>").unwrap(),
    )
    .unwrap()
}

fn plain(port: u16) -> SmtpSettings {
    SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        security: Security::Plain,
        credentials: None,
        authority: None,
        patience: PATIENCE,
    }
}

fn header(taken: &Value, name: &str) -> String {
    let text = taken["text"].as_str().unwrap();
    let line = text.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
}

#[tokio::test]
async fn a_foreign_mail_server_takes_letters_and_its_answers_are_told_apart() {
    let folder = TempDir::new().unwrap();
    let Some(python) = python(folder.path()) else {
        return;
    };
    let mut server = Server::start(&python, folder.path(), "-");
    let post = relay(server.port);
    post.send(&letter(1, "anneke@example.org")).await.unwrap();
    let taken = server.taken();
    assert_eq!(taken["to"], serde_json::json!(["anneke@example.org"]));
    assert_eq!(taken["from"], "no-reply@broker.example");
    assert!(taken["text"].as_str().unwrap().contains("finit pas la lettre"));
    assert!(header(&taken, "Auto-Submitted:").contains("auto-generated"));

    let outcome = post.send(&letter(2, "never@example.org")).await;
    assert_eq!(outcome, Err(PostFailure::Refused));
    let outcome = post.send(&letter(3, "later@example.org")).await;
    assert_eq!(outcome, Err(PostFailure::Later));
    assert!(
        !format!("{outcome:?} {post:?}").contains("example.org"),
        "no address in errors"
    );

    // The one case in which a person may get two copies: the server took it and its answer was lost. Same Message-ID.
    for _ in 0..2 {
        let outcome = post.send(&letter(4, "lost@example.org")).await;
        assert_eq!(outcome, Err(PostFailure::Unreached));
    }
    let copies = [server.taken(), server.taken()];
    let ids = copies.map(|taken| header(&taken, "Message-ID:"));
    assert_eq!(ids[0], ids[1]);
    drop(server);
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nobody = relay(closed).send(&letter(5, "anneke@example.org")).await;
    assert_eq!(nobody, Err(PostFailure::Unreached));
}

fn relay(port: u16) -> SmtpPost {
    post(plain(port))
}

/// An authority, and a certificate of it for `localhost`.
fn certified(folder: &Path) -> bool {
    let key = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ];
    let authority = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority"];
    let server = [
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-subj",
        "/CN=localhost",
        "-CA",
        "ca.pem",
    ];
    let of_it = ["-CAkey", "ca.key", "-addext", "subjectAltName=DNS:localhost"];
    let no_authority = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let run = |arguments: &[&[&str]]| {
        let mut command = Command::new("openssl");
        command.current_dir(folder).args(arguments.concat());
        command.output().is_ok_and(|made| made.status.success())
    };
    run(&[&key, &authority]) && run(&[&key, &server, &of_it, &no_authority])
}

#[tokio::test]
async fn starttls_with_a_password_and_an_authority_of_ones_own() {
    let folder = TempDir::new().unwrap();
    let Some(python) = python(folder.path()) else {
        return;
    };
    if !certified(folder.path()) {
        skipped("`openssl` is not installed");
        return;
    }
    let mut server = Server::start(&python, folder.path(), folder.path().to_str().unwrap());
    let settings = |password: &str, authority: bool| SmtpSettings {
        host: "localhost".into(),
        port: server.port,
        security: Security::StartTls,
        credentials: Some(("fiducie".into(), SecretString::from(password.to_owned()))),
        authority: authority.then(|| std::fs::read(folder.path().join("ca.pem")).unwrap()),
        patience: PATIENCE,
    };
    let (known, stranger, wrong) = (
        settings("secret of the relay", true),
        settings("secret of the relay", false),
        settings("guess", true),
    );
    let outcome = post(stranger).send(&letter(1, "anneke@example.org")).await;
    assert_eq!(
        outcome,
        Err(PostFailure::Unreached),
        "nothing without a trusted certificate"
    );
    let outcome = post(wrong).send(&letter(1, "anneke@example.org")).await;
    assert_eq!(outcome, Err(PostFailure::Refused));
    post(known).send(&letter(1, "anneke@example.org")).await.unwrap();
    let taken = server.taken();
    assert_eq!((&taken["tls"], &taken["user"]), (&true.into(), &"fiducie".into()));
}

/// One takes the connection and is silent; the other sends a byte now and then, which no limit of one step notices.
#[tokio::test]
async fn a_server_that_hangs_or_drips_is_not_waited_for() {
    for drips in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if drips {
                    std::thread::spawn(move || {
                        while std::io::Write::write_all(&mut stream, b"220-slow\r\n").is_ok() {
                            std::thread::sleep(Duration::from_millis(300));
                        }
                    });
                } else {
                    held.push(stream);
                }
            }
        });
        let settings = SmtpSettings {
            patience: Duration::from_secs(1),
            ..plain(port)
        };
        let post = post(settings);
        let began = Started::now();
        for number in 1..=4 {
            let outcome = post.send(&letter(number, "anneke@example.org")).await;
            assert_eq!(outcome, Err(PostFailure::Unreached));
        }
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    }
}
