//! The broker over HTTP.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meter_core::envelope::MEDIA_TYPE;
use serde::{Deserialize, Serialize};
use ureq::Agent;
use ureq::http::StatusCode;
use uuid::Uuid;

use crate::answer::{Outcome, Problem, body_of, outcome_of};
use crate::key::DeviceKey;
use crate::state::SettingsDocument;

const ENROL_CONTEXT: &[u8] = b"fiducie-enrol/v1\0";
const SETTINGS_CONTEXT: &[u8] = b"fiducie-settings/v1\0";

/// One broker.
pub(crate) struct Broker {
    agent: Agent,
    base: String,
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
            let problem = Problem::parse(&body);
            bail!(
                "the broker refused: {} {} ({})",
                response.status().as_u16(),
                problem.title(),
                problem.code()
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
            Ok(mut response) => outcome_of(&mut response, envelope, now_us),
            // The text of these errors names hosts and causes, never contents.
            Err(error) => Outcome::Later {
                reason: error.to_string(),
                advice: "nothing to do unless it lasts",
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
                Problem::parse(&body).code()
            );
        }
        serde_json::from_slice(&body).context("the settings are not understood")
    }
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
}
