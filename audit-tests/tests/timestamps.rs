//! Checkpoints stamped by an authority of `openssl ts`, reached over HTTP, and one that lies.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and asks the machine what it has"
)]

use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use audit_tests::programs::{ledger_audit, programs, text};
use audit_tests::town::Town;
use serde_json::Value;

const CONFIG: &str = "
[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
ess_cert_id_alg = sha256
[root]
basicConstraints = critical,CA:TRUE
[signer]
extendedKeyUsage = critical,timeStamping
";

/// OpenSSL knows `version` and no `--version`.
fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok();
    let message = "SKIPPED: `openssl` is not installed";
    assert!(
        found || env::var_os("CI").is_none(),
        "{message}, and this is where everything must be"
    );
    if !found {
        eprintln!("{message}");
    }
    found
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
}

fn certificate(folder: &Path, name: &str, by: &str) {
    let (key, request, out) = (
        format!("{name}.key"),
        format!("{name}.csr"),
        format!("{name}.pem"),
    );
    let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    openssl(folder, &[&["genpkey"], &curve[..], &["-out", &key]].concat());
    let subject = format!("/CN={name}");
    openssl(
        folder,
        &["req", "-new", "-key", &key, "-subj", &subject, "-out", &request],
    );
    let (ca, ca_key) = (format!("{by}.pem"), format!("{by}.key"));
    let signer = if name == by {
        vec!["-signkey", &key]
    } else {
        vec!["-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"]
    };
    let common = ["x509", "-req", "-in", &request, "-days", "9", "-out", &out];
    let section = ["-extfile", "config", "-extensions", name];
    openssl(folder, &[&common[..], &section, &signer].concat());
}

/// An authority on a port of its own. While `replaying`, it answers every request with its first answer.
fn authority(folder: PathBuf, replaying: Arc<AtomicBool>) -> String {
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config"), CONFIG).unwrap();
    fs::write(folder.join("serial"), "01\n").unwrap();
    certificate(&folder, "root", "root");
    certificate(&folder, "signer", "root");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut said = Vec::new();
            let mut buffer = [0; 4096];
            let body = loop {
                let read = stream.read(&mut buffer).unwrap();
                said.extend_from_slice(&buffer[..read]);
                let Some(end) = said.windows(4).position(|window| window == b"\r\n\r\n") else {
                    continue;
                };
                let head = text(&said[..end]).to_lowercase();
                assert!(
                    head.contains("content-type: application/timestamp-query"),
                    "{head}"
                );
                let length = head.split("content-length:").nth(1).unwrap();
                let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
                if said.len() >= end + 4 + length {
                    break said[end + 4..end + 4 + length].to_vec();
                }
            };
            if !replaying.load(Ordering::SeqCst) {
                fs::write(folder.join("query"), body).unwrap();
                let common = [
                    "ts",
                    "-reply",
                    "-config",
                    "config",
                    "-queryfile",
                    "query",
                    "-out",
                    "reply",
                ];
                openssl(
                    &folder,
                    &[&common[..], &["-signer", "signer.pem", "-inkey", "signer.key"]].concat(),
                );
            }
            let reply = fs::read(folder.join("reply")).unwrap();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                reply.len()
            );
            stream.write_all(&[head.as_bytes(), &reply].concat()).unwrap();
        }
    });
    url
}

fn stamp(town: &Town) -> (bool, String) {
    let output = Command::new(&programs().fiducie)
        .args(["ledger", "timestamp"])
        .args(town.config())
        .output()
        .unwrap();
    (output.status.success(), text(&output.stderr))
}

fn size(town: &Town) -> u64 {
    let note = fs::read_to_string(town.ledger().join("checkpoint")).unwrap();
    note.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_checkpoint_is_stamped_and_a_stranger_verifies_it_offline() {
    if !has_openssl() {
        return;
    }
    let town = Town::found(1);
    let (done, said) = stamp(&town);
    assert!(!done && said.contains("[timestamps]"), "{said}");
    let replaying = Arc::new(AtomicBool::new(false));
    let folder = town.aside("tsa");
    let url = authority(folder.clone(), Arc::clone(&replaying));
    let config = town.config()[1].clone();
    let section = format!(
        "\n[timestamps]\nurl = \"{url}\"\nroots = \"{}\"\npolicy = \"1.3.6.1.4.1.99999.1\"\n",
        folder.join("root.pem").display()
    );
    fs::write(&config, fs::read_to_string(&config).unwrap() + &section).unwrap();

    let before = size(&town);
    let (done, said) = stamp(&town);
    assert!(done, "{said}");
    assert_eq!(size(&town), before + 2, "the leaf, and the root of the map");
    let kept = town.ledger().join("timestamps");
    let (note, token) = (
        kept.join(format!("{before}.checkpoint")),
        kept.join(format!("{before}.tst")),
    );
    let (key, root) = (town.log_key().to_string(), folder.join("root.pem"));
    let verify = |note: &Path| {
        let asked = [
            "timestamp",
            note.to_str().unwrap(),
            token.to_str().unwrap(),
            "--log-key",
            &key,
        ];
        ledger_audit(&[&asked[..], &["--root", root.to_str().unwrap(), "--json"]].concat())
    };
    let (status, said) = verify(&note);
    assert_eq!(status, 0, "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["details"]["size"], before);
    let (status, log) = ledger_audit(&[
        "log",
        town.ledger().to_str().unwrap(),
        "--log-key",
        &key,
        "--json",
    ]);
    assert_eq!(status, 0, "{log}");
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(
        log["details"]["timestamp_tokens"][0],
        said["details"]["token_sha256"]
    );
    // The token is about that checkpoint and no other.
    assert_eq!(verify(&town.ledger().join("checkpoint")).0, 1);

    // An authority that gives an old answer again stamps nothing, and nothing is logged.
    replaying.store(true, Ordering::SeqCst);
    let (done, said) = stamp(&town);
    assert!(!done && said.contains("the token is about other bytes"), "{said}");
    assert_eq!(size(&town), before + 2);
}
