//! The words of the interface, one set of message files per language.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::langid;

use crate::format::group_digits;
use crate::lang::Lang;

/// What stands in a page where a message is missing; tests look for it.
pub(crate) const MISSING: &str = "⟦missing";

/// The message files of the language with this tag: a new file is named here, and written in each language.
macro_rules! message_files {
    ($tag:literal) => {
        &[
            include_str!(concat!("../i18n/", $tag, "/common.ftl")),
            include_str!(concat!("../i18n/", $tag, "/words.ftl")),
            include_str!(concat!("../i18n/", $tag, "/home.ftl")),
            include_str!(concat!("../i18n/", $tag, "/invite.ftl")),
            include_str!(concat!("../i18n/", $tag, "/entered.ftl")),
            include_str!(concat!("../i18n/", $tag, "/paper.ftl")),
            include_str!(concat!("../i18n/", $tag, "/account.ftl")),
            include_str!(concat!("../i18n/", $tag, "/participant.ftl")),
            include_str!(concat!("../i18n/", $tag, "/data.ftl")),
            include_str!(concat!("../i18n/", $tag, "/rights.ftl")),
            include_str!(concat!("../i18n/", $tag, "/consent.ftl")),
            include_str!(concat!("../i18n/", $tag, "/signing.ftl")),
            include_str!(concat!("../i18n/", $tag, "/change.ftl")),
            include_str!(concat!("../i18n/", $tag, "/household.ftl")),
            include_str!(concat!("../i18n/", $tag, "/mandate.ftl")),
            include_str!(concat!("../i18n/", $tag, "/legal.ftl")),
            include_str!(concat!("../i18n/", $tag, "/others.ftl")),
            include_str!(concat!("../i18n/", $tag, "/capacity.ftl")),
            include_str!(concat!("../i18n/", $tag, "/receipt.ftl")),
            include_str!(concat!("../i18n/", $tag, "/research.ftl")),
            include_str!(concat!("../i18n/", $tag, "/telling.ftl")),
            include_str!(concat!("../i18n/", $tag, "/told.ftl")),
            include_str!(concat!("../i18n/", $tag, "/reach.ftl")),
            include_str!(concat!("../i18n/", $tag, "/project.ftl")),
            include_str!(concat!("../i18n/", $tag, "/officer.ftl")),
            include_str!(concat!("../i18n/", $tag, "/watched.ftl")),
            include_str!(concat!("../i18n/", $tag, "/joint.ftl")),
            include_str!(concat!("../i18n/", $tag, "/problem.ftl")),
        ]
    };
}

const FRENCH: &[&str] = message_files!("fr");
const ENGLISH: &[&str] = message_files!("en");
const DUTCH: &[&str] = message_files!("nl");

static FRENCH_BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::French));
static ENGLISH_BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::English));
static DUTCH_BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::Dutch));

/// The message `key` in `lang`, with its arguments filled in.
///
/// A key or an argument that is missing shows as a marker instead of failing the page: a person who wants to
/// withdraw must reach the button even when a label is lost. Tests refuse the marker.
pub(crate) fn message(lang: Lang, key: &str, args: Option<&FluentArgs<'_>>) -> String {
    let bundle = lang.pick([&FRENCH_BUNDLE, &ENGLISH_BUNDLE, &DUTCH_BUNDLE]);
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return format!("{MISSING} {key}⟧");
    };
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, args, &mut errors).into_owned();
    if errors.is_empty() {
        text
    } else {
        format!("{MISSING} argument of {key}⟧")
    }
}

/// The files of a language as they are written.
fn sources(lang: Lang) -> &'static [&'static str] {
    lang.pick([FRENCH, ENGLISH, DUTCH])
}

fn bundle(lang: Lang) -> FluentBundle<FluentResource> {
    let (locale, formatter): (_, fn(&FluentValue<'_>, &_) -> Option<String>) = match lang {
        Lang::French => (langid!("fr-FR"), |value, _| grouped(Lang::French, value)),
        Lang::English => (langid!("en-GB"), |value, _| grouped(Lang::English, value)),
        Lang::Dutch => (langid!("nl"), |value, _| grouped(Lang::Dutch, value)),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Isolation marks are invisible characters around every argument; all languages run left to right.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(formatter));
    for source in sources(lang) {
        // What parses is kept and what does not shows as missing; tests parse every file without error.
        let resource = FluentResource::try_new(spaced(lang, source)).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn grouped(lang: Lang, value: &FluentValue<'_>) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(group_digits(lang, &number.as_string())),
        _ => None,
    }
}

/// Makes the spaces unbreakable between a number and what it counts (SI brochure §5.4.3), and those that French
/// typography wants before « : ; ! ? » and inside guillemets. Message files are written with ordinary spaces, which stay
/// legible in an editor.
fn spaced(lang: Lang, source: &str) -> String {
    let mut text = String::with_capacity(source.len() + source.len() / 16);
    let mut previous = '\n';
    let mut letters = source.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or('\n');
        let replaced = match (lang, previous, letter, next) {
            (Lang::French, _, ' ', ':' | '»') | (Lang::French, '«', ' ', _) => '\u{a0}',
            (Lang::French, _, ' ', ';' | '!' | '?') => '\u{202f}',
            (Lang::French | Lang::Dutch, before, ' ', after)
                if before.is_ascii_digit() && after.is_alphabetic() =>
            {
                '\u{a0}'
            }
            _ => letter,
        };
        text.push(replaced);
        previous = letter;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_bundle::{FluentArgs, FluentResource};

    use super::{MISSING, message, sources, spaced};
    use crate::lang::Lang;

    /// Messages that are the same in two languages and meant to be.
    const SHARED: [&str; 16] = [
        "column-interval",
        "desk-column-dataset",
        "fact-meter",
        "frame-title",
        "measuring-of",
        "meter-gateway",
        "meter-label",
        "nav-catalogue",
        "nav-more",
        "offer-open-of",
        "pager-label",
        "person-participant",
        "recorded-when",
        "rights-ask-about",
        "separator",
        "thread-heading",
    ];

    /// Words that hardly a sentence goes without, and that are no words of the other languages.
    const TELLING: [(Lang, [&str; 10]); 3] = [
        (
            Lang::French,
            [
                "le", "les", "des", "du", "pas", "est", "vous", "votre", "une", "dans",
            ],
        ),
        (
            Lang::English,
            [
                "the", "this", "and", "you", "your", "are", "not", "has", "to", "with",
            ],
        ),
        (
            Lang::Dutch,
            [
                "het", "een", "voor", "niet", "u", "uw", "van", "deze", "wordt", "met",
            ],
        ),
    ];

    /// Each message with everything that is written for it, on as many lines as it takes.
    fn messages(lang: Lang) -> BTreeMap<String, String> {
        let mut messages = BTreeMap::new();
        let mut last = String::new();
        for line in sources(lang).iter().flat_map(|source| source.lines()) {
            match line.split_once(" =") {
                Some((key, text)) if key.starts_with(|first: char| first.is_ascii_lowercase()) => {
                    let text = text.trim().to_owned();
                    assert!(
                        messages.insert(key.to_owned(), text).is_none(),
                        "{key} is there twice"
                    );
                    key.clone_into(&mut last);
                }
                _ if line.starts_with([' ', '}']) => {
                    let message = messages.get_mut(&last).unwrap();
                    message.push('\n');
                    message.push_str(line);
                }
                _ => assert!(line.is_empty() || line.starts_with('#'), "no message: {line}"),
            }
        }
        messages
    }

    /// What a message needs filled in: `$name` by us, `%name%` by a script; and the cases `[0]`, which mean a sentence of
    /// its own where the others have one.
    fn arguments(text: &str) -> BTreeSet<String> {
        let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "$%[]-".contains(letter)));
        words
            .filter(|word| {
                word.starts_with('$') || *word == "[0]" || word.starts_with('%') && word.ends_with('%')
            })
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_file_parses() {
        for lang in Lang::ALL {
            for source in sources(lang) {
                for text in [(*source).to_owned(), spaced(lang, source)] {
                    FluentResource::try_new(text)
                        .map_err(|(_, errors)| errors)
                        .unwrap();
                }
            }
        }
    }

    #[test]
    fn every_language_says_every_message_with_the_same_arguments() {
        let needed = |lang| -> BTreeMap<String, BTreeSet<String>> {
            let messages = messages(lang).into_iter();
            messages.map(|(key, text)| (key, arguments(&text))).collect()
        };
        let french = needed(Lang::French);
        assert!(french.len() > 200);
        assert!(french.values().any(|arguments| arguments.len() > 2));
        for lang in Lang::ALL {
            let spoken = needed(lang);
            for key in french.keys().chain(spoken.keys()) {
                assert_eq!(french.get(key), spoken.get(key), "{key} in {lang:?}");
            }
        }
    }

    #[test]
    fn no_message_is_left_in_another_language() {
        let spoken = Lang::ALL.map(|lang| (lang, messages(lang)));
        let mut same = BTreeSet::new();
        for (lang, texts) in &spoken {
            for (other, other_texts) in spoken.iter().filter(|(other, _)| other != lang) {
                same.extend(
                    texts
                        .iter()
                        .filter(|(key, text)| other_texts.get(*key) == Some(*text))
                        .map(|(key, _)| key.as_str()),
                );
                let telling = TELLING.iter().find(|(of, _)| of == other).unwrap().1;
                for (key, text) in texts {
                    let mut words = text.split(|letter: char| !letter.is_alphanumeric());
                    let strange = words.find(|word| telling.contains(&word.to_lowercase().as_str()));
                    assert_eq!(strange, None, "{key} in {lang:?}: {text}");
                }
            }
        }
        assert_eq!(same, BTreeSet::from(SHARED));
    }

    #[test]
    fn a_missing_key_or_argument_is_marked() {
        assert!(message(Lang::French, "no-such-key", None).starts_with(MISSING));
        assert!(message(Lang::French, "frame-title", None).starts_with(MISSING));
    }

    #[test]
    fn spaces_that_belong_together_do_not_break() {
        assert_eq!(
            spaced(Lang::French, "Quoi ? Ceci : « 30 jours »"),
            "Quoi\u{202f}? Ceci\u{a0}: «\u{a0}30\u{a0}jours\u{a0}»"
        );
        assert_eq!(spaced(Lang::English, "Within 30 days"), "Within 30 days");
        assert_eq!(
            spaced(Lang::Dutch, "Binnen 30 dagen : ja"),
            "Binnen 30\u{a0}dagen : ja"
        );
    }

    #[test]
    fn french_messages_have_a_space_before_double_punctuation() {
        for line in sources(Lang::French)
            .iter()
            .flat_map(|source| source.lines())
            .filter(|line| !line.starts_with('#'))
        {
            let mut before = ' ';
            for letter in line.chars() {
                assert!(
                    !(matches!(letter, ';' | '!' | '?') && before != ' '),
                    "no space before {letter}: {line}"
                );
                assert!(
                    !(letter == ':' && before.is_alphabetic()),
                    "no space before the colon: {line}"
                );
                before = letter;
            }
        }
    }

    #[test]
    fn the_other_languages_have_none() {
        for lang in [Lang::English, Lang::Dutch] {
            for (key, text) in messages(lang) {
                let spaced = [" :", " ;", " !", " ?"].iter().any(|mark| text.contains(mark));
                assert!(!spaced, "{key} in {lang:?}: {text}");
            }
        }
    }

    #[test]
    fn numbers_are_grouped_by_language() {
        let mut args = FluentArgs::new();
        args.set("n", 12_345);
        assert!(message(Lang::French, "count-transfers", Some(&args)).contains("12\u{202f}345"));
        assert!(message(Lang::English, "count-transfers", Some(&args)).contains("12,345"));
        assert!(message(Lang::Dutch, "count-transfers", Some(&args)).contains("12.345"));
    }
}
