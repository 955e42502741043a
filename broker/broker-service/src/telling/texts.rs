//! What messages say, in the language of the person: plain text, one file a language, nothing personal in a subject, and
//! one link, which leads to sign-in (P-28).

use broker_domain::lang::Lang;
use broker_domain::telling::fits_one_sms;
use broker_store::MessageKind;
use jiff::civil::Date;

/// The texts of a language: `== code`, a subject, an empty line, the text.
const TEXTS: [&str; 3] = [
    include_str!("../../messages/fr.txt"),
    include_str!("../../messages/en.txt"),
    include_str!("../../messages/nl.txt"),
];

const MONTHS: [[&str; 12]; 3] = [
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
];

/// What is filled into a text.
pub(super) struct Facts<'a> {
    /// The organisation's name; empty when the message is about none.
    pub recipient: &'a str,
    /// The last day of the sharing.
    pub day: Option<Date>,
    /// Where people sign in.
    pub site: &'a str,
    /// Who writes.
    pub operator: &'a str,
    /// The code of an address; empty when the message brings none.
    pub code: &'a str,
}

/// Subject and text; `None` for a kind without a text, which tests exclude.
pub(super) fn message(kind: MessageKind, lang: Lang, facts: &Facts<'_>) -> Option<(String, String)> {
    let (subject, body) = section(lang, kind.code())?.split_once('\n')?;
    let footer = section(lang, "footer")?;
    let day = facts.day.map(|day| in_words(day, lang)).unwrap_or_default();
    let text = format!("{}\n\n-- \n{}\n", body.trim(), footer.trim());
    let text = text
        .replace("{day}", &day)
        .replace("{site}", facts.site)
        .replace("{operator}", facts.operator)
        .replace("{code}", facts.code)
        // Last, and only once: a name that looks like one of the others is not filled in again.
        .replace("{recipient}", facts.recipient);
    Some((subject.trim().to_owned(), text))
}

/// The subject of a message, for lists of what was sent; empty for a kind without a text, which tests exclude.
pub(crate) fn subject(kind: MessageKind, lang: Lang) -> &'static str {
    let found = section(lang, kind.code()).and_then(|section| section.split_once('\n'));
    found.map_or("", |(subject, _)| subject.trim())
}

/// The one neutral sentence of a short message (P-27): no name, no recipient, no purpose; where to sign in.
pub(super) fn short(kind: MessageKind, lang: Lang, site: &str, code: &str) -> String {
    // Letters of the seven-bit alphabet only: no `ê`, no `ç`, no typographic apostrophe.
    let [fr, en, nl] = match kind {
        MessageKind::PhoneCode => [
            "Code {code} : à taper dans votre compte d'ici une demi-heure. Connexion : {site}/connexion",
            "Code {code}: type it in your account within half an hour. Sign in: {site}/connexion",
            "Code {code}: typ die binnen een half uur in uw account. Aanmelden: {site}/connexion",
        ],
        MessageKind::NewDevice
        | MessageKind::Recovered
        | MessageKind::WayAdded
        | MessageKind::WayChanged
        | MessageKind::Frozen
        | MessageKind::Reopened
        | MessageKind::AddressAsked
        | MessageKind::AddressChanged
        | MessageKind::AddressCode
        | MessageKind::PhoneAsked
        | MessageKind::PhoneChanged
        | MessageKind::ChannelsChanged
        | MessageKind::CodePrepared
        // The page of sign-in says whom to turn to.
        | MessageKind::CapacityEntered
        | MessageKind::CapacityRecorded => [
            "Du nouveau sur l'accès à votre compte. Pour le voir, connectez-vous : {site}/connexion",
            "News about access to your account. Sign in to see it: {site}/connexion",
            "Nieuws over de toegang tot uw account. Meld u aan om het te zien: {site}/connexion",
        ],
        MessageKind::Granted
        | MessageKind::Withdrawn
        | MessageKind::EndsInThirty
        | MessageKind::EndsInSeven
        | MessageKind::EndsTomorrow
        | MessageKind::Ended
        | MessageKind::Unanswered
        | MessageKind::HomeLeft
        | MessageKind::ContractChanged
        | MessageKind::RightsWritten
        | MessageKind::RightsExtended
        | MessageKind::RightsAnswered
        | MessageKind::FirstTransfer
        | MessageKind::MandateGiven
        | MessageKind::MandateAccepted
        | MessageKind::MandateEnded
        | MessageKind::DelegateActed
        | MessageKind::JointChanged
        | MessageKind::AgreementWaits
        | MessageKind::HouseholdSpoke
        | MessageKind::SharingFrozen
        | MessageKind::SharingLifted
        | MessageKind::Entered
        | MessageKind::EnteredWrong
        | MessageKind::UnusualVolume
        | MessageKind::Breach
        | MessageKind::SummaryReady
        | MessageKind::ProjectJoined => [
            "Un message vous attend dans votre espace. Pour le lire, connectez-vous : {site}/connexion",
            "A message is waiting for you. Sign in to read it: {site}/connexion",
            "Er wacht een bericht op u. Meld u aan om het te lezen: {site}/connexion",
        ],
    };
    lang.pick([fr, en, nl])
        .replace("{site}", site)
        .replace("{code}", code)
}

/// Whether the short messages of this site fit one SMS each, whatever they say and in whichever language.
#[must_use]
pub fn short_messages_fit(site: &str) -> bool {
    Lang::ALL.into_iter().all(|lang| {
        let mut kinds = MessageKind::ALL.into_iter();
        kinds.all(|kind| fits_one_sms(&short(kind, lang, site, "ABCD-EFGH-JKMN")))
    })
}

fn section(lang: Lang, code: &str) -> Option<&'static str> {
    let mark = format!("== {code}\n");
    let (_, rest) = lang.pick(TEXTS).split_once(mark.as_str())?;
    Some(rest.split_once("\n== ").map_or(rest, |(section, _)| section))
}

fn in_words(day: Date, lang: Lang) -> String {
    let month = usize::try_from(day.month().saturating_sub(1)).unwrap_or_default();
    let month = lang
        .pick([&MONTHS[0], &MONTHS[1], &MONTHS[2]])
        .get(month)
        .copied();
    format!("{} {} {}", day.day(), month.unwrap_or_default(), day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts<'static> {
        Facts {
            recipient: "Toits du Pays",
            day: Some(Date::constant(2027, 3, 2)),
            site: "https://broker.example",
            operator: "Fiducie",
            code: "ABCD-EFGH-JKMN",
        }
    }

    #[test]
    fn every_kind_is_said_in_every_language_with_everything_filled_in() {
        for lang in Lang::ALL {
            let mut subjects = std::collections::BTreeSet::new();
            for kind in MessageKind::ALL {
                let (subject, body) = message(kind, lang, &facts()).unwrap();
                assert!(!subject.is_empty() && subject.is_ascii() || !subject.contains('\n'));
                assert!(!body.contains(['{', '}']), "{body}");
                assert!(body.lines().count() > 5 && !body.contains("=="), "{body}");
                assert!(subjects.insert(subject), "two kinds with one subject");
            }
        }
    }

    #[test]
    fn nothing_personal_is_in_a_subject() {
        for lang in Lang::ALL {
            for kind in MessageKind::ALL {
                let (subject, _) = message(kind, lang, &facts()).unwrap();
                assert!(!subject.contains('{') && !subject.contains("Toits"), "{subject}");
                assert!(
                    !subject.contains(|letter: char| letter.is_ascii_digit()),
                    "{subject}"
                );
            }
        }
    }

    /// P-28: messages hold no link that signs or withdraws by itself; they lead to sign-in.
    #[test]
    fn p28_the_one_link_of_a_message_leads_to_sign_in() {
        for lang in Lang::ALL {
            for kind in MessageKind::ALL {
                let (_, body) = message(kind, lang, &facts()).unwrap();
                let links: Vec<&str> = body
                    .split_whitespace()
                    .filter(|word| word.contains("://"))
                    .collect();
                assert_eq!(links, ["https://broker.example/connexion"]);
            }
        }
    }

    /// P-27: no personal data in a short message beyond a neutral sentence; P-28: it leads to sign-in.
    #[test]
    fn p_27_every_short_message_is_one_neutral_sentence_that_fits_and_leads_to_sign_in() {
        let site = "https://partage-energie.exemple-de-commune.example";
        for lang in Lang::ALL {
            let mut seen = std::collections::BTreeSet::new();
            for kind in MessageKind::ALL {
                let text = short(kind, lang, site, "ABCD-EFGH-JKMN");
                assert!(fits_one_sms(&text), "{text}");
                assert!(!text.contains(['{', '}']), "{text}");
                let links: Vec<_> = text.split(' ').filter(|word| word.contains("://")).collect();
                assert_eq!(links, [format!("{site}/connexion")], "{text}");
                assert_eq!(text.contains("ABCD-EFGH-JKMN"), kind == MessageKind::PhoneCode);
                seen.insert(text);
            }
            assert_eq!(
                seen.len(),
                3,
                "who reads over her shoulder learns one of three things"
            );
        }
        assert!(short_messages_fit(site));
        assert!(!short_messages_fit(&format!(
            "https://{}.example",
            "a".repeat(90)
        )));
    }

    #[test]
    fn days_are_written_in_words() {
        let day = Date::constant(2027, 8, 2);
        assert_eq!(
            Lang::ALL.map(|lang| in_words(day, lang)),
            ["2 août 2027", "2 August 2027", "2 augustus 2027"]
        );
    }
}
