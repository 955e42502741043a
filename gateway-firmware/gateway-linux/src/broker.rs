//! The broker over HTTP, and what its answers mean for a batch.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meter_core::envelope::MEDIA_TYPE;
use serde::{Deserialize, Serialize};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use uuid::Uuid;

use crate::key::DeviceKey;
use crate::state::SettingsDocument;

const ENROL_CONTEXT: &[u8] = b"fiducie-enrol/v1\0";
const SETTINGS_CONTEXT: &[u8] = b"fiducie-settings/v1\0";

/// Nothing the broker says to a gateway is longer.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// However long the broker asks to wait, it is asked again after an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// One broker.
pub(crate) struct Broker {
    agent: Agent,
    base: String,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The broker has it, now or from before.
    Acknowledged,
    /// No consent covers it: it must not be kept.
    WithoutConsent,
    /// The broker will never take it.
    Refused { status: u16, code: String },
    /// Try again, after that long if the broker said so.
    Later { reason: String, after: Option<Duration> },
}

/// The answer to an enrolment.
#[derive(Debug, Deserialize)]
pub(crate) struct Enrolled {
    pub(crate) gateway_id: Uuid,
    pub(crate) delivery_point_id: Uuid,
    pub(crate) settings: SettingsDocument,
    pub(crate) server_time_us: i64,
}

#[derive(Serialize)]
struct EnrolRequest<'a> {
    code: &'a str,
    public_key: String,
    signature: String,
}

/// The parts of a problem document (RFC 9457) that decide something.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    code: String,
}

impl Broker {
    /// A broker at that address.
    ///
    /// # Errors
    /// When the address is not `https://…`, nor `http://` of this machine: readings do not travel in clear.
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        let base = url.trim_end_matches('/').to_owned();
        match base.split_once("://") {
            Some(("https", host)) if !host.is_empty() => {}
            Some(("http", rest)) if is_this_machine(rest) => {}
            _ => bail!("the address of the broker must begin with https:// (http:// only on this machine)"),
        }
        let agent = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(30)))
            .timeout_connect(Some(Duration::from_secs(10)))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("fiducie-gateway/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { agent, base })
    }

    /// Registers a key with a one-time code.
    pub(crate) fn enrol(&self, code: &str, key: &DeviceKey) -> anyhow::Result<Enrolled> {
        let message = [ENROL_CONTEXT, code.as_bytes(), &[0], key.public_key()].concat();
        let request = EnrolRequest {
            code,
            public_key: URL_SAFE_NO_PAD.encode(key.public_key()),
            signature: URL_SAFE_NO_PAD.encode(key.sign(&message)),
        };
        let mut response = self
            .agent
            .post(format!("{}/api/v1/gateways/enrol", self.base))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .send(&serde_json::to_vec(&request)?)
            .context("the broker cannot be reached")?;
        let body = body_of(&mut response).context("the answer of the broker was cut")?;
        if response.status() != StatusCode::CREATED {
            let problem = problem_of(&body);
            bail!(
                "the broker refused: {} {} ({})",
                response.status().as_u16(),
                problem.title,
                problem.code
            );
        }
        serde_json::from_slice(&body).context("the answer of the broker is not understood")
    }

    /// Hands over a batch. Every way of not getting an answer is [`Outcome::Later`]: the broker recognises a batch it
    /// already has.
    pub(crate) fn send(&self, envelope: &[u8], now_us: i64) -> Outcome {
        let sent = self
            .agent
            .post(format!("{}/api/v1/intake", self.base))
            .header("content-type", MEDIA_TYPE)
            .header("accept", "application/json, application/problem+json")
            .send(envelope);
        match sent {
            Ok(mut response) => outcome_of(&mut response, now_us),
            // The text of these errors names hosts and causes, never contents.
            Err(error) => Outcome::Later {
                reason: error.to_string(),
                after: None,
            },
        }
    }

    /// The settings now in force at the broker.
    pub(crate) fn settings(
        &self,
        gateway_id: Uuid,
        key: &DeviceKey,
        now_us: i64,
    ) -> anyhow::Result<SettingsDocument> {
        let seconds = now_us.div_euclid(1_000_000).to_string();
        let message = [SETTINGS_CONTEXT, gateway_id.as_bytes(), seconds.as_bytes()].concat();
        let signature = URL_SAFE_NO_PAD.encode(key.sign(&message));
        let mut response = self
            .agent
            .get(format!("{}/api/v1/gateways/{gateway_id}/settings", self.base))
            .header("fiducie-gateway-auth", format!("{seconds}.{signature}"))
            .header("accept", "application/json")
            .call()
            .context("the broker cannot be reached")?;
        let body = body_of(&mut response).context("the answer of the broker was cut")?;
        if response.status() != StatusCode::OK {
            bail!(
                "the broker answered {} {}",
                response.status().as_u16(),
                problem_of(&body).code
            );
        }
        serde_json::from_slice(&body).context("the settings are not understood")
    }
}

fn outcome_of(response: &mut Response<Body>, now_us: i64) -> Outcome {
    let status = response.status();
    if status.is_success() {
        return Outcome::Acknowledged;
    }
    let after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| wait_of(text, now_us));
    let problem = body_of(response)
        .map(|body| problem_of(&body))
        .unwrap_or_default();
    // 408, 425 and 429 are about the moment, other 4xx about the batch; the rest is the broker's trouble.
    match status.as_u16() {
        403 if problem.code == "consent-missing" => Outcome::WithoutConsent,
        408 | 425 | 429 => Outcome::Later {
            reason: format!("status {}", status.as_u16()),
            after,
        },
        status @ 400..=499 => Outcome::Refused {
            status,
            code: problem.code,
        },
        status => Outcome::Later {
            reason: format!("status {status}"),
            after,
        },
    }
}

fn body_of(response: &mut Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    response
        .body_mut()
        .with_config()
        .limit(LONGEST_ANSWER)
        .read_to_vec()
}

/// Codes and titles go to logs and notes, so only harmless characters of a reasonable number pass.
fn problem_of(body: &[u8]) -> Problem {
    let mut problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    for text in [&mut problem.title, &mut problem.code] {
        text.retain(|c| c.is_alphanumeric() || " -_.,:'".contains(c));
        *text = text.chars().take(80).collect();
    }
    problem
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

fn is_this_machine(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.contains('@') {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(ip6) => ip6.split(']').next().unwrap_or(""),
        None => authority.split(':').next().unwrap_or(""),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_travel_in_clear_on_this_machine_only() {
        for url in [
            "https://broker.example",
            "http://127.0.0.1:8080/",
            "http://localhost:1",
            "http://[::1]:1/x",
        ] {
            assert!(Broker::new(url).is_ok(), "{url}");
        }
        for url in [
            "http://broker.example",
            "http://127.0.0.1@broker.example",
            "http://127.0.0.1.broker.example",
            "ftp://127.0.0.1",
            "https://",
            "broker.example",
        ] {
            assert!(Broker::new(url).is_err(), "{url}");
        }
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
        assert_eq!(problem_of(body).code, "consent-missing31m");
        assert_eq!(problem_of(b"<html>").code, "");
    }
}
