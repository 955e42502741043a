use std::fmt;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::time::Entropy;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::error::KeyError;
use crate::file::{check_folder, create_secret_file, read_secret_file, sync_folder};
use crate::signing::{CheckpointSigner, OfficerSigner, ReceiptSigner, RecordSigner};

const VAULT_FILE: &str = "vault.agekey";
const POINT_INDEX_FILE: &str = "point-index.key";
const POINT_INDEX_LABEL: &str = "fiducie-point-index-key/v1";

/// The secrets that a broker needs, each from its own file of one folder.
pub struct Keys {
    /// Signs records and receipts: `record.key`.
    pub record: RecordSigner,
    /// Signs checkpoints: `checkpoint.key`.
    pub checkpoint: CheckpointSigner,
    /// Signs COSE receipts: `receipt.key`.
    pub receipt: ReceiptSigner,
    /// `AGE-SECRET-KEY-1…`, which unwraps data keys: `vault.agekey`, an identity file of the public age tool.
    pub vault_identity: SecretString,
    /// Finds meter numbers: `point-index.key`.
    pub point_index: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// Draws all keys and writes them to `folder`, which is made with mode 0700 when missing. Durable when it returns.
    ///
    /// A run that is interrupted leaves some files and no harm: [`Keys::load`] then names the first one missing, and
    /// creating again is refused until somebody has looked.
    ///
    /// # Errors
    /// [`KeyError::AlreadyThere`] when any of the files exists; those of
    /// [`create_secret_file`]; [`KeyError::Entropy`].
    pub fn create(folder: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let fault = |action| {
            move |source| KeyError::Io {
                action,
                path: folder.to_owned(),
                source,
            }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(fault("create"))?;
        check_folder(folder)?;
        if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
            sync_folder(above)?;
        }
        let files = [
            (RecordSigner::KIND.file, RecordSigner::generate(entropy)?),
            (CheckpointSigner::KIND.file, CheckpointSigner::generate(entropy)?),
            (ReceiptSigner::KIND.file, ReceiptSigner::generate(entropy)?),
            // age draws this one itself, like its own `age-keygen`.
            (VAULT_FILE, age::x25519::Identity::generate().to_string()),
            (POINT_INDEX_FILE, generate_point_index(entropy)?),
        ];
        for (name, _) in &files {
            let path = folder.join(name);
            if path.symlink_metadata().is_ok() {
                return Err(KeyError::AlreadyThere { path });
            }
        }
        for (name, secret) in &files {
            create_secret_file(&folder.join(name), secret)?;
        }
        Self::load(folder)
    }

    /// Reads all keys.
    ///
    /// # Errors
    /// Those of [`read_secret_file`]; [`KeyError::Damaged`] when a file does not hold the key that its name says;
    /// [`KeyError::NoReceiptKey`] in a folder made by a version without receipts.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        Ok(Self {
            record: load(folder, RecordSigner::KIND.file, RecordSigner::parse)?,
            checkpoint: load(folder, CheckpointSigner::KIND.file, CheckpointSigner::parse)?,
            receipt: ReceiptSigner::load(folder)?,
            vault_identity: load(folder, VAULT_FILE, parse_identity)?,
            point_index: load(folder, POINT_INDEX_FILE, parse_point_index)?,
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("record", &self.record)
            .field("checkpoint", &self.checkpoint)
            .field("receipt", &self.receipt)
            .finish_non_exhaustive()
    }
}

/// The key that comes next, while both sign.
const NEXT_FILE: &str = "checkpoint-next.key";

impl CheckpointSigner {
    /// Draws the key that shall come next and writes it to `checkpoint-next.key`, beside the present one.
    ///
    /// # Errors
    /// Those of [`create_secret_file`]; [`KeyError::Entropy`].
    pub fn create_next(folder: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        create_secret_file(&folder.join(NEXT_FILE), &Self::generate(entropy)?)?;
        load(folder, NEXT_FILE, Self::parse)
    }

    /// Reads the key that shall come next, if there is one.
    ///
    /// # Errors
    /// As [`Keys::load`].
    pub fn load_next(folder: &Path) -> Result<Option<Self>, KeyError> {
        match load(folder, NEXT_FILE, Self::parse) {
            Err(KeyError::Missing { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Makes the next key the present one, in one step; the present one stays as `checkpoint-retired-<name>.key` until
    /// somebody deletes it. Durable when it returns, and may be repeated after an interruption.
    ///
    /// # Errors
    /// [`KeyError::Missing`] without a next key; [`KeyError::Io`].
    pub fn replace_with_next(folder: &Path, retired: &str) -> Result<(), KeyError> {
        let (present, next) = (folder.join(Self::KIND.file), folder.join(NEXT_FILE));
        if Self::load_next(folder)?.is_none() {
            return Err(KeyError::Missing { path: next });
        }
        let fault = |action, path: &Path| {
            let path = path.to_owned();
            move |source| KeyError::Io { action, path, source }
        };
        let kept = folder.join(format!("checkpoint-retired-{retired}.key"));
        match std::fs::hard_link(&present, &kept) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            linked => linked.map_err(fault("link", &kept))?,
        }
        // Both names are on disk before the present one changes its meaning.
        sync_folder(folder)?;
        std::fs::rename(&next, &present).map_err(fault("rename", &next))?;
        sync_folder(folder)
    }
}

impl OfficerSigner {
    /// Draws the demo officer's key and writes it to a folder that exists.
    ///
    /// # Errors
    /// Those of [`create_secret_file`]; [`KeyError::Entropy`].
    pub fn create(folder: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        create_secret_file(&folder.join(Self::KIND.file), &Self::generate(entropy)?)?;
        Self::load(folder)
    }

    /// Reads it.
    ///
    /// # Errors
    /// Those of [`read_secret_file`]; [`KeyError::Damaged`].
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        load(folder, Self::KIND.file, Self::parse)
    }
}

impl ReceiptSigner {
    /// Draws the key of receipts and adds it to a folder that was made before there were receipts. Nothing is
    /// overwritten, and no older key is read or touched.
    ///
    /// # Errors
    /// Those of [`create_secret_file`]; [`KeyError::Entropy`].
    pub fn create(folder: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        create_secret_file(&folder.join(Self::KIND.file), &Self::generate(entropy)?)?;
        Self::load(folder)
    }

    /// Reads it.
    ///
    /// # Errors
    /// As [`Keys::load`].
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        load(folder, Self::KIND.file, Self::parse).map_err(|error| match error {
            KeyError::Missing { path } => KeyError::NoReceiptKey { path },
            other => other,
        })
    }
}

fn load<T>(folder: &Path, name: &str, parse: impl Fn(&SecretString) -> Option<T>) -> Result<T, KeyError> {
    let path = folder.join(name);
    let text = read_secret_file(&path)?;
    parse(&text).ok_or(KeyError::Damaged { path })
}

fn generate_point_index(entropy: &dyn Entropy) -> Result<SecretString, KeyError> {
    let mut key = Zeroizing::new([0_u8; 32]);
    entropy.fill(key.as_mut())?;
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(*key));
    Ok(SecretString::from(format!(
        "{POINT_INDEX_LABEL}:{}\n",
        encoded.as_str()
    )))
}

fn parse_point_index(text: &SecretString) -> Option<Zeroizing<[u8; 32]>> {
    let text = text
        .expose_secret()
        .trim_end()
        .strip_prefix(POINT_INDEX_LABEL)?
        .strip_prefix(':')?;
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

/// The identity in an age identity file: its one line that is neither empty nor a comment.
fn parse_identity(text: &SecretString) -> Option<SecretString> {
    let mut lines = text
        .expose_secret()
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    let identity: age::x25519::Identity = lines.next()?.parse().ok()?;
    lines.next().is_none().then(|| identity.to_string())
}
