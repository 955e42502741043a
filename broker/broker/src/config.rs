//! The one configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
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
    /// Who stamps checkpoints, if anybody does.
    pub timestamps: Option<Timestamps>,
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
        assert!(toml::from_str::<Config>("listen = \"127.0.0.1:8080\"").is_err());
    }
}
