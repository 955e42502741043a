//! By which channels a person is told, and her telephone number (P-27: "channel by choice").

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::PostFailure;
use crate::identity::Later;
use crate::ids::MessageId;

/// Fewest and most digits of a number behind its `+`: ITU-T E.164 §6 has fifteen at most; shorter than seven is a service's.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// How a message reaches a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageChannel {
    /// By e-mail.
    Email,
    /// By a short message to her telephone: one neutral sentence.
    Sms,
    /// By a letter that an officer prints and posts.
    Post,
}

impl MessageChannel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Post];

    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Post => "post",
        }
    }

    /// The channel with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }
}

/// The channels that a person chose: one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels(Vec<MessageChannel>);

impl Channels {
    /// These channels, each once; `None` without any.
    #[must_use]
    pub fn new(chosen: impl IntoIterator<Item = MessageChannel>) -> Option<Self> {
        let mut chosen: Vec<_> = chosen.into_iter().collect();
        chosen.sort_unstable();
        chosen.dedup();
        (!chosen.is_empty()).then_some(Self(chosen))
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(&self, channel: MessageChannel) -> bool {
        self.0.contains(&channel)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = MessageChannel> {
        self.0.iter().copied()
    }

    /// Without one of them; by e-mail when nothing else is left.
    #[must_use]
    pub fn without(&self, channel: MessageChannel) -> Self {
        Self::new(self.iter().filter(|one| *one != channel)).unwrap_or_default()
    }
}

impl Default for Channels {
    /// Who chose nothing is written to by e-mail.
    fn default() -> Self {
        Self(vec![MessageChannel::Email])
    }
}

/// A telephone number as E.164 writes it: `+` and digits.
///
/// Its `Debug` shows nothing: numbers are in no log and no error.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// A text that is no telephone number. Does not repeat it.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not a telephone number with its country: expected one such as `+33 6 12 34 56 78`")]
pub struct InvalidNumber;

impl PhoneNumber {
    /// The number as a gateway takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidNumber;

    /// With its country, since nobody knows which one was meant. Spaces, dots, hyphens and brackets do not count; `00` is a `+`.
    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let bare: String = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && !matches!(letter, '.' | '-' | '(' | ')' | '/'))
            .collect();
        let digits = bare
            .strip_prefix('+')
            .or_else(|| bare.strip_prefix("00"))
            .ok_or(InvalidNumber)?;
        let fits = digits.bytes().all(|byte| byte.is_ascii_digit())
            // No country's code begins with a zero (ITU-T E.164, list of country codes).
            && !digits.starts_with('0')
            && DIGITS.contains(&digits.len());
        match fits {
            true => Ok(Self(format!("+{digits}"))),
            false => Err(InvalidNumber),
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(hidden)")
    }
}

/// A short message that is ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortMessage {
    /// Identifier: the same for every attempt.
    pub id: MessageId,
    /// To whom.
    pub to: PhoneNumber,
    /// One sentence that fits one short message: see [`fits_one_sms`].
    pub text: String,
}

/// Where short messages leave. Guarantees what [`super::Post`] does.
pub trait ShortPost: Send + Sync {
    /// Sends a short message.
    fn send<'a>(&'a self, message: &'a ShortMessage) -> Later<'a, Result<(), PostFailure>>;

    /// Messages that lie here still and can be destroyed; none where a gateway took them.
    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>>;

    /// Destroys a message that lies here. Durable when it returns; one that is gone already is no failure.
    fn destroy(&self, id: MessageId) -> Later<'_, Result<(), PostFailure>>;
}

/// The basic alphabet of short messages (3GPP TS 23.038 §6.2.1), without the escape.
const GSM_7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What takes two places (3GPP TS 23.038 §6.2.1.1).
const GSM_7_EXTENDED: &str = "\u{c}^{}\\[~]|€";
/// Places of one short message: 140 bytes of seven bits (3GPP TS 23.040 §9.2.3.24).
const PLACES: usize = 160;

/// Whether a text is one short message in the seven-bit alphabet: longer ones are cut in pieces and cost more, and other letters
/// leave room for 70.
#[must_use]
pub fn fits_one_sms(text: &str) -> bool {
    let mut places = 0_usize;
    for letter in text.chars() {
        places += if GSM_7.contains(letter) {
            1
        } else if GSM_7_EXTENDED.contains(letter) {
            2
        } else {
            return false;
        };
    }
    places <= PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for text in [
            "+33 6 12 34 56 78",
            "0033612345678",
            " +33(6)12.34.56.78 ",
            "+33-6-12-34-56-78",
        ] {
            assert_eq!(text.parse::<PhoneNumber>().unwrap().as_str(), "+33612345678");
        }
    }

    #[test]
    fn what_no_gateway_could_call_is_refused() {
        for text in [
            "",
            "+",
            "0612345678",
            "+0612345678",
            "+33",
            "+3361234567890123",
            "+33 6 12 34 56 7x",
            "+33612345678,+33612345679",
            "+33612345678\"",
            "+٣٣٦١٢٣٤٥٦٧٨",
        ] {
            assert_eq!(text.parse::<PhoneNumber>(), Err(InvalidNumber), "{text}");
        }
    }

    #[test]
    fn no_number_is_shown_by_debug() {
        let number: PhoneNumber = "+33612345678".parse().unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(hidden)");
    }

    #[test]
    fn one_channel_at_least_and_email_when_nothing_was_said() {
        assert_eq!(Channels::new([]), None);
        let both = Channels::new([MessageChannel::Sms, MessageChannel::Email, MessageChannel::Sms]).unwrap();
        assert_eq!(
            both.iter().collect::<Vec<_>>(),
            [MessageChannel::Email, MessageChannel::Sms]
        );
        assert_eq!(both.without(MessageChannel::Sms), Channels::default());
        assert_eq!(
            Channels::default().without(MessageChannel::Email),
            Channels::default()
        );
    }

    #[test]
    fn a_short_message_has_160_places_of_a_small_alphabet() {
        assert!(fits_one_sms(&"é".repeat(160)) && !fits_one_sms(&"a".repeat(161)));
        assert!(fits_one_sms(&"~".repeat(80)) && !fits_one_sms(&"~".repeat(81)));
        assert!(!fits_one_sms("être") && !fits_one_sms("reçu") && !fits_one_sms("l’été"));
    }
}
