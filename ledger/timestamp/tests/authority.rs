//! A time-stamping authority of `openssl ts`, made anew by each test.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, say what they could not check, and ask the machine what it has"
)]

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use test_fixtures::no_panic;
use timestamp::{
    Certificate, Expected, Stamp, TimestampError, request, roots_from_pem, token_of_response, verify,
};

const NONCE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const DIGEST: [u8; 32] = [7; 32];
const POLICY: &str = "1.3.6.1.4.1.99999.1";

const CONFIG: &str = "
[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = yes
ess_cert_id_alg = ESS_ALG
[root]
basicConstraints = critical,CA:TRUE,pathlen:1
keyUsage = critical,keyCertSign,cRLSign
[between]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[loose]
extendedKeyUsage = timeStamping
[two]
extendedKeyUsage = critical,timeStamping,codeSigning
[server]
extendedKeyUsage = critical,serverAuth
[strange]
extendedKeyUsage = critical,timeStamping
1.2.3.4.5 = critical,ASN1:NULL
[leaf]
basicConstraints = critical,CA:FALSE
";

struct Authority {
    folder: TempDir,
}

impl Authority {
    /// Root, one authority between, and a signer; `None`, said aloud, where there is no `openssl`.
    fn found(key: &[&str], signer: &str) -> Option<Self> {
        Self::found_with(key, signer, "between", "sha256")
    }

    fn found_with(key: &[&str], signer: &str, between: &str, ess: &str) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            assert!(
                env::var_os("CI").is_none(),
                "SKIPPED: no `openssl`, and this is where everything must be"
            );
            eprintln!("SKIPPED: no `openssl`");
            return None;
        }
        let this = Self {
            folder: TempDir::new().unwrap(),
        };
        fs::write(this.path("config"), CONFIG.replace("ESS_ALG", ess)).unwrap();
        fs::write(this.path("serial"), "01\n").unwrap();
        this.certificate("root", "root", key, None);
        this.certificate("between", between, key, Some("root"));
        this.certificate("signer", signer, key, Some("between"));
        Some(this)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, arguments: &[&str]) -> bool {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        if !output.status.success() {
            eprintln!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        output.status.success()
    }

    fn certificate(&self, name: &str, section: &str, key: &[&str], by: Option<&str>) {
        let (key_file, request, out) = (
            format!("{name}.key"),
            format!("{name}.csr"),
            format!("{name}.pem"),
        );
        let subject = format!("/O=Fiducie tests/CN={name}");
        let make = [&["genpkey"], key, &["-out", &key_file]].concat();
        assert!(self.openssl(&make));
        assert!(self.openssl(&[
            "req", "-new", "-key", &key_file, "-subj", &subject, "-out", &request
        ]));
        let (ca, ca_key) = by.map_or((String::new(), String::new()), |by| {
            (format!("{by}.pem"), format!("{by}.key"))
        });
        let signer = match by {
            None => vec!["-signkey", &key_file],
            Some(_) => vec!["-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"],
        };
        let common = [
            "x509", "-req", "-in", &request, "-days", "30", "-sha256", "-out", &out,
        ];
        let section = ["-extfile", "config", "-extensions", section];
        assert!(self.openssl(&[&common[..], &section, &signer].concat()));
    }

    fn answer(&self, query: &[u8]) -> Vec<u8> {
        fs::write(self.path("query"), query).unwrap();
        let chain = [fs::read(self.path("between.pem")).unwrap()].concat();
        fs::write(self.path("chain.pem"), chain).unwrap();
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
        let keys = [
            "-signer",
            "signer.pem",
            "-inkey",
            "signer.key",
            "-chain",
            "chain.pem",
        ];
        self.openssl(&[&common[..], &keys].concat());
        fs::read(self.path("reply")).unwrap()
    }

    fn token(&self) -> Vec<u8> {
        let query = request(&DIGEST, NONCE, Some(POLICY)).unwrap();
        token_of_response(&self.answer(&query)).unwrap()
    }

    fn roots(&self, name: &str) -> Vec<Certificate> {
        roots_from_pem(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    fn judge(&self, token: &[u8]) -> Result<Stamp, TimestampError> {
        verify(token, &expected(&self.roots("root.pem")))
    }
}

fn expected(roots: &[Certificate]) -> Expected<'_> {
    Expected {
        digest: &DIGEST,
        nonce: Some(NONCE),
        policy: Some(POLICY),
        roots,
    }
}

const RSA: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const P256: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];

#[test]
fn tokens_of_an_authority_verify_offline() {
    for key in [&RSA, &P256, &P384] {
        let Some(authority) = Authority::found(key, "signer") else {
            return;
        };
        let stamp = authority.judge(&authority.token()).unwrap();
        assert_eq!(stamp.policy, POLICY);
        assert!(stamp.authority.contains("CN=signer"), "{}", stamp.authority);
        assert!(stamp.seconds > 1_700_000_000);
        // Whoever verifies later knows neither nonce nor policy.
        let roots = authority.roots("root.pem");
        let later = Expected {
            nonce: None,
            policy: None,
            ..expected(&roots)
        };
        assert_eq!(verify(&authority.token(), &later).unwrap().policy, POLICY);
        // OpenSSL reads our request as we meant it.
        assert!(authority.openssl(&["ts", "-query", "-in", "query", "-text"]));
    }
}

#[test]
fn what_was_not_asked_for_is_refused() {
    let Some(authority) = Authority::found(&P256, "signer") else {
        return;
    };
    let (token, roots) = (authority.token(), authority.roots("root.pem"));
    let refused = |expected: &Expected<'_>| verify(&token, expected).unwrap_err();
    let honest = expected(&roots);
    let other = [8; 32];
    assert_eq!(
        refused(&Expected {
            digest: &other,
            ..honest
        }),
        TimestampError::OtherImprint
    );
    let nonce = Some([9; 8]);
    assert_eq!(refused(&Expected { nonce, ..honest }), TimestampError::OtherNonce);
    let policy = Some("1.3.6.1.4.1.99999.2");
    assert!(matches!(
        refused(&Expected { policy, ..honest }),
        TimestampError::OtherPolicy { .. }
    ));
    let Some(stranger) = Authority::found(&P256, "signer") else {
        return;
    };
    assert_eq!(
        stranger.judge(&token),
        Err(TimestampError::Chain),
        "same names, other keys"
    );
    assert_eq!(refused(&Expected { roots: &[], ..honest }), TimestampError::Chain);
    // The authority between is enough for whoever believes it, and so is the signer itself.
    for name in ["between.pem", "signer.pem"] {
        verify(&token, &expected(&authority.roots(name))).unwrap();
    }
}

/// OpenSSL stamps no time with such certificates, so the statement of an honest token is signed again with them.
#[test]
fn a_certificate_for_anything_else_stamps_nothing() {
    let Some(authority) = Authority::found(&P256, "signer") else {
        return;
    };
    fs::write(authority.path("token"), authority.token()).unwrap();
    let read = [
        "cms",
        "-verify",
        "-noverify",
        "-inform",
        "DER",
        "-in",
        "token",
        "-out",
        "time",
    ];
    assert!(authority.openssl(&read));
    for section in ["signer", "loose", "two", "server", "strange", "leaf"] {
        authority.certificate("other", section, &P256, Some("between"));
        let message = [
            "cms",
            "-sign",
            "-binary",
            "-nodetach",
            "-cades",
            "-md",
            "sha256",
            "-in",
            "time",
        ];
        let kind = [
            "-econtent_type",
            "id-smime-ct-TSTInfo",
            "-outform",
            "DER",
            "-out",
            "signed",
        ];
        let keys = [
            "-signer",
            "other.pem",
            "-inkey",
            "other.key",
            "-certfile",
            "between.pem",
        ];
        assert!(authority.openssl(&[&message[..], &kind, &keys].concat()));
        let judged = authority.judge(&fs::read(authority.path("signed")).unwrap());
        match section {
            "signer" => assert!(judged.is_ok(), "{judged:?}"),
            "strange" => assert_eq!(judged, Err(TimestampError::Chain)),
            _ => assert!(
                matches!(judged, Err(TimestampError::Signer { .. })),
                "{section}: {judged:?}"
            ),
        }
    }
}

#[test]
fn a_weak_link_breaks_the_chain() {
    // An authority between that is none.
    let Some(authority) = Authority::found_with(&P256, "signer", "leaf", "sha256") else {
        return;
    };
    assert_eq!(authority.judge(&authority.token()), Err(TimestampError::Chain));
    // SHA-1 binds no certificate (RFC 5816).
    let Some(old) = Authority::found_with(&P256, "signer", "between", "sha1") else {
        return;
    };
    let refused = old.judge(&old.token());
    assert!(
        matches!(refused, Err(TimestampError::Attribute { .. })),
        "{refused:?}"
    );
}

#[test]
fn no_flipped_byte_passes() {
    let Some(authority) = Authority::found(&P256, "signer") else {
        return;
    };
    let (token, roots) = (authority.token(), authority.roots("root.pem"));
    let honest = verify(&token, &expected(&roots)).unwrap();
    let mut harmless = 0;
    for place in 0..token.len() {
        for bit in [1, 0x10, 0x80] {
            let mut flipped = token.clone();
            flipped[place] ^= bit;
            // Certificates that the chain does not need, and versions of CMS, are signed by nobody.
            if let Ok(stamp) = verify(&flipped, &expected(&roots)) {
                assert_eq!(stamp, honest, "byte {place}");
                harmless += 1;
            }
        }
        assert!(verify(&token[..place], &expected(&roots)).is_err());
    }
    assert!(harmless < 40, "{harmless} flips were not seen");
}

#[test]
fn a_refusal_is_told_as_one() {
    let Some(authority) = Authority::found(&P256, "signer") else {
        return;
    };
    let unknown = request(&DIGEST, NONCE, Some("1.2.3.4")).unwrap();
    let refused = token_of_response(&authority.answer(&unknown));
    assert!(
        matches!(refused, Err(TimestampError::NotGranted { status: 2 })),
        "{refused:?}"
    );
    assert!(request(&DIGEST, NONCE, Some("not an oid")).is_err());
    for wrong in [&b""[..], b"\x30\x00", b"<html>", &[0x30; 70_000]] {
        assert!(token_of_response(wrong).is_err() && verify(wrong, &expected(&[])).is_err());
    }
    assert!(roots_from_pem(b"no certificate").is_err());
}

/// What an authority, or whoever stands between, answers: damaged thousands of times. Nothing panics, and no other time
/// passes.
#[test]
fn damaged_answers_and_tokens_pass_with_no_other_time() {
    let Some(authority) = Authority::found(&P256, "signer") else {
        return;
    };
    let query = request(&DIGEST, NONCE, Some(POLICY)).unwrap();
    let refused = authority.answer(&request(&DIGEST, NONCE, Some("1.2.3")).unwrap());
    let reply = authority.answer(&query);
    let token = token_of_response(&reply).unwrap();
    let roots = authority.roots("root.pem");
    let stamped = verify(&token, &expected(&roots)).unwrap();
    let judge = |token: &[u8]| {
        if let Ok(stamp) = verify(token, &expected(&roots)) {
            assert_eq!(stamp.seconds, stamped.seconds, "another time passed");
        }
    };
    no_panic("timestamp response", &[reply, refused], |bytes| {
        if let Ok(token) = token_of_response(bytes) {
            judge(&token);
        }
    });
    no_panic("timestamp token", &[token], judge);
    let pem = fs::read(authority.path("root.pem")).unwrap();
    no_panic("roots", &[pem], |bytes| {
        let _ = roots_from_pem(bytes);
    });
}
