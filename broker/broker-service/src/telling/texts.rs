//! What messages say, in the language of the person: plain text, one file a language, nothing personal in a subject, and
//! one link, which leads to sign-in (P-28).

use broker_domain::lang::Lang;
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

    #[test]
    fn days_are_written_in_words() {
        let day = Date::constant(2027, 8, 2);
        assert_eq!(
            Lang::ALL.map(|lang| in_words(day, lang)),
            ["2 août 2027", "2 August 2027", "2 augustus 2027"]
        );
    }
}
