//! The story of the demonstration, page by page, with scripts blocked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::demo::Demo;
use audit_tests::programs::{has_tool, ledger_audit, text};

use crate::looks::Looks;

#[test]
fn the_whole_story_is_walked_in_french() {
    walk("fr");
}

#[test]
fn the_whole_story_is_walked_in_english() {
    walk("en");
}

#[test]
fn the_whole_story_is_walked_in_dutch() {
    walk("nl");
}

/// Somebody who walks, and what she carries away.
struct Walk<'a> {
    browser: &'a Browser,
    looks: Looks<'a>,
}

fn walk(language: &str) {
    with_browser(Scripts::Blocked, async |browser| {
        let demo = Demo::start(&[]);
        let walk = Walk {
            browser,
            looks: Looks::at(browser, language),
        };
        browser.open_page(&demo.page("/")).await;
        // There and back, or back and there: whatever the browser speaks, the links are obeyed.
        for choice in [if language == "fr" { "en" } else { "fr" }, language] {
            if browser.count(&format!("html[lang={choice}]")).await == 0 {
                browser.follow(&format!(".languages a[hreflang={choice}]")).await;
            }
            browser.find(&format!("html[lang={choice}]")).await;
        }
        walk.open_pages(&demo).await;
        let own = walk.participant().await;
        walk.request().await;
        let (decision, key) = walk.officer().await;
        let release = walk.release().await;
        walk.erasure().await;
        walk.looks.end();
        for proof in own.iter().chain([&decision]) {
            verifies(proof, &key);
        }
        the_release_opens_and_verifies(&demo, &release, &key);
    });
}

impl Walk<'_> {
    async fn sign_in(&self, role: &str) {
        let form = format!("form[action=\"/demo/sign-in\"]:has([name=role][value={role}])");
        self.browser.follow(&format!("{form} button")).await;
        self.browser.find(".who").await;
    }

    async fn sign_out(&self) {
        self.browser.follow("form[action=\"/deconnexion\"] button").await;
        self.browser.find("form[action=\"/demo/sign-in\"]").await;
    }

    /// What anybody may read, and what somebody finds who just arrived.
    async fn open_pages(&self, demo: &Demo) {
        let browser = self.browser;
        self.looks.at_page("home").await;
        for (name, path) in [
            ("proofs", "/preuves"),
            ("accessibility", "/accessibilite"),
            ("catalogue-open", "/recherche"),
        ] {
            browser.open_page(&demo.page(path)).await;
            self.looks.at_page(name).await;
        }
        browser.open_page(&demo.page("/nulle-part")).await;
        self.looks.at_refusal("nowhere", 404).await;

        browser.open_page(&demo.page("/")).await;
        browser
            .follow("section.card:first-of-type .person:last-of-type button")
            .await;
        browser.find(".counts").await;
        self.looks.at_page("newcomer").await;
        self.sign_out().await;
    }

    /// Grants one choice, sees it used, withdraws it, and sees the next transfer refused. Returns two proofs.
    async fn participant(&self) -> [PathBuf; 2] {
        let browser = self.browser;
        self.sign_in("participant").await;
        self.looks.at_page("dashboard").await;
        self.curve_and_its_table().await;

        browser.follow(".counts a[href$=\"#pending\"]").await;
        self.looks.at_page("sharings").await;
        browser.click("#pending .button").await;
        browser.find("form.consent").await;
        assert_eq!(browser.count(":checked").await, 0, "a choice is made already");
        self.looks.at_page("offer").await;
        browser.follow("form.consent [type=submit]").await;
        browser.find(".errors").await;
        self.looks.at_refusal("offer-unanswered", 422).await;
        browser.click("label:has([value=accept])").await;
        browser.follow("form.consent [type=submit]").await;
        browser.find(".done").await;
        self.looks.at_page("answered").await;
        let sharing = browser
            .find(".rows a.button")
            .await
            .attr("href")
            .await
            .unwrap()
            .unwrap();

        browser.follow("nav a[href=\"/moi/partages\"]").await;
        browser.find(&format!("h3 a[href=\"{sharing}\"]")).await;
        self.looks.at_page("sharings-after").await;
        browser.follow(&format!("h3 a[href=\"{sharing}\"]")).await;
        browser.reload_until("td .mark-yes").await;
        self.looks.at_page("sharing-used").await;

        browser.follow("nav a[href=\"/moi\"]").await;
        // Two clicks from here.
        browser.follow(&format!("a[href=\"{sharing}/retrait\"]")).await;
        browser.find(&format!("form[action=\"{sharing}/retrait\"]")).await;
        self.looks.at_page("withdrawal").await;
        browser
            .follow(&format!("form[action=\"{sharing}/retrait\"] button"))
            .await;
        browser.find(".done").await;
        self.looks.at_page("withdrawn").await;

        browser.follow("nav a[href=\"/moi/historique\"]").await;
        browser.reload_until("td .mark-no").await;
        self.looks.at_page("history").await;
        let refused = browser.download("tr:has(.mark-no) a[download]").await;
        let sent = browser.download("tr:has(.mark-yes) a[download]").await;
        // Without a script nothing is checked here, and the file is there all the same.
        browser.follow("nav a[href=\"/moi/inscriptions\"]").await;
        self.looks.at_page("recorded-without-script").await;
        self.sign_out().await;
        [refused, sent]
    }

    /// Yesterday is over, so every half hour of it is there: as a bar and as a row.
    async fn curve_and_its_table(&self) {
        let browser = self.browser;
        browser.follow(".pager a[rel=prev]").await;
        browser.find(".pager a[rel=next]").await;
        browser.click("main details summary").await;
        self.looks.at_page("dashboard-table").await;
        let rows = browser.count("main details tbody tr").await;
        assert!([46, 48, 50].contains(&rows), "{rows} half hours");
        let measured = browser
            .count("main details tbody td:not([colspan]):last-child")
            .await;
        assert!(
            measured > rows / 2,
            "only {measured} of {rows} half hours were measured"
        );
        assert_eq!(browser.count("svg .curve-bar").await, measured);
    }

    async fn request(&self) {
        let browser = self.browser;
        self.sign_in("researcher").await;
        browser.follow("nav a[href=\"/recherche\"]").await;
        browser.follow("article h2 a").await;
        browser.find("form[action$=\"/demande\"]").await;
        self.looks.at_page("dataset").await;
        browser.follow("form[action$=\"/demande\"] [type=submit]").await;
        browser.find(".errors").await;
        self.looks.at_refusal("dataset-unanswered", 422).await;
        browser
            .type_into(
                "#justification",
                "Comparer la pointe du soir / compare the evening peak",
            )
            .await;
        for field in ["#from", "#until"] {
            let yesterday = browser.find(field).await.attr("max").await.unwrap().unwrap();
            let [year, month, day] = yesterday.split('-').collect::<Vec<_>>()[..] else {
                panic!("`{yesterday}` is no date")
            };
            browser.type_into(field, &format!("{month}{day}{year}")).await;
            let typed = browser.find(field).await.prop("value").await.unwrap();
            assert_eq!(typed, Some(yesterday));
        }
        browser.follow("form[action$=\"/demande\"] [type=submit]").await;
        browser.find("article .mark-wait").await;
        self.looks.at_page("requests").await;
        self.sign_out().await;
    }

    /// Approves, follows the transfers, and notes the ledger's key.
    async fn officer(&self) -> (PathBuf, String) {
        let browser = self.browser;
        self.sign_in("officer").await;
        self.looks.at_page("desk").await;
        browser.follow("button[value=refuse]").await;
        browser.find(".errors").await;
        self.looks.at_refusal("desk-without-reason", 422).await;
        browser.type_into("textarea", "Conforme / in order").await;
        browser.follow("button[value=approve]").await;
        browser.find("#decided ~ .scroll a[download]").await;
        self.looks.at_page("desk-decided").await;
        let decision = browser.download("#decided ~ .scroll a[download]").await;
        browser.follow("nav a[href=\"/dpo/transferts\"]").await;
        browser.follow(".filters a[href$=refuses]").await;
        browser.find("td .mark-no").await;
        assert_eq!(browser.count("td .mark-yes").await, 0);
        self.looks.at_page("flows").await;
        browser.follow("nav a[href=\"/dpo/registre\"]").await;
        browser.find("#verify").await;
        self.looks.at_page("ledger").await;
        let codes = browser.text("dl").await;
        // A root may hold plus signs too.
        let key = codes.lines().find(|line| line.contains("/ledger+")).unwrap();
        let key = key.trim().to_owned();
        self.sign_out().await;
        (decision, key)
    }

    /// The sealed release and its proof.
    async fn release(&self) -> [PathBuf; 2] {
        let browser = self.browser;
        self.sign_in("researcher").await;
        browser.follow("nav a[href=\"/recherche/demandes\"]").await;
        browser.find(".button[download]").await;
        self.looks.at_page("requests-released").await;
        let files = [
            browser.download(".button[download]").await,
            browser.download("dl a[download]").await,
        ];
        self.sign_out().await;
        files
    }

    async fn erasure(&self) {
        let browser = self.browser;
        self.sign_in("participant").await;
        browser.follow("nav a[href=\"/moi/effacement\"]").await;
        browser.find("#confirm").await;
        self.looks.at_page("erasure").await;
        browser.follow(".grave").await;
        browser.find(".errors").await;
        self.looks.at_refusal("erasure-unconfirmed", 422).await;
        browser.click("#confirm").await;
        browser.follow(".grave").await;
        browser.find(".done").await;
        self.looks.at_page("erased").await;
    }
}

fn verifies(evidence: &Path, key: &str) {
    let (status, said) = ledger_audit(&["verify", evidence.to_str().unwrap(), "--log-key", key]);
    assert_eq!(status, 0, "{}: {said}", evidence.display());
}

fn the_release_opens_and_verifies(demo: &Demo, [sealed, proof]: &[PathBuf; 2], key: &str) {
    verifies(proof, key);
    if !has_tool("age") {
        return;
    }
    let output = Command::new("age")
        .args(["--decrypt", "--identity"])
        .arg(demo.researcher_key())
        .arg(sealed)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let opened = demo.aside("opened");
    tar::Archive::new(output.stdout.as_slice())
        .unpack(&opened)
        .unwrap();
    fs::copy(proof, opened.join("evidence.json")).unwrap();
    verifies(&opened, key);
}
