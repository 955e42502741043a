//! A person, her key, a page and an intent, to be spoilt one by one.

use evidence::passkey::{
    Aaguid, Action, Assertion, Attestation, AttestationObject, Credential, CredentialId, Expected, Intent,
    Label, Locale, Nonce, Page, Refusal, RelyingParty, RpId, StoredIntent, UnixSeconds, Verified, Window,
    verify,
};
use evidence::record::{Digest, Id, Instant};
use test_fixtures::authenticator::{Authenticator, Kind, client_data};

pub const RP_ID: &str = "broker.example";
pub const ORIGIN: &str = "https://broker.example";
pub const IAT: u64 = 1_790_000_000;
pub const TERMS: &[u8] = br#"{"purpose":"en:LoadCurveResearch","until":"2027-11-20"}"#;
pub const NOTICE: &[u8] = "Vous autorisez l’étude à lire votre courbe de charge.".as_bytes();

pub fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub fn rp(text: &str) -> RpId {
    text.to_owned().try_into().unwrap()
}

pub fn locale(text: &str) -> Locale {
    text.to_owned().try_into().unwrap()
}

/// So many seconds after the intent was given out.
pub fn after(seconds: i64) -> Instant {
    Instant::from_unix_micros((i64::try_from(IAT).unwrap() + seconds) * 1_000_000).unwrap()
}

pub fn window(iat: u64, exp: u64) -> Window {
    Window::new(UnixSeconds::new(iat).unwrap(), UnixSeconds::new(exp).unwrap()).unwrap()
}

pub fn intent() -> Intent {
    Intent {
        label: Label::ConsentIntent,
        action: Action::Grant,
        record: id("6a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10"),
        terms_sha256: Digest::of(TERMS),
        notice_sha256: Digest::of(NOTICE),
        locale: locale("fr"),
        rp_id: rp(RP_ID),
        nonce: Nonce::new(std::array::from_fn(|place| place as u8)),
        window: window(IAT, IAT + 300),
    }
}

/// The credential as registration makes it, read from the authenticator's own attestation object.
pub fn registered(authenticator: &Authenticator, subject: &str) -> Credential {
    let object = AttestationObject::parse(&authenticator.attestation_object(RP_ID)).unwrap();
    assert!(object.is_for(&rp(RP_ID)) && !object.is_for(&rp("other.example")));
    Credential {
        id: object.credential_id,
        subject: id(subject),
        key: object.key,
        aaguid: object.aaguid,
        flags: object.flags,
        attestation: Attestation::Unchecked,
        registered_at: after(-1_000),
        revoked_at: None,
    }
}

/// Is the intent known, used?
#[derive(Clone, Copy)]
pub enum Stored {
    Unknown,
    Used,
    Waiting,
}

pub struct Scene {
    pub authenticator: Authenticator,
    pub intent: Intent,
    pub stored: Stored,
    pub label: Label,
    pub action: Action,
    pub record: Id,
    pub locale: Locale,
    pub terms: Vec<u8>,
    pub notice: Vec<u8>,
    pub party: RelyingParty,
    pub subject: Id,
    pub credential: Option<Credential>,
    pub at: Instant,
    /// What the browser writes, and for whom the authenticator signs.
    pub client_data: String,
    pub asked_by: &'static str,
}

impl Scene {
    pub fn new(kind: Kind) -> Self {
        Self::with(Authenticator::new(kind))
    }

    pub fn with(authenticator: Authenticator) -> Self {
        let intent = intent();
        Self {
            credential: Some(registered(&authenticator, "urn:broker:subject:1")),
            authenticator,
            stored: Stored::Waiting,
            label: intent.label,
            action: intent.action,
            record: intent.record.clone(),
            locale: intent.locale.clone(),
            terms: TERMS.to_vec(),
            notice: NOTICE.to_vec(),
            party: RelyingParty::new(rp(RP_ID), ORIGIN).unwrap(),
            subject: id("urn:broker:subject:1"),
            at: after(60),
            client_data: client_data(intent.challenge().as_bytes(), ORIGIN),
            asked_by: RP_ID,
            intent,
        }
    }

    /// What the device answers.
    pub fn assertion(&self) -> Assertion {
        let signed = self
            .authenticator
            .assert(self.asked_by, self.client_data.as_bytes());
        Assertion {
            credential_id: CredentialId::new(self.authenticator.credential_id.clone()).unwrap(),
            client_data_json: self.client_data.clone().into_bytes(),
            authenticator_data: signed.authenticator_data,
            signature: signed.signature,
        }
    }

    pub fn judge(&self, assertion: &Assertion) -> Result<Verified, Refusal> {
        verify(
            assertion,
            &Expected {
                intent: match self.stored {
                    Stored::Unknown => StoredIntent::Unknown,
                    Stored::Used => StoredIntent::Used,
                    Stored::Waiting => StoredIntent::Waiting(&self.intent),
                },
                page: Page {
                    label: self.label,
                    action: self.action,
                    record: &self.record,
                    locale: &self.locale,
                },
                terms: &self.terms,
                notice: &self.notice,
                party: &self.party,
                subject: &self.subject,
                credential: self.credential.as_ref(),
                at: self.at,
            },
        )
    }

    pub fn judged(&self) -> Result<Verified, Refusal> {
        self.judge(&self.assertion())
    }
}

#[test]
fn a_registration_in_software_is_read_as_it_was_made() {
    let mut authenticator = Authenticator::new(Kind::Es384);
    authenticator.aaguid = [7; 16];
    authenticator.credential_id = vec![3; 1023];
    let credential = registered(&authenticator, "urn:broker:subject:1");
    assert_eq!(credential.aaguid, Aaguid::new([7; 16]));
    assert_eq!(credential.id.as_bytes(), [3; 1023]);
    assert_eq!(credential.key.to_cose(), authenticator.cose_key());
}
