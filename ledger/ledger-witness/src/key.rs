//! The private key: one line in a file that only its owner may read.
//!
//! `PRIVATE+KEY+<name>+<key id>+<base64(0x04 || 32-byte seed)>`, the form of Go's signed notes with the type of a
//! cosigner.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use ledger_core::{
    cosignature::Cosigner,
    note::{KeyName, Vkey},
};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::{config::TEMPLATE, store};

const PREFIX: &str = "PRIVATE+KEY+";
const COSIGNATURE: u8 = 0x04;
/// Longest key file we read, in bytes.
const MAX_LEN: u64 = 4096;

/// Makes a key, its state folder and a configuration in `folder`. Nothing that exists is written over.
pub fn make(name: KeyName, folder: &Path) -> Result<Vkey> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    let random = SystemRandom::new();
    if random.fill(seed.as_mut()).is_err() {
        bail!("the system gives no randomness");
    }
    let cosigner = Cosigner::from_seed(name, &seed).context("the key was refused")?;
    let vkey = cosigner.vkey().clone();
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let key_path = folder.join("witness.key");
    write_new(&key_path, print(&vkey, &seed).as_bytes(), Readers::Owner)?;
    store::create(&folder.join("state"), &vkey)?;
    write_new(
        &folder.join("witness.toml"),
        TEMPLATE.as_bytes(),
        Readers::Everybody,
    )?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot sync `{}`", folder.display()))?;
    Ok(vkey)
}

/// Reads the key.
pub fn read(path: &Path) -> Result<Cosigner> {
    let file = File::open(path).with_context(|| format!("cannot read the key `{}`", path.display()))?;
    check_mode(&file, path)?;
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_LEN)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read the key `{}`", path.display()))?;
    parse(&text).with_context(|| format!("`{}` does not hold the key of a witness", path.display()))
}

fn print(vkey: &Vkey, seed: &[u8; 32]) -> Zeroizing<String> {
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new([&[COSIGNATURE], seed.as_slice()].concat());
    let base64 = Zeroizing::new(STANDARD.encode(&*bytes));
    Zeroizing::new(format!("{PREFIX}{}+{}+{}\n", vkey.name(), vkey.id(), *base64))
}

fn parse(text: &str) -> Option<Cosigner> {
    let line = text.strip_prefix(PREFIX)?.strip_suffix('\n')?;
    let mut parts = line.splitn(3, '+');
    let (name, id, base64) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = Zeroizing::new(STANDARD.decode(base64).ok()?);
    let (kind, seed) = bytes.split_first()?;
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.try_into().ok()?);
    let cosigner = Cosigner::from_seed(KeyName::new(name)?, &seed)?;
    (*kind == COSIGNATURE && cosigner.vkey().id().to_string() == id).then_some(cosigner)
}

#[derive(Clone, Copy)]
enum Readers {
    Owner,
    Everybody,
}

fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(match readers {
            Readers::Owner => 0o600,
            Readers::Everybody => 0o644,
        });
    }
    #[cfg(not(unix))]
    let _ = readers;
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot make `{}`", path.display()))
}

#[cfg(unix)]
fn check_mode(file: &File, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file
        .metadata()
        .with_context(|| format!("cannot look at `{}`", path.display()))?
        .permissions()
        .mode();
    ensure!(
        mode & 0o077 == 0,
        "others may read the key `{0}`; run: chmod 600 {0}",
        path.display()
    );
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &File, _: &Path) -> Result<()> {
    // LIMIT: who may read a file is not checked on this system.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_no_changed_key_does() {
        let name = KeyName::new("witness.example/dpo").unwrap();
        let cosigner = Cosigner::from_seed(name, &[7; 32]).unwrap();
        let text = print(cosigner.vkey(), &[7; 32]);
        assert_eq!(parse(&text).unwrap().vkey(), cosigner.vkey());
        for at in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = bytes[at].wrapping_add(1) & 0x7f;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(parse(&changed).is_none(), "{at}");
        }
        assert!(parse(text.trim_end()).is_none());
    }
}
