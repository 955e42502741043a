//! What the broker's answers mean for a batch.
//!
//! A batch leaves the disk for two answers only, and both must be recognisably the broker's: a receipt that names the
//! envelope which was sent, or a problem document with a code that no repetition can change. Proxies, captive portals
//! and other programs at the same address answer too, with any status; nothing they say costs a reading.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use ureq::Body;
use ureq::http::{HeaderMap, Response, StatusCode, header};

/// Nothing the broker says to a gateway is longer.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// However long the broker asks to wait, it is asked again after an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Codes of batches that nobody may have: no consent needs these readings.
const WITHOUT_CONSENT: [&str; 11] = [
    "consent-missing",
    "consent-withdrawn",
    "consent-suspended",
    "consent-expired",
    "consent-closed",
    "consent-paused",
    "holder-unconfirmed",
    "outside-period",
    "granularity-too-fine",
    "nothing-needed",
    "switched-off",
];

/// Codes of batches whose bytes will never be taken.
const REFUSED: [&str; 12] = [
    "content-invalid",
    "empty",
    "too-many-readings",
    "contradiction",
    "index-went-back",
    "index-jumped",
    "batch-id-reused",
    "oversized",
    "truncated",
    "trailing-bytes",
    "not-an-envelope",
    "unsupported-envelope",
];

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The broker has it, now or from before, and gave its receipt.
    Acknowledged,
    /// No consent covers it: it must not be kept.
    WithoutConsent { code: String },
    /// The broker will never take it.
    Refused { status: u16, code: String },
    /// Keep it and try again, after that long if the broker said so.
    Later {
        reason: String,
        /// What a person can do about it.
        advice: &'static str,
        after: Option<Duration>,
    },
}

/// The parts of a problem document (RFC 9457) that decide something.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    title: String,
    code: String,
}

/// The part of a `fiducie-evidence/1` file that is looked at.
#[derive(Deserialize)]
struct Receipt {
    format: String,
    /// Compact JWS (RFC 7515 §3.1).
    record: String,
}

/// The part of a `transfer-in/1` record that is looked at.
#[derive(Deserialize)]
struct TransferIn {
    #[serde(rename = "type")]
    kind: String,
    envelope_sha256: String,
    outcome: String,
}

impl Problem {
    /// Any body; one that is no problem document has neither title nor code.
    pub(crate) fn parse(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// The title, fit for a log.
    pub(crate) fn title(&self) -> String {
        harmless(&self.title)
    }

    /// The code, fit for a log. Decisions look at the code as it came.
    pub(crate) fn code(&self) -> String {
        harmless(&self.code)
    }
}

/// Reads an answer to the end.
pub(crate) fn body_of(response: &mut Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    response
        .body_mut()
        .with_config()
        .limit(LONGEST_ANSWER)
        .read_to_vec()
}

/// What the answer to `envelope` means for it.
pub(crate) fn outcome_of(response: &mut Response<Body>, envelope: &[u8], now_us: i64) -> Outcome {
    // A body that is cut or too long says nothing.
    let body = body_of(response).unwrap_or_default();
    decide(response.status(), response.headers(), &body, envelope, now_us)
}

fn decide(status: StatusCode, headers: &HeaderMap, body: &[u8], envelope: &[u8], now_us: i64) -> Outcome {
    let number = status.as_u16();
    let after = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| wait_of(text, now_us));
    let later = |reason: String, advice| Outcome::Later {
        reason,
        advice,
        after,
    };
    if status.is_success() {
        if is_receipt(body, envelope) {
            return Outcome::Acknowledged;
        }
        let reason = format!("status {number} without a receipt for this batch");
        return later(
            reason,
            "something else answers for the broker: look for a captive portal, a proxy or a wrong address",
        );
    }
    if !is_problem(headers) {
        return later(format!("status {number}"), advice_without_problem(status));
    }
    let problem = Problem::parse(body);
    let known = |codes: &[&str]| status.is_client_error() && codes.contains(&problem.code.as_str());
    if known(&WITHOUT_CONSENT) {
        return Outcome::WithoutConsent { code: problem.code };
    }
    if known(&REFUSED) {
        return Outcome::Refused {
            status: number,
            code: problem.code,
        };
    }
    later(
        format!("status {number} {}", problem.code()),
        advice_on(status, &problem.code),
    )
}

fn advice_without_problem(status: StatusCode) -> &'static str {
    if status.is_server_error() || is_about_the_moment(status) {
        "nothing to do unless it lasts"
    } else if status.is_redirection() {
        "redirections are not followed: look for a captive portal or a wrong address"
    } else {
        "this is not the broker's own answer: look for a proxy, its size limits, or a wrong address"
    }
}

fn advice_on(status: StatusCode, code: &str) -> &'static str {
    match code {
        "future-dated" => "set the clock of this machine (NTP)",
        "gateway-unknown" | "signature-wrong" | "point-unknown" | "point-foreign" => {
            "the broker does not know this gateway, its key or its delivery point: tell its operator"
        }
        "conflict" | "malformed" => "nothing to do unless it lasts",
        _ if status.is_server_error() || is_about_the_moment(status) => "nothing to do unless it lasts",
        _ => "this version does not know that code: update the gateway, or tell the operator of the broker",
    }
}

fn is_about_the_moment(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
    )
}

/// RFC 9457 §3: `application/problem+json`, with or without parameters.
fn is_problem(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/problem+json"))
}

/// Whether this is the record that exactly this envelope was stored.
///
/// LIMIT: the signature is not checked, as a gateway holds no key of the ledger; TLS says who answers. The check is
/// against strangers who answer by mistake, not against a broker that lies.
fn is_receipt(body: &[u8], envelope: &[u8]) -> bool {
    let record = || {
        let receipt: Receipt = serde_json::from_slice(body).ok()?;
        let mut parts = receipt.record.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let record: TransferIn = serde_json::from_slice(&payload).ok()?;
        (receipt.format == "fiducie-evidence/1" && parts.next().is_none()).then_some(record)
    };
    record().is_some_and(|record| {
        record.kind == "transfer-in/1"
            && record.outcome == "stored"
            && record.envelope_sha256 == URL_SAFE_NO_PAD.encode(digest(&SHA256, envelope))
    })
}

/// Codes and titles go to logs, so only harmless characters of a reasonable number pass.
fn harmless(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric() || " -_.,:'".contains(*c))
        .take(80)
        .collect()
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds or a date.
fn wait_of(text: &str, now_us: i64) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    let microseconds = date.timestamp().as_microsecond().saturating_sub(now_us);
    Some(Duration::from_micros(u64::try_from(microseconds).unwrap_or(0)).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: &[u8] = b"envelope";
    const PROBLEM: &str = "application/problem+json";

    /// The frozen bytes of the broker's records, its own test holds them.
    const RECORDS: &str = include_str!("../../../ledger/evidence/tests/evidence/records.golden");

    fn decided(status: u16, content_type: &'static str, body: &str) -> Outcome {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        decide(status, &headers, body.as_bytes(), ENVELOPE, 0)
    }

    fn coded(status: u16, content_type: &'static str, code: &str) -> Outcome {
        decided(status, content_type, &format!(r#"{{"code":"{code}"}}"#))
    }

    fn is_kept(outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Later { .. })
    }

    /// The stored `transfer-in/1` among the frozen records, made to speak of [`ENVELOPE`].
    fn record() -> serde_json::Value {
        let mut record: serde_json::Value = RECORDS
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .find(|record: &serde_json::Value| {
                record["type"] == "transfer-in/1" && record["outcome"] == "stored"
            })
            .unwrap();
        record["envelope_sha256"] = URL_SAFE_NO_PAD.encode(digest(&SHA256, ENVELOPE)).into();
        record
    }

    fn receipt(format: &str, record: &serde_json::Value) -> String {
        let payload = URL_SAFE_NO_PAD.encode(record.to_string());
        format!(r#"{{"format":"{format}","n":2,"record":"e30.{payload}.AAAA"}}"#)
    }

    #[test]
    fn a_receipt_for_the_envelope_acknowledges_it() {
        let body = receipt("fiducie-evidence/1", &record());
        for status in [200, 201] {
            assert_eq!(decided(status, "application/json", &body), Outcome::Acknowledged);
        }
        assert!(is_kept(&decided(500, "application/json", &body)));
        assert!(is_kept(&decided(302, "application/json", &body)));
    }

    #[test]
    fn success_without_a_receipt_for_the_envelope_acknowledges_nothing() {
        let with = |member: &str, value: &str| {
            let mut record = record();
            record[member] = value.into();
            receipt("fiducie-evidence/1", &record)
        };
        for body in [
            String::new(),
            "{}".to_owned(),
            "<html>Welcome, please sign in</html>".to_owned(),
            r#"{"format":"fiducie-evidence/1"}"#.to_owned(),
            r#"{"format":"fiducie-evidence/1","record":"a.b.c"}"#.to_owned(),
            receipt("fiducie-evidence/2", &record()),
            receipt("fiducie-evidence/1", &record()).replace(".AAAA", ""),
            receipt("fiducie-evidence/1", &record()).replace(".AAAA", ".AAAA.AAAA"),
            with("type", "transfer-out/1"),
            with("outcome", "refused"),
            with(
                "envelope_sha256",
                &URL_SAFE_NO_PAD.encode(digest(&SHA256, b"another")),
            ),
        ] {
            let outcome = decided(200, "application/json", &body);
            assert!(is_kept(&outcome), "{body}: {outcome:?}");
        }
    }

    #[test]
    fn a_permanent_code_in_a_problem_document_ends_a_batch() {
        for code in WITHOUT_CONSENT {
            let expected = Outcome::WithoutConsent {
                code: code.to_owned(),
            };
            assert_eq!(coded(403, PROBLEM, code), expected);
        }
        for code in REFUSED {
            let expected = Outcome::Refused {
                status: 422,
                code: code.to_owned(),
            };
            assert_eq!(
                coded(422, "Application/Problem+JSON; charset=utf-8", code),
                expected
            );
        }
    }

    /// As during a pause: what is measured while nobody knows who lives there may be a stranger's.
    #[test]
    fn what_is_measured_while_the_holder_is_unknown_is_not_kept() {
        let expected = Outcome::WithoutConsent {
            code: "holder-unconfirmed".to_owned(),
        };
        assert_eq!(coded(403, PROBLEM, "holder-unconfirmed"), expected);
    }

    #[test]
    fn every_other_refusal_keeps_the_batch() {
        for (status, code) in [
            (400, "malformed"),
            (401, "gateway-unknown"),
            (401, "signature-wrong"),
            (403, "point-foreign"),
            (404, "not-found"),
            (409, "conflict"),
            (422, "future-dated"),
            (422, "point-unknown"),
            (422, "a-code-of-tomorrow"),
            (403, ""),
            (403, r"consent-missing\u0007"),
            (500, "consent-missing"),
            (302, "consent-missing"),
        ] {
            let outcome = coded(status, PROBLEM, code);
            assert!(is_kept(&outcome), "{status} {code}: {outcome:?}");
        }
    }

    #[test]
    fn a_permanent_code_outside_a_problem_document_keeps_the_batch() {
        for content_type in ["application/json", "text/html", "application/problem+jsonx"] {
            let outcome = coded(413, content_type, "oversized");
            assert!(is_kept(&outcome), "{content_type}: {outcome:?}");
        }
        assert!(is_kept(&decided(
            413,
            "text/html",
            "<h1>Request Entity Too Large"
        )));
        assert!(is_kept(&decided(403, PROBLEM, "<h1>Forbidden")));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now_us = 784_111_777_000_000;
        assert_eq!(wait_of("120", now_us), Some(Duration::from_secs(120)));
        assert_eq!(wait_of("999999", now_us), Some(LONGEST_WAIT));
        assert_eq!(
            wait_of("Sun, 06 Nov 1994 08:50:37 GMT", now_us),
            Some(Duration::from_secs(60))
        );
        assert_eq!(
            wait_of("Sun, 06 Nov 1994 08:00:00 GMT", now_us),
            Some(Duration::ZERO)
        );
        assert_eq!(wait_of("soon", now_us), None);
    }

    #[test]
    fn a_problem_says_nothing_but_its_code() {
        let body = br#"{"code":"consent-missing\u001b[31m\n","detail":"PRM 99000000000101"}"#;
        assert_eq!(Problem::parse(body).code(), "consent-missing31m");
        assert_eq!(Problem::parse(b"<html>").code(), "");
    }
}
