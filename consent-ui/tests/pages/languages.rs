//! French, English and Dutch: every page, and what somebody reads is what is recorded.

use broker_domain::lang::Lang;
use broker_service::notice_digest;
use evidence::bundle::Bundle;
use evidence::record::{Digest, Record};

use crate::browser::{Answer, Browser};
use crate::house::{House, NOTICE_EN, NOTICE_FR, NOTICE_NL, TITLE_EN, TITLE_FR, TITLE_NL};

/// Pages on which nobody needs to be signed in.
const OPEN: [&str; 6] = [
    "/",
    "/preuves",
    "/accessibilite",
    "/recherche",
    "/nulle-part",
    "/connexion/arret",
];
const PARTICIPANT: [&str; 16] = [
    "/moi",
    "/moi/donnees",
    "/moi/donnees?vue=mois",
    "/moi/donnees?vue=annee",
    "/moi/demandes",
    "/moi/demandes/nouvelle/acces",
    "/moi/partages",
    "/moi/partages?filtre=termines",
    "/moi/partages/nouveau",
    "/moi/historique",
    "/moi/livraisons",
    "/moi/inscriptions",
    "/moi/effacement",
    "/moi/recherches",
    "/moi/bilan",
    "/moi/incidents",
];
const OFFICER: [&str; 10] = [
    "/dpo",
    "/dpo/droits",
    "/dpo/transferts",
    "/dpo/registre",
    "/dpo/saisies",
    "/dpo/formulaires",
    "/dpo/retraits",
    "/dpo/volumes",
    "/dpo/violations",
    "/dpo/violations/nouvelle",
];

/// The same browser, after a click on the language switch where that has to be changed.
async fn speaking(mut browser: Browser, lang: Lang) -> Browser {
    let page = browser.open("/preuves").await;
    if !page.body.contains(&format!("<html lang=\"{}\">", lang.tag())) {
        assert!(page.body.contains(lang.own_name()));
        browser.open(&page.link(&format!("lang={}", lang.tag()))).await;
    }
    browser
}

fn heading(page: &Answer) -> String {
    let rest = page.body.split("<h1>").nth(1).unwrap();
    rest.split("</h1>").next().unwrap().to_owned()
}

/// The headings of these pages, each of which says in which language it is and lacks no message.
async fn headings(browser: &mut Browser, lang: Lang, paths: &[String]) -> Vec<String> {
    let mut headings = Vec::new();
    for path in paths {
        let page = browser.open(path).await;
        let tag = lang.tag();
        assert!(
            page.body.contains(&format!("<html lang=\"{tag}\">")),
            "{path} in {tag}"
        );
        assert!(!page.body.contains('⟦'), "{path} in {tag}: {}", page.text());
        headings.push(heading(&page));
    }
    headings
}

#[tokio::test]
async fn every_page_is_there_in_every_language() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    house.delivered(consent).await;
    // By then a renewal has something to add.
    house.set_clock("2026-11-25T12:00:00Z");
    let owned = |paths: &[&str]| {
        paths
            .iter()
            .map(|path| (*path).to_owned())
            .collect::<Vec<String>>()
    };
    let own = [
        owned(&PARTICIPANT),
        vec![
            format!("/moi/partages/{consent}"),
            format!("/moi/partages/{consent}/retrait"),
            format!("/moi/partages/{consent}/reponse"),
            format!("/moi/partages/{consent}/pause"),
            format!("/moi/partages/{consent}/reduction"),
            format!("/moi/partages/{consent}/renouvellement"),
            format!("/moi/partages/{consent}/organisation/retrait"),
            "/moi/partages/tout/retrait".to_owned(),
            format!("/moi/partages/nouveau/{}/plus-tard", house.offer.offer.id),
            format!("/moi/partages/nouveau/{}", house.offer.offer.id),
        ],
    ]
    .concat();
    let mut spoken = Vec::new();
    for lang in Lang::ALL {
        let mut said = headings(&mut speaking(house.browser(), lang).await, lang, &owned(&OPEN)).await;
        said.extend(headings(&mut speaking(house.as_anna().await, lang).await, lang, &own).await);
        said.extend(
            headings(
                &mut speaking(house.as_officer().await, lang).await,
                lang,
                &owned(&OFFICER),
            )
            .await,
        );
        let mut researcher = speaking(house.as_researcher().await, lang).await;
        said.extend(headings(&mut researcher, lang, &owned(&["/recherche/demandes"])).await);
        spoken.push(said);
    }
    for (first, other) in [(0, 1), (1, 2), (0, 2)] {
        for (one, another) in spoken[first].iter().zip(&spoken[other]) {
            assert_ne!(one, another);
        }
    }
}

#[tokio::test]
async fn a_notice_is_shown_and_recorded_in_the_language_of_the_page() {
    for (lang, title, text) in [
        (Lang::French, TITLE_FR, NOTICE_FR),
        (Lang::English, TITLE_EN, NOTICE_EN),
        (Lang::Dutch, TITLE_NL, NOTICE_NL),
    ] {
        let house = House::build().await;
        let mut anna = speaking(house.as_anna().await, lang).await;
        let list = anna.open("/moi/partages/nouveau").await;
        let offer = anna.open(&list.link("/moi/partages/nouveau/")).await;
        let shown = lang.pick(house.offer.notices());
        assert!(offer.body.contains(&format!("<div lang=\"{}\">", lang.tag())));
        assert!(offer.body.contains(&shown.to_string()));
        assert!(offer.text().contains(title));
        let refusing = text.lines().nth(1).unwrap().split("? ").nth(1).unwrap();
        assert_eq!(
            offer.text().matches(refusing).count(),
            2,
            "what refusing means is said beside the choice and in the notice: {}",
            offer.text()
        );
        let action = offer.action("/moi/partages/nouveau/");
        let field = format!("answer-{}", house.offer.offer.id);
        let answer = anna.submit(&offer, &action, &[(&field, "accept")]).await;
        let done = anna.open(&answer.header("location")).await;
        assert!(done.text().contains(title), "{}", done.text());

        let receipt = anna.get(&done.link("/moi/preuves/")).await;
        let bundle = Bundle::parse(&receipt.bytes).unwrap();
        let record = Record::parse(&bundle.record.verify(&bundle.record_key).unwrap()).unwrap();
        let Record::Consent(given) = record else {
            panic!("another record: {record:?}");
        };
        assert_eq!(given.notice(), Some(Digest::new(shown.0)));
        assert_eq!(shown, notice_digest(text));
        let mut read = house.broker.read().await.unwrap();
        assert_eq!(read.notice(shown).await.unwrap().unwrap().language, lang.tag());
    }
}
