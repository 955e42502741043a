//! What messages say, in the language of the person: plain text, one file a language, nothing personal in a subject, and
//! one link, which leads to sign-in (P-28).

use broker_domain::lang::Lang;
use broker_domain::time::Instant;
use broker_store::{Duty, MessageKind};
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
        // Last, and only once: a name that looks like one of the others is not filled in again.
        .replace("{recipient}", facts.recipient);
    Some((subject.trim().to_owned(), text))
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

/// What an organisation is told by letter.
pub(super) struct LetterFacts<'a> {
    /// The dossier.
    pub dossier: &'a str,
    /// The authorisation, as the organisation knows it.
    pub authorisation: &'a str,
    /// When it was withdrawn.
    pub withdrawn_at: Instant,
    /// Until when it is to be acknowledged.
    pub acknowledge_by: Instant,
    /// What it must do.
    pub duty: Duty,
    /// Who writes.
    pub operator: &'a str,
    /// Where people write to.
    pub site: &'a str,
}

/// The letter to an organisation, in three languages: nobody knows who reads its mail.
pub(super) fn letter(facts: &LetterFacts<'_>) -> (String, String) {
    let duty = match facts.duty {
        Duty::Delete => [
            "Vous êtes sous-traitant : supprimez les données reçues et attestez-le.",
            "You are a processor: delete the data received and attest it.",
            "U bent verwerker: verwijder de ontvangen gegevens en bevestig dat.",
        ],
        Duty::DeleteOrState => [
            "Supprimez les données reçues et dites pour quand, ou indiquez sur quelle base vous les conservez.",
            "Delete the data received and say by when, or state on which basis you keep it.",
            "Verwijder de ontvangen gegevens en zeg tegen wanneer, of vermeld op welke grond u ze bewaart.",
        ],
    };
    let [fr, en, nl] = duty;
    let LetterFacts {
        dossier,
        authorisation,
        withdrawn_at,
        acknowledge_by,
        operator,
        site,
        ..
    } = facts;
    let body = format!(
        "Un accord a été retiré (RGPD, art. 7(3) et 19). Plus rien ne vous est transmis sous cette autorisation.\n{fr}\n\
         Accusez réception avant l'échéance.\n\n\
         A consent was withdrawn (GDPR art. 7(3) and 19). Nothing more is sent to you under this authorisation.\n{en}\n\
         Acknowledge before the deadline.\n\n\
         Een toestemming is ingetrokken (AVG, art. 7(3) en 19). Onder deze machtiging wordt u niets meer verzonden.\n{nl}\n\
         Bevestig de ontvangst voor de termijn.\n\n\
         Dossier: {dossier}\nAutorisation / authorisation / machtiging: {authorisation}\n\
         Retrait / withdrawn / ingetrokken: {withdrawn_at}\nÉchéance / deadline / termijn: {acknowledge_by}\n\
         POST {site}/api/v1/withdrawals/{dossier}/acknowledgement (docs/API.md)\n\n-- \n{operator}\n"
    );
    let subject = "Retrait d'un accord / consent withdrawn / toestemming ingetrokken";
    (subject.to_owned(), body)
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

    #[test]
    fn days_are_written_in_words() {
        let day = Date::constant(2027, 8, 2);
        assert_eq!(
            Lang::ALL.map(|lang| in_words(day, lang)),
            ["2 août 2027", "2 August 2027", "2 augustus 2027"]
        );
    }
}
