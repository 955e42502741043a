//! From the invitation to the dashboard, back by passkey, the account and everything on it, and the way back when every
//! passkey is gone: `fiducie serve`, a real browser, an authenticator plugged into it.

use audit_tests::authenticator::{Authenticator, Person, Transport};
use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::people::{Site, invite};
use audit_tests::server::Server;
use audit_tests::town::Town;

use crate::looks::Looks;

#[test]
fn an_account_is_opened_kept_and_won_back_in_french() {
    walk("fr");
}

#[test]
fn an_account_is_opened_kept_and_won_back_in_english() {
    walk("en");
}

#[test]
fn an_account_is_opened_kept_and_won_back_in_dutch() {
    walk("nl");
}

/// Somebody who walks.
struct Walk<'a> {
    browser: &'a Browser,
    site: &'a Site,
    looks: Looks<'a>,
}

fn walk(language: &str) {
    let town = Town::found(1);
    let site = Site::prepare(&town);
    let anna = town.residents[0].participant.to_string();
    let (_, code) = invite(&town, &["--participant", &anna]);
    let _server = Server::start(&town);
    // An officer is invited beside the broker that runs.
    let (_, officer) = invite(&town, &["--officer", "--name", "Olga"]);
    with_browser(Scripts::Allowed, async |browser| {
        let built_in = Authenticator::plug_in(browser, Transport::Internal);
        let walk = Walk {
            browser,
            site: &site,
            looks: Looks::at(browser, language),
        };
        browser.open_page(&site.page(&format!("/?lang={language}"))).await;
        walk.come_in(&code).await;
        walk.come_back().await;
        let key = walk.second_key().await;
        let codes = walk.codes().await;
        walk.devices().await;
        walk.not_me().await;
        key.pull_out();
        built_in.pull_out();
        walk.win_back(&codes[0]).await;
        browser.forget_cookies();
        browser.open_page(&site.page(&format!("/?lang={language}"))).await;
        walk.officer(&officer).await;
        walk.looks.end();
    });
}

impl Walk<'_> {
    async fn open(&self, path: &str) {
        self.browser.open_page(&self.site.page(path)).await;
    }

    async fn sign_out(&self) {
        self.browser.follow("form[action=\"/deconnexion\"] button").await;
        self.browser.find("main a[href=\"/connexion\"]").await;
    }

    /// The invitation, the first passkey, the dashboard.
    async fn come_in(&self, code: &str) {
        let browser = self.browser;
        self.looks.at_page("home").await;
        browser.follow("main a[href=\"/connexion\"]").await;
        browser.find("form.passkey button").await;
        self.looks.at_page("sign-in").await;
        browser.follow("main a[href=\"/invitation\"]").await;
        browser.find("#code").await;
        self.looks.at_page("invitation").await;
        browser.type_into("#code", "AAAA-BBBB-CCCC").await;
        browser.follow("form[action=\"/invitation\"] button").await;
        browser.find(".errors").await;
        self.looks.at_refusal("invitation-unknown", 422).await;
        // As somebody copies it from a letter.
        browser
            .type_into("#code", &code.to_lowercase().replace('-', " "))
            .await;
        browser.click("#majeur").await;
        browser.follow("form[action=\"/invitation\"] button").await;
        browser.find("form.passkey button").await;
        self.looks.at_page("first-way").await;
        browser.click("form.passkey button").await;
        browser.find(".counts").await;
        assert_eq!(browser.path().await, "/moi");
        self.looks.at_page("arrived").await;
    }

    /// Signs out, and in again with the passkey.
    async fn come_back(&self) {
        let browser = self.browser;
        self.sign_out().await;
        self.looks.at_page("signed-out").await;
        self.open("/connexion").await;
        browser.click("form.passkey button").await;
        browser.find(".counts").await;
        browser.follow("nav a[href=\"/compte\"]").await;
        browser.find("#events").await;
        self.looks.at_page("account").await;
    }

    /// Proves herself again, names the first passkey, and adds a second one on a security key.
    async fn second_key(&self) -> Authenticator<'_> {
        let browser = self.browser;
        self.open("/compte/preuve").await;
        browser.find("form.passkey button").await;
        self.looks.at_page("prove").await;
        browser.click("form.passkey button").await;
        browser.find("#events").await;

        let name = "form.named [name=nom]";
        browser.find(name).await.clear().await.unwrap();
        browser.type_into(name, " ").await;
        browser.follow("form.named button").await;
        browser.find(".errors").await;
        self.looks.at_refusal("account-unnamed", 422).await;
        browser.find(name).await.clear().await.unwrap();
        browser.type_into(name, "Téléphone de la cuisine").await;
        browser.follow("form.named button").await;
        browser.find(".status p").await;
        assert_eq!(browser.text("article h3").await, "Téléphone de la cuisine");

        // This device has a passkey already, and says so; the page says what to do.
        browser.click("form.passkey button").await;
        browser.find("form.passkey [role=status]:not([hidden])").await;
        browser.find("form.passkey button:enabled").await;
        assert_eq!(browser.count("article").await, 1);
        self.looks.at_page("account-same-device").await;

        let key = Authenticator::plug_in(browser, Transport::Usb);
        browser.click("form.passkey button").await;
        browser.find("article + article").await;
        assert_eq!(key.keys().len(), 1);
        self.looks.at_page("account-two-keys").await;
        key
    }

    async fn codes(&self) -> Vec<String> {
        let browser = self.browser;
        browser.follow("form[action=\"/compte/codes\"] button").await;
        browser.find(".codes li").await;
        self.looks.at_page("codes").await;
        let codes = browser.text(".codes").await;
        let codes: Vec<String> = codes.split_whitespace().map(str::to_owned).collect();
        assert_eq!(codes.len(), 10, "{codes:?}");
        browser.follow("a.button[href=\"/compte\"]").await;
        browser.find("#events").await;
        codes
    }

    /// Signs in on another device, and ends that session from this one.
    async fn devices(&self) {
        let browser = self.browser;
        let here = browser.cookies();
        browser.forget_cookies();
        self.open("/connexion").await;
        browser.click("form.passkey button").await;
        browser.find(".counts").await;
        let elsewhere = browser.cookies();
        browser.forget_cookies();
        browser.put_cookies(&here);
        self.open("/compte").await;
        let ends = "form[action=\"/compte/appareils/fin\"]";
        assert_eq!(browser.count(ends).await, 2);
        browser
            .follow(&format!("tr:not(:has(.mark-yes)) {ends} button"))
            .await;
        browser.find(".status p").await;
        assert_eq!(browser.count(ends).await, 1);
        browser.forget_cookies();
        browser.put_cookies(&elsewhere);
        self.open("/moi").await;
        assert_eq!(
            browser.path().await,
            "/connexion",
            "the other device is signed out"
        );
        browser.forget_cookies();
        browser.put_cookies(&here);
    }

    /// Says that somebody else was there, and sees everything closed.
    async fn not_me(&self) {
        let browser = self.browser;
        self.open("/compte").await;
        browser.follow("a[href^=\"/compte/pas-moi/\"]").await;
        browser.find("fieldset").await;
        assert_eq!(browser.count(":checked").await, 0, "a choice is made already");
        self.looks.at_page("not-me").await;
        browser.click("label[for=keep-none]").await;
        browser.follow("main button.grave").await;
        browser.find(".status p").await;
        assert_eq!(browser.path().await, "/connexion");
        self.looks.at_page("closed").await;
        browser.click("form.passkey button").await;
        browser.find("form.passkey [role=status]:not([hidden])").await;
        browser.find("form.passkey button:enabled").await;
        self.looks.at_refusal("frozen-key", 403).await;
        assert_eq!(browser.path().await, "/connexion");
    }

    /// Comes in by a recovery code: may withdraw, may not do other things, may register a new passkey and then do everything.
    async fn win_back(&self, code: &str) {
        let browser = self.browser;
        browser.type_into("#code", "AAAA-BBBB-CCCC").await;
        browser.follow("form[action=\"/connexion/secours\"] button").await;
        browser.find(".errors").await;
        self.looks.at_refusal("recovery-unknown", 422).await;
        browser.type_into("#code", code).await;
        browser.follow("form[action=\"/connexion/secours\"] button").await;
        browser.find("#events").await;
        self.looks.at_page("recovered").await;

        browser.follow("nav a[href=\"/moi\"]").await;
        browser.follow(".rows a.second[href$=\"/retrait\"]").await;
        browser.find("main form button").await;
        browser.follow("main form[action$=\"/retrait\"] button").await;
        browser.find(".done").await;
        self.looks.at_page("recovered-withdrawn").await;
        self.open("/compte").await;
        browser.follow("form[action=\"/compte/codes\"] button").await;
        browser.find("main p.lead").await;
        self.looks.at_refusal("recovered-may-not", 403).await;

        self.open("/compte").await;
        let new = Authenticator::plug_in(browser, Transport::Internal);
        browser.click("form.passkey button").await;
        browser.find("article:nth-of-type(3)").await;
        self.sign_out().await;
        self.open("/connexion").await;
        new.set_person(Person::Verified);
        browser.click("form.passkey button").await;
        browser.find(".counts").await;
        self.open("/compte").await;
        self.looks.at_page("account-won-back").await;
        browser.follow("form[action=\"/compte/deblocage\"] button").await;
        browser.find(".status p").await;
        assert_eq!(browser.count("article .mark-off").await, 1);
        browser
            .follow("article:has(.mark-off) form[action=\"/compte/cles/retrait\"] button")
            .await;
        browser.find(".status p").await;
        assert_eq!(browser.count("article").await, 2);
        new.pull_out();
    }

    /// An officer comes in the same way.
    async fn officer(&self, code: &str) {
        let browser = self.browser;
        let _key = Authenticator::plug_in(browser, Transport::Internal);
        self.open("/invitation").await;
        browser.type_into("#code", code).await;
        browser.follow("form[action=\"/invitation\"] button").await;
        browser.click("form.passkey button").await;
        browser.find("#to-decide").await;
        assert_eq!(browser.path().await, "/dpo");
        self.sign_out().await;
        self.open("/connexion").await;
        browser.click("form.passkey button").await;
        browser.find("#to-decide").await;
        self.looks.at_page("officer").await;
        browser.follow("nav a[href=\"/compte\"]").await;
        browser.find("#events").await;
        self.looks.at_page("officer-account").await;
    }
}
