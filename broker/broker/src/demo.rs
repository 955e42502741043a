//! The demonstration: a whole broker on one machine, with a street of households that nobody lives in.

pub mod cast;
pub mod script;
pub mod street;
pub mod verify;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::cli::DemoArgs;

/// The folder of a demo: the one asked for, or a temporary one that stays, because its proofs are worth keeping.
///
/// # Errors
/// When the folder exists already or cannot be made.
pub fn folder(args: &DemoArgs) -> Result<PathBuf> {
    match &args.keep {
        Some(folder) => {
            ensure!(!folder.exists(), "`{}` exists already; name a folder that does not", folder.display());
            std::fs::create_dir_all(folder)?;
            Ok(folder.clone())
        }
        None => Ok(tempfile::Builder::new().prefix("fiducie-demo-").tempdir()?.keep()),
    }
}

pub async fn run(args: &DemoArgs) -> Result<()> {
    let _ = args;
    Ok(())
}
