//! Every page that links lead to, in every language, under the rules of `axe-core`, and on a screen of 320 pixels.
//!
//! One browser walks all of it. Pages that only a form leads to are looked at by the story.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use audit_tests::axe;
use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::demo::Demo;
use audit_tests::people::{Site, invite};
use audit_tests::server::Server;
use audit_tests::town::Town;
use serde_json::Value;

const LANGUAGES: [&str; 3] = ["fr", "en", "nl"];

/// Addresses of this site on the page that are pages: no files, no proofs, no other language, nothing at a provider.
const LINKS: &str = "
    const file = /\\/preuves\\/\\d|\\/livraisons\\/|\\/manifestes\\/|\\/fichier|\\/liste$|\\.csv|^\\/ledger|\\/aupres\\//;
    return [...document.querySelectorAll('a[href]:not([download]):not([hreflang])')]
        .map((link) => new URL(link.href))
        .filter((url) => url.origin === location.origin && !file.test(url.pathname))
        .map((url) => url.pathname + url.search);
";

/// WCAG 2.2, 1.4.10: nothing is read by moving the page sideways.
const SIDEWAYS: &str = "
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const reach = (one) => one.getBoundingClientRect().left + Math.max(one.scrollWidth, one.offsetWidth);
    const wide = [...document.querySelectorAll('body *')].filter((one) => reach(one) > innerWidth && !one.closest('.scroll'));
    return [`${document.documentElement.scrollWidth} pixels wide: ${wide.slice(-3).map((one) => one.outerHTML.slice(0, 120))}`];
";

/// EDPB 03/2022, hidden in plain sight: what the browser makes of accepting and of refusing, where it differs.
const UNLIKE: &str = "
    const styles = ['accept', 'refuse'].map((answer) => {
        const label = document.querySelector(`[value=${answer}]`).closest('label');
        const { width, height } = label.getBoundingClientRect();
        const style = getComputedStyle(label);
        return [...style].filter((name) => !/origin|inline-size|block-size|^width|^height/.test(name))
            .map((name) => `${name}: ${style.getPropertyValue(name)}`)
            .concat([`size: ${Math.round(width)} x ${Math.round(height)}`]);
    });
    return styles[0].filter((line, index) => line !== styles[1][index]);
";

/// Kinds of pages that must have been among them.
const KINDS: [&str; 32] = [
    "/?",
    "/recherche?",
    "/recherche/jeux/*?",
    "/moi?",
    "/moi/donnees?compteur=*&date=*&vue=jour",
    "/moi/donnees?compteur=*&date=*&vue=mois",
    "/moi/donnees?compteur=*&date=*&vue=annee",
    "/moi/logement?",
    "/moi/demandes?",
    "/moi/demandes/*?",
    "/moi/demandes/nouvelle/rectification?",
    "/moi/partages?filtre=termines",
    "/moi/partages/*?",
    "/moi/partages/*/retrait?",
    "/moi/partages/nouveau?",
    "/moi/historique?",
    "/moi/inscriptions?",
    "/moi/livraisons?",
    "/moi/effacement?",
    "/moi/recherches?",
    "/moi/bilan?",
    "/moi/incidents?",
    "/compte?",
    "/dpo?",
    "/dpo/droits?",
    "/dpo/logements?",
    "/dpo/transferts?",
    "/dpo/registre?",
    "/dpo/retraits?",
    "/dpo/volumes?",
    "/dpo/violations?",
    "/dpo/violations/nouvelle?",
];

/// Somebody who opens every page once.
struct Crawl<'a> {
    browser: &'a Browser,
    axe: &'a str,
    wrong: Vec<String>,
    /// Kinds of pages that were seen, each with the address it was seen at.
    seen: BTreeMap<String, String>,
}

impl Crawl<'_> {
    /// Follows links from `start` until every kind of page was seen.
    async fn from(&mut self, site: &str, start: &str, language: &str) {
        let mut known = BTreeSet::new();
        let mut open = VecDeque::from([start.to_owned()]);
        while let Some(address) = open.pop_front() {
            if !known.insert(kind(&address)) {
                continue;
            }
            self.browser.open_page(&format!("{site}{address}")).await;
            self.look(&address, language).await;
            let links = self.browser.script(LINKS, Vec::new()).await;
            let links: Vec<String> = serde_json::from_value(links).unwrap();
            open.extend(links.into_iter().filter(|link| !known.contains(&kind(link))));
            self.seen.insert(kind(&address), address);
        }
    }

    /// Looks at the page that is shown.
    async fn look(&mut self, name: &str, language: &str) {
        self.browser.set_width(1280);
        let mut found = sentences(self.browser.later(self.axe, Vec::new()).await);
        self.browser.set_width(320);
        found.extend(sentences(self.browser.script(SIDEWAYS, Vec::new()).await));
        let spoken = self
            .browser
            .script("return [document.documentElement.lang]", Vec::new())
            .await;
        if sentences(spoken) != [language] {
            found.push("in another language".into());
        }
        self.wrong
            .extend(found.into_iter().map(|one| format!("{name} ({language}): {one}")));
    }

    fn end(self, kinds: &[&str]) {
        for wanted in kinds {
            assert!(
                self.seen.contains_key(*wanted),
                "`{wanted}` was not seen, but {:#?}",
                self.seen.keys()
            );
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}

fn sentences(value: Value) -> Vec<String> {
    serde_json::from_value(value).unwrap()
}

/// An address without what makes it one of many: identifiers, numbers, dates, places in a list.
fn kind(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path: Vec<&str> = path.split('/').map(plain).collect();
    let mut query: Vec<String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| !matches!(*name, "fait" | "lang" | "avant"))
        .map(|(name, value)| format!("{name}={}", plain(value)))
        .collect();
    query.sort();
    format!("{}?{}", path.join("/"), query.join("&"))
}

fn plain(part: &str) -> &str {
    let number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if part.len() == 36 || number { "*" } else { part }
}

#[test]
fn every_page_of_the_demonstration_holds_the_rules_of_axe_in_every_language() {
    let Some(axe) = axe::script() else { return };
    with_browser(Scripts::Allowed, async |browser| {
        let demo = Demo::start(&[]);
        let site = demo.page("");
        let mut crawl = Crawl {
            browser,
            axe: &axe,
            wrong: Vec::new(),
            seen: BTreeMap::new(),
        };
        for language in LANGUAGES {
            browser.open_page(&format!("{site}/?lang={language}")).await;
            crawl.from(&site, "/", language).await;
        }
        for (role, start) in [
            ("participant", "/moi"),
            ("researcher", "/recherche/demandes"),
            ("officer", "/dpo"),
        ] {
            browser.open_page(&format!("{site}/")).await;
            let form = format!("form[action='/demo/sign-in']:has([name=role][value={role}])");
            browser.follow(&format!("{form} button")).await;
            browser.find(".who").await;
            if role == "participant" {
                agrees_and_asks(browser, &site).await;
            }
            for language in LANGUAGES {
                browser
                    .open_page(&format!("{site}/preuves?lang={language}"))
                    .await;
                crawl.from(&site, start, language).await;
            }
            browser.follow("form[action='/deconnexion'] button").await;
        }
        crawl.end(&KINDS);
    });
}

/// Gives one agreement and sends one request, so that their pages are there.
async fn agrees_and_asks(browser: &Browser, site: &str) {
    browser.follow(".counts a[href$='#pending']").await;
    browser.follow("#pending .button").await;
    for width in [1280, 320] {
        browser.set_width(width);
        let unlike = browser.script(UNLIKE, Vec::new()).await;
        assert_eq!(
            sentences(unlike),
            [""; 0],
            "accepting and refusing look different"
        );
    }
    browser.click("label:has([value=accept])").await;
    browser.follow("form.consent [type=submit]").await;
    browser.find(".done").await;
    browser
        .open_page(&format!("{site}/moi/demandes/nouvelle/acces"))
        .await;
    browser.follow("main form [type=submit]").await;
    browser.find(".status p").await;
}

#[test]
fn the_ways_in_hold_the_rules_of_axe_in_every_language() {
    let Some(axe) = axe::script() else { return };
    let town = Town::found(1);
    let site = Site::prepare(&town);
    let anna = town.residents[0].participant.to_string();
    let (_, code) = invite(&town, &["--participant", &anna]);
    let _server = Server::start(&town);
    with_browser(Scripts::Allowed, async |browser| {
        let origin = site.page("");
        let mut crawl = Crawl {
            browser,
            axe: &axe,
            wrong: Vec::new(),
            seen: BTreeMap::new(),
        };
        for language in LANGUAGES {
            browser
                .open_page(&site.page(&format!("/connexion?lang={language}")))
                .await;
            crawl.from(&origin, "/connexion", language).await;
        }
        browser.open_page(&site.page("/invitation")).await;
        browser.type_into("#code", &code).await;
        browser.click("#majeur").await;
        browser.follow("form[action='/invitation'] [type=submit]").await;
        crawl.look("the first way in", "nl").await;
        crawl.end(&["/connexion?", "/invitation?"]);
    });
}

/// The rules can fail, and so can the measure of the width.
#[test]
fn axe_finds_out_a_bad_page() {
    const BAD: &str = "data:text/html,<!doctype html><html><title>t</title><main><h1>a</h1><img src=data:,>\
        <input><p style=color:silver>pale</p><pre>wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";
    let Some(axe) = axe::script() else { return };
    with_browser(Scripts::Allowed, async |browser| {
        let mut crawl = Crawl {
            browser,
            axe: &axe,
            wrong: Vec::new(),
            seen: BTreeMap::new(),
        };
        browser.open_page(BAD).await;
        crawl.look("bad", "fr").await;
        let wrong = crawl.wrong.join("\n");
        for found in [
            "image-alt",
            "label",
            "html-has-lang",
            "color-contrast",
            "pixels wide",
            "another language",
        ] {
            assert!(wrong.contains(found), "`{found}` was not found:\n{wrong}");
        }
    });
}

#[test]
fn addresses_of_one_kind_are_opened_once() {
    let sharing = "/moi/partages/1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31";
    assert_eq!(kind(sharing), "/moi/partages/*?");
    assert_eq!(
        kind("/moi/donnees?compteur=1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31&vue=mois&date=2026-11-01"),
        "/moi/donnees?compteur=*&date=*&vue=mois"
    );
    assert_eq!(kind("/moi/historique?avant=12"), "/moi/historique?");
}
