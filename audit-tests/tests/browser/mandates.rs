//! P-30 at the screen: one person lets another act, who does, with scripts blocked; and a stranger checks what stands in the list.

use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::demo::Demo;
use audit_tests::programs::ledger_audit;
use serde_json::json;

use crate::looks::Looks;

#[test]
fn p_30_somebody_acts_for_another_in_french() {
    walk("fr");
}

#[test]
fn p_30_somebody_acts_for_another_in_english() {
    walk("en");
}

#[test]
fn p_30_somebody_acts_for_another_in_dutch() {
    walk("nl");
}

/// Two months after the first day that can be chosen. How a date is typed depends on the machine; how it is sent does not.
const IN_TWO_MONTHS: &str = "
    const field = document.getElementById('fin');
    const day = new Date(field.min);
    day.setDate(day.getDate() + 60);
    field.value = day.toISOString().slice(0, 10);
";

/// The demonstration's first and second participant.
async fn sign_in(browser: &Browser, demo: &Demo, number: usize) {
    browser.open_page(&demo.page("/")).await;
    if browser.count("form[action=\"/deconnexion\"]").await > 0 {
        browser.follow("form[action=\"/deconnexion\"] button").await;
    }
    let form = "form[action=\"/demo/sign-in\"]:has([name=role][value=participant])";
    let script = format!("document.querySelectorAll('{form}')[{number}].id = 'chosen'");
    browser.script(&script, Vec::new()).await;
    browser.follow("#chosen button").await;
    browser.find(".who").await;
}

fn walk(language: &str) {
    with_browser(Scripts::Blocked, async |browser| {
        let demo = Demo::start(&[]);
        let looks = Looks::at(browser, language);
        browser.open_page(&demo.page("/")).await;
        let other = if language == "fr" { "en" } else { "fr" };
        for choice in [other, language] {
            if browser.count(&format!("html[lang={choice}]")).await == 0 {
                browser.follow(&format!(".languages a[hreflang={choice}]")).await;
            }
            browser.find(&format!("html[lang={choice}]")).await;
        }

        sign_in(browser, &demo, 0).await;
        browser.open_page(&demo.page("/moi/mandats")).await;
        looks.at_page("mandates").await;
        let give = "form[action=\"/moi/mandats\"] [type=submit]";
        browser.follow(give).await;
        browser.find(".errors").await;
        looks.at_refusal("mandates-empty", 422).await;
        browser.type_into("#nom", "Ma voisine").await;
        browser.click("#pouvoir-view").await;
        browser.click("#pouvoir-grant").await;
        browser.script(IN_TWO_MONTHS, Vec::new()).await;
        browser.follow(give).await;
        browser.find(".facts").await;
        looks.at_page("mandate-given").await;
        let code = browser.text(".facts code").await;

        sign_in(browser, &demo, 1).await;
        browser.open_page(&demo.page("/moi/mandats")).await;
        browser.type_into("#code", &code).await;
        browser
            .follow("form[action=\"/moi/mandats/code\"]:has(#code) [type=submit]")
            .await;
        looks.at_page("mandate-offered").await;
        browser
            .follow("form[action=\"/moi/mandats/acceptation\"] [type=submit]")
            .await;
        looks.at_page("act-for").await;
        browser
            .follow("form[action=\"/mandats/agir\"] [type=submit]")
            .await;
        browser.find(".acting").await;
        looks.at_page("acting-sharings").await;
        acts(browser, &demo, &looks).await;

        sign_in(browser, &demo, 0).await;
        browser.open_page(&demo.page("/moi/mandats")).await;
        looks.at_page("mandates-held").await;
        a_stranger_checks(browser, &demo).await;
        browser.open_page(&demo.page("/moi/mandats")).await;
        browser.follow("a[href$=\"/fin\"]").await;
        looks.at_page("mandate-end").await;
        browser.follow("form[action$=\"/fin\"] [type=submit]").await;
        browser.find(".status p").await;

        browser.open_page(&demo.page("/invitation/mandat")).await;
        looks.at_page("join-to-act").await;
        looks.end();
    });
}

/// Agrees to the first open offer for the other, looks at her readings, and meets a page that is not covered.
async fn acts(browser: &Browser, demo: &Demo, looks: &Looks<'_>) {
    browser.open_page(&demo.page("/moi/partages/nouveau")).await;
    browser.follow("main a[href^=\"/moi/partages/nouveau/\"]").await;
    browser.find("form.consent").await;
    looks.at_page("acting-offer").await;
    browser.click("label:has([value=accept])").await;
    if browser.count("form.consent [name=meter]:not(:checked)").await > 0 {
        let choose = "const one = document.querySelector('form.consent [name=meter]'); if (one.type === 'radio') one.checked = true;";
        browser.script(choose, vec![json!(null)]).await;
    }
    browser.follow("form.consent [type=submit]").await;
    browser.find(".done").await;
    browser.open_page(&demo.page("/moi/donnees")).await;
    looks.at_page("acting-data").await;
    browser.open_page(&demo.page("/moi")).await;
    looks.at_page("acting-dashboard").await;
    browser.open_page(&demo.page("/compte")).await;
    looks.at_refusal("acting-account", 403).await;
}

/// What the person downloads holds the delegate's act and the mandate that let her.
async fn a_stranger_checks(browser: &Browser, demo: &Demo) {
    browser.open_page(&demo.page("/moi/inscriptions")).await;
    let file = browser
        .download("a[download][href=\"/moi/inscriptions/fichier\"]")
        .await;
    let (status, said) = ledger_audit(&["participant", file.to_str().unwrap()]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("1 acts were done by somebody else"), "{said}");
}
