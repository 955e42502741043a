//! Requests about rights: sent, counted, answered.

use broker_domain::ids::ConsentId;
use broker_domain::policy::Principal;

use crate::browser::Browser;
use crate::house::House;

#[tokio::test]
async fn p_17_each_right_has_a_form_a_due_date_and_a_status_page() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi/demandes").await;
    assert!(page.text().contains("Vous n'avez encore rien demandé"));
    for right in [
        "acces",
        "portabilite",
        "rectification",
        "effacement",
        "limitation",
        "opposition",
    ] {
        let action = format!("/moi/demandes/nouvelle/{right}");
        let form = anna.open(&page.link(&action)).await;
        // 19 November, and a month later a Saturday: Monday.
        assert!(form.text().contains("21 décembre 2026"), "{}", form.text());
        let sent = anna.submit(&form, &action, &[("objet", "Mes mots < & >")]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let status = anna.open(&sent.header("location")).await;
        for words in [
            "Votre demande est reçue",
            "21 décembre 2026",
            "restent 32 jours",
            "Mes mots",
            "Inscrit au registre",
        ] {
            assert!(status.text().contains(words), "{words}: {}", status.text());
        }
        let proof = anna.get(&status.link("/moi/preuves/")).await;
        assert_eq!(proof.status, 200);
    }
    assert_eq!(anna.open("/moi/demandes/nouvelle/mariage").await.status, 404);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_request() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/acces";
    let form = anna.open(action).await;
    let first = anna.submit(&form, action, &[]).await.header("location");
    assert_eq!(anna.submit(&form, action, &[]).await.header("location"), first);
    assert_eq!(
        anna.open("/moi/demandes").await.body.matches("mark-wait").count(),
        1
    );
}

#[tokio::test]
async fn a_form_that_is_sent_again_with_other_words_is_not_said_to_be_sent() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/acces";
    let form = anna.open(action).await;
    assert_eq!(
        anna.submit(&form, action, &[("objet", "Tout.")]).await.status,
        303
    );
    let again = anna
        .submit(&form, action, &[("objet", "Tout depuis mars.")])
        .await;
    assert_eq!(again.status, 422, "{}", again.body);
    assert!(again.body.contains("Tout depuis mars."), "the words are kept");
    let sent = anna
        .submit(&again, action, &[("objet", "Tout depuis mars.")])
        .await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert_eq!(
        anna.open("/moi/demandes").await.body.matches("mark-wait").count(),
        2
    );
}

#[tokio::test]
async fn a_right_that_needs_words_asks_for_them_and_keeps_the_form() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/rectification";
    let form = anna.open(action).await;
    let back = anna.submit(&form, action, &[("objet", "  ")]).await;
    assert_eq!(back.status, 422);
    assert!(back.text().contains("Écrivez quelques mots"));
    assert!(back.body.contains("href=\"#objet\"") && back.body.contains("aria-invalid=\"true\""));
    let long = "a".repeat(4_001);
    assert_eq!(anna.submit(&form, action, &[("objet", &long)]).await.status, 422);
}

#[tokio::test]
async fn an_officer_answers_and_the_person_reads_it_with_its_proof() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/effacement";
    let form = anna.open(action).await;
    let status = anna.submit(&form, action, &[]).await.header("location");

    let mut odile = house.as_officer().await;
    let desk = odile.open("/dpo/droits").await;
    assert!(desk.text().contains("restent 32 jours"), "{}", desk.text());
    let answer = desk.action("/dpo/droits/");
    let empty = odile.submit(&desk, &answer, &[("geste", "repondre")]).await;
    assert_eq!(empty.status, 422);
    let taken = odile.submit(&desk, &answer, &[("geste", "prendre")]).await;
    assert_eq!(taken.status, 303, "{}", taken.body);
    assert!(anna.open(&status).await.text().contains("En cours d'examen"));
    let words = [("geste", "repondre"), ("reponse", "C’est effacé.")];
    assert_eq!(odile.submit(&desk, &answer, &words).await.status, 303);
    assert_eq!(odile.submit(&desk, &answer, &words).await.status, 409);
    let read = anna.open(&status).await;
    assert!(read.text().contains("C’est effacé.") && read.text().contains("Répondue"));
    assert_eq!(read.body.matches("/moi/preuves/").count(), 3);
    assert!(
        odile
            .open("/dpo/droits")
            .await
            .text()
            .contains("Aucune demande n'attend")
    );
}

#[tokio::test]
async fn a_request_is_seen_by_its_person_and_by_officers_alone() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/acces";
    let form = anna.open(action).await;
    let sent = anna.submit(&form, action, &[]).await.header("location");
    let status = sent.split('?').next().unwrap().to_owned();
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    assert_eq!(bruno.open(&status).await.status, 404);
    for mut other in [house.as_researcher().await, anna] {
        assert_eq!(other.open("/dpo/droits").await.status, 403);
    }
    assert_eq!(house.as_officer().await.open("/moi/demandes").await.status, 403);
}

#[tokio::test]
async fn what_is_late_says_so_and_what_to_do() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/acces";
    let form = anna.open(action).await;
    let status = anna.submit(&form, action, &[]).await.header("location");
    house.set_clock("2026-12-23T09:00:00Z");
    // Participants' sessions end after twelve idle hours.
    let mut anna = house.as_anna().await;
    let late = anna.open(&status).await;
    assert!(late.text().contains("en retard de 2 jours"), "{}", late.text());
    assert!(late.text().contains("CNIL"));
    let desk = house.as_officer().await.open("/dpo/droits").await;
    assert!(desk.body.contains("mark-no"));
}

/// Herself alone.
async fn she_lifts_it_or_withdraws(anna: &mut Browser, consent: ConsentId, action: &str) {
    let resume = format!("/moi/partages/{consent}/reprise");
    let form = anna.open(&resume).await;
    assert_eq!(anna.submit(&form, &resume, &[]).await.status, 303);
    let leave = format!("/moi/partages/{consent}/retrait");
    let form = anna.open(&leave).await;
    assert_eq!(anna.submit(&form, &leave, &[]).await.status, 303);
    // What ended is not frozen, and may still be complained about.
    let form = anna.open(action).await;
    assert_eq!(anna.submit(&form, action, &[]).await.status, 303);
}

#[tokio::test]
async fn p_19_this_was_not_me_freezes_the_sharing_and_opens_a_case() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    assert!(house.delivered(consent).await);
    let mut anna = house.as_anna().await;
    let sharing = anna.open(&format!("/moi/partages/{consent}")).await;
    let receipt = anna.open(&sharing.link("/moi/recus/")).await;
    let action = receipt.link("/pas-moi");
    assert_eq!(
        sharing.link("/pas-moi"),
        action,
        "from the sharing and from any of its receipts"
    );
    let form = anna.open(&action).await;
    let said = anna
        .submit(&form, &action, &[("objet", "J'étais à l'étranger.")])
        .await;
    assert_eq!(said.status, 303, "{}", said.body);
    assert!(
        !house.delivered(consent).await,
        "the very next transfer is refused"
    );

    // Her case, with its day; the officer has it on the desk.
    let case = anna.open(&said.header("location")).await;
    for wanted in [
        "Partage avec Labo Énergie",
        "J'étais à l'étranger.",
        // A month later is a Saturday: Monday.
        "21 décembre 2026",
    ] {
        let text = case.text().replace('\u{a0}', " ");
        assert!(text.contains(wanted), "no `{wanted}` in {text}");
    }
    let desk = house.as_officer().await.open("/dpo/droits").await;
    assert!(desk.text().contains("Ce n'était pas moi"), "{}", desk.text());

    // An act of its own, told and recorded; the same form sent twice is one.
    let twice = anna
        .submit(&form, &action, &[("objet", "J'étais à l'étranger.")])
        .await;
    assert_eq!(twice.header("location"), said.header("location"));
    let events = house
        .broker
        .read()
        .await
        .unwrap()
        .recorded_events(consent)
        .await
        .unwrap();
    assert_eq!(events.len(), 2);
    assert!(events[1].leaf_index.is_some());
    let page = anna.open(&format!("/moi/partages/{consent}")).await;
    assert!(page.text().contains("mis en pause"), "{}", page.text());

    she_lifts_it_or_withdraws(&mut anna, consent, &action).await;
}

#[tokio::test]
async fn p_19_nobody_freezes_what_is_somebody_elses_and_a_case_that_is_refused_leaves_the_freeze() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let action = format!("/moi/partages/{consent}/pas-moi");
    assert_eq!(bruno.open(&action).await.status, 404);
    let mine = house.granted(&house.bruno).await;
    let own = format!("/moi/partages/{mine}/pas-moi");
    let form = bruno.open(&own).await;
    let fields = form.hidden_fields(&own);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(bruno.post(&action, &fields).await.status, 404);
    assert!(house.delivered(consent).await);

    let mut anna = house.as_anna().await;
    let form = anna.open(&action).await;
    let long = "a".repeat(5_000);
    let refused = anna.submit(&form, &action, &[("objet", &long)]).await;
    assert_eq!(refused.status, 422);
    assert!(
        !house.delivered(consent).await,
        "frozen whatever becomes of the case"
    );
    assert_eq!(
        anna.post(&action, &[("demande", "x")]).await.status,
        403,
        "without the token of the page"
    );

    // A form without the number of its case stops transfers as well, and opens one.
    let token: Vec<_> = fields
        .iter()
        .copied()
        .filter(|(name, _)| *name == "csrf")
        .collect();
    let stopped = bruno.post(&own, &token).await;
    assert_eq!(stopped.status, 303, "{}", stopped.body);
    assert!(!house.delivered(mine).await);
}

/// GDPR art. 12: whoever writes much is answered all the same.
#[tokio::test]
async fn a_request_full_of_messages_is_still_answered() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/acces";
    let form = anna.open(action).await;
    let sent = anna.submit(&form, action, &[("objet", "Tout")]).await;
    let path = sent.header("location").split('?').next().unwrap().to_owned();
    let page = anna.open(&path).await;
    let mut written = 0;
    while anna.submit(&page, &path, &[("message", "Encore")]).await.status == 303 {
        written += 1;
        assert!(written < 200, "there is no end to messages");
    }
    let answer = format!("/dpo/droits/{}", path.rsplit('/').next().unwrap());
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo/droits").await;
    let fields = [("reponse", "Voici"), ("geste", "repondre")];
    let answered = officer.submit(&desk, &answer, &fields).await;
    assert_eq!(answered.status, 303, "{}", answered.text());
    assert!(anna.open(&path).await.text().contains("Voici"));
}

#[tokio::test]
async fn a_request_goes_with_the_person() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/acces";
    let form = anna.open(action).await;
    anna.submit(&form, action, &[]).await;
    anna.open("/moi/donnees").await;
    let who = house.anna.id;
    house
        .broker
        .erase(Principal::Participant(who), who)
        .await
        .unwrap();
    let desk = house.as_officer().await.open("/dpo/droits").await;
    assert!(desk.text().contains("Aucune demande n'attend"), "{}", desk.text());
}

/// GDPR art. 12(3), 12(6): the officer writes, extends and pauses; both see the same due date.
#[tokio::test]
async fn p_17_person_and_officer_write_to_each_other_and_both_see_the_clock() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/acces";
    let form = anna.open(action).await;
    let status = anna
        .submit(&form, action, &[("objet", "Tout")])
        .await
        .header("location");
    let path = status.split('?').next().unwrap().to_owned();
    let request = path.rsplit('/').next().unwrap().to_owned();
    let answer = format!("/dpo/droits/{request}");
    let field = "reponse";

    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo/droits").await;
    let empty = officer
        .submit(&desk, &answer, &[(field, " "), ("geste", "prolonger")])
        .await;
    assert_eq!(empty.status, 422);
    let paused = officer
        .submit(
            &desk,
            &answer,
            &[(field, "Qui êtes-vous ?"), ("geste", "suspendre")],
        )
        .await;
    assert_eq!(paused.status, 303, "{}", paused.body);
    let page = anna.open(&path).await;
    for words in ["Qui êtes-vous ?", "Délai suspendu", "délai suspendu"] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    // Her answer lets the clock go on.
    let sent = anna.submit(&page, &path, &[("message", "C'est <moi>")]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let desk = officer.open("/dpo/droits").await;
    assert!(desk.text().contains("C'est <moi>") && !desk.text().contains("délai suspendu"));
    let extended = officer
        .submit(
            &desk,
            &answer,
            &[(field, "Beaucoup de données"), ("geste", "prolonger")],
        )
        .await;
    assert_eq!(extended.status, 303, "{}", extended.body);
    for page in [anna.open(&path).await, officer.open("/dpo/droits").await] {
        for words in ["Beaucoup de données", "Prolongée de deux mois", "19 février 2027"] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
    }
    let again = officer
        .submit(&desk, &answer, &[(field, "Encore"), ("geste", "prolonger")])
        .await;
    assert_eq!(again.status, 409, "{}", again.body);
    let done = officer
        .submit(&desk, &answer, &[(field, "Voici."), ("geste", "repondre")])
        .await;
    assert_eq!(done.status, 303, "{}", done.body);
    let late = anna.submit(&page, &path, &[("message", "Merci")]).await;
    assert_eq!(late.status, 409, "{}", late.body);
    assert!(anna.open(&path).await.text().contains("Voici."));
}

/// Somebody else's request is not there.
#[tokio::test]
async fn nobody_writes_in_somebody_else_s_request() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let action = "/moi/demandes/nouvelle/acces";
    let form = anna.open(action).await;
    let status = anna.submit(&form, action, &[]).await.header("location");
    let path = status.split('?').next().unwrap().to_owned();
    let mut bob = house.signed_in("participant", house.bruno.id.to_string()).await;
    assert_eq!(bob.open(&path).await.status, 404);
    let form = bob.open(action).await;
    let hidden = form.hidden_fields(action);
    let (_, token) = hidden.iter().find(|(name, _)| name == "csrf").unwrap();
    let foreign = bob
        .post(&path, &[("csrf", token.as_str()), ("message", "x")])
        .await;
    assert_eq!(foreign.status, 404, "{}", foreign.body);
}

/// P-18: an objection stops what is ticked, at once.
#[tokio::test]
async fn p_18_an_objection_stops_what_is_ticked() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let sharing = house.granted(&house.anna).await.to_string();
    let action = "/moi/demandes/nouvelle/opposition";
    let form = anna.open(action).await;
    assert!(
        form.body.contains(&format!("value=\"{sharing}\"")),
        "{}",
        form.body
    );
    assert!(!form.body.contains("checked"));
    let fields = [
        ("objet", "Je refuse cette recherche"),
        ("partage", sharing.as_str()),
    ];
    let sent = anna.submit(&form, action, &fields).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let page = anna.open(&format!("/moi/partages/{sharing}")).await;
    assert!(page.text().contains("Accord retiré"), "{}", page.text());
}

/// P-15: asked with the withdrawal by a box that is not ticked, or after it by a button; once.
#[tokio::test]
async fn p_15_deletion_is_asked_with_the_withdrawal_or_after_it() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    for with in [true, false] {
        let sharing = house.granted(&house.anna).await.to_string();
        let (page, withdrawal) = (
            format!("/moi/partages/{sharing}"),
            format!("/moi/partages/{sharing}/retrait"),
        );
        let form = anna.open(&withdrawal).await;
        assert!(form.body.contains("name=\"effacer\"") && !form.body.contains("checked"));
        let ticked: &[(&str, &str)] = if with { &[("effacer", "oui")] } else { &[] };
        let done = anna.submit(&form, &withdrawal, ticked).await;
        assert_eq!(done.status, 303, "{}", done.body);
        let asked = "Vous avez demandé l'effacement le";
        assert_eq!(anna.open(&page).await.text().contains(asked), with);
        if !with {
            let button = anna.open(&page).await;
            let deletion = format!("{page}/effacement");
            let sent = anna.submit(&button, &deletion, &[]).await;
            assert_eq!(sent.status, 303, "{}", sent.body);
            assert!(anna.open(&page).await.text().contains(asked));
        }
    }
}
