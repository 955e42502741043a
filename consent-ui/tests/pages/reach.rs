//! P-27: the channels of messages, chosen on a page that works without a script; letters printed by officers.

use std::sync::{Arc, Mutex};

use broker_domain::identity::Later;
use broker_domain::ids::MessageId;
use broker_domain::telling::{PostFailure, ShortMessage, ShortPost};
use broker_service::{Duties, TellingParts};

use crate::browser::{Answer, Browser};
use crate::house::{House, Nowhere};

const PAGE: &str = "/compte/messages";

/// Keeps what leaves.
#[derive(Default)]
struct Kept(Mutex<Vec<ShortMessage>>);

impl ShortPost for Kept {
    fn send<'a>(&'a self, message: &'a ShortMessage) -> Later<'a, Result<(), PostFailure>> {
        self.0.lock().unwrap().push(message.clone());
        Box::pin(async { Ok(()) })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn destroy(&self, _: MessageId) -> Later<'_, Result<(), PostFailure>> {
        Box::pin(async { Ok(()) })
    }
}

/// One round of the duties; what left by SMS.
pub async fn round(house: &House) -> Vec<ShortMessage> {
    let kept = Arc::new(Kept::default());
    let parts = TellingParts {
        post: Arc::new(Nowhere),
        short: Arc::<Kept>::clone(&kept),
        caller: Arc::new(Nowhere),
        site: "https://broker.example".into(),
        operator: "Coopérative".into(),
        staff: None,
        volume: broker_domain::volume::VolumeRule::default(),
    };
    let duties = Duties::new(Arc::clone(&house.broker), parts);
    duties.round().await.unwrap();
    std::mem::take(&mut *kept.0.lock().unwrap())
}

/// Submits a form, and follows where it leads.
pub async fn done(browser: &mut Browser, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
    let answer = browser.submit(page, action, typed).await;
    match answer.status {
        303 => browser.open(&answer.header("location")).await,
        _ => answer,
    }
}

async fn confirmed(house: &House, anna: &mut Browser) -> Answer {
    let page = anna.open(PAGE).await;
    let number = [("telephone", "+33 6 12 34 56 78")];
    let asked = done(anna, &page, "/compte/messages/telephone", &number).await;
    assert!(
        asked.text().contains("Un code a été envoyé à ce numéro"),
        "{}",
        asked.text()
    );
    let sent = round(house).await;
    assert_eq!(sent[0].to.as_str(), "+33612345678");
    let mut words = sent[0].text.split(' ');
    let code = words.find(|word| word.matches('-').count() == 2).unwrap();
    let code = [("code", code)];
    done(anna, &asked, "/compte/messages/telephone/code", &code).await
}

#[tokio::test]
async fn p_27_channels_are_chosen_and_a_number_confirmed_without_a_script() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    assert!(
        anna.open("/compte").await.body.contains(PAGE),
        "the account page leads there"
    );
    let page = anna.open(PAGE).await;
    assert!(!page.body.contains("<script"));
    assert_eq!(
        page.body.matches(" checked").count(),
        1,
        "e-mail, until she chooses"
    );
    let voies = "/compte/messages/voies";
    let early = done(&mut anna, &page, voies, &[("voie", "sms")]).await;
    assert_eq!(early.status, 422);
    assert!(
        early.text().contains("Confirmez d'abord un numéro"),
        "{}",
        early.text()
    );
    let none = done(&mut anna, &page, voies, &[]).await;
    assert_eq!(none.status, 422);
    assert!(
        none.text().contains("Cochez au moins une voie"),
        "{}",
        none.text()
    );
    let nowhere = done(&mut anna, &page, voies, &[("voie", "email")]).await;
    assert_eq!(nowhere.status, 422);
    assert!(
        nowhere.text().contains("Aucune adresse n'est confirmée"),
        "{}",
        nowhere.text()
    );
    let kept = confirmed(&house, &mut anna).await;
    assert!(
        kept.text().contains("Votre numéro est confirmé"),
        "{}",
        kept.text()
    );
    let chosen = done(&mut anna, &kept, voies, &[("voie", "sms"), ("voie", "post")]).await;
    assert!(
        chosen.text().contains("Votre choix est gardé"),
        "{}",
        chosen.text()
    );
    assert_eq!(chosen.body.matches(" checked").count(), 2);
    let wrong = anna
        .submit(
            &chosen,
            "/compte/messages/telephone",
            &[("telephone", "06 12 34 56 78")],
        )
        .await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("avec son pays"), "{}", wrong.text());
}

#[tokio::test]
async fn p_27_an_officer_prints_and_posts_the_letters_of_whoever_chose_them() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let page = anna.open(PAGE).await;
    done(&mut anna, &page, "/compte/messages/voies", &[("voie", "post")]).await;
    house.granted(&house.anna).await;
    round(&house).await;
    let listed = anna.open(PAGE).await;
    assert!(
        listed.text().contains("un délégué va l'imprimer"),
        "{}",
        listed.text()
    );
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo/saisies").await;
    assert!(
        desk.text().contains("Messages à imprimer et à poster"),
        "{}",
        desk.text()
    );
    assert!(!desk.text().contains("Anna"), "no name before a letter is opened");
    let letter = done(&mut officer, &desk, &desk.action("/courrier"), &[]).await;
    assert_eq!(letter.status, 200);
    assert!(
        letter.text().contains("Votre accord est enregistré"),
        "{}",
        letter.text()
    );
    let posted = done(&mut officer, &desk, &desk.action("/postee"), &[]).await;
    assert!(
        posted.text().contains("Aucun message n'attend d'être imprimé"),
        "{}",
        posted.text()
    );
    let again = done(&mut officer, &desk, &desk.action("/postee"), &[]).await;
    assert_eq!(again.status, 404);
    let listed = anna.open(PAGE).await;
    assert!(
        !listed.text().contains("un délégué va l'imprimer"),
        "{}",
        listed.text()
    );
}

#[tokio::test]
async fn p_27_nobody_else_chooses_reads_or_posts() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let page = anna.open(PAGE).await;
    done(&mut anna, &page, "/compte/messages/voies", &[("voie", "post")]).await;
    house.granted(&house.anna).await;
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo/saisies").await;
    let (open, posted) = (desk.action("/courrier"), desk.action("/postee"));
    assert_eq!(officer.get(PAGE).await.status, 403, "officers get no messages");
    let forms = ["voies", "telephone", "telephone/code"].map(|end| format!("{PAGE}/{end}"));
    let mut stranger = Browser::new(house.serve(), None);
    assert_eq!(stranger.get(PAGE).await.status, 303);
    for form in forms.iter().chain([&open, &posted]) {
        assert_eq!(stranger.post(form, &[("csrf", "x")]).await.status, 401, "{form}");
        let unsigned = anna.post(form, &[("csrf", "x")]).await;
        assert_eq!(unsigned.status, 403, "{form}");
    }
    for form in [&open, &posted] {
        let tried = anna.forge(&page, form).await;
        assert_eq!(tried.status, 403, "{form}");
    }
    assert_eq!(officer.open("/dpo/saisies").await.action("/courrier"), open);
}
