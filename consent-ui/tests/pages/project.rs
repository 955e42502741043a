//! P-27, "new member of a project": she signs before anything is hers, and the people concerned are told.

use std::sync::Arc;

use broker_domain::ids::{OrganisationId, ResearcherId};
use broker_service::Member;
use broker_store::{ResearcherRow, SessionRole};
use test_support::{SystemEntropy, organisation};

use crate::browser::{Answer, Browser};
use crate::house::House;
use crate::reach::{done, round};
use crate::release::measured_street;
use crate::ways::ways;

const SUBJECT: &str = "Une personne de plus dans un projet de recherche";

/// A researcher with a way in, of this body or of the laboratory.
async fn researcher(
    house: &House,
    name: &str,
    body: Option<OrganisationId>,
) -> (ResearcherRow, age::x25519::Identity) {
    let lab = house
        .broker
        .read()
        .await
        .unwrap()
        .researcher(house.researcher)
        .await;
    let identity = age::x25519::Identity::generate();
    let row = ResearcherRow {
        id: ResearcherId::random(&SystemEntropy).unwrap(),
        organisation: body.unwrap_or(lab.unwrap().unwrap().organisation),
        name: name.into(),
        age_recipient: identity.to_public().to_string(),
    };
    house
        .broker
        .enrol_member(Member::Researcher(row.clone()))
        .await
        .unwrap();
    (row, identity)
}

/// A request that an officer approved, released where the homes were measured; its path.
async fn approved(house: &House, rachel: &mut Browser, officer: &mut Browser) -> String {
    let page = rachel.open(&format!("/recherche/jeux/{}", house.dataset)).await;
    let fields = [
        ("justification", "thèse"),
        ("from", "2026-11-21"),
        ("until", "2026-11-21"),
    ];
    let asked = rachel.submit(&page, &page.action("/demande"), &fields).await;
    assert_eq!(asked.status, 303);
    let desk = officer.open("/dpo").await;
    let approve = [("decision", "approve")];
    let answer = officer.submit(&desk, &desk.action("/decision"), &approve).await;
    // Without enough homes it is approved, and the desk says why nothing is released yet.
    assert!([200, 303].contains(&answer.status), "{}", answer.text());
    rachel
        .open("/recherche/demandes")
        .await
        .link("/recherche/projets/")
}

/// How often a person was written to about a new member, by letter.
async fn told(browser: &mut Browser) -> usize {
    let page = browser.open("/compte/messages").await;
    page.text().matches(SUBJECT).count()
}

async fn chooses_letters(browser: &mut Browser) {
    let page = browser.open("/compte/messages").await;
    let chosen = done(browser, &page, "/compte/messages/voies", &[("voie", "post")]).await;
    assert_eq!(chosen.status, 200);
}

async fn adds(browser: &mut Browser, project: &str, who: &ResearcherRow) -> Answer {
    let page = browser.open(project).await;
    let member = who.id.to_string();
    done(browser, &page, &page.action("/membres"), &[("membre", &member)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p_27_a_new_member_signs_before_anything_is_hers_and_the_people_concerned_are_told_once() {
    let house = Arc::new(House::build_signing_in(ways()).await);
    house.granted(&house.bruno).await;
    let house = measured_street(Arc::into_inner(house).unwrap()).await;
    let (mut rachel, mut officer) = (house.as_researcher().await, house.as_officer().await);
    let mut anna = house.as_anna().await;
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let project = approved(&house, &mut rachel, &mut officer).await;
    for browser in [&mut anna, &mut bruno] {
        chooses_letters(browser).await;
    }
    let projects = bruno.open("/moi/recherches").await;
    let objected = bruno
        .submit(&projects, &projects.action("/opposition"), &[])
        .await;
    assert_eq!(objected.status, 303);

    let (rosa, key) = researcher(&house, "Rosa", None).await;
    let added = adds(&mut rachel, &project, &rosa).await;
    assert!(
        added.text().contains("l'engagement reste à signer"),
        "{}",
        added.text()
    );
    let (mut her, _) = house.come_in(SessionRole::Researcher(rosa.id), "rosa").await;
    let list = her.open("/recherche/demandes").await;
    assert!(
        list.text().contains("Votre engagement est à signer"),
        "{}",
        list.text()
    );
    let release = rachel.open(&project).await.link("/recherche/livraisons/");
    let early = her.get(&release).await;
    assert_eq!(early.status, 404, "{}", early.text());
    round(&house).await;
    assert_eq!(told(&mut anna).await, 0, "not before she signed");

    let page = her.open(&project).await;
    assert!(!page.body.contains("/recherche/livraisons/"));
    let signed = done(&mut her, &page, &page.action("/engagement"), &[]).await;
    assert!(
        signed.text().contains("A signé l'engagement"),
        "{}",
        signed.text()
    );
    let hers = her.get(&signed.link("/recherche/livraisons/")).await;
    assert_eq!(hers.status, 200);
    let lead = rachel.get(&release).await;
    let opened = age::decrypt(&key, &hers.bytes).unwrap();
    assert_eq!(opened, age::decrypt(&house.identity, &lead.bytes).unwrap());

    people_learn_of_her(&house, &mut anna, &mut bruno).await;
    she_is_sent_away(&mut officer, &mut her, (&project, &release)).await;
    let seen = anna.open("/moi/recherches").await;
    // She holds what she downloaded: her name stays, with both days.
    let (_, line) = seen.body.split_once("Rosa").unwrap();
    let (line, _) = line.split_once("<br>").unwrap();
    assert!(line.contains("du ") && line.contains(" au "), "{line}");
}

/// By the officer: nothing of the project is hers any more.
async fn she_is_sent_away(officer: &mut Browser, her: &mut Browser, (project, release): (&str, &str)) {
    let page = officer.open(project).await;
    let ended = done(officer, &page, &page.action("/membres/fin"), &[]).await;
    assert!(ended.text().contains("N'est plus membre"), "{}", ended.text());
    assert_eq!(her.get(release).await.status, 404);
    assert_eq!(her.get(project).await.status, 404);
}

/// Each once; who objected is in none of it.
async fn people_learn_of_her(house: &House, anna: &mut Browser, bruno: &mut Browser) {
    for _ in 0..3 {
        round(house).await;
    }
    assert_eq!(told(anna).await, 1);
    assert_eq!(told(bruno).await, 0, "who objected is in none of it");
    let seen = anna.open("/moi/recherches").await;
    assert!(seen.text().contains("Rosa"), "{}", seen.text());
}

#[tokio::test]
async fn p_27_members_are_added_by_lead_or_officer_and_sign_for_themselves() {
    let house = House::build_signing_in(ways()).await;
    house.granted(&house.anna).await;
    house.set_clock("2026-11-23T11:00:00Z");
    let (mut rachel, mut officer) = (house.as_researcher().await, house.as_officer().await);
    let project = approved(&house, &mut rachel, &mut officer).await;
    let other = organisation(&house.broker, "Ailleurs", "FR", "dpo@ailleurs.example").await;
    let (rosa, _) = researcher(&house, "Rosa", None).await;
    let (stranger, _) = researcher(&house, "Régis", Some(other)).await;
    let page = officer.open(&project).await;
    assert!(!page.body.contains("Régis"), "he works for another body");
    let action = page.action("/membres");
    let foreign = stranger.id.to_string();
    let refused = officer.submit(&page, &action, &[("membre", &foreign)]).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(officer.submit(&page, &action, &[]).await.status, 422);
    let added = adds(&mut officer, &project, &rosa).await;
    assert!(
        added.text().contains("l'engagement reste à signer"),
        "{}",
        added.text()
    );
    let id = rosa.id.to_string();
    let twice = officer.submit(&page, &action, &[("membre", &id)]).await;
    assert_eq!(twice.status, 409, "{}", twice.text());
    assert!(twice.text().contains("ne peut pas être ajoutée à nouveau"));

    let (mut him, _) = house.come_in(SessionRole::Researcher(stranger.id), "regis").await;
    let (mut her, _) = house.come_in(SessionRole::Researcher(rosa.id), "rosa").await;
    let mut anna = house.as_anna().await;
    assert_eq!(him.get(&project).await.status, 404);
    assert_eq!(anna.get(&project).await.status, 404);
    let (engage, end) = (format!("{project}/engagement"), format!("{project}/membres/fin"));
    let own = him.open("/recherche/demandes").await;
    for form in [&action, &engage, &end] {
        let tried = him.forge(&own, form).await;
        assert!(
            [400, 404, 422].contains(&tried.status),
            "{form}: {}",
            tried.status
        );
        assert_eq!(her.post(form, &[("csrf", "x")]).await.status, 403, "{form}");
        let nobody = Browser::new(house.serve(), None)
            .post(form, &[("csrf", "x")])
            .await;
        assert_eq!(nobody.status, 401, "{form}");
    }
    she_alone_signs(&mut officer, &mut her, &project).await;
}

/// Not the officer who added her, and not another text.
async fn she_alone_signs(officer: &mut Browser, her: &mut Browser, project: &str) {
    let (engage, end) = (format!("{project}/engagement"), format!("{project}/membres/fin"));
    let text = her.open(project).await.hidden_fields(&engage);
    let text = text.iter().find(|(name, _)| name == "texte").unwrap().1.clone();
    let page = officer.open(project).await;
    let secret = crate::ways::csrf(&page);
    let forged = officer
        .post(&engage, &[("csrf", &secret), ("texte", &text)])
        .await;
    assert_eq!(forged.status, 404);
    let page = her.open(project).await;
    let secret = crate::ways::csrf(&page);
    let another = her
        .post(&engage, &[("csrf", &secret), ("texte", &"0".repeat(64))])
        .await;
    assert_eq!(another.status, 409, "{}", another.text());
    assert!(another.text().contains("L'engagement est maintenant un autre"));
    let signed = her.submit(&page, &engage, &[]).await;
    assert_eq!(signed.status, 303);
    let twice = her.submit(&page, &engage, &[]).await;
    assert_eq!(twice.status, 409, "once");
    assert!(twice.text().contains("Vous avez déjà signé cet engagement"));
    assert!(
        !her.open(project).await.body.contains("Ajouter un membre"),
        "members add nobody"
    );
    let page = her.open(project).await;
    assert_eq!(her.submit(&page, &end, &[]).await.status, 303, "she may leave");
    assert_eq!(her.get(project).await.status, 404);
}

#[tokio::test]
async fn p_27_nobody_joins_a_project_before_it_is_approved() {
    let house = House::build_signing_in(ways()).await;
    house.granted(&house.anna).await;
    house.set_clock("2026-11-23T11:00:00Z");
    let mut rachel = house.as_researcher().await;
    let page = rachel.open(&format!("/recherche/jeux/{}", house.dataset)).await;
    let fields = [
        ("justification", "thèse"),
        ("from", "2026-11-21"),
        ("until", "2026-11-21"),
    ];
    let asked = rachel.submit(&page, &page.action("/demande"), &fields).await;
    assert_eq!(asked.status, 303);
    // Its page is not linked to yet.
    let request = house.broker.read().await.unwrap().requests(1).await.unwrap();
    let project = format!("/recherche/projets/{}", request[0].id);
    let (rosa, _) = researcher(&house, "Rosa", None).await;
    let (secret, member) = (crate::ways::csrf(&page), rosa.id.to_string());
    let early = rachel
        .post(
            &format!("{project}/membres"),
            &[("csrf", &secret), ("membre", &member)],
        )
        .await;
    assert_eq!(early.status, 409, "{}", early.text());
    assert!(early.text().contains("Ce projet n'est pas encore accepté"));
}
