//! `show`: what is recorded, for a person.

use std::fmt::Write;

use anyhow::{Context, Result};
use ledger_core::witness::origin_hash;

use crate::{
    config::Config,
    evidence::{self, Class},
    key,
    store::{check_key, folder_of, read_kept},
};

/// Describes the witness and its logs. Takes no lock: records change atomically.
pub fn describe(config: &Config) -> Result<String> {
    let cosigner = key::read(&config.key_file)?;
    let vkey = cosigner.vkey();
    check_key(&config.state_folder, vkey)?;
    let mut text = String::new();
    writeln!(text, "witness     {}", vkey.name())?;
    writeln!(text, "key         {vkey}")?;
    writeln!(text, "listens on  {}", config.listen)?;
    if config.logs.is_empty() {
        writeln!(text, "logs        none; add their keys to the configuration")?;
    }
    for (origin, keys) in &config.logs {
        writeln!(text, "\nlog         {origin}")?;
        for key in keys {
            writeln!(text, "  key       {key}")?;
        }
        writeln!(text, "  monitor   GET /{}/checkpoint", origin_hash(origin))?;
        match read_kept(&config.state_folder, origin, vkey)? {
            None => writeln!(text, "  recorded  nothing yet")?,
            Some(kept) => {
                writeln!(text, "  recorded  {} leaves", kept.recorded.size)?;
                writeln!(text, "  root      {}", kept.recorded.root.to_base64())?;
                writeln!(text, "  cosigned  {} seconds after 1970-01-01T00:00Z", kept.at)?;
            }
        }
        let folder = folder_of(&config.state_folder, origin).join("evidence");
        let count = |class| {
            evidence::count(&folder, class).with_context(|| format!("cannot read `{}`", folder.display()))
        };
        let (contradictions, late) = (count(Class::Contradiction)?, count(Class::Late)?);
        if contradictions > 0 {
            writeln!(
                text,
                "  WARNING   {contradictions} checkpoints contradict the record; see `{}`",
                folder.display()
            )?;
        }
        if late > 0 {
            writeln!(text, "  late      {late} refused checkpoints were kept")?;
        }
    }
    Ok(text)
}
