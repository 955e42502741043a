//! The one configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use broker_domain::volume::VolumeRule;
use serde::Deserialize;

/// What an operator decides. Secrets are files in the data folder, never values here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address to listen on, behind a TLS proxy.
    pub listen: SocketAddr,
    /// Folder that holds keys, database, lock store and ledger.
    pub data: PathBuf,
    /// Name of the ledger: its public address without scheme, such as `broker.example/ledger`. Never changes.
    pub origin: String,
    /// Public address of the pages without a slash at the end, such as `https://broker.example`.
    pub site: String,
    /// Who runs this broker, as the pages' footer says.
    pub operator: Operator,
    /// Who vouches for the ledger.
    pub witnesses: Option<Witnesses>,
    /// Who stamps checkpoints, if anybody does.
    pub timestamps: Option<Timestamps>,
    /// How people sign in.
    #[serde(default)]
    pub sign_in: SignIn,
    /// How messages leave. Into the folder `outbox` of the data folder, when nothing is said.
    #[serde(default)]
    pub messages: Messages,
    /// When people and officers are told that more is sent than usual.
    #[serde(default)]
    pub unusual_volume: UnusualVolume,
}

/// When use of a sharing is unusual. Absent members have the values of `VolumeRule::default`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnusualVolume {
    /// More than so many times what is usual.
    pub times: Option<u32>,
    /// Fewer transfers in a day are never unusual.
    pub least_transfers: Option<u32>,
    /// A shorter span of data in one transfer is never unusual, in days.
    pub least_span_days: Option<u32>,
    /// How many days back are looked at, at most 366.
    pub days: Option<u16>,
    /// So many transfers in a day pass for usual while fewer than three days are known.
    pub usual_at_first: Option<u32>,
}

impl UnusualVolume {
    /// The rule.
    ///
    /// # Errors
    /// When a number makes no rule.
    pub fn rule(&self) -> Result<VolumeRule> {
        let usual = VolumeRule::default();
        let rule = VolumeRule {
            times: self.times.unwrap_or(usual.times),
            least_transfers: self.least_transfers.unwrap_or(usual.least_transfers),
            least_span_days: self.least_span_days.unwrap_or(usual.least_span_days),
            days: self.days.unwrap_or(usual.days),
            usual_at_first: self.usual_at_first.unwrap_or(usual.usual_at_first),
        };
        ensure!(
            rule.times > 0 && rule.least_transfers > 0 && rule.least_span_days > 0,
            "`times`, `least_transfers` and `least_span_days` of [unusual_volume] are at least 1"
        );
        ensure!(
            (3..=366).contains(&rule.days),
            "`days` of [unusual_volume] is from 3 to 366"
        );
        Ok(rule)
    }
}

/// How messages leave, and where webhooks may lead.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// Where letters go.
    #[serde(default)]
    pub kind: MessagesKind,
    /// What stands in `From`, such as `Fiducie <no-reply@broker.example>`; `operator.contact_email` when absent.
    pub from: Option<String>,
    /// The folder of letters, for `outbox`; `outbox` in the data folder when absent.
    pub folder: Option<PathBuf>,
    /// Name of the mail server, for `smtp`.
    pub host: Option<String>,
    /// Its port; 465 with `tls = "implicit"`, 587 with `"starttls"`, 25 with `"none"` when absent.
    pub port: Option<u16>,
    /// How the connection to it is kept private.
    #[serde(default)]
    pub tls: MessagesTls,
    /// Certificate authority of one's own for it, in PEM.
    pub authority: Option<PathBuf>,
    /// Our user there.
    pub user: Option<String>,
    /// File with our password there.
    pub password_file: Option<PathBuf>,
    /// Where officers are told that a request is due or a recipient silent; they are not, when absent.
    pub officers: Option<String>,
    /// Whether webhooks of recipients may lead into private networks.
    #[serde(default)]
    pub webhooks_in_private_networks: bool,
    /// How short messages leave.
    #[serde(default)]
    pub sms: Sms,
}

/// How short messages leave: into the folder of letters when nothing else is said.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// Where they go.
    #[serde(default)]
    pub kind: SmsKind,
    /// Their folder, for `outbox`; `outbox` in the data folder when absent.
    pub folder: Option<PathBuf>,
    /// Where the gateway takes messages, for `http`.
    pub url: Option<String>,
    /// File with our token there.
    pub token_file: Option<PathBuf>,
    /// Longest that it may take for one message, in s, at most 60; 10 when absent.
    pub time_limit_s: Option<u64>,
    /// Whether its name may lead into private networks.
    #[serde(default)]
    pub in_private_network: bool,
}

/// Where short messages go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsKind {
    /// Into a folder.
    #[default]
    Outbox,
    /// To an HTTP gateway.
    Http,
}

/// Where letters go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessagesKind {
    /// Into a folder.
    #[default]
    Outbox,
    /// To a mail server.
    Smtp,
}

/// How the connection to a mail server is kept private.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessagesTls {
    /// TLS from the first byte.
    #[default]
    Implicit,
    /// `STARTTLS`, and nothing without it.
    StartTls,
    /// None: a server on this machine only.
    None,
}

/// How people sign in: with passkeys, where possible, when nothing else is said.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Whether passkeys are taken.
    #[serde(default)]
    pub passkeys: Passkeys,
    /// The domain that passkeys are made for (WebAuthn L3 §5.1.2, RP ID): the host of `site`, or a domain above it. Every
    /// passkey is lost when it changes.
    pub rp_id: Option<String>,
    /// OpenID Connect providers, in the order of their buttons.
    #[serde(default, rename = "provider")]
    pub providers: Vec<Provider>,
}

/// Whether passkeys are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Passkeys {
    /// They are, where the site can have them: with https and a host name, or at http://localhost.
    #[default]
    Possible,
    /// They are: a site that cannot have them is refused.
    On,
    /// They are not.
    Off,
}

/// An OpenID Connect provider. It sends browsers back to `<site>/connexion/retour/<id>`, which is registered there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Short name in addresses: 1 to 32 of `a-z`, `0-9` and `-`.
    pub id: String,
    /// What stands on the button.
    pub name: String,
    /// Its issuer, exactly as it writes it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// File with our secret there.
    pub client_secret_file: PathBuf,
    /// Levels of assurance, one of which an answer must state (`acr`); none, when any is good enough.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// How far its clock may be off, in s, at most 300; 60 when absent.
    pub clock_skew_s: Option<u32>,
}

/// Who vouches for the ledger, and what depends on them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witnesses {
    /// File with the policy: C2SP tlog-policy, the same that any verifier reads.
    pub policy: PathBuf,
    /// Whether nothing leaves for an application or a researcher before its record is witnessed.
    #[serde(default = "required")]
    pub required: bool,
    /// Longest that a question waits for a quorum, in ms.
    #[serde(default = "time_limit_ms")]
    pub time_limit_ms: u64,
    /// Longest that a witness may take all the same, in ms: its word counts for the checkpoint it was asked about.
    #[serde(default = "late_limit_ms")]
    pub late_limit_ms: u64,
    /// Oldest that the newest cosignature may be, in s.
    #[serde(default = "max_age_s")]
    pub max_age_s: u64,
    /// An unchanged checkpoint is handed in again after so many s.
    #[serde(default = "refresh_s")]
    pub refresh_s: u64,
    /// Longest that a delivery or a download waits for its record to be witnessed, in ms.
    #[serde(default = "hand_over_wait_ms")]
    pub hand_over_wait_ms: u64,
}

const fn required() -> bool {
    true
}

const fn time_limit_ms() -> u64 {
    2_000
}

const fn late_limit_ms() -> u64 {
    60_000
}

const fn max_age_s() -> u64 {
    300
}

const fn refresh_s() -> u64 {
    60
}

const fn hand_over_wait_ms() -> u64 {
    5_000
}

/// A time-stamping authority (RFC 3161).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamps {
    /// Where it answers.
    pub url: String,
    /// File with the certificates that are believed, in PEM.
    pub roots: PathBuf,
    /// The policy that its tokens must be issued under, as a dotted object identifier; any, when absent.
    pub policy: Option<String>,
}

/// Who runs this broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Name.
    pub name: String,
    /// Address people write to about their data.
    pub contact_email: String,
    /// Where the operator is, ISO 3166-1 alpha-2: consent records tell it.
    #[serde(default = "france")]
    pub country: String,
}

fn france() -> String {
    "FR".to_owned()
}

/// Reads a configuration file.
///
/// # Errors
/// When it cannot be read, or holds a member that is missing, unknown or of the wrong kind.
pub fn read(path: &Path) -> Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "the configuration `{}` cannot be read; see docs/OPERATING.md for an example",
            path.display()
        )
    })?;
    toml::from_str(&text).with_context(|| format!("the configuration `{}` is not understood", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_member_is_refused() {
        let good = "listen = \"127.0.0.1:8080\"\ndata = \"/var/lib/fiducie\"\norigin = \"broker.example/ledger\"\n\
                    site = \"https://broker.example\"\n\
                    [operator]\nname = \"Fiducie\"\ncontact_email = \"dpo@broker.example\"\n";
        assert!(toml::from_str::<Config>(good).is_ok());
        assert!(toml::from_str::<Config>(&format!("secret = \"x\"\n{good}")).is_err());
        let witnessed =
            toml::from_str::<Config>(&format!("{good}[witnesses]\npolicy = \"witnesses.policy\"\n"));
        let witnesses = witnessed.unwrap().witnesses.unwrap();
        assert!(witnesses.required && witnesses.refresh_s < witnesses.max_age_s);
        assert!(
            toml::from_str::<Config>(&format!("{good}[witnesses]\npolicy = \"p\"\nquorum = 1\n")).is_err()
        );
        assert!(toml::from_str::<Config>("listen = \"127.0.0.1:8080\"").is_err());
    }
}
