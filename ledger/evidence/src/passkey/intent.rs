//! What the person is about to sign, and the challenge that carries it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::credential::text_newtype;
use crate::{
    base64url,
    jcs::{self, JcsError},
    record::{Digest, Id, Instant},
};

/// An intent lives five minutes at most (`consent.md` §4.1).
const LONGEST_SECONDS: u64 = 300;
/// 10000-01-01T00:00Z, where [`Instant`] ends.
const END_SECONDS: u64 = 253_402_300_800;

/// A member of an intent does not have its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct IntentError {
    pub(super) expected: &'static str,
}

/// What the person is asked to sign: given out once, answered once, within five minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawIntent", into = "RawIntent")]
pub struct Intent {
    /// What kind of act.
    pub label: Label,
    /// What the act does.
    pub action: Action,
    /// The consent, or whatever is decided on.
    pub record: Id,
    /// `SHA-256(JCS(draft))`.
    pub terms_sha256: Digest,
    /// SHA-256 of the notice's bytes as they were rendered.
    pub notice_sha256: Digest,
    /// The language of the page.
    pub locale: Locale,
    /// The relying party.
    pub rp_id: RpId,
    /// 32 random bytes, which keep the challenge unpredictable (WebAuthn L3 §13.4.3).
    pub nonce: Nonce,
    /// When it may be answered.
    pub window: Window,
}

impl Intent {
    /// The canonical bytes (RFC 8785): members in the order of their names, none of which needs an escape.
    pub fn to_jcs_bytes(&self) -> Vec<u8> {
        format!(
            concat!(
                r#"{{"action":"{}","exp":{},"iat":{},"locale":"{}","nonce":"{}","notice_sha256":"{}","#,
                r#""record":"{}","rp_id":"{}","terms_sha256":"{}","typ":"{}"}}"#
            ),
            self.action.name(),
            self.window.exp.0,
            self.window.iat.0,
            self.locale.as_str(),
            String::from(self.nonce),
            self.notice_sha256,
            self.record.as_str(),
            self.rp_id.as_str(),
            self.terms_sha256,
            self.label.name(),
        )
        .into_bytes()
    }

    /// Reads canonical bytes of exactly the ten members.
    ///
    /// # Errors
    /// Any [`JcsError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JcsError> {
        jcs::parse(bytes)
    }

    /// `SHA-256(rp_id || "/" || typ || 0x00 || JCS(intent))`. The label keeps it apart from every other hash of ours;
    /// neither part can hold a zero byte.
    pub fn challenge(&self) -> Digest {
        let label = format!("{}/{}\0", self.rp_id.as_str(), self.label.name());
        Digest::of(&[label.as_bytes(), &self.to_jcs_bytes()].concat())
    }
}

/// The kinds of acts that are signed with a passkey (`consent.md` §4.1, §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Label {
    /// A participant's consent.
    #[serde(rename = "consent-intent/1")]
    ConsentIntent,
    /// A researcher accepts terms of use.
    #[serde(rename = "dua-accept/1")]
    DuaAccept,
    /// A habilitation is decided.
    #[serde(rename = "habilitation-decide/1")]
    HabilitationDecide,
    /// A data-protection officer gives an opinion.
    #[serde(rename = "dpo-opinion/1")]
    DpoOpinion,
    /// A policy set is published.
    #[serde(rename = "policy-publish/1")]
    PolicyPublish,
}

impl Label {
    /// Every label.
    pub const ALL: [Self; 5] = [
        Self::ConsentIntent,
        Self::DuaAccept,
        Self::HabilitationDecide,
        Self::DpoOpinion,
        Self::PolicyPublish,
    ];

    /// As in the member `typ`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConsentIntent => "consent-intent/1",
            Self::DuaAccept => "dua-accept/1",
            Self::HabilitationDecide => "habilitation-decide/1",
            Self::DpoOpinion => "dpo-opinion/1",
            Self::PolicyPublish => "policy-publish/1",
        }
    }

    /// What a signature of this kind must reach: people in a role sign with device-bound, attested keys (§5).
    pub const fn least_level(self) -> crate::record::EvidenceLevel {
        match self {
            Self::ConsentIntent => crate::record::EvidenceLevel::L3,
            Self::DuaAccept | Self::HabilitationDecide | Self::DpoOpinion | Self::PolicyPublish => {
                crate::record::EvidenceLevel::L4
            }
        }
    }
}

/// What the act does. Narrowing and withdrawing are no intents: they never need a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Given for the first time.
    Grant,
    /// Given again before its end.
    Renew,
    /// More than was given.
    Widen,
}

impl Action {
    /// As in the member `action`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Renew => "renew",
            Self::Widen => "widen",
        }
    }
}

/// Whole seconds since 1970-01-01T00:00Z, before the year 10000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(u64);

impl UnixSeconds {
    /// `None` after 9999.
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds < END_SECONDS {
            Some(Self(seconds))
        } else {
            None
        }
    }

    /// The second in which this instant lies.
    pub fn of(instant: Instant) -> Self {
        // INVARIANT: an instant is not before 1970.
        Self(u64::try_from(instant.unix_micros() / 1_000_000).unwrap_or(0))
    }

    /// The seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

/// When an intent may be answered: `iat ≤ now < exp`, and `exp - iat ≤ 300 s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    iat: UnixSeconds,
    exp: UnixSeconds,
}

impl Window {
    /// Checks the length.
    ///
    /// # Errors
    /// [`IntentError`] when it is empty or longer than 300 seconds.
    pub const fn new(iat: UnixSeconds, exp: UnixSeconds) -> Result<Self, IntentError> {
        match exp.0.checked_sub(iat.0) {
            Some(1..=LONGEST_SECONDS) => Ok(Self { iat, exp }),
            Some(_) | None => Err(IntentError {
                expected: "a window of 1 to 300 seconds",
            }),
        }
    }

    /// The first second.
    pub const fn iat(self) -> UnixSeconds {
        self.iat
    }

    /// The second after the last.
    pub const fn exp(self) -> UnixSeconds {
        self.exp
    }

    /// Whether it may be answered now.
    pub fn contains(self, now: Instant) -> bool {
        (self.iat..self.exp).contains(&UnixSeconds::of(now))
    }
}

/// 32 random bytes, drawn by the caller; base64url in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce([u8; 32]);

impl Nonce {
    /// Wraps bytes of a random source.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Not shown: until it is used, who knows it can foretell the challenge.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce")
    }
}

impl TryFrom<String> for Nonce {
    type Error = IntentError;

    fn try_from(text: String) -> Result<Self, IntentError> {
        let bytes = base64url::decode(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(IntentError {
            expected: "a nonce of 32 bytes",
        })
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        base64url::encode(&nonce.0)
    }
}

text_newtype! {
    /// The language of a page: a BCP 47 tag of a language and subtags, such as `fr` or `nl-BE`.
    Locale, "a language tag", |text: &str| {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        text.len() <= 35
            && (2..=3).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_lowercase())
            && parts.all(|part| {
                (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
    }
}

text_newtype! {
    /// A relying party: a domain in lower-case ASCII. It must stay the same for years, or every key is lost.
    RpId, "a domain in lower-case ASCII", |text: &str| {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        text.len() <= 253 && text.split('.').all(label)
    }
}

impl RpId {
    /// `SHA-256(rp_id)`, as an authenticator writes it (WebAuthn L3 §6.1).
    pub(super) fn hash(&self) -> [u8; 32] {
        *Digest::of(self.as_str().as_bytes()).as_bytes()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIntent {
    typ: Label,
    action: Action,
    record: Id,
    terms_sha256: Digest,
    notice_sha256: Digest,
    locale: Locale,
    rp_id: RpId,
    nonce: Nonce,
    iat: u64,
    exp: u64,
}

impl TryFrom<RawIntent> for Intent {
    type Error = IntentError;

    fn try_from(raw: RawIntent) -> Result<Self, IntentError> {
        let second = |seconds| {
            UnixSeconds::new(seconds).ok_or(IntentError {
                expected: "a time before the year 10000",
            })
        };
        Ok(Self {
            label: raw.typ,
            action: raw.action,
            record: raw.record,
            terms_sha256: raw.terms_sha256,
            notice_sha256: raw.notice_sha256,
            locale: raw.locale,
            rp_id: raw.rp_id,
            nonce: raw.nonce,
            window: Window::new(second(raw.iat)?, second(raw.exp)?)?,
        })
    }
}

impl From<Intent> for RawIntent {
    fn from(intent: Intent) -> Self {
        Self {
            typ: intent.label,
            action: intent.action,
            record: intent.record,
            terms_sha256: intent.terms_sha256,
            notice_sha256: intent.notice_sha256,
            locale: intent.locale,
            rp_id: intent.rp_id,
            nonce: intent.nonce,
            iat: intent.window.iat.0,
            exp: intent.window.exp.0,
        }
    }
}
