//! Who is not let in, whatever her browser sends.

use audit_tests::authenticator::{Authenticator, Person, Transport};
use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::people::{Site, invite};
use audit_tests::server::Server;
use audit_tests::town::Town;
use serde_json::{Value, json};

/// Codes that are tried in vain. The use cases' own tests count how many may be until nobody listens.
const WRONG_CODES: usize = 10;

/// A broker that runs, and codes for its two residents.
struct Doorstep {
    site: Site,
    codes: [String; 2],
    _server: Server,
    _town: Town,
}

impl Doorstep {
    fn open() -> Self {
        let town = Town::found(1);
        let site = Site::prepare(&town);
        let code = |resident: usize| {
            let id = town.residents[resident].participant.to_string();
            invite(&town, &["--participant", &id]).1
        };
        let codes = [code(0), code(1)];
        Self {
            site,
            codes,
            _server: Server::start(&town),
            _town: town,
        }
    }

    /// Types a code where an invitation is asked for.
    async fn type_code(&self, browser: &Browser, code: &str) {
        browser.open_page(&self.site.page("/invitation?lang=en")).await;
        browser.type_into("#code", code).await;
        browser.click("#majeur").await;
        browser.follow("form[action=\"/invitation\"] button").await;
    }

    /// Registers a first passkey, and goes away again.
    async fn settle(&self, browser: &Browser, code: &str) {
        self.type_code(browser, code).await;
        browser.click("form.passkey button").await;
        browser.find(".counts").await;
        browser.forget_cookies();
        browser.open_page(&self.site.page("/connexion?lang=en")).await;
    }
}

/// One step of a ceremony.
async fn step(browser: &Browser, name: &str, given: Value) -> Value {
    browser
        .later(include_str!("sign_in.js"), vec![json!(name), given])
        .await
}

async fn ask(browser: &Browser) -> Value {
    let asked = step(browser, "ask", Value::Null).await;
    assert_eq!(asked["status"], 200, "{asked}");
    asked["said"]["options"].clone()
}

async fn sign(browser: &Browser, options: Value) -> Value {
    let signed = step(browser, "sign", options).await;
    assert!(signed["id"].is_string(), "{signed}");
    signed
}

/// The answer is refused, and nobody is signed in by it.
async fn refused(browser: &Browser, answer: Value, sentence: &str) {
    let sent = step(browser, "send", answer).await;
    assert_eq!(sent["status"], 403, "{sent}");
    let said = sent["said"]["sentence"].as_str().unwrap();
    assert!(said.contains(sentence), "{said}");
    assert!(!signed_in(browser));
}

fn signed_in(browser: &Browser) -> bool {
    let cookies = browser.cookies();
    let mut cookies = cookies.as_array().unwrap().iter();
    cookies.any(|cookie| cookie["name"] == "fiducie")
}

#[test]
fn nobody_is_let_in_whom_her_device_did_not_recognise() {
    let doorstep = Doorstep::open();
    with_browser(Scripts::Allowed, async |browser| {
        let device = Authenticator::plug_in(browser, Transport::Internal);
        doorstep.settle(browser, &doorstep.codes[0]).await;
        device.set_person(Person::Unverified);
        browser.click("form.passkey button").await;
        browser.find("form.passkey button:enabled").await;
        let said = browser.text("form.passkey [role=status]").await;
        assert!(said.contains("did not confirm"), "{said}");
        // A page that is not ours would not ask for it; the broker does all the same.
        let mut question = ask(browser).await;
        assert_eq!(question["userVerification"], "required");
        question["userVerification"] = json!("discouraged");
        let answer = sign(browser, question).await;
        refused(browser, answer, "does not show that it is you").await;
    });
}

#[test]
fn an_answer_counts_once_and_for_its_own_question() {
    let doorstep = Doorstep::open();
    with_browser(Scripts::Allowed, async |browser| {
        let _device = Authenticator::plug_in(browser, Transport::Internal);
        doorstep.settle(browser, &doorstep.codes[0]).await;
        let first = ask(browser).await;
        let answer = sign(browser, first).await;
        ask(browser).await;
        refused(browser, answer, "does not show that it is you").await;

        let question = ask(browser).await;
        let waiting = browser.cookies();
        let answer = sign(browser, question).await;
        let sent = step(browser, "send", answer.clone()).await;
        assert_eq!(
            (&sent["status"], &sent["said"]["onward"]),
            (&json!(200), &json!("/moi"))
        );
        // Who saw all of it, cookie and answer, comes too late.
        browser.forget_cookies();
        browser.put_cookies(&waiting);
        let sent = step(browser, "send", answer).await;
        assert_ne!(sent["status"], 200, "{sent}");
        let said = sent["said"]["sentence"].as_str().unwrap();
        assert!(said.contains("was done before"), "{said}");
        assert!(!signed_in(browser));
    });
}

#[test]
fn a_passkey_opens_the_account_of_its_owner_only() {
    let doorstep = Doorstep::open();
    with_browser(Scripts::Allowed, async |browser| {
        let owners = [&doorstep.codes[0], &doorstep.codes[1]];
        let mut keys = Vec::new();
        for code in owners {
            let device = Authenticator::plug_in(browser, Transport::Internal);
            doorstep.settle(browser, code).await;
            keys.extend(device.pull_out());
        }
        let [anna, bruno] = &keys[..] else {
            panic!("{} keys", keys.len())
        };
        // Bruno's key says that it is Anna's.
        let liar = Authenticator::plug_in(browser, Transport::Internal);
        let mut lie = bruno.clone();
        lie["userHandle"] = anna["userHandle"].clone();
        liar.put_key(&lie);
        let question = ask(browser).await;
        let answer = sign(browser, question).await;
        refused(browser, answer, "does not show that it is you").await;
        liar.pull_out();

        // Bruno proves that he is Bruno, in a session of Anna's.
        let device = Authenticator::plug_in(browser, Transport::Internal);
        device.put_key(anna);
        browser.click("form.passkey button").await;
        browser.find(".counts").await;
        device.pull_out();
        let device = Authenticator::plug_in(browser, Transport::Internal);
        device.put_key(bruno);
        browser.open_page(&doorstep.site.page("/compte/preuve")).await;
        browser.click("form.passkey button").await;
        browser.find("form.passkey button:enabled").await;
        assert_eq!(browser.path().await, "/compte/preuve");
        let said = browser.text("form.passkey [role=status]").await;
        assert!(said.contains("does not show that it is you"), "{said}");
        browser.open_page(&doorstep.site.page("/compte")).await;
        assert_eq!(browser.count("article").await, 1);
    });
}

#[test]
fn passkeys_are_for_our_own_name() {
    let doorstep = Doorstep::open();
    with_browser(Scripts::Allowed, async |browser| {
        let _device = Authenticator::plug_in(browser, Transport::Internal);
        doorstep.settle(browser, &doorstep.codes[0]).await;
        // The same machine under another name: the browser asks no authenticator.
        let elsewhere = doorstep.site.url.replace("localhost", "127.0.0.1");
        browser.open_page(&format!("{elsewhere}/connexion?lang=en")).await;
        browser.click("form.passkey button").await;
        browser.find("form.passkey button:enabled").await;
        let said = browser.text("form.passkey [role=status]").await;
        assert!(said.contains("cannot do this here"), "{said}");
    });
}

#[test]
fn an_invitation_lets_in_once() {
    let doorstep = Doorstep::open();
    with_browser(Scripts::Allowed, async |browser| {
        let _device = Authenticator::plug_in(browser, Transport::Internal);
        doorstep.type_code(browser, &doorstep.codes[0]).await;
        browser.find("form.passkey button").await;
        // Somebody else who read the letter stands at the same place.
        let second = browser.cookies();
        browser.click("form.passkey button").await;
        browser.find(".counts").await;
        browser.forget_cookies();
        doorstep.type_code(browser, &doorstep.codes[0]).await;
        browser.find(".errors").await;
        browser.put_cookies(&second);
        browser
            .open_page(&doorstep.site.page("/invitation/acces?lang=en"))
            .await;
        let said = browser.text("main").await;
        assert!(said.contains("Nothing has changed"), "{said}");
        assert_eq!(browser.count("form.passkey").await, 0);
    });
}

#[test]
fn ten_wrong_codes_let_nobody_in_and_do_not_keep_the_right_one_out() {
    let doorstep = Doorstep::open();
    with_browser(Scripts::Blocked, async |browser| {
        for path in ["/connexion", "/invitation"] {
            for _ in 0..WRONG_CODES {
                browser
                    .open_page(&doorstep.site.page(&format!("{path}?lang=en")))
                    .await;
                browser.type_into("main #code", "AAAA-BBBB-CCCC").await;
                browser.follow("main form:has(#code) button").await;
                browser.find("#code-error").await;
                let said = browser.text("#code-error").await;
                assert!(said.contains("does not exist, was used or has expired"), "{said}");
            }
            assert!(!signed_in(browser));
        }
        doorstep.type_code(browser, &doorstep.codes[0]).await;
        browser.find("noscript").await;
        assert_eq!(browser.path().await, "/invitation/acces");
    });
}
