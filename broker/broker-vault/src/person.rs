use crate::error::VaultError;
use crate::wrap::{VaultIdentity, VaultRecipient, decrypt, encrypt};

/// Encrypts bytes that leave for a person: an ordinary binary age file, which the public tool opens with
/// `age --decrypt -i key.txt`. `recipient` is the person's `age1…` text.
///
/// # Errors
/// [`VaultError::InvalidRecipient`] when it is not one; [`VaultError::Age`] when age fails.
pub fn seal_for_person(recipient: &str, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
    encrypt(&[VaultRecipient::parse(recipient.trim())?], bytes)
}

/// Opens an age file that was sealed to the vault itself.
///
/// # Errors
/// [`VaultError::UnknownFormat`] when it is not an age file; [`VaultError::NotAuthentic`] when the identity does not open
/// it or a byte was changed.
pub fn open_own(identity: &VaultIdentity, file: &[u8]) -> Result<Vec<u8>, VaultError> {
    decrypt(identity, file)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_age_crate_opens_what_is_sealed_for_a_person() {
        let identity = age::x25519::Identity::generate();
        let content = vec![7_u8; 200_000];
        let file = seal_for_person(&identity.to_public().to_string(), &content).unwrap();
        assert!(file.starts_with(b"age-encryption.org/v1\n"));
        assert_eq!(age::decrypt(&identity, &file).unwrap(), content);
        assert!(age::decrypt(&age::x25519::Identity::generate(), &file).is_err());
    }

    #[test]
    fn the_vault_opens_its_own_copy_and_notices_a_changed_byte() {
        use secrecy::SecretString;
        let identity = age::x25519::Identity::generate();
        let own = VaultIdentity::parse(&SecretString::from(identity.to_string().expose_secret())).unwrap();
        let mut file = seal_for_person(&identity.to_public().to_string(), b"files").unwrap();
        assert_eq!(open_own(&own, &file).unwrap(), b"files");
        *file.last_mut().unwrap() ^= 1;
        assert!(matches!(open_own(&own, &file), Err(VaultError::NotAuthentic)));
    }

    #[test]
    fn the_public_age_tool_opens_what_is_sealed_for_a_person() {
        let Some(tool) = ["age", "rage"].into_iter().find(|tool| {
            Command::new(tool)
                .arg("--version")
                .output()
                .is_ok_and(|output| output.status.success())
        }) else {
            println!("SKIPPED: neither `age` nor `rage` is installed (Debian: apt-get install age)");
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let identity = age::x25519::Identity::generate();
        let (key, file) = (folder.path().join("key.txt"), folder.path().join("delivery.age"));
        std::fs::write(&key, identity.to_string().expose_secret()).unwrap();
        let sealed = seal_for_person(&identity.to_public().to_string(), b"start,mean_wh\n").unwrap();
        std::fs::write(&file, sealed).unwrap();
        let output = Command::new(tool)
            .arg("--decrypt")
            .arg("-i")
            .arg(&key)
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(
            output.stdout,
            b"start,mean_wh\n",
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    #[test]
    fn a_text_that_is_no_recipient_is_refused() {
        assert_eq!(
            seal_for_person("ssh-ed25519 AAAA", b"x"),
            Err(VaultError::InvalidRecipient)
        );
    }
}
