//! The languages that pages, notices and messages are written in.

/// A language we speak to people. French comes first: it is the reference language of this product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// French as written in France.
    French,
    /// English as written in the United Kingdom.
    English,
    /// Dutch as written in Belgium and the Netherlands.
    Dutch,
}

impl Lang {
    /// Every language, in the order of the language switch.
    pub const ALL: [Self; 3] = [Self::French, Self::English, Self::Dutch];

    /// The BCP 47 tag, as written in `lang` attributes, in `?lang=`, in the cookie and in the store.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.pick(["fr", "en", "nl"])
    }

    /// The language of a tag such as `fr` or `nl-BE`; `None` for a language we do not speak.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag).trim();
        Self::ALL
            .into_iter()
            .find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }

    /// The name of the language in that language, for the language switch.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        self.pick(["Français", "English", "Nederlands"])
    }

    /// The one of this language, of things in the order of [`Lang::ALL`]. A language more changes the length of the
    /// array, so that nothing is said in one language less without the compiler's notice.
    #[must_use]
    pub const fn pick<T: Copy>(self, [french, english, dutch]: [T; 3]) -> T {
        match self {
            Self::French => french,
            Self::English => english,
            Self::Dutch => dutch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn tags_with_a_region_are_understood() {
        assert_eq!(Lang::from_tag("fr-BE"), Some(Lang::French));
        assert_eq!(Lang::from_tag("nl-BE"), Some(Lang::Dutch));
        assert_eq!(Lang::from_tag("NL"), Some(Lang::Dutch));
        assert_eq!(Lang::from_tag("de"), None);
    }

    #[test]
    fn each_language_is_found_by_its_tag_and_stands_at_its_place() {
        assert_eq!(
            Lang::ALL.map(|lang| Lang::from_tag(lang.tag())),
            Lang::ALL.map(Some)
        );
        assert_eq!(Lang::ALL.map(|lang| lang.pick(Lang::ALL)), Lang::ALL);
    }
}
