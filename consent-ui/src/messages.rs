//! The words of the interface, one set of message files per language.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::langid;

use crate::format::group_digits;
use crate::lang::Lang;

/// What stands in a page where a message is missing; tests look for it.
pub(crate) const MISSING: &str = "⟦missing";

const FRENCH: [&str; 9] = [
    include_str!("../i18n/fr/common.ftl"),
    include_str!("../i18n/fr/words.ftl"),
    include_str!("../i18n/fr/home.ftl"),
    include_str!("../i18n/fr/account.ftl"),
    include_str!("../i18n/fr/participant.ftl"),
    include_str!("../i18n/fr/consent.ftl"),
    include_str!("../i18n/fr/research.ftl"),
    include_str!("../i18n/fr/officer.ftl"),
    include_str!("../i18n/fr/problem.ftl"),
];

const ENGLISH: [&str; 9] = [
    include_str!("../i18n/en/common.ftl"),
    include_str!("../i18n/en/words.ftl"),
    include_str!("../i18n/en/home.ftl"),
    include_str!("../i18n/en/account.ftl"),
    include_str!("../i18n/en/participant.ftl"),
    include_str!("../i18n/en/consent.ftl"),
    include_str!("../i18n/en/research.ftl"),
    include_str!("../i18n/en/officer.ftl"),
    include_str!("../i18n/en/problem.ftl"),
];

static FRENCH_BUNDLE: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| bundle(Lang::French, &FRENCH));
static ENGLISH_BUNDLE: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| bundle(Lang::English, &ENGLISH));

/// The message `key` in `lang`, with its arguments filled in.
///
/// A key or an argument that is missing shows as a marker instead of failing the page: a person who wants to
/// withdraw must reach the button even when a label is lost. Tests refuse the marker.
pub(crate) fn message(lang: Lang, key: &str, args: Option<&FluentArgs<'_>>) -> String {
    let bundle = match lang {
        Lang::French => &*FRENCH_BUNDLE,
        Lang::English => &*ENGLISH_BUNDLE,
    };
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

fn bundle(lang: Lang, sources: &[&str]) -> FluentBundle<FluentResource> {
    let (locale, formatter): (_, fn(&FluentValue<'_>, &_) -> Option<String>) = match lang {
        Lang::French => (langid!("fr-FR"), |value, _| grouped(Lang::French, value)),
        Lang::English => (langid!("en-GB"), |value, _| grouped(Lang::English, value)),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Isolation marks are invisible characters around every argument; both languages run left to right.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(formatter));
    for source in sources {
        let text = match lang {
            Lang::French => french_spaces(source),
            Lang::English => Cow::Borrowed(*source),
        };
        // What parses is kept and what does not shows as missing; tests parse every file without error.
        let resource = FluentResource::try_new(text.into_owned()).unwrap_or_else(|(partial, _)| partial);
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

/// Makes the spaces that French typography wants unbreakable: before « : ; ! ? », inside guillemets, and between a
/// number and what it counts. Message files are written with ordinary spaces, which stay legible in an editor.
fn french_spaces(source: &str) -> Cow<'_, str> {
    let mut text = String::with_capacity(source.len() + source.len() / 16);
    let mut previous = '\n';
    let mut letters = source.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or('\n');
        let replaced = match (previous, letter, next) {
            (_, ' ', ':' | '»') | ('«', ' ', _) => '\u{a0}',
            (_, ' ', ';' | '!' | '?') => '\u{202f}',
            (before, ' ', after) if before.is_ascii_digit() && after.is_alphabetic() => '\u{a0}',
            _ => letter,
        };
        text.push(replaced);
        previous = letter;
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fluent_bundle::{FluentArgs, FluentResource};

    use super::{ENGLISH, FRENCH, MISSING, french_spaces, message};
    use crate::lang::Lang;

    fn keys(sources: &[&str]) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for line in sources.iter().flat_map(|source| source.lines()) {
            let Some((key, _)) = line.split_once(" =") else {
                continue;
            };
            if key.starts_with(|first: char| first.is_ascii_lowercase()) {
                assert!(keys.insert(key.to_owned()), "key {key} is written twice");
            }
        }
        keys
    }

    #[test]
    fn every_file_parses() {
        for source in FRENCH.iter().chain(&ENGLISH) {
            FluentResource::try_new((*source).to_owned())
                .map_err(|(_, errors)| errors)
                .unwrap();
            FluentResource::try_new(french_spaces(source).into_owned())
                .map_err(|(_, errors)| errors)
                .unwrap();
        }
    }

    #[test]
    fn both_languages_hold_the_same_keys() {
        let (french, english) = (keys(&FRENCH), keys(&ENGLISH));
        assert!(french.len() > 200);
        assert_eq!(
            french.symmetric_difference(&english).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "keys present in one language only"
        );
    }

    #[test]
    fn a_missing_key_or_argument_is_marked() {
        assert!(message(Lang::French, "no-such-key", None).starts_with(MISSING));
        assert!(message(Lang::French, "frame-title", None).starts_with(MISSING));
    }

    #[test]
    fn french_double_punctuation_keeps_its_space() {
        assert_eq!(
            french_spaces("Quoi ? Ceci : « 30 jours »"),
            "Quoi\u{202f}? Ceci\u{a0}: «\u{a0}30\u{a0}jours\u{a0}»"
        );
    }

    #[test]
    fn french_messages_have_a_space_before_double_punctuation() {
        for line in FRENCH
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
    fn numbers_are_grouped_by_language() {
        let mut args = FluentArgs::new();
        args.set("n", 12_345);
        assert!(message(Lang::French, "count-transfers", Some(&args)).contains("12\u{202f}345"));
        assert!(message(Lang::English, "count-transfers", Some(&args)).contains("12,345"));
    }
}
