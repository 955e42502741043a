//! The page that checks, in the browser, that a person's list is all there is.

use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::demo::Demo;
use audit_tests::programs::ledger_audit;
use serde_json::json;

use crate::looks::Looks;

/// Changes what the browser remembers of the last visit.
pub const REMEMBER: &str = "
    const key = Object.keys(localStorage).find((key) => key.startsWith('fiducie-history:'));
    const memory = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({ ...memory, ...arguments[0] }));
    return memory;
";

#[test]
fn a_browser_checks_that_the_list_is_complete_and_remembers() {
    with_browser(Scripts::Allowed, async |browser| {
        let demo = Demo::start(&[]);
        browser.open_page(&demo.page("/?lang=fr")).await;
        let form = "form[action=\"/demo/sign-in\"]:has([name=role][value=participant])";
        browser.follow(&format!("{form} button")).await;
        browser.find(".counts").await;

        let looks = Looks::at(browser, "fr");
        browser.follow("nav a[href=\"/moi/inscriptions\"]").await;
        let said = verdict(browser, "verified").await;
        assert!(said.contains("première vérification"), "{said}");
        assert!(browser.count("#verifier-records tbody tr").await > 0);
        // One screen holds them all: nothing to turn to.
        for button in ["#verifier-newer", "#verifier-older"] {
            assert!(
                !browser.find(button).await.is_displayed().await.unwrap(),
                "{button}"
            );
        }
        // What the server told unchecked is gone once the script has looked.
        assert!(!browser.find("#told").await.is_displayed().await.unwrap());
        looks.at_page("recorded").await;
        looks.end();

        // The household's gateway goes on: the log has grown, and has only grown.
        browser.open_page(&demo.page("/moi/inscriptions")).await;
        let said = verdict(browser, "verified").await;
        assert!(said.contains("n'a fait que grandir"), "{said}");

        let memory = browser.script(REMEMBER, vec![json!({})]).await;
        let size = memory["size"].as_u64().unwrap();
        for (change, what) in [
            (json!({ "size": size + 1_000_000 }), "revenu en arrière"),
            (json!({ "newest": 1_000_000 }), "moins d'inscriptions"),
            (json!({ "root": "00".repeat(32) }), "passé du registre a changé"),
            (
                json!({ "logKey": "elsewhere.example+00000000+AA==" }),
                "sa clé a changé",
            ),
        ] {
            browser.script(REMEMBER, vec![memory.clone()]).await;
            browser.script(REMEMBER, vec![change]).await;
            browser.open_page(&demo.page("/moi/inscriptions")).await;
            let said = verdict(browser, "refused").await;
            assert!(said.contains(what), "{what}: {said}");
        }

        // The same files, without the browser: the other reader shares no code with the script.
        for address in ["/moi/inscriptions/fichier", "/moi/inscriptions/liste"] {
            let file = browser
                .download(&format!("a[download][href=\"{address}\"]"))
                .await;
            let (status, said) = ledger_audit(&["participant", file.to_str().unwrap()]);
            assert_eq!(status, 0, "{address}: {said}");
        }
    });
}

/// Waits until the script has decided, and gives what it says.
pub async fn verdict(browser: &Browser, state: &str) -> String {
    browser.find("#verifier[data-state]").await;
    let said = browser.text("#verifier-status").await;
    assert_eq!(
        browser.count(&format!("#verifier[data-state={state}]")).await,
        1,
        "{said}"
    );
    said
}
