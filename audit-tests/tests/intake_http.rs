//! Bad input at the public door of a real broker: each kind has its problem document, and none is kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[path = "intake_http/content.rs"]
mod content;
#[path = "intake_http/device.rs"]
mod device;
#[path = "intake_http/document.rs"]
mod document;
#[path = "intake_http/envelopes.rs"]
mod envelopes;
#[path = "intake_http/repetition.rs"]
mod repetition;

use audit_tests::programs::text;
use audit_tests::server::{Answer, Server};
use audit_tests::town::{Resident, Town, half_hour};

/// A town and its broker.
/// What one record adds to the log: its leaf, and the root of the map that ends its batch.
const ONE_RECORD: u64 = 2;

struct Door {
    town: Town,
    server: Server,
}

impl Door {
    /// Two households that agreed, and one that did not.
    fn open() -> Self {
        let town = Town::found(2);
        let server = Server::start(&town);
        Self { town, server }
    }

    fn first(&self) -> &Resident {
        &self.town.residents[0]
    }

    fn second(&self) -> &Resident {
        &self.town.residents[1]
    }

    fn without_consent(&self) -> &Resident {
        &self.town.residents[2]
    }

    /// An envelope of the first household that any broker would take.
    fn good(&self) -> Vec<u8> {
        self.first()
            .gateway
            .envelope(&[("east", half_hour(5).as_micros(), 4_711_042)])
    }

    /// Hands in an envelope and expects this refusal, which leaves no leaf.
    fn refuses(&self, envelope: &[u8], status: u16, code: &str) {
        let before = self.server.tree_size();
        let answer = self.server.intake(envelope);
        self.is_problem(&answer, status, code);
        assert_eq!(answer.json().get("leaf_index"), None);
        assert_eq!(self.server.tree_size(), before, "`{code}` left a leaf");
        // The door is as good as before.
        assert_eq!(self.server.intake(&self.good()).status, 201);
    }

    /// Hands in an authentic envelope and expects this refusal, which leaves one record however often it is sent
    /// (invariant I2).
    fn refuses_and_records(&self, envelope: &[u8], status: u16, code: &str) {
        let before = self.server.tree_size();
        for _ in 0..3 {
            let answer = self.server.intake(envelope);
            self.is_problem(&answer, status, code);
            assert_eq!(answer.json()["leaf_index"], before, "`{code}`");
            assert_eq!(self.server.tree_size(), before + ONE_RECORD, "`{code}`");
        }
        assert_eq!(self.server.intake(&self.good()).status, 201);
    }

    /// RFC 9457, in our words, about nobody.
    fn is_problem(&self, answer: &Answer, status: u16, code: &str) {
        let body = text(&answer.body);
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem = answer.json();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["type"], format!("urn:fiducie:problem:{code}"));
        assert_eq!(problem["status"], status);
        for member in ["title", "detail"] {
            assert!(
                problem[member].as_str().is_some_and(|text| text.len() > 3),
                "no `{member}` in {body}"
            );
        }
        for resident in &self.town.residents {
            for secret in &resident.secrets {
                assert!(!body.contains(secret), "a problem document tells who it is about");
            }
            assert!(!body.contains(&resident.participant.to_string()));
        }
        assert!(
            !body.contains("4711"),
            "a problem document tells a reading: {body}"
        );
        for internal in ["Error", "::", "panicked", "sqlx", "sqlite", "SQLITE"] {
            assert!(
                !body.contains(internal),
                "a problem document tells of our inside: {body}"
            );
        }
    }
}
