//! Small texts about a person: name, address, meter numbers.
//!
//! ```text
//! key        = HKDF-Expand(data key, "fiducie-profile-key/v1" || 00 || field, 32)
//! associated = "fiducie-profile/v1" || 00 || participant || u32be epoch || field
//! plaintext  = u16be length || UTF-8 || zeros up to a multiple of 64 bytes
//! ```
//!
//! LIMIT: an older sealed text of the same field, put back in place of a newer one, opens.

use std::fmt;

use broker_domain::ids::{EnteredId, MandateId, PointId, RightsRequestId};
use broker_domain::policy::Resource;
use broker_domain::time::{Entropy, Instant};
use broker_domain::warrant::{AccessWarrant, Warrant as _};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::aead;
use crate::error::VaultError;
use crate::key::DataKey;

const KEY_LABEL: &str = "fiducie-profile-key/v1";
const LABEL: &[u8] = b"fiducie-profile/v1\0";
const MOST_BYTES: usize = 16_384;
/// Names of different length must not be told apart by their ciphertext.
const BLOCK: usize = 64;

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProfileField {
    /// The person's name.
    Name,
    /// The postal address.
    Address,
    /// The e-mail address.
    Email,
    /// The code that confirms an e-mail address.
    MailCode,
    /// The telephone number.
    Phone,
    /// The code that confirms a telephone number.
    PhoneCode,
    /// The code by which a person stops a new code for her account.
    StopCode,
    /// Why an officer sent back what another one had entered: the act.
    EnteredReason(EnteredId),
    /// What is written in a request about rights: the request, and the place in it.
    RightsWords(RightsRequestId, u32),
    /// The names on one side of a mandate.
    MandateNames(MandateId),
    /// The code of the notice for the home of a point.
    HomeCode(PointId),
    /// Where another adult of a home can be reached about her case.
    CaseContact(RightsRequestId),
    /// The number of a legal person in the register of companies.
    RegisterNumber,
    /// What the place of a point is called.
    SiteName(PointId),
    /// The number (PRM, PCE or EAN) of a point.
    MeterNumber(PointId),
}

impl ProfileField {
    /// The name in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Address => "address",
            Self::Email => "email",
            Self::MailCode => "mail-code",
            Self::Phone => "phone",
            Self::PhoneCode => "phone-code",
            Self::StopCode => "stop-code",
            Self::EnteredReason(_) => "entered-reason",
            Self::RightsWords(..) => "rights-words",
            Self::MandateNames(_) => "mandate-names",
            Self::HomeCode(_) => "home-code",
            Self::CaseContact(_) => "case-contact",
            Self::RegisterNumber => "register-number",
            Self::SiteName(_) => "site-name",
            Self::MeterNumber(_) => "meter-number",
        }
    }

    /// `code || 00 || point` for meter numbers, places and codes of homes; `code || 00 || mandate` for names; `code || 00 || request || u32be
    /// place` for words, without the place for a contact; `code || 00` else.
    fn context(self) -> Vec<u8> {
        match self {
            Self::MandateNames(mandate) => [self.code().as_bytes(), &[0], mandate.as_bytes()].concat(),
            Self::MeterNumber(point) | Self::HomeCode(point) | Self::SiteName(point) => {
                [self.code().as_bytes(), &[0], point.as_bytes()].concat()
            }
            Self::CaseContact(request) => [self.code().as_bytes(), &[0], request.as_bytes()].concat(),
            Self::RightsWords(request, place) => [
                self.code().as_bytes(),
                &[0],
                request.as_bytes(),
                &place.to_be_bytes(),
            ]
            .concat(),
            Self::EnteredReason(act) => [self.code().as_bytes(), &[0], act.as_bytes()].concat(),
            Self::Name
            | Self::Address
            | Self::Email
            | Self::MailCode
            | Self::Phone
            | Self::PhoneCode
            | Self::RegisterNumber
            | Self::StopCode => [self.code().as_bytes(), &[0]].concat(),
        }
    }
}

/// A sealed text, as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedText(pub Vec<u8>);

impl fmt::Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedText(hidden)")
    }
}

/// Seals one text of the key's owner.
///
/// # Errors
/// [`VaultError::TooLong`] beyond 16 384 bytes of UTF-8; [`VaultError::Entropy`] without randomness.
pub fn seal_profile(
    key: &DataKey,
    field: ProfileField,
    text: &SecretString,
    entropy: &dyn Entropy,
) -> Result<SealedText, VaultError> {
    use secrecy::ExposeSecret as _;
    let text = text.expose_secret().as_bytes();
    let too_long = VaultError::TooLong { most: MOST_BYTES };
    if text.len() > MOST_BYTES {
        return Err(too_long);
    }
    let padded = (2 + text.len()).next_multiple_of(BLOCK);
    let mut plaintext = Zeroizing::new(Vec::with_capacity(padded));
    plaintext.extend_from_slice(&u16::try_from(text.len()).map_err(|_| too_long)?.to_be_bytes());
    plaintext.extend_from_slice(text);
    plaintext.resize(padded, 0);
    let derived = key.derive(KEY_LABEL, &field.context())?;
    aead::seal(&derived, &associated(key, field), &plaintext, entropy).map(SealedText)
}

/// Opens one text for the person it is about, and for nobody else: in this version no officer or operator reads names.
///
/// # Errors
/// [`VaultError::StaleWarrant`] when it was not decided within the last minute before `now`;
/// [`VaultError::NotWarranted`] when the warrant is another person's; [`VaultError::NotAuthentic`] and
/// [`VaultError::UnknownFormat`] when the bytes are not what they should be.
pub fn open_profile(
    warrant: &AccessWarrant,
    now: Instant,
    key: &DataKey,
    field: ProfileField,
    sealed: &SealedText,
) -> Result<SecretString, VaultError> {
    warrant.check_fresh(now)?;
    match warrant.permit().query().resource {
        Resource::Person { owner } if owner == key.owner() => {}
        _ => return Err(VaultError::NotWarranted),
    }
    opened(key, field, sealed)
}

/// Opens the e-mail address of the key's owner, so that the broker can write to her, and nothing else: the one text that
/// no warrant asks for, because nobody is shown it.
///
/// # Errors
/// [`VaultError::NotAuthentic`] and [`VaultError::UnknownFormat`] when the bytes are not what they should be.
pub fn open_mailbox(key: &DataKey, sealed: &SealedText) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::Email, sealed)
}

/// Opens the code that confirms an address, so that the broker can send it there, and nothing else.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_mail_code(key: &DataKey, sealed: &SealedText) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::MailCode, sealed)
}

/// Opens the telephone number of the key's owner, so that the broker can write to her, and nothing else.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_phone(key: &DataKey, sealed: &SealedText) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::Phone, sealed)
}

/// Opens the code that confirms a number, so that the broker can send it there, and nothing else.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_phone_code(key: &DataKey, sealed: &SealedText) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::PhoneCode, sealed)
}

/// Opens what is written in a request about rights: for the person it is of, and for the officers who answer. Whoever calls
/// has asked the policies.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_rights_words(
    key: &DataKey,
    request: RightsRequestId,
    place: u32,
    sealed: &SealedText,
) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::RightsWords(request, place), sealed)
}

/// Opens the code of the notice for a home, for the person who prints it. Whoever calls has asked the policies.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_home_code(
    key: &DataKey,
    point: PointId,
    sealed: &SealedText,
) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::HomeCode(point), sealed)
}

/// Opens where another adult can be reached about her case, for the officers who answer it. Whoever calls has asked the
/// policies.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_case_contact(
    key: &DataKey,
    case: RightsRequestId,
    sealed: &SealedText,
) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::CaseContact(case), sealed)
}

/// Opens the names on one side of a mandate: for its two sides. Whoever calls has found the caller to be one of them.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_mandate_names(
    key: &DataKey,
    mandate: MandateId,
    sealed: &SealedText,
) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::MandateNames(mandate), sealed)
}

/// Opens the code by which a person stops a new code for her account, so that it can be sent to her, and nothing else.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_stop_code(key: &DataKey, sealed: &SealedText) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::StopCode, sealed)
}

/// Opens why an officer sent back what another one had entered: for officers, and for the letter to the person. Whoever calls
/// has asked the policies.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_entered_reason(
    key: &DataKey,
    act: EnteredId,
    sealed: &SealedText,
) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::EnteredReason(act), sealed)
}

/// Opens name and address for the envelope of a letter: the one time that an officer reads them. Whoever calls has asked the
/// policies, and has it recorded in the list of the person.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_envelope(key: &DataKey, sealed: &SealedText) -> Result<SecretString, VaultError> {
    opened(key, ProfileField::Name, sealed)
}

/// Opens what is known of a legal person: its name, its number in the register, its places and the numbers of their points. For whoever
/// represents it, and for the officers who enrol it; whoever calls has asked the policies, and has seen that it is one.
///
/// # Errors
/// As [`open_mailbox`].
pub fn open_legal_text(
    key: &DataKey,
    field: ProfileField,
    sealed: &SealedText,
) -> Result<SecretString, VaultError> {
    match field {
        ProfileField::Name
        | ProfileField::RegisterNumber
        | ProfileField::SiteName(_)
        | ProfileField::MeterNumber(_) => opened(key, field, sealed),
        _ => Err(VaultError::NotWarranted),
    }
}

fn opened(key: &DataKey, field: ProfileField, sealed: &SealedText) -> Result<SecretString, VaultError> {
    let derived = key.derive(KEY_LABEL, &field.context())?;
    let plaintext = aead::open(&derived, &associated(key, field), &sealed.0)?;
    let (length, rest) = plaintext
        .split_first_chunk::<2>()
        .ok_or(VaultError::UnknownFormat)?;
    let text = rest
        .get(..usize::from(u16::from_be_bytes(*length)))
        .ok_or(VaultError::UnknownFormat)?;
    std::str::from_utf8(text)
        .map(SecretString::from)
        .map_err(|_| VaultError::UnknownFormat)
}

fn associated(key: &DataKey, field: ProfileField) -> Vec<u8> {
    [
        LABEL,
        key.owner().as_bytes(),
        &key.epoch().0.to_be_bytes(),
        &field.context(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use broker_domain::ids::ParticipantId;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::key::Epoch;
    use crate::samples::{Counter, HER, NEIGHBOUR, POINT, access_warrant, at, key};

    fn sealed(field: ProfileField, text: &str) -> SealedText {
        seal_profile(
            &key(HER, 1),
            field,
            &SecretString::from(text),
            &Counter::default(),
        )
        .unwrap()
    }

    fn twin(owner: ParticipantId, epoch: u32) -> DataKey {
        DataKey::from_parts(owner, Epoch(epoch), Zeroizing::new(*key(HER, 1).secret()))
    }

    #[test]
    fn a_person_reads_her_own_texts() {
        for (field, text) in [
            (ProfileField::Name, "Anneke Ó Súilleabháin"),
            (ProfileField::Address, ""),
            (ProfileField::MeterNumber(POINT), "12345678901234"),
        ] {
            let opened = open_profile(
                &access_warrant(HER),
                at(0),
                &key(HER, 1),
                field,
                &sealed(field, text),
            );
            let opened = opened.unwrap();
            assert_eq!(opened.expose_secret(), text);
        }
    }

    #[test]
    fn nobody_else_reads_them() {
        let opened = open_profile(
            &access_warrant(NEIGHBOUR),
            at(0),
            &key(HER, 1),
            ProfileField::Name,
            &sealed(ProfileField::Name, "Anneke"),
        );
        assert_eq!(opened.unwrap_err(), VaultError::NotWarranted);
    }

    #[test]
    fn a_warrant_kept_for_later_reads_nothing() {
        let name = sealed(ProfileField::Name, "Anneke");
        let later = open_profile(
            &access_warrant(HER),
            at(61),
            &key(HER, 1),
            ProfileField::Name,
            &name,
        );
        assert!(matches!(later.unwrap_err(), VaultError::StaleWarrant(_)));
    }

    #[test]
    fn a_text_moved_to_another_field_person_or_epoch_does_not_open() {
        let name = sealed(ProfileField::Name, "Anneke");
        let open = |warrant: &AccessWarrant, key: &DataKey, field| {
            open_profile(warrant, at(0), key, field, &name).unwrap_err()
        };
        let other_point = ProfileField::MeterNumber(PointId::from_bytes([9; 16]));
        for field in [ProfileField::Address, ProfileField::Email, other_point] {
            assert_eq!(
                open(&access_warrant(HER), &key(HER, 1), field),
                VaultError::NotAuthentic
            );
        }
        // Same secret, other owner or epoch: the associated data alone must notice.
        let neighbour = open(
            &access_warrant(NEIGHBOUR),
            &twin(NEIGHBOUR, 1),
            ProfileField::Name,
        );
        assert_eq!(neighbour, VaultError::NotAuthentic);
        assert_eq!(
            open(&access_warrant(HER), &twin(HER, 2), ProfileField::Name),
            VaultError::NotAuthentic
        );
    }

    #[test]
    fn a_mailbox_opens_as_an_address_and_as_nothing_else() {
        let address = sealed(ProfileField::Email, "anneke@example.org");
        let opened = open_mailbox(&key(HER, 1), &address).unwrap();
        assert_eq!(opened.expose_secret(), "anneke@example.org");
        let name = sealed(ProfileField::Name, "Anneke");
        assert_eq!(
            open_mailbox(&key(HER, 1), &name).unwrap_err(),
            VaultError::NotAuthentic
        );
    }

    #[test]
    fn short_texts_have_one_length() {
        let length = |text| sealed(ProfileField::Name, text).0.len();
        assert_eq!(length("Jo"), length("Maximilienne de Robespierre"));
    }

    #[test]
    fn a_novel_is_refused() {
        let novel = SecretString::from("x".repeat(MOST_BYTES + 1));
        let refused = seal_profile(&key(HER, 1), ProfileField::Name, &novel, &Counter::default());
        assert_eq!(refused.unwrap_err(), VaultError::TooLong { most: MOST_BYTES });
    }
}
