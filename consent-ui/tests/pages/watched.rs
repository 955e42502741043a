//! What is out of the ordinary, on the pages: P-08, P-18, P-27, P-29.

use broker_domain::ids::{ConsentId, TransferId};
use broker_domain::time::{Interval, Step};
use broker_service::Order;
use test_support::SystemEntropy;

use crate::browser::{Answer, Browser};
use crate::house::House;

/// The application takes the first hour of the sharing, at this instant.
async fn taken(house: &House, consent: ConsentId, at: &str) {
    house.set_clock(at);
    let read = house.broker.read().await.unwrap().consent(consent).await;
    let start = read.unwrap().unwrap().data.start().next_on_grid(Step::HALF_HOUR);
    let order = Order {
        transfer: TransferId::random(&SystemEntropy).unwrap(),
        authorisation: consent,
        interval: Interval::new(start, start.plus_seconds(3_600)).unwrap(),
        step: Step::HALF_HOUR,
    };
    house.broker.deliver(&house.application, order).await.unwrap();
}

#[tokio::test]
async fn p_08_a_sharing_says_when_the_next_access_is_expected_or_that_nobody_knows() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let path = format!("/moi/partages/{consent}");
    let unknown = anna.open(&path).await;
    assert!(
        unknown.text().contains("Nous ne pouvons pas dire quand viendra"),
        "{}",
        unknown.text()
    );
    for day in 20..25 {
        taken(&house, consent, &format!("2026-11-{day}T05:00:00Z")).await;
    }
    house.set_clock("2026-11-24T08:00:00Z");
    let daily = anna.open(&path).await.text();
    assert!(
        daily.contains("Vers le 25 novembre 2026") && daily.contains("chaque jour"),
        "{daily}"
    );
    house.set_clock("2026-11-27T08:00:00Z");
    let missed = anna.open(&path).await.text();
    assert!(missed.contains("n'est pas venu"), "{missed}");
    house.broker.withdraw(house.anna.id, consent).await.unwrap();
    let barred = anna.open(&path).await.text();
    assert!(barred.contains("Aucun accès ne peut venir"), "{barred}");
    let mut english = house.as_anna().await;
    let page = english.open(&format!("{path}?lang=en")).await.text();
    assert!(page.contains("No access can come now"), "{page}");
}

async fn requested(house: &House, at: &str) -> Browser {
    house.set_clock(at);
    let mut rachel = house.as_researcher().await;
    let page = rachel.open(&format!("/recherche/jeux/{}", house.dataset)).await;
    let fields = [
        ("justification", "thèse sur le chauffage"),
        ("from", "2026-11-21"),
        ("until", "2026-11-21"),
    ];
    let sent = rachel.submit(&page, &page.action("/demande"), &fields).await;
    assert_eq!(sent.status, 303);
    rachel
}

#[tokio::test]
async fn p_18_an_objection_to_one_project_leaves_the_sharing_and_her_out_of_its_releases() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let _rachel = requested(&house, "2026-11-22T09:00:00Z").await;
    let request = house.broker.read().await.unwrap().requests(1).await.unwrap()[0].id;
    let homes = async || {
        let found = house.broker.feasibility(house.officer, request).await;
        found.unwrap().households
    };
    assert_eq!(homes().await, 1);
    let mut anna = house.as_anna().await;
    let sharing = anna.open(&format!("/moi/partages/{consent}")).await;
    let page = anna.open(&sharing.link("/moi/recherches")).await;
    for words in [
        "Courbe moyenne de la rue",
        "Labo Énergie",
        "thèse sur le chauffage",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let action = page.action("/opposition");
    // A second click, and two at once, are one objection.
    for _ in 0..2 {
        let done = anna.submit(&page, &action, &[]).await;
        assert_eq!(done.status, 303, "{}", done.text());
        let after = anna.open(&done.header("location")).await;
        assert!(after.text().contains("vous vous y opposez"), "{}", after.text());
        assert!(!after.body.contains("/opposition\""));
        assert_eq!(anna.get(&after.link("/moi/preuves/")).await.status, 200);
    }
    assert_eq!(homes().await, 0, "the release builder leaves her out");
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    assert!(
        desk.text().contains("Une personne s'oppose à ce projet"),
        "{}",
        desk.text()
    );
    assert!(!desk.body.contains(&house.anna.id.to_string()[..8]), "not who");
    // Her sharing goes on, and so does every other project.
    let still = anna.open(&format!("/moi/partages/{consent}")).await;
    assert!(still.body.contains("/retrait\""), "{}", still.text());
    let _second = requested(&house, "2026-11-22T10:00:00Z").await;
    let newest = house.broker.read().await.unwrap().requests(1).await.unwrap()[0].id;
    assert_ne!(newest, request);
    let found = house.broker.feasibility(house.officer, newest).await.unwrap();
    assert_eq!(found.households, 1);
    // Nobody objects to what could not use her data.
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let none = bruno.open("/moi/recherches").await;
    assert!(none.text().contains("Aucun projet n'utilise"), "{}", none.text());
    let own = bruno.open("/moi/bilan").await;
    let forged = bruno.forge(&own, &action).await;
    assert_eq!(forged.status, 404);
}

/// Fills the form of a breach.
async fn write_down(officer: &mut Browser, more: &[(&str, &str)]) -> Answer {
    let form = officer.open("/dpo/violations/nouvelle").await;
    let mut fields = vec![
        ("connue", "2026-11-19"),
        ("connue-heure", "10:00"),
        ("nature", "confidentiality"),
        ("gravite", "important"),
        ("portee", "toutes"),
        ("faits", "Un disque a été vendu."),
        ("contact", "dpo@coop.example"),
    ];
    fields.extend_from_slice(more);
    officer.submit(&form, "/dpo/violations", &fields).await
}

const WHOLE: [(&str, &str); 6] = [
    ("donnees", "Courbes"),
    ("consequences", "Cambriolage"),
    ("mesures", "Clés changées"),
    ("texte-fr", "Un disque avec vos courbes a été vendu."),
    ("texte-en", "A disk with your curves was sold."),
    ("texte-nl", "Een schijf met uw curven werd verkocht."),
];

#[tokio::test]
async fn p_27_an_officer_writes_a_breach_down_looks_twice_and_people_read_it_behind_sign_in() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let empty = officer.open("/dpo/violations").await;
    assert!(empty.text().contains("Aucune violation"), "{}", empty.text());
    let done = write_down(&mut officer, &WHOLE).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let page = officer.open(&done.header("location")).await;
    // Known at ten in the morning in Paris, and it is noon: 70 of 72 hours are left.
    assert!(
        page.text().contains("70 heures restantes") || page.text().contains("69 heures restantes"),
        "{}",
        page.text()
    );
    let look = officer.open(&page.link("/avis")).await;
    assert!(
        look.text().contains("2 personnes seront prévenues"),
        "{}",
        look.text()
    );
    assert!(look.text().contains("Een schijf met uw curven werd verkocht."));
    let mut anna = house.as_anna().await;
    let before = anna.open("/moi/incidents").await;
    assert!(before.text().contains("Il n'y a pas d'avis pour vous."));
    // Somebody joins between the two looks: the officer looks again.
    crate::house::join(&house.broker, "Carla Frêne", "33333333333333").await;
    let stale = officer.submit(&look, &look.action("/avis"), &[]).await;
    assert_eq!(stale.status, 409, "{}", stale.text());
    let look = officer.open(&page.link("/avis")).await;
    let sent = officer.submit(&look, &look.action("/avis"), &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    house.round().await;
    let page = officer.open(&sent.header("location")).await;
    assert!(page.text().contains("3 sur 3"), "{}", page.text());
    assert!(
        !page.body.contains("name=\"faits\""),
        "what people were told stays"
    );
    let notice = anna.open("/moi/incidents").await;
    for words in ["Un disque avec vos courbes a été vendu.", "dpo@coop.example"] {
        assert!(notice.text().contains(words), "{words}: {}", notice.text());
    }
    assert_eq!(anna.get(&notice.link("/moi/preuves/")).await.status, 200);
    let english = anna.open("/moi/incidents?lang=en").await;
    assert!(english.text().contains("A disk with your curves was sold."));
}

#[tokio::test]
async fn p_27_a_breach_form_says_every_mistake_and_keeps_what_was_typed() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let form = officer.open("/dpo/violations/nouvelle").await;
    let fields = [
        ("connue", "2027-11-19"),
        ("gravite", ""),
        ("portee", "partage"),
        ("objet", "not an identifier"),
        ("debut", "2026-11-19"),
        ("fin", "2026-11-01"),
        ("faits", "Gardé"),
        ("contact", ""),
    ];
    let back = officer.submit(&form, "/dpo/violations", &fields).await;
    assert_eq!(back.status, 422);
    for words in [
        "Cette date ne peut pas être",
        "Choisissez au moins un aspect",
        "l'identifiant du partage",
    ] {
        assert!(back.text().contains(words), "{words}: {}", back.text());
    }
    assert!(back.body.contains(">Gardé</textarea>"));
}

#[tokio::test]
async fn p_27_the_clock_of_the_authority_and_the_reason_for_silence_are_kept() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let done = write_down(&mut officer, &[]).await;
    house.set_clock("2026-11-23T09:00:00Z");
    let mut officer = house.as_officer().await;
    let page = officer.open(&done.header("location")).await;
    assert!(
        page.text().contains("les 72 heures sont écoulées"),
        "{}",
        page.text()
    );
    let action = page.action("/autorite");
    let at = ("date", "2026-11-23");
    let told = [at, ("heure", "09:30"), ("reference", "CNIL-1"), ("retard", "")];
    let back = officer.submit(&page, &action, &told).await;
    assert_eq!(back.status, 422);
    assert!(back.text().contains("dites pourquoi"), "{}", back.text());
    let told = [
        at,
        ("heure", "09:30"),
        ("reference", "CNIL-1"),
        ("retard", "week-end"),
    ];
    assert_eq!(officer.submit(&page, &action, &told).await.status, 303);
    let register = officer.open("/dpo/violations").await;
    assert!(
        register.text().contains("référence CNIL-1"),
        "{}",
        register.text()
    );
    // Not told, with a reason.
    let page = officer.open(&done.header("location")).await;
    let action = page.action("/sans-avis");
    assert_eq!(officer.submit(&page, &action, &[("motif", "")]).await.status, 422);
    let motif = [("motif", "Données chiffrées")];
    assert_eq!(officer.submit(&page, &action, &motif).await.status, 303);
    let look = officer.open(&done.header("location")).await;
    assert!(look.text().contains("Données chiffrées"), "{}", look.text());
}

#[tokio::test]
async fn p_27_the_desk_of_breaches_and_unusual_use_is_for_officers_alone() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let done = write_down(&mut officer, &WHOLE).await;
    let page = done.header("location").split('?').next().unwrap().to_owned();
    let look = format!("{page}/avis");
    let mut anna = house.as_anna().await;
    let mut rachel = house.as_researcher().await;
    for path in [
        "/dpo/violations",
        "/dpo/violations/nouvelle",
        "/dpo/volumes",
        &page,
        &look,
    ] {
        assert_eq!(anna.get(path).await.status, 403, "{path}");
        assert_eq!(rachel.get(path).await.status, 403, "{path}");
    }
    let own = anna.open("/moi/bilan").await;
    for path in [
        "/dpo/violations".to_owned(),
        page.clone(),
        look.clone(),
        format!("{page}/autorite"),
        format!("{page}/sans-avis"),
        "/dpo/retraits/effacements/00000000-0000-4000-8000-000000000000".to_owned(),
    ] {
        assert_eq!(anna.forge(&own, &path).await.status, 403, "{path}");
        // Without the session's own form secret.
        assert_eq!(officer.post(&path, &[("motif", "x")]).await.status, 403, "{path}");
    }
    for path in ["/moi/incidents", "/moi/bilan", "/moi/recherches"] {
        assert_eq!(officer.get(path).await.status, 403, "{path}");
    }
    let unknown = officer
        .get("/dpo/violations/00000000-0000-4000-8000-000000000000")
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn p_27_unusual_use_stands_on_the_sharing_and_on_the_desk() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    for day in 20..25 {
        taken(&house, consent, &format!("2026-11-{day}T05:00:00Z")).await;
    }
    for minute in 10..40 {
        taken(&house, consent, &format!("2026-11-25T05:{minute}:00Z")).await;
    }
    house.round().await;
    let mut anna = house.as_anna().await;
    let page = anna.open(&format!("/moi/partages/{consent}")).await;
    assert!(
        page.text().contains("30 envois ce jour-là ; d'habitude 1.")
            || page
                .text()
                .contains("30 envois ce jour-là\u{202f}; d'habitude 1."),
        "{}",
        page.text()
    );
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    let list = officer.open(&desk.link("/dpo/volumes")).await;
    assert!(list.text().contains("Labo Énergie"), "{}", list.text());
    assert!(!list.body.contains("Tilleul"), "no name");
}

#[tokio::test]
async fn p_29_a_person_makes_a_summary_and_takes_it_as_a_pdf() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    taken(&house, consent, "2026-11-20T05:00:00Z").await;
    house.set_clock("2026-11-21T09:00:00Z");
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi/bilan").await;
    assert!(
        page.text().contains("Aucun bilan n'a été fait"),
        "{}",
        page.text()
    );
    let done = anna.submit(&page, "/moi/bilan", &[("geste", "maintenant")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let list = anna.open(&done.header("location")).await;
    let path = list.link("/moi/bilan/");
    let summary = anna.open(&path).await;
    for words in ["Labo Énergie", "1 transfert", "Vous n'avez fait aucune demande"] {
        assert!(summary.text().contains(words), "{words}: {}", summary.text());
    }
    let pdf = anna.get(&format!("{path}/pdf")).await;
    assert_eq!(
        (pdf.status, pdf.header("content-type")),
        (200, "application/pdf".to_owned())
    );
    assert!(pdf.bytes.starts_with(b"%PDF"));
    let yearly = anna
        .submit(&list, "/moi/bilan", &[("geste", "chaque-annee")])
        .await;
    let list = anna.open(&yearly.header("location")).await;
    assert!(list.text().contains("21 novembre 2027"), "{}", list.text());
    let no_more = anna.submit(&list, "/moi/bilan", &[("geste", "plus")]).await;
    let list = anna.open(&no_more.header("location")).await;
    assert!(!list.text().contains("21 novembre 2027"));
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    assert_eq!(bruno.get(&path).await.status, 404);
    assert_eq!(bruno.get(&format!("{path}/pdf")).await.status, 404);
    assert_eq!(bruno.get("/moi/bilan/999").await.status, 404);
}
