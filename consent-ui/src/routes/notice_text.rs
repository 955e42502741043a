//! A notice as sections: one line each, `Heading ? text`. Every letter of the text is shown, because the person agrees to
//! all of it.

use crate::pages::NoticeSection;

/// The sections of a notice. A line is split behind its first question mark, else behind its first colon; a line with
/// neither has no heading.
pub(crate) fn sections(text: &str) -> Vec<NoticeSection> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(section)
        .collect()
}

fn section(line: &str) -> NoticeSection {
    let heading = ['?', ':'].into_iter().find_map(|mark| {
        let (before, after) = line.split_once(mark)?;
        Some((format!("{before}{mark}"), after.trim()))
    });
    let (heading, text) = heading.unwrap_or((String::new(), line));
    let paragraphs = if text.is_empty() {
        Vec::new()
    } else {
        vec![text.to_owned()]
    };
    NoticeSection { heading, paragraphs }
}

/// What the heading about refusing contains: `refuser` and `refuse`, `weigeren` and `weiger`.
const REFUSING: [&str; 2] = ["refus", "weiger"];

/// What refusing changes, in the words of the notice: its section about refusing, `None` when it has none.
pub(crate) fn if_refused(text: &str) -> Option<String> {
    sections(text)
        .into_iter()
        .find(|section| {
            let heading = section.heading.to_lowercase();
            REFUSING.iter().any(|word| heading.contains(word))
        })
        .map(|section| section.paragraphs.join(" "))
        .filter(|words| !words.is_empty())
}

/// Whether a notice says what refusing changes, where the consent screen finds it.
#[must_use]
pub fn tells_what_refusing_changes(notice: &str) -> bool {
    if_refused(notice).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{if_refused, sections};

    const NOTICE: &str =
        "Qui demande ? L'école. Et pourquoi ?\nEt si je refuse ? Rien ne change.\n\nVos droits : accès.\nFin";

    #[test]
    fn a_line_splits_behind_its_first_question_mark() {
        let headings: Vec<String> = sections(NOTICE)
            .into_iter()
            .map(|section| section.heading)
            .collect();
        assert_eq!(
            headings,
            ["Qui demande ?", "Et si je refuse ?", "Vos droits :", ""]
        );
        assert_eq!(sections(NOTICE)[0].paragraphs, ["L'école. Et pourquoi ?"]);
    }

    #[test]
    fn the_consequence_of_refusing_is_found_by_its_heading() {
        assert_eq!(if_refused(NOTICE).as_deref(), Some("Rien ne change."));
        assert_eq!(
            if_refused("What if I refuse? Nothing.").as_deref(),
            Some("Nothing.")
        );
        assert_eq!(if_refused("En als ik weiger? Niets.").as_deref(), Some("Niets."));
        assert_eq!(if_refused("Qui ? Nous."), None);
    }

    fn letters(text: &str) -> String {
        text.chars().filter(|letter| !letter.is_whitespace()).collect()
    }

    proptest! {
        #[test]
        fn no_letter_is_lost(text in "[a-zéÀ ?:.\n]{0,80}") {
            let shown: String = sections(&text)
                .into_iter()
                .map(|section| section.heading + &section.paragraphs.concat())
                .collect();
            assert_eq!(letters(&shown), letters(&text));
        }
    }
}
