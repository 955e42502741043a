//! Keyed digests by which sign-in recognises what it does not store.

use ring::hmac;

use crate::point_index::IndexKey;

/// What a digest is of. Equal values of two kinds have different digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignInValue<'a> {
    /// A person at an OpenID Connect provider.
    Subject {
        /// `iss`.
        issuer: &'a str,
        /// `sub`.
        subject: &'a str,
    },
    /// The code of an invitation.
    Invitation {
        /// The code, without spaces and hyphens.
        code: &'a str,
    },
    /// A recovery code.
    Recovery {
        /// The code, without spaces and hyphens.
        code: &'a str,
    },
    /// The number of a legal person in the register of companies.
    Register {
        /// Its digits.
        number: &'a str,
    },
    /// The code that accepts a mandate.
    Mandate {
        /// The code, without spaces and hyphens.
        code: &'a str,
    },
    /// The code by which a person stops a new code for her account.
    Stop {
        /// The code, without spaces and hyphens.
        code: &'a str,
    },
    /// The code that confirms a mail address.
    Mail {
        /// Whose address.
        who: &'a str,
        /// The code, without spaces and hyphens.
        code: &'a str,
    },
    /// The code that confirms a telephone number.
    Phone {
        /// Whose number.
        who: &'a str,
        /// The code, without spaces and hyphens.
        code: &'a str,
    },
    /// The code of the notice for a home.
    Home {
        /// The code, without spaces and hyphens.
        code: &'a str,
    },
    /// The code by which another adult of a home reads the answer to her case.
    Case {
        /// The code, without spaces and hyphens.
        code: &'a str,
    },
}

/// `HMAC-SHA-256(key, label || 00 || (u64be length || bytes)...)`, with the labels `provider-subject/v1`,
/// `invitation-code/v1`, `recovery-code/v1`, `mandate-code/v1`, `mail-code/v1`, `phone-code/v1`, `home-code/v1` and `case-code/v1`. The key is that of the point index, whose label is another
/// one: whoever has a copy of the database alone cannot try codes, nor look a person up at her provider.
#[must_use]
pub fn sign_in_index(key: &IndexKey, value: SignInValue<'_>) -> [u8; 32] {
    let tag = hmac::sign(&hmac_key(key), &message(value));
    let mut digest = [0; 32];
    digest
        .iter_mut()
        .zip(tag.as_ref())
        .for_each(|(to, from)| *to = *from);
    digest
}

/// Whether this is the digest of the value. In constant time.
#[must_use]
pub fn is_sign_in_value(key: &IndexKey, value: SignInValue<'_>, digest: &[u8; 32]) -> bool {
    hmac::verify(&hmac_key(key), &message(value), digest).is_ok()
}

fn hmac_key(key: &IndexKey) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())
}

fn message(value: SignInValue<'_>) -> Vec<u8> {
    let (label, parts) = match value {
        SignInValue::Subject { issuer, subject } => ("provider-subject/v1", [issuer, subject]),
        SignInValue::Invitation { code } => ("invitation-code/v1", [code, ""]),
        SignInValue::Recovery { code } => ("recovery-code/v1", [code, ""]),
        SignInValue::Register { number } => ("register-number/v1", [number, ""]),
        SignInValue::Mandate { code } => ("mandate-code/v1", [code, ""]),
        SignInValue::Stop { code } => ("stop-code/v1", [code, ""]),
        SignInValue::Mail { who, code } => ("mail-code/v1", [who, code]),
        SignInValue::Phone { who, code } => ("phone-code/v1", [who, code]),
        SignInValue::Home { code } => ("home-code/v1", [code, ""]),
        SignInValue::Case { code } => ("case-code/v1", [code, ""]),
    };
    let mut message = [label.as_bytes(), &[0]].concat();
    for part in parts {
        message.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    message
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::PointIndex;

    #[test]
    fn each_kind_of_value_has_its_own_digests() {
        let key = IndexKey::from_bytes(Zeroizing::new([7; 32]));
        let digests = [
            sign_in_index(
                &key,
                SignInValue::Subject {
                    issuer: "ab",
                    subject: "c",
                },
            ),
            sign_in_index(
                &key,
                SignInValue::Subject {
                    issuer: "a",
                    subject: "bc",
                },
            ),
            sign_in_index(&key, SignInValue::Invitation { code: "ab" }),
            sign_in_index(&key, SignInValue::Recovery { code: "ab" }),
            sign_in_index(&key, SignInValue::Mail { who: "ab", code: "c" }),
            *PointIndex::of(&key, "ab").as_bytes(),
        ];
        let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
        assert_eq!(distinct.len(), digests.len());
    }

    #[test]
    fn a_digest_is_known_again_for_its_own_value_only() {
        let key = IndexKey::from_bytes(Zeroizing::new([7; 32]));
        let value = |who, code| SignInValue::Mail { who, code };
        let digest = sign_in_index(&key, value("a", "b"));
        assert!(is_sign_in_value(&key, value("a", "b"), &digest));
        assert!(!is_sign_in_value(&key, value("a", "c"), &digest));
        assert!(!is_sign_in_value(&key, value("ab", ""), &digest));
    }

    #[test]
    fn another_key_gives_another_digest() {
        let digest = |byte| {
            let key = IndexKey::from_bytes(Zeroizing::new([byte; 32]));
            sign_in_index(&key, SignInValue::Recovery { code: "ABCD" })
        };
        assert_eq!(digest(1), digest(1));
        assert_ne!(digest(1), digest(2));
    }
}
