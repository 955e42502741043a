//! The terms of a sharing signed with a passkey: refused without the person, signed with her, verified by a stranger from
//! the downloaded receipt, and withdrawn without any key.

use std::fs;

use audit_tests::authenticator::{Authenticator, Person, Transport};
use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::people::{Site, invite};
use audit_tests::programs::ledger_audit;
use audit_tests::server::Server;
use audit_tests::town::Town;

use crate::looks::Looks;

#[test]
fn terms_are_signed_with_a_passkey_and_withdrawn_without() {
    let town = Town::found(1);
    let site = Site::prepare(&town);
    let anna = town.residents[0].participant.to_string();
    let (_, code) = invite(&town, &["--participant", &anna]);
    let _server = Server::start(&town);
    with_browser(Scripts::Allowed, async |browser| {
        let device = Authenticator::plug_in(browser, Transport::Internal);
        come_in(browser, &site, &code).await;
        offered(browser, &site).await;
        let looks = Looks::at(browser, "fr");
        sign(browser, &device, &looks).await;
        proved(browser, &site, &town).await;
        // Nobody is asked for a key who wants to leave.
        device.pull_out();
        browser.open_page(&site.page("/moi")).await;
        withdraw(browser).await;
        looks.end();
    });
}

/// Asks what the page's script asks, has it signed, and keeps question and answer for later.
const SIGNED: &str = "const done = arguments[arguments.length - 1]; \
    import('/assets/passkey.js').then(async ({ answer, post, request }) => { \
      const form = document.querySelector('form.consent'); \
      const { csrf, meter, notice } = form.elements; \
      const question = await post(form.dataset.question, { csrf: csrf.value, meter: meter.value, notice: notice.value }); \
      const credential = await navigator.credentials.get(request(question.options)); \
      window.handed = { path: form.dataset.answer, body: { csrf: csrf.value, answer: answer(credential) } }; \
      done(question.ok); \
    }).catch((error) => done(String(error)));";
/// Hands the answer in.
const HANDED: &str = "const done = arguments[arguments.length - 1]; \
    import('/assets/passkey.js').then(({ post }) => post(window.handed.path, window.handed.body)) \
      .then((outcome) => done(outcome), (error) => done(String(error)));";

/// Between page and signature the operator changes what the terms say; the broker starts again with it.
#[test]
fn terms_changed_under_way_are_refused_with_what_to_do_next_and_nothing_is_recorded() {
    let town = Town::found(1);
    let site = Site::prepare(&town);
    let anna = town.residents[0].participant.to_string();
    let (_, code) = invite(&town, &["--participant", &anna]);
    let server = Server::start(&town);
    with_browser(Scripts::Allowed, async |browser| {
        let _device = Authenticator::plug_in(browser, Transport::Internal);
        come_in(browser, &site, &code).await;
        let open_offer = async || {
            browser
                .open_page(&site.page("/moi/partages/nouveau?lang=fr"))
                .await;
            browser.follow("main .rows a.button").await;
            browser.find("#signing:not([hidden])").await;
        };
        open_offer().await;
        assert_eq!(browser.later(SIGNED, Vec::new()).await, true);

        let before = server.tree_size();
        let _ = server.stop();
        let config = town.aside("fiducie.toml");
        let written = fs::read_to_string(&config).unwrap();
        fs::write(
            &config,
            written.replace("name = \"Audit\"", "name = \"Another keeper\""),
        )
        .unwrap();
        let server = Server::start(&town);
        let said = browser.later(HANDED, Vec::new()).await;
        let sentence = said["sentence"].as_str().unwrap_or_else(|| panic!("{said}"));
        assert!(
            sentence.contains("a changé") && sentence.contains("Rechargez la page"),
            "{sentence}"
        );
        assert_eq!(server.tree_size(), before, "something was recorded");

        // What the sentence says to do works; and what was handed in then counts once.
        open_offer().await;
        assert_eq!(browser.later(SIGNED, Vec::new()).await, true);
        let cookies = browser.cookies();
        let done = browser.later(HANDED, Vec::new()).await;
        assert!(
            done["onward"]
                .as_str()
                .is_some_and(|path| path.ends_with("/reponse")),
            "{done}"
        );
        let once = server.tree_size();
        browser.put_cookies(&cookies);
        let again = browser.later(HANDED, Vec::new()).await;
        assert!(again["sentence"].is_string(), "{again}");
        assert_eq!(server.tree_size(), once, "recorded twice");
    });
}

async fn come_in(browser: &Browser, site: &Site, code: &str) {
    browser.open_page(&site.page("/invitation?lang=fr")).await;
    browser.type_into("#code", code).await;
    browser.click("#majeur").await;
    browser.follow("form[action=\"/invitation\"] button").await;
    browser.click("form.passkey button").await;
    browser.find(".counts").await;
    // What the town agreed to on her behalf, so that there is something to be asked.
    withdraw(browser).await;
}

/// The page in three languages, the last of them French.
async fn offered(browser: &Browser, site: &Site) {
    for language in ["en", "nl", "fr"] {
        let list = site.page(&format!("/moi/partages/nouveau?lang={language}"));
        browser.open_page(&list).await;
        browser.follow("main .rows a.button").await;
        let looks = Looks::at(browser, language);
        browser.find("#signing:not([hidden])").await;
        looks.at_page("offer-to-sign").await;
        looks.end();
    }
    assert_eq!(
        browser.count("form.consent :checked").await,
        0,
        "a choice is made already"
    );
}

/// Not without the person; then with her.
async fn sign(browser: &Browser, device: &Authenticator<'_>, looks: &Looks<'_>) {
    browser.click("label:has([value=accept])").await;
    device.set_person(Person::Unverified);
    browser.click("form.consent button[type=submit]").await;
    browser.find("#unsigned:not([hidden])").await;
    let said = browser.text("#signing-status").await;
    assert!(said.contains("Rien n'est enregistré"), "{said}");
    looks.at_page("offer-not-signed").await;

    device.set_person(Person::Verified);
    browser.click("form.consent button[type=submit]").await;
    browser.find(".done").await;
    assert!(browser.path().await.ends_with("/reponse"));
    looks.at_page("offer-signed").await;

    browser.follow("main .rows a.button").await;
    let said = browser.text("main").await;
    assert!(said.contains("Signé avec votre clé"), "{said}");
    looks.at_page("sharing-signed").await;
}

/// To a stranger: the receipt by itself, and her list, which says whose key it was.
async fn proved(browser: &Browser, site: &Site, town: &Town) {
    let receipt = browser.download("a[href$=\"/jsonld\"]").await;
    let (status, said) = ledger_audit(&["verify", receipt.to_str().unwrap()]);
    assert_eq!(status, 0, "{said}");
    let altered = town.aside("altered.jsonld");
    let text = fs::read_to_string(&receipt).unwrap();
    fs::write(&altered, text.replacen("PT30M", "PT10M", 1)).unwrap();
    let (status, said) = ledger_audit(&["verify", altered.to_str().unwrap()]);
    assert_eq!(status, 1, "{said}");

    browser.open_page(&site.page("/moi/inscriptions")).await;
    let list = browser.download("a[href$=\"/inscriptions/fichier\"]").await;
    let (status, said) = ledger_audit(&["participant", list.to_str().unwrap()]);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("1 acts are signed with a passkey that this list had registered then"),
        "{said}"
    );
}

async fn withdraw(browser: &Browser) {
    browser.follow(".rows a.second[href$=\"/retrait\"]").await;
    browser.follow("main form[action$=\"/retrait\"] button").await;
    browser.find(".done").await;
}
