//! The two cookies: the session and the language.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::lang::{self, Lang};
use crate::routes::Site;

const SESSION: &str = "fiducie";
/// Browsers accept a cookie of this prefix only with `Secure`, `Path=/` and no `Domain` (RFC 6265bis §4.1.3.2), so no
/// neighbouring host can plant one.
const SESSION_HTTPS: &str = "__Host-fiducie";
const LANGUAGE: &str = "fiducie-langue";
/// A language is remembered for a year.
const LANGUAGE_SECONDS: u32 = 31_536_000;

impl Site {
    fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }

    fn session_name(&self) -> &'static str {
        if self.is_https() { SESSION_HTTPS } else { SESSION }
    }

    fn secure(&self) -> &'static str {
        if self.is_https() { "; Secure" } else { "" }
    }

    /// The token in the session cookie, 32 bytes as base64url without padding.
    pub(crate) fn session_token(&self, headers: &HeaderMap) -> Option<[u8; 32]> {
        let bytes = URL_SAFE_NO_PAD
            .decode(cookie(headers, self.session_name())?)
            .ok()?;
        bytes.try_into().ok()
    }

    /// Sets the session cookie. It ends with the browser; the session behind it ends by itself.
    ///
    /// `Lax` and not `Strict`: a link in a letter or an e-mail opens the page signed in, and no link changes anything.
    pub(crate) fn keep_session(&self, token: &[u8; 32]) -> Option<HeaderValue> {
        let (name, value) = (self.session_name(), URL_SAFE_NO_PAD.encode(token));
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{}", self.secure());
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// Removes the session cookie.
    pub(crate) fn forget_session(&self) -> Option<HeaderValue> {
        let (name, secure) = (self.session_name(), self.secure());
        HeaderValue::try_from(format!(
            "{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"
        ))
        .ok()
    }

    /// Remembers a language.
    pub(crate) fn keep_language(&self, lang: Lang) -> Option<HeaderValue> {
        let (tag, secure) = (lang.tag(), self.secure());
        let cookie =
            format!("{LANGUAGE}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age={LANGUAGE_SECONDS}{secure}");
        HeaderValue::try_from(cookie).ok()
    }
}

/// The language of the cookie, else of the browser, else French.
pub(crate) fn language(headers: &HeaderMap) -> Lang {
    let chosen = cookie(headers, LANGUAGE).and_then(Lang::from_tag);
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    chosen.unwrap_or_else(|| lang::preferred(accepted.unwrap_or_default()))
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{Site, language};
    use crate::lang::Lang;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn site(url: &str) -> Site {
        Site { url: url.into() }
    }

    #[test]
    fn a_session_comes_back_as_it_went() {
        for url in ["http://127.0.0.1:8080", "https://fiducie.example"] {
            let set = site(url).keep_session(&[7; 32]).unwrap();
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            let sent = headers(&[(header::COOKIE, &format!("a=b; {pair}"))]);
            assert_eq!(site(url).session_token(&sent), Some([7; 32]));
        }
    }

    #[test]
    fn the_cookie_is_bound_to_the_host_over_https_only() {
        let set = |url| {
            site(url)
                .keep_session(&[7; 32])
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert!(set("https://a.example").starts_with("__Host-fiducie="));
        assert!(set("https://a.example").ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"));
        assert!(set("http://127.0.0.1").starts_with("fiducie="));
        assert!(!set("http://127.0.0.1").contains("Secure"));
    }

    #[test]
    fn a_token_of_another_length_is_none() {
        for value in ["", "AAAA", "%%%"] {
            let sent = headers(&[(header::COOKIE, &format!("fiducie={value}"))]);
            assert_eq!(site("http://a").session_token(&sent), None);
        }
    }

    #[test]
    fn the_cookie_wins_over_the_browser() {
        let english = (header::ACCEPT_LANGUAGE, "en-GB,en");
        assert_eq!(language(&headers(std::slice::from_ref(&english))), Lang::English);
        assert_eq!(
            language(&headers(&[english, (header::COOKIE, "fiducie-langue=fr")])),
            Lang::French
        );
        let dutch = (header::COOKIE, "fiducie-langue=nl");
        assert_eq!(language(&headers(&[dutch])), Lang::Dutch);
        assert_eq!(language(&headers(&[])), Lang::French);
    }
}
