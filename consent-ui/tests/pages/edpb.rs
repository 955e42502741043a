//! The deceptive patterns of EDPB Guidelines 03/2022 (version 2.0), one test a pattern, named after it: what we do not do.

use crate::browser::Answer;
use crate::house::{House, NOTICE_FR, TITLE_FR};

/// The page with the first choice that is asked of Anna.
async fn asked(house: &House) -> (crate::browser::Browser, Answer) {
    let mut anna = house.as_anna().await;
    let list = anna.open("/moi/partages/nouveau").await;
    let offer = anna.open(&list.link("/moi/partages/nouveau/")).await;
    (anna, offer)
}

fn field(house: &House) -> String {
    format!("answer-{}", house.offer.offer.id)
}

/// The tag of the button or input that holds `part`.
fn tag<'a>(page: &'a str, part: &str) -> &'a str {
    let end = page.find(part).unwrap();
    let start = page[..end].rfind('<').unwrap();
    page[start..].split('>').next().unwrap()
}

#[tokio::test]
async fn continuous_prompting_a_refusal_is_not_asked_again() {
    let house = House::build().await;
    let (mut anna, offer) = asked(&house).await;
    let action = offer.action("/moi/partages/nouveau/");
    anna.submit(&offer, &action, &[(&field(&house), "refuse")]).await;
    for path in ["/moi", "/moi/partages", "/moi/donnees", "/moi/historique"] {
        let page = anna.open(path).await;
        assert!(!page.body.contains("/moi/partages/nouveau/"), "{path} asks again");
    }
    // Nor half a year later.
    house.set_clock("2027-05-19T11:00:00Z");
    let mut anna = house.as_anna().await;
    let home = anna.open("/moi").await;
    assert!(home.text().contains("0 demandes attendent") || home.text().contains("0 demande attend"));
}

#[tokio::test]
async fn privacy_maze_withdrawal_is_two_clicks_and_every_right_is_on_one_page() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let home = anna.open("/moi").await;
    let confirm = anna.open(&home.link(&format!("{consent}/retrait"))).await;
    let done = anna.submit(&confirm, &confirm.action("/retrait"), &[]).await;
    assert_eq!(done.status, 303);
    let rights = anna.open(&home.link("/moi/demandes")).await;
    assert_eq!(rights.body.matches("/moi/demandes/nouvelle/").count(), 6);
}

#[tokio::test]
async fn too_many_options_a_choice_has_two_answers_and_no_more() {
    let house = House::build().await;
    let (_, offer) = asked(&house).await;
    assert_eq!(offer.body.matches("<fieldset").count(), 1);
    assert_eq!(offer.body.matches("type=\"radio\"").count(), 2);
    assert_eq!(offer.body.matches("type=\"checkbox\"").count(), 0);
}

#[tokio::test]
async fn deceptive_snugness_nothing_is_chosen_beforehand() {
    let house = House::build().await;
    let (mut anna, offer) = asked(&house).await;
    assert!(!offer.body.contains(" checked"));
    assert!(!offer.body.contains(" selected"));
    let erasure = anna.open("/moi/effacement").await;
    assert!(!erasure.body.contains(" checked"));
}

#[tokio::test]
async fn look_over_there_a_consent_page_offers_nothing_else() {
    let house = House::build().await;
    let (_, offer) = asked(&house).await;
    let main = offer
        .body
        .split("<main")
        .nth(1)
        .unwrap()
        .split("</main>")
        .next()
        .unwrap();
    // Whoever asks, and the way out; no other offer, service or picture.
    let links: Vec<&str> = main
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    for link in links {
        assert!(
            link == "/moi/partages/nouveau"
                || link.ends_with("/plus-tard")
                || link.starts_with("mailto:")
                || link.starts_with('#'),
            "{link}"
        );
    }
    assert!(!main.contains("<img") && !main.contains("<video"));
}

#[tokio::test]
async fn emotional_steering_the_words_neither_praise_nor_frighten() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let (mut anna, offer) = {
        let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
        let list = bruno.open("/moi/partages/nouveau").await;
        let offer = bruno.open(&list.link("/moi/partages/nouveau/")).await;
        (house.as_anna().await, offer)
    };
    let withdrawal = anna.open(&format!("/moi/partages/{consent}/retrait")).await;
    for page in [&offer, &withdrawal] {
        let text = page.text().to_lowercase();
        for steering in [
            "dommage",
            "vraiment",
            "malheureusement",
            "merci de rester",
            "profitez",
            "ne manquez",
            "attention",
            "génial",
            "planète",
            "hélas",
            "regrett",
            "recommandé",
            "😢",
            "!",
        ] {
            assert!(!text.contains(steering), "`{steering}` in {text}");
        }
    }
}

#[tokio::test]
async fn hidden_in_plain_sight_accepting_and_refusing_are_written_alike() {
    let house = House::build().await;
    let (_, offer) = asked(&house).await;
    let accept = tag(&offer.body, "value=\"accept\"");
    let refuse = tag(&offer.body, "value=\"refuse\"");
    let alike = |tag: &str| {
        tag.replace("-refuse\"", "\"")
            .replace("value=\"refuse\"", "value=\"accept\"")
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(alike(accept), alike(refuse));
    assert!(!accept.contains("class=") && !refuse.contains("class="));
    // The computed styles are compared in a real browser, in `audit-tests`.
}

#[tokio::test]
async fn hidden_in_plain_sight_renewing_and_letting_it_end_are_written_alike() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    house.set_clock("2027-11-10T12:00:00Z");
    let mut anna = house.as_anna().await;
    let page = anna.open(&format!("/moi/partages/{id}/renouvellement")).await;
    let agree = tag(&page.body, "accepte de renouveler</button>");
    let (_, behind) = page.body.split_once("accepte de renouveler</button>").unwrap();
    let leave = tag(behind, "Ne rien changer");
    assert!(!agree.contains("class="), "{agree}");
    assert!(leave.contains("class=\"button\""), "{leave}");
}

#[tokio::test]
async fn dead_end_every_link_of_the_desk_leads_somewhere() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let mut links = std::collections::BTreeSet::new();
    for path in [
        "/moi",
        "/moi/partages",
        "/moi/donnees",
        "/moi/demandes",
        "/moi/effacement",
    ] {
        let page = anna.open(path).await;
        let found = page.body.split("href=\"").skip(1);
        links.extend(
            found
                .map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"))
                .filter(|link| link.starts_with('/') && !link.contains("lang=")),
        );
    }
    assert!(links.contains(&format!("/moi/partages/{consent}/retrait")));
    for link in links {
        let status = anna.open(&link).await.status;
        assert_eq!(status, 200, "{link}");
    }
}

#[tokio::test]
async fn longer_than_necessary_leaving_takes_no_more_steps_than_joining() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    // Joining, from home: the request, its page, the answer.
    let home = anna.open("/moi").await;
    let list = anna.open(&home.link("#pending")).await;
    let offer = anna.open(&list.link("/moi/partages/nouveau/")).await;
    let action = offer.action("/moi/partages/nouveau/");
    let granted = anna.submit(&offer, &action, &[(&field(&house), "accept")]).await;
    assert_eq!(granted.status, 303);
    let to_grant = 3;
    // Leaving, from home: its page, the button; nothing to fill in.
    let home = anna.open("/moi").await;
    let confirm = anna.open(&home.link("/retrait")).await;
    let action = confirm.action("/retrait");
    let hidden = confirm.hidden_fields(&action);
    assert_eq!(
        hidden.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["csrf"]
    );
    let withdrawn = anna.submit(&confirm, &action, &[]).await;
    assert_eq!(withdrawn.status, 303);
    let to_withdraw = 2;
    assert!(to_withdraw <= to_grant);
}

#[tokio::test]
async fn misleading_action_a_button_does_what_it_says() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let confirm = anna.open(&format!("/moi/partages/{consent}/retrait")).await;
    let action = confirm.action("/retrait");
    let form = confirm
        .body
        .split(&format!("action=\"{action}\""))
        .nth(1)
        .unwrap();
    let button = form
        .split("<button")
        .nth(1)
        .unwrap()
        .split("</button>")
        .next()
        .unwrap();
    assert!(button.contains("Retirer"), "{button}");
    anna.submit(&confirm, &action, &[]).await;
    assert!(
        !house.delivered(consent).await,
        "the button did not do what it says"
    );
}

#[tokio::test]
async fn lacking_hierarchy_a_page_has_one_heading_and_no_level_is_skipped() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    for path in [
        "/moi",
        "/moi/partages",
        "/moi/donnees",
        "/moi/demandes",
        "/moi/demandes/nouvelle/acces",
    ] {
        let page = anna.open(path).await;
        assert_eq!(page.body.matches("<h1").count(), 1, "{path}");
        let levels = page
            .body
            .split("<h")
            .skip(1)
            .filter_map(|rest| rest.chars().next()?.to_digit(10));
        let mut last = 0;
        for level in levels {
            assert!(level <= last + 1, "{path}: h{level} after h{last}");
            last = level;
        }
    }
}

#[tokio::test]
async fn decontextualising_what_concerns_a_sharing_stands_on_its_page() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let page = anna.open(&format!("/moi/partages/{consent}")).await;
    for part in [
        "/retrait",
        "transfers-title",
        "receipts-title",
        "onward-title",
        "/pas-moi",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
}

#[tokio::test]
async fn inconsistent_interface_withdrawing_looks_and_is_called_the_same_everywhere() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let path = format!("/moi/partages/{consent}/retrait");
    for page in [
        "/moi".to_owned(),
        "/moi/partages".into(),
        format!("/moi/partages/{consent}"),
    ] {
        let body = anna.open(&page).await.body;
        let link = tag(&body, &format!("href=\"{path}\""));
        assert!(link.contains("button"), "{page}: {link}");
        let words = body.split(&format!("href=\"{path}\"")).nth(1).unwrap();
        let words = words.split('>').nth(1).unwrap();
        assert!(words.starts_with("Retirer"), "{page}: {words}");
    }
}

#[tokio::test]
async fn language_discontinuity_from_the_request_to_the_receipt_it_is_one_language() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    for lang in ["nl", "en", "fr"] {
        anna.open(&format!("/preuves?lang={lang}")).await;
        let list = anna.open("/moi/partages/nouveau").await;
        let offer = anna.open(&list.link("/moi/partages/nouveau/")).await;
        for page in [&list, &offer] {
            assert!(page.body.contains(&format!("<html lang=\"{lang}\">")), "{lang}");
        }
        assert!(!offer.body.contains(&format!(
            "<div lang=\"{}\">",
            if lang == "fr" { "en" } else { "fr" }
        )));
    }
    let list = anna.open("/moi/partages/nouveau").await;
    let offer = anna.open(&list.link("/moi/partages/nouveau/")).await;
    let action = offer.action("/moi/partages/nouveau/");
    let answer = anna.submit(&offer, &action, &[(&field(&house), "accept")]).await;
    let receipt = anna.open(&answer.header("location")).await;
    assert!(receipt.body.contains("<html lang=\"fr\">") && receipt.text().contains(TITLE_FR));
}

#[tokio::test]
async fn conflicting_information_screen_notice_and_sharing_say_the_same() {
    let house = House::build().await;
    let (mut anna, offer) = asked(&house).await;
    let text = offer.text();
    for words in [TITLE_FR, "une valeur par demi-heure"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for line in NOTICE_FR.lines() {
        assert!(
            text.contains(line.split(" ?").next().unwrap().trim()),
            "{line}: {text}"
        );
    }
    let period = |page: &Answer| {
        let body = page.body.split("Période</dt>").nth(1).unwrap().to_owned();
        body.split("</dd>").next().unwrap().to_owned()
    };
    let action = offer.action("/moi/partages/nouveau/");
    let answer = anna.submit(&offer, &action, &[(&field(&house), "accept")]).await;
    let link = answer.header("location");
    let sharing = link.split('/').take(4).collect::<Vec<_>>().join("/");
    let sharing = anna.open(&sharing).await;
    assert_eq!(period(&sharing), period(&offer));
    for words in [TITLE_FR, "une valeur par demi-heure"] {
        assert!(sharing.text().contains(words), "{words}");
    }
}

#[tokio::test]
async fn ambiguous_wording_the_answers_are_plain_and_say_what_refusing_changes() {
    let house = House::build().await;
    let (_, offer) = asked(&house).await;
    let text = offer.text();
    for words in [
        "J'accepte",
        "Je refuse",
        "Si vous refusez",
        "Rien ne change pour vous.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for vague in [
        "peut-être",
        "notamment",
        "le cas échéant",
        "partenaires",
        "améliorer votre expérience",
    ] {
        assert!(!text.contains(vague), "{vague}");
    }
}
