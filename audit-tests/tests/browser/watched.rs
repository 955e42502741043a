//! The pages of what is out of the ordinary, looked at wide and narrow; and what stands in the first screen of an offer (P-21).

use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::demo::Demo;
use serde_json::{Value, json};

use crate::looks::Looks;

async fn sign_in(browser: &Browser, demo: &Demo, role: &str) {
    browser.forget_cookies();
    browser.open_page(&demo.page("/")).await;
    let form = format!("form[action=\"/demo/sign-in\"]:has([name=role][value={role}])");
    browser.follow(&format!("{form} button")).await;
    browser.find(".who").await;
}

/// What an officer would type, set at once: dates are typed in the order of a locale.
const FILL: &str = "
    for (const [name, value] of Object.entries(arguments[0]))
        document.getElementsByName(name)[0].value = value;
    for (const chosen of arguments[1])
        document.querySelector(chosen).checked = true;
";

#[test]
fn p_27_a_breach_goes_from_the_form_to_the_people_in_a_browser() {
    with_browser(Scripts::Allowed, async |browser| {
        let demo = Demo::start(&[]);
        let looks = Looks::at(browser, "en");
        sign_in(browser, &demo, "officer").await;
        browser.open_page(&demo.page("/dpo/violations")).await;
        looks.at_page("breaches-empty").await;
        browser.follow("main a.button").await;
        looks.at_page("breach-form").await;
        let words = json!({
            "faits": "Un disque a été vendu.", "donnees": "Courbes de charge",
            "consequences": "Quelqu'un peut savoir quand vous êtes absent.", "mesures": "Les clés ont été changées.",
            "contact": "dpo@fiducie.example", "texte-fr": "Un disque avec vos courbes a été vendu.",
            "texte-en": "A disk with your curves was sold.", "texte-nl": "Een schijf met uw curven werd verkocht.",
        });
        let chosen = json!([
            "[name=nature][value=confidentiality]",
            "[name=gravite][value=important]",
            "[name=portee][value=toutes]",
        ]);
        browser.script(FILL, vec![words, chosen]).await;
        browser.follow("form[action=\"/dpo/violations\"] button").await;
        looks.at_page("breach").await;
        browser.follow("a[href$=\"/avis\"]").await;
        looks.at_page("breach-preview").await;
        browser.follow("form[action$=\"/avis\"] button").await;
        looks.at_page("breach-sent").await;
        for (name, path) in [("unusual-desk", "/dpo/volumes"), ("overdue", "/dpo/retraits")] {
            browser.open_page(&demo.page(path)).await;
            looks.at_page(name).await;
        }
        sign_in(browser, &demo, "participant").await;
        browser.open_page(&demo.page("/moi/incidents")).await;
        browser.reload_until("article.card").await;
        looks.at_page("incidents").await;
        browser.open_page(&demo.page("/moi/recherches")).await;
        looks.at_page("projects").await;
        browser.open_page(&demo.page("/moi/bilan")).await;
        browser.follow("button[value=maintenant]").await;
        looks.at_page("summaries").await;
        browser.follow("a[href^=\"/moi/bilan/\"]").await;
        looks.at_page("summary").await;
        browser.open_page(&demo.page("/moi/partages")).await;
        looks.end();
    });
}

/// Where each answer to a person's questions ends, in CSS pixels from the top of the page.
const ENDS: &str = "
    const end = (element) => Math.ceil(element.getBoundingClientRect().bottom + window.scrollY);
    const facts = [...document.querySelectorAll('form.consent fieldset:first-of-type dl.facts > div')];
    return {
        who: end(document.querySelector('h1')),
        why: end(document.querySelector('form.consent legend')),
        what: end(facts[0]),
        until: end(facts[1]),
        refusing: facts[2] ? end(facts[2]) : null,
        choice: end(document.querySelector('form.consent .answers')),
    };
";

/// P-21: as far as the text allows, without scrolling at 360 by 640.
#[test]
fn p_21_who_what_why_until_when_and_what_refusing_changes_stand_in_the_first_screen() {
    with_browser(Scripts::Allowed, async |browser| {
        let demo = Demo::start(&[]);
        sign_in(browser, &demo, "participant").await;
        browser.open_page(&demo.page("/moi/partages/nouveau")).await;
        browser.follow("main a[href^=\"/moi/partages/nouveau/\"]").await;
        let (mut measured, mut too_far) = (Vec::new(), Vec::new());
        for language in ["fr", "en", "nl"] {
            if browser.count(&format!("html[lang={language}]")).await == 0 {
                browser
                    .follow(&format!(".languages a[hreflang={language}]"))
                    .await;
            }
            browser.set_width(360);
            let ends: Value = browser.script(ENDS, Vec::new()).await;
            measured.push(format!("{language}: {ends}"));
            let end = |name: &str| ends[name].as_i64().unwrap();
            // The height of a small telephone. The texts are those of the demonstration: longer ones may need more.
            let first = ["who", "why", "what", "until", "refusing"];
            too_far.extend(first.into_iter().filter(|name| end(name) > 640));
        }
        assert!(too_far.is_empty(), "{too_far:?}: {}", measured.join("\n"));
    });
}
