//! The demonstration with a passkey: registered by a household, used to sign an agreement, verified by a stranger.

use audit_tests::authenticator::{Authenticator, Transport};
use audit_tests::browser::{Scripts, with_browser};
use audit_tests::demo::Demo;
use audit_tests::programs::ledger_audit;

use crate::looks::Looks;

#[test]
fn in_the_demonstration_a_visitor_registers_a_passkey_and_signs_an_agreement_with_it() {
    with_browser(Scripts::Allowed, async |browser| {
        let demo = Demo::start(&[]);
        let _device = Authenticator::plug_in(browser, Transport::Internal);
        // Whoever comes by the number is led to the name, which passkeys are for.
        browser.open_page(&format!("http://{}/", demo.address)).await;
        let led_to = browser.script("return location.host", Vec::new()).await;
        assert_eq!(led_to, format!("localhost:{}", demo.address.port()));
        browser.open_page(&demo.page("/?lang=fr")).await;
        // The household that arrived last agreed to nothing yet.
        let last = "section[aria-labelledby=as-participant] form.person:last-of-type button";
        browser.follow(last).await;
        browser.find(".counts").await;
        let looks = Looks::at(browser, "fr");

        browser.open_page(&demo.page("/compte")).await;
        browser.click("form.passkey button").await;
        browser.find("article.card [id^=\"passkey-\"]").await;
        looks.at_page("demo-account").await;

        browser.open_page(&demo.page("/moi/partages/nouveau")).await;
        browser.follow("main .rows a.button").await;
        browser.find("#signing:not([hidden])").await;
        browser.click("label:has([value=accept])").await;
        browser.click("form.consent button[type=submit]").await;
        browser.find(".done").await;
        browser.follow("a[href^=\"/moi/recus/\"]").await;
        let said = browser.text("main").await;
        assert!(said.contains("Signé avec votre clé"), "{said}");
        looks.at_page("receipt").await;
        let receipt = browser.download("a[href$=\"/jsonld\"]").await;
        let (status, said) = ledger_audit(&["verify", receipt.to_str().unwrap()]);
        assert_eq!(status, 0, "{said}");
        assert!(said.contains("A passkey signed exactly these terms"), "{said}");
        looks.end();
    });
}
