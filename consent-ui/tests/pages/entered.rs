//! What officers enter for people, on their pages (P-36, P-37), and the code that two of them make.

use crate::browser::{Answer, Browser};
use crate::house::House;

const DESK: &str = "/dpo/saisies";

/// The page of a person, found by the number of her meter.
async fn found(officer: &mut Browser, number: &str) -> (String, Answer) {
    let desk = officer.open(DESK).await;
    let answer = officer
        .submit(&desk, "/dpo/saisies/recherche", &[("personne", number)])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let path = answer.header("location").to_owned();
    let meter = number.replace(' ', "");
    assert!(
        meter.len() > 14 || !path.contains(&meter),
        "no number in an address"
    );
    let page = officer.open(&path).await;
    (path, page)
}

/// The hidden fields of one of the four forms with `typed`.
fn form<'a>(page: &'a Answer, section: &str, typed: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let mark = format!("name=\"volet\" value=\"{section}\"");
    let (before, after) = page.body.split_once(&mark).expect(section);
    let hidden = |text: &str, name: &str| {
        let (_, rest) = text.rsplit_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let after = after.split("</form>").next().unwrap();
    let mut fields = vec![
        ("csrf".to_owned(), hidden(before, "csrf")),
        ("volet".to_owned(), section.to_owned()),
        ("saisie".to_owned(), hidden(after, "saisie")),
    ];
    fields.extend(
        typed
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    fields
}

async fn send(officer: &mut Browser, path: &str, fields: &[(String, String)]) -> Answer {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    officer.post(path, &fields).await
}

#[tokio::test]
async fn p_37_a_call_is_entered_by_one_officer_and_checked_by_another() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let consent = consent.to_string();
    let mut officer = house.as_officer().await;
    let (path, page) = found(&mut officer, "1111 1111 111111").await;
    assert!(!page.text().contains("Anna"), "officers see no names");
    assert!(page.text().contains("Labo Énergie"));
    assert!(!page.body.contains("checked"), "nothing is chosen beforehand");
    let missing = form(&page, "retrait", &[("voie", "telephone"), ("acte", "retrait")]);
    let missing = send(&mut officer, &path, &missing).await;
    assert_eq!(missing.status, 422);
    let typed = [
        ("partage", consent.as_str()),
        ("acte", "retrait"),
        ("voie", "telephone"),
    ];
    let sent = form(&page, "retrait", &typed);
    let done = send(&mut officer, &path, &sent).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let act = done.header("location").split('?').next().unwrap().to_owned();
    // Transfers are refused from here on.
    assert!(!house.delivered(consent.parse().unwrap()).await);
    // A double click.
    let again = send(&mut officer, &path, &sent).await;
    assert_eq!(again.header("location").split('?').next().unwrap(), act);
    let own = officer.open(&act).await;
    assert!(
        own.text().contains("Un autre délégué doit vérifier"),
        "{}",
        own.text()
    );
    assert!(!own.body.contains("/confirmation"));

    let mut colleague = house.as_colleague().await;
    let desk = colleague.open(DESK).await;
    let shown = colleague.open(&desk.link("/dpo/saisies/acte/")).await;
    assert!(
        shown.text().contains("Rien n'est rétabli sans elle"),
        "{}",
        shown.text()
    );
    // The first officer posts the form by hand.
    let confirm = shown.action("/confirmation");
    let forged = officer.submit(&own, &act_form(&own), &[]).await;
    assert!(forged.status == 200 || forged.status == 303);
    let csrf = own.hidden_fields("/deconnexion");
    let csrf: Vec<_> = csrf
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(officer.post(&confirm, &csrf).await.status, 403);
    let confirmed = colleague.submit(&shown, &confirm, &[]).await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.body);
    let after = colleague.open(&confirmed.header("location")).await;
    assert!(after.text().contains("Octave"), "{}", after.text());
    let pdf = colleague.get(&after.link("/recu")).await;
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    let posted = colleague.submit(&after, &after.action("/postee"), &[]).await;
    assert_eq!(posted.status, 303);
    let desk = colleague.open(DESK).await;
    assert!(desk.text().contains("Aucun courrier n'attend"), "{}", desk.text());
}

/// The form that opens the letter.
fn act_form(page: &Answer) -> String {
    page.action("/courrier")
}

#[tokio::test]
async fn p_36_a_blank_form_is_printed_and_comes_back_signed() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let forms = officer.open("/dpo/formulaires").await;
    let offer = house.offer.offer.id;
    for (lang, refuse, agree) in [
        ("fr", "Je refuse", "J'accepte"),
        ("en", "I refuse", "I agree"),
        ("nl", "Ik weiger", "Ik stem toe"),
    ] {
        let path = forms.link(&format!("/dpo/formulaires/accord/{offer}/{lang}"));
        let sheet = officer.open(&path).await;
        assert!(sheet.body.contains(&format!("<html lang=\"{lang}\">")));
        assert!(sheet.text().contains(refuse) && sheet.text().contains(agree));
        assert!(!sheet.body.contains("checked") && !sheet.body.contains('⟦'));
        let digest = house.offer.notices().map(|digest| digest.to_string());
        assert!(digest.iter().any(|digest| sheet.body.contains(digest)), "{lang}");
    }
    for kind in ["retrait", "droits", "inscription"] {
        for lang in ["fr", "en", "nl"] {
            let sheet = officer.open(&format!("/dpo/formulaires/{kind}/{lang}")).await;
            assert_eq!(sheet.status, 200);
            assert!(!sheet.body.contains('⟦'), "{kind} {lang}");
        }
    }
    assert_eq!(officer.open("/dpo/formulaires/secret/fr").await.status, 404);
}

#[tokio::test]
async fn p_36_a_signed_form_counts_once_two_officers_looked_at_it() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let offer = house.offer.offer.id;
    let sheet = officer.open(&format!("/dpo/formulaires/accord/{offer}/fr")).await;
    let (_, rest) = sheet.body.split_once("<strong><code>").unwrap();
    let reference = rest.split('<').next().unwrap();

    let (path, page) = found(&mut officer, &house.anna.id.to_string()).await;
    let point = house.anna.point.to_string();
    let scan = "ab".repeat(32);
    let typed = [
        ("compteur", point.as_str()),
        ("reference", reference),
        ("signe", "2026-11-17"),
        ("recu", "2026-11-18"),
        ("empreinte", scan.as_str()),
        ("majeur", "oui"),
    ];
    for (field, wrong, words) in [
        (1, "A-2222-2222", "aucun formulaire actuel"),
        (3, "2026-11-25", "pas dans l'avenir"),
        (4, "abc", "64 chiffres"),
        (4, "", "empreinte de la copie"),
        (5, "", "n'est pas cochée"),
    ] {
        let mut typed = typed;
        typed[field].1 = wrong;
        let refused = send(&mut officer, &path, &form(&page, "accord", &typed)).await;
        assert_eq!(refused.status, 422, "{words}");
        assert!(refused.text().contains(words), "{words}: {}", refused.text());
    }
    let done = send(&mut officer, &path, &form(&page, "accord", &typed)).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(house.consents(&house.anna).await, 0, "not before it is confirmed");
    let mut colleague = house.as_colleague().await;
    let act = done.header("location").split('?').next().unwrap().to_owned();
    let shown = colleague.open(&act).await;
    assert!(shown.body.contains(&scan));
    let answer = colleague
        .submit(&shown, &shown.action("/confirmation"), &[])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(house.consents(&house.anna).await, 1);
    let shown = colleague.open(&act).await;
    let letter = colleague.submit(&shown, &shown.action("/courrier"), &[]).await;
    assert!(letter.text().contains("Anna Tilleul"), "{}", letter.text());
    assert!(letter.text().contains("1 rue des Essais"));
    assert_eq!(letter.header("cache-control"), "no-store");
    // Anna sees what was done for her.
    let mut anna = house.as_anna().await;
    let list = anna.open("/moi/inscriptions").await;
    assert!(list.text().contains("Saisie par un délégué"), "{}", list.text());
}

#[tokio::test]
async fn p_37_the_script_is_one_page_in_three_languages() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    for (lang, never) in [
        ("fr", "Ne demandez jamais un mot de passe"),
        ("en", "Never ask for a password"),
        ("nl", "Vraag nooit naar een wachtwoord"),
    ] {
        let script = officer.open(&format!("/dpo/telephone/{lang}")).await;
        assert!(script.body.contains(&format!("<html lang=\"{lang}\">")));
        assert!(script.text().contains(never), "{}", script.text());
        assert!(!script.body.contains('⟦'));
    }
    assert_eq!(officer.open("/dpo/telephone/de").await.status, 404);
}

#[tokio::test]
async fn two_officers_hand_out_a_code_and_the_person_can_stop_it() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let (path, page) = found(&mut officer, "11111111111111").await;
    let done = send(&mut officer, &path, &form(&page, "code", &[("vue", "papier")])).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let act = done.header("location").split('?').next().unwrap().to_owned();
    let mut colleague = house.as_colleague().await;
    let shown = colleague.open(&act).await;
    let answer = colleague
        .submit(&shown, &shown.action("/confirmation"), &[("vue", "oui")])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let waits = officer.open(&act).await;
    assert!(
        waits.text().contains("poster la lettre d'abord"),
        "{}",
        waits.text()
    );
    assert!(!waits.body.contains("/code\""));
    let mut anna = house.as_anna().await;
    let account = anna.open("/compte").await;
    assert!(
        account.text().contains("Un nouveau code d'accès"),
        "{}",
        account.text()
    );
    // The letter, for whoever has no address: its code stops it at the door.
    let letter = officer.submit(&waits, &waits.action("/courrier"), &[]).await;
    let (_, rest) = letter.body.split_once("<strong><code>").expect("a stop code");
    let code = rest.split('<').next().unwrap().to_owned();
    let mut stranger = house.browser();
    let door = stranger.open("/connexion/arret").await;
    let wrong = stranger
        .submit(&door, "/connexion/arret", &[("code", "AAAA-BBBB-CCCC")])
        .await;
    assert_eq!(wrong.status, 422);
    let stopped = stranger
        .submit(&door, "/connexion/arret", &[("code", &code)])
        .await;
    assert_eq!(stopped.status, 303, "{}", stopped.body);
    assert!(
        officer
            .open(&act)
            .await
            .text()
            .contains("Arrêtée par la personne")
    );
    assert!(
        !anna
            .open("/compte")
            .await
            .text()
            .contains("Un nouveau code d'accès")
    );
}

/// Both saw her: at once, and she can still stop it from her pages.
#[tokio::test]
async fn two_officers_who_saw_her_hand_a_code_out_at_once() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let mut colleague = house.as_colleague().await;
    let mut anna = house.as_anna().await;
    let (path, page) = found(&mut officer, "11111111111111").await;
    let done = send(&mut officer, &path, &form(&page, "code", &[("vue", "oui")])).await;
    let act = done.header("location").split('?').next().unwrap().to_owned();
    let shown = colleague.open(&act).await;
    colleague
        .submit(&shown, &shown.action("/confirmation"), &[("vue", "oui")])
        .await;
    let ready = officer.open(&act).await;
    let made = officer.submit(&ready, &ready.action("/code"), &[]).await;
    assert!(
        made.text().contains("Ce code ne s'affiche qu'une fois"),
        "{}",
        made.text()
    );
    let account = anna.open("/compte").await;
    let stopped = anna
        .submit(&account, &account.action("/compte/pas-moi/code/"), &[])
        .await;
    assert_eq!(stopped.status, 303, "{}", stopped.body);
}

#[tokio::test]
async fn two_officers_pages_are_for_officers_only() {
    let house = House::build().await;
    let person = house.anna.id.to_string();
    let pages = [
        DESK.to_owned(),
        "/dpo/formulaires".to_owned(),
        "/dpo/formulaires/retrait/fr".to_owned(),
        "/dpo/telephone/fr".to_owned(),
        format!("/dpo/saisies/personne/{person}"),
        format!("/dpo/saisies/acte/{person}"),
        format!("/dpo/saisies/acte/{person}/recu"),
    ];
    for mut visitor in [house.as_anna().await, house.as_researcher().await] {
        for path in &pages {
            assert_eq!(visitor.open(path).await.status, 403, "{path}");
        }
        let own = visitor.open("/compte").await;
        let csrf = own.hidden_fields("/compte/codes");
        let csrf: Vec<_> = csrf
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        for end in ["confirmation", "renvoi", "code", "courrier", "postee"] {
            let path = format!("/dpo/saisies/acte/{person}/{end}");
            assert_eq!(visitor.post(&path, &csrf).await.status, 403, "{path}");
        }
        assert_eq!(visitor.post("/dpo/saisies/recherche", &csrf).await.status, 403);
    }
    let mut officer = house.as_officer().await;
    let unknown = officer.open(&format!("/dpo/saisies/acte/{person}")).await;
    assert_eq!(unknown.status, 404);
    let desk = officer.open(DESK).await;
    let nobody = officer
        .submit(&desk, "/dpo/saisies/recherche", &[("personne", "99999999999999")])
        .await;
    assert_eq!(nobody.status, 422);
}
