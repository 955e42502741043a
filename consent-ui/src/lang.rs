//! The language of a page.

pub use broker_domain::lang::Lang;

/// The first language of an `Accept-Language` header that we speak, French when there is none.
///
/// Weights are ignored: browsers send the header in order of preference (RFC 9110 §12.5.4 allows any order, but
/// a wrong guess costs one click on the language switch).
pub(crate) fn preferred(accept_language: &str) -> Lang {
    accept_language
        .split(',')
        .filter_map(|range| range.split(';').next())
        .find_map(Lang::from_tag)
        .unwrap_or(Lang::French)
}

#[cfg(test)]
mod tests {
    use super::{Lang, preferred};

    #[test]
    fn french_is_spoken_when_nothing_else_is_understood() {
        assert_eq!(preferred(""), Lang::French);
        assert_eq!(preferred("ja,*;q=0.1"), Lang::French);
    }

    #[test]
    fn the_first_language_understood_wins() {
        assert_eq!(preferred("de, en-GB;q=0.8, fr;q=0.7"), Lang::English);
        assert_eq!(preferred("nl-BE,nl;q=0.9,fr-BE;q=0.8,en;q=0.7"), Lang::Dutch);
    }
}
