//! A household that keeps every receipt it was given, and holds the broker to them after whatever befell it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::operator::fiducie;
use crate::programs::ledger_audit;
use crate::server::{Server, hand_in_within};
use crate::town::{Town, half_hour};

/// What a household sent, and what it was promised.
#[derive(Default)]
pub struct Keeper {
    sent: i64,
    /// Sent, no receipt seen.
    open: Vec<Vec<u8>>,
    /// Envelopes with their receipts.
    kept: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many of `kept` were asked for again already.
    sure: usize,
}

impl Keeper {
    /// How many receipts there are.
    #[must_use]
    pub fn promised(&self) -> usize {
        self.kept.len()
    }

    /// Hands in a new batch of the first household. Whether it was acknowledged.
    pub fn hand_in(&mut self, town: &Town, address: SocketAddr, limit: Duration) -> bool {
        self.sent += 1;
        let at = half_hour(60).plus_seconds(self.sent).as_micros();
        let envelope = town.residents[0].gateway.envelope(&[("east", at, 4_711_042)]);
        match hand_in_within(limit, address, &envelope) {
            Ok(answer) if answer.status == 201 => {
                self.kept.push((envelope, answer.body));
                true
            }
            _ => {
                self.open.push(envelope);
                false
            }
        }
    }

    /// This broker knows every batch that was ever acknowledged, and gives the same receipt again.
    ///
    /// # Panics
    /// When it does not.
    pub fn nothing_is_lost(&self, server: &Server, after: &str) {
        self.recheck(server, 0, after);
    }

    fn recheck(&self, server: &Server, from: usize, after: &str) {
        for (envelope, receipt) in &self.kept[from..] {
            let again = server.intake(envelope);
            assert_eq!(again.status, 200, "an acknowledged batch was lost after {after}");
            assert!(
                again.body == *receipt,
                "another receipt for the same batch after {after}"
            );
        }
    }

    /// A broker that nothing ails is started. All that was acknowledged since the last time is there, with the same
    /// receipt; what was not is taken now, once; it stops well, and everything recomputed is right.
    ///
    /// # Panics
    /// When any of this does not hold; `after` says what befell the broker.
    pub fn all_is_well(&mut self, town: &Town, after: &str) {
        let server = Server::try_start(town).unwrap_or_else(|said| panic!("no start after {after}:\n{said}"));
        self.recheck(&server, self.sure, after);
        for envelope in self.open.drain(..) {
            let first = server.intake(&envelope);
            assert!([200, 201].contains(&first.status), "{after}: {}", first.head);
            let again = server.intake(&envelope);
            assert!(
                (again.status, &again.body) == (200, &first.body),
                "recorded twice after {after}"
            );
            self.kept.push((envelope, first.body));
        }
        self.sure = self.kept.len();
        let log = server.stop();
        assert!(!log.contains("ERROR"), "after {after}:\n{log}");
        checks_pass(town, after);
    }
}

/// `fiducie check --full` and `ledger-audit log` find nothing wrong.
///
/// # Panics
/// When one does.
pub fn checks_pass(town: &Town, after: &str) {
    let (code, said) = fiducie(town, &["check", "--full"]);
    assert_eq!(code, 0, "after {after}: {said}");
    let (ledger, key) = (town.ledger().display().to_string(), town.log_key().to_string());
    let (code, said) = ledger_audit(&["log", &ledger, "--log-key", &key]);
    assert_eq!(code, 0, "after {after}: {said}");
}
