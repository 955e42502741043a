//! The page that checks, in the browser, a household's rows of what was delivered to researchers.

use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::demo::Demo;
use audit_tests::programs::ledger_audit;
use serde_json::json;

use crate::keyboard::reach;
use crate::looks::Looks;
use crate::recorded;

/// Shows something else than the row says, and lets the page check again.
const CHECK_AGAIN: &str = "
    const item = document.querySelector('#deliveries [data-file]');
    Object.assign(item.dataset, arguments[0]);
    delete item.dataset.state;
    return import(`/assets/delivered.js?${JSON.stringify(arguments[0])}`).then(() => true);
";

#[test]
fn a_browser_checks_the_row_of_a_delivery() {
    with_browser(Scripts::Allowed, async |browser| {
        let demo = Demo::start(&[]);
        release(browser, &demo).await;

        let looks = Looks::at(browser, "fr");
        sign_in(browser, &demo, "participant").await;
        browser.follow("nav a[href=\"/moi/livraisons\"]").await;
        let said = verdict(browser, "verified").await;
        assert!(said.contains("une ligne de la livraison est la vôtre"), "{said}");
        assert!(said.contains("de votre liste"), "{said}");
        // Her list was checked first, with nothing remembered to compare it with.
        let list = recorded::verdict(browser, "verified").await;
        assert!(list.contains("première vérification"), "{list}");
        looks.at_page("delivered").await;
        looks.end();
        reach(browser, "#deliveries dl a[download]").await;
        reach(browser, "#deliveries a.button[download]").await;
        browser.open_page(&demo.page("/moi/livraisons?lang=en")).await;
        let said = verdict(browser, "verified").await;
        assert!(said.contains("in your list"), "{said}");
        let looks = Looks::at(browser, "en");
        looks.at_page("delivered").await;
        looks.end();
        browser.open_page(&demo.page("/moi/livraisons?lang=fr")).await;

        what_the_row_does_not_say_is_refused(browser, &demo).await;
        another_record_is_refused(browser, &demo).await;
        the_memory_is_that_of_the_records(browser, &demo).await;
        // The same files, without the browser: the other reader shares no code with the script.
        let row = browser.download("#deliveries a.button[download]").await;
        let proof = browser.download("#deliveries dl a[download]").await;
        let files = [
            "manifest",
            row.to_str().unwrap(),
            "--evidence",
            proof.to_str().unwrap(),
        ];
        let (status, said) = ledger_audit(&files);
        assert_eq!(status, 0, "{said}");

        sign_in(browser, &demo, "officer").await;
        let whole = browser
            .download("a[download][href^=\"/dpo/manifestes/\"]:not([href$=feuille])")
            .await;
        let leaf = browser.download("a[download][href$=\"/feuille\"]").await;
        let files = [
            "manifest",
            whole.to_str().unwrap(),
            "--leaf",
            leaf.to_str().unwrap(),
        ];
        let (status, said) = ledger_audit(&files);
        assert_eq!(status, 0, "{said}");
    });
}

/// The page shows what the row does not say.
async fn what_the_row_does_not_say_is_refused(browser: &Browser, demo: &Demo) {
    for (change, what) in [
        (json!({ "until": "1" }), "une autre période"),
        (json!({ "until": "1", "fields": "power-max" }), "d'autres données"),
        (json!({ "evidence": "/moi/preuves/999999" }), "n'a pas pu être lu"),
    ] {
        browser.open_page(&demo.page("/moi/livraisons")).await;
        verdict(browser, "verified").await;
        browser.script(CHECK_AGAIN, vec![change]).await;
        let said = verdict(browser, "refused").await;
        assert!(said.contains(what), "{what}: {said}");
    }
}

/// The record of something else, of hers and in her list.
async fn another_record_is_refused(browser: &Browser, demo: &Demo) {
    browser.open_page(&demo.page("/moi/historique")).await;
    let other = browser.find("a[href^=\"/moi/preuves/\"]").await;
    let other = other.attr("href").await.unwrap().unwrap();
    browser.open_page(&demo.page("/moi/livraisons")).await;
    verdict(browser, "verified").await;
    let list = recorded::verdict(browser, "verified").await;
    assert!(list.contains("n'a fait que grandir"), "{list}");
    browser
        .script(CHECK_AGAIN, vec![json!({ "evidence": other })])
        .await;
    let said = verdict(browser, "refused").await;
    assert!(said.contains("ne désigne pas la même liste"), "{said}");
}

/// The memory and the refusal are those of the page of records.
async fn the_memory_is_that_of_the_records(browser: &Browser, demo: &Demo) {
    let memory = browser.script(recorded::REMEMBER, vec![json!({})]).await;
    for (change, what) in [
        (json!({ "root": "00".repeat(32) }), "passé du registre a changé"),
        (json!({ "size": 1_000_000_000 }), "revenu en arrière"),
    ] {
        browser.script(recorded::REMEMBER, vec![memory.clone()]).await;
        browser.script(recorded::REMEMBER, vec![change]).await;
        browser.open_page(&demo.page("/moi/livraisons")).await;
        let said = verdict(browser, "refused").await;
        assert!(said.contains("Non vérifié"), "{said}");
        let list = recorded::verdict(browser, "refused").await;
        assert!(list.contains(what), "{list}");
    }
    browser.script(recorded::REMEMBER, vec![memory]).await;
    browser.open_page(&demo.page("/moi/livraisons")).await;
    verdict(browser, "verified").await;
}

async fn sign_in(browser: &Browser, demo: &Demo, role: &str) {
    browser.open_page(&demo.page("/?lang=fr")).await;
    if browser.count("form[action=\"/deconnexion\"]").await > 0 {
        browser.follow("form[action=\"/deconnexion\"] button").await;
        browser.find("form[action=\"/demo/sign-in\"]").await;
    }
    let form = format!("form[action=\"/demo/sign-in\"]:has([name=role][value={role}])");
    browser.follow(&format!("{form} button")).await;
    browser.find(".who").await;
}

/// Yesterday's mean curve, asked for and released.
async fn release(browser: &Browser, demo: &Demo) {
    sign_in(browser, demo, "researcher").await;
    browser.follow("nav a[href=\"/recherche\"]").await;
    browser.follow("article h2 a").await;
    browser.find("form[action$=\"/demande\"]").await;
    browser
        .type_into("#justification", "Comparer la pointe du soir")
        .await;
    for field in ["#from", "#until"] {
        let yesterday = browser.find(field).await.attr("max").await.unwrap().unwrap();
        let [year, month, day] = yesterday.split('-').collect::<Vec<_>>()[..] else {
            panic!("`{yesterday}` is no date")
        };
        browser.type_into(field, &format!("{month}{day}{year}")).await;
    }
    browser.follow("form[action$=\"/demande\"] [type=submit]").await;
    browser.find("article .mark-wait").await;
    sign_in(browser, demo, "officer").await;
    browser.follow("button[name=decision][value=approve]").await;
    browser.find("a[href^=\"/dpo/manifestes/\"]").await;
}

/// Waits until the script has decided about the first delivery, and gives what it says.
async fn verdict(browser: &Browser, state: &str) -> String {
    browser.find("#deliveries [data-state]").await;
    let said = browser.text("#deliveries [role=status]").await;
    assert_eq!(
        browser.count(&format!("#deliveries [data-state={state}]")).await,
        1,
        "{said}"
    );
    said
}
