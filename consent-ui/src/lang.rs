//! The languages of the interface.

/// A language a page can be rendered in. French comes first: it is the reference language of this product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// French as written in France.
    French,
    /// English as written in the United Kingdom.
    English,
}

impl Lang {
    /// Every language, in the order of the language switch.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// The BCP 47 tag, as written in `lang` attributes, in `?lang=` and in the cookie.
    pub fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The language of a tag such as `fr` or `en-GB`; `None` for a language we do not speak.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag).trim();
        Self::ALL
            .into_iter()
            .find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }

    /// The first language of an `Accept-Language` header that we speak, French when there is none.
    ///
    /// Weights are ignored: browsers send the header in order of preference (RFC 9110 §12.5.4 allows any order, but
    /// a wrong guess costs one click on the language switch).
    pub fn preferred(accept_language: &str) -> Self {
        accept_language
            .split(',')
            .filter_map(|range| range.split(';').next())
            .find_map(Self::from_tag)
            .unwrap_or(Self::French)
    }

    /// The name of the language in that language, for the language switch.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::French => "Français",
            Self::English => "English",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn french_is_spoken_when_nothing_else_is_understood() {
        assert_eq!(Lang::preferred(""), Lang::French);
        assert_eq!(Lang::preferred("ja,*;q=0.1"), Lang::French);
    }

    #[test]
    fn the_first_language_understood_wins() {
        assert_eq!(Lang::preferred("nl, en-GB;q=0.8, fr;q=0.7"), Lang::English);
    }

    #[test]
    fn tags_with_a_region_are_understood() {
        assert_eq!(Lang::from_tag("fr-BE"), Some(Lang::French));
        assert_eq!(Lang::from_tag("de"), None);
    }
}
