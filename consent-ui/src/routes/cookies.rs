//! The cookies: the session and the language; and, while somebody signs in, what is waited for and the invitation.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::lang::{self, Lang};
use crate::routes::Site;

const SESSION: &str = "fiducie";
/// Browsers accept a cookie of this prefix only with `Secure`, `Path=/` and no `Domain` (RFC 6265bis §4.1.3.2), so no
/// neighbouring host can plant one.
const SESSION_HTTPS: &str = "__Host-fiducie";
/// The value by which the answer of an authenticator or a provider finds its question.
const CEREMONY: &str = "fiducie-question";
/// The code of an invitation, from the page that opens it to the one that uses it.
const INVITATION: &str = "fiducie-invitation";
/// The code of the home whose notice was opened. Lives an hour from each page: people write on it.
const HOME: &str = "fiducie-foyer";
const HOME_SECONDS: u32 = 3_600;
/// Both live ten minutes, as the question does.
const STEP_SECONDS: u32 = 600;
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
        value(cookie(headers, self.session_name())?)
    }

    /// The value of the question that waits for this browser.
    pub(crate) fn ceremony(&self, headers: &HeaderMap) -> Option<[u8; 32]> {
        value(cookie(headers, &self.named(CEREMONY))?)
    }

    /// The code of an invitation that was opened in this browser.
    pub(crate) fn invitation(&self, headers: &HeaderMap) -> Option<String> {
        cookie(headers, &self.named(INVITATION)).map(str::to_owned)
    }

    /// Remembers which question waits for this browser. `Lax`, because a provider's answer comes from its site.
    pub(crate) fn keep_ceremony(&self, value: &[u8; 32], headers: &mut HeaderMap) {
        self.keep_for(STEP_SECONDS, CEREMONY, &URL_SAFE_NO_PAD.encode(value), headers);
    }

    /// Remembers the code of an invitation that was opened, without the spaces and hyphens that people type with it, and
    /// so without anything that breaks a cookie (RFC 6265 §4.1.1).
    pub(crate) fn keep_invitation(&self, code: &str, headers: &mut HeaderMap) {
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        self.keep_for(STEP_SECONDS, INVITATION, &code, headers);
    }

    /// The code of the home whose notice was opened in this browser.
    pub(crate) fn home(&self, headers: &HeaderMap) -> Option<String> {
        cookie(headers, &self.named(HOME)).map(str::to_owned)
    }

    /// Remembers it, without what breaks a cookie.
    pub(crate) fn keep_home(&self, code: &str, headers: &mut HeaderMap) {
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        self.keep_for(HOME_SECONDS, HOME, &code, headers);
    }

    /// It opens nothing any more.
    pub(crate) fn forget_home(&self, headers: &mut HeaderMap) {
        self.forget_step(HOME, headers);
    }

    /// The question was answered.
    pub(crate) fn forget_ceremony(&self, headers: &mut HeaderMap) {
        self.forget_step(CEREMONY, headers);
    }

    /// The invitation was used.
    pub(crate) fn forget_invitation(&self, headers: &mut HeaderMap) {
        self.forget_step(INVITATION, headers);
    }

    fn named(&self, name: &str) -> String {
        let prefix = if self.is_https() { "__Host-" } else { "" };
        format!("{prefix}{name}")
    }

    fn keep_for(&self, seconds: u32, name: &str, value: &str, headers: &mut HeaderMap) {
        let (name, secure) = (self.named(name), self.secure());
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        // INVARIANT: base64url, letters, digits and hyphens make a header.
        if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
            cookie.set_sensitive(true);
            headers.append(header::SET_COOKIE, cookie);
        }
    }

    fn forget_step(&self, name: &str, headers: &mut HeaderMap) {
        let (name, secure) = (self.named(name), self.secure());
        let cookie = format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
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

    /// The same, into the headers of an answer.
    pub(crate) fn keep_session_in(&self, token: &[u8; 32], headers: &mut HeaderMap) {
        if let Some(cookie) = self.keep_session(token) {
            headers.append(header::SET_COOKIE, cookie);
        }
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

/// 32 bytes as base64url without padding.
fn value(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
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
    fn an_invitation_is_kept_however_it_was_typed() {
        for typed in ["ABCD-EFGH-JKMN", " ABCD EFGH\u{a0}JKMN ", "ABCDEFGHJKMN;"] {
            let mut set = HeaderMap::new();
            site("http://a").keep_invitation(typed, &mut set);
            let pair = set[header::SET_COOKIE].to_str().unwrap();
            let sent = headers(&[(header::COOKIE, pair.split(';').next().unwrap())]);
            assert_eq!(
                site("http://a").invitation(&sent).as_deref(),
                Some("ABCDEFGHJKMN"),
                "{typed}"
            );
        }
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
