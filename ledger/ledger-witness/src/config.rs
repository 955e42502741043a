//! The configuration file.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use ledger_core::note::{KeyKind, Vkey};
use serde::Deserialize;

/// What an operator decides.
#[derive(Debug)]
pub struct Config {
    /// Address to listen on, behind a proxy that speaks HTTPS.
    pub listen: SocketAddr,
    /// File with the private key.
    pub key_file: PathBuf,
    /// Folder with what is recorded of each log.
    pub state_folder: PathBuf,
    /// Trusted keys by origin: several for a log while a key is rotated.
    pub logs: BTreeMap<String, Vec<Vkey>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: SocketAddr,
    key_file: PathBuf,
    state_folder: PathBuf,
    logs: Vec<String>,
}

/// What `keygen` writes.
pub const TEMPLATE: &str = "\
# Address to listen on. Put a proxy that speaks HTTPS in front.
listen = \"127.0.0.1:7380\"
# The private key. Only its owner may read the file.
key_file = \"witness.key\"
# What this witness vouched for. Never restore it from a backup, never copy it.
state_folder = \"state\"
# Verifier keys of the logs to vouch for, such as \"log.example/consent+adf0c63a+AQOhB7/zz...\". The name of the key is
# the origin of the log. While a log changes its key, list both.
logs = [
]
";

impl Config {
    /// Reads the file; relative paths start at its folder.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| {
            format!(
                "the configuration `{}` cannot be read; `ledger-witness keygen` makes one",
                path.display()
            )
        })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
            .with_context(|| format!("the configuration `{}` is not understood", path.display()))
    }

    fn parse(text: &str, folder: &Path) -> Result<Self> {
        let file: File = toml::from_str(text)?;
        let mut logs: BTreeMap<String, Vec<Vkey>> = BTreeMap::new();
        for text in &file.logs {
            let key: Vkey = text
                .parse()
                .with_context(|| format!("the log key `{text}` is wrong"))?;
            ensure!(
                key.kind() == KeyKind::Ed25519,
                "`{text}` is the key of a witness, not of a log"
            );
            let keys = logs.entry(key.name().to_string()).or_default();
            ensure!(!keys.contains(&key), "the log key `{text}` stands there twice");
            keys.push(key);
        }
        Ok(Self {
            listen: file.listen,
            key_file: folder.join(file.key_file),
            state_folder: folder.join(file.state_folder),
            logs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "log.example/consent+adf0c63a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
    const WITNESS: &str = "witness.example/dpo+03cba029+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";

    fn parse(logs: &str) -> Result<Config> {
        Config::parse(&TEMPLATE.replace("logs = [\n]", logs), Path::new("folder"))
    }

    #[test]
    fn the_template_is_understood() {
        let config = Config::parse(TEMPLATE, Path::new("folder")).unwrap();
        assert_eq!(config.key_file, Path::new("folder/witness.key"));
        assert_eq!(config.state_folder, Path::new("folder/state"));
        assert!(config.logs.is_empty());
        let config = parse(&format!("logs = [\"{LOG}\"]")).unwrap();
        assert_eq!(config.logs["log.example/consent"].len(), 1);
    }

    #[test]
    fn wrong_configurations_are_refused() {
        for logs in [
            String::new(),
            "logs = [\"x\"]".to_owned(),
            format!("logs = [\"{WITNESS}\"]"),
            format!("logs = [\"{LOG}\", \"{LOG}\"]"),
            "logs = []\nsecret = 1".to_owned(),
        ] {
            assert!(parse(&logs).is_err(), "{logs}");
        }
    }
}
