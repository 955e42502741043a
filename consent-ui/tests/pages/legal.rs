//! Companies and communes on the pages: enrolled by an officer, represented by a person, permitted and withdrawn by the point.

use broker_domain::ids::ParticipantId;
use evidence::passkey::Registered;
use evidence::record::Record;
use serde_json::{Value, json};
use test_fixtures::authenticator::client_data;

use crate::browser::{Answer, Browser};
use crate::changes::newest_record;
use crate::house::House;
use crate::mandates::{accepted, acts};
use crate::signing::{ORIGIN, Scene, challenge, signed};

const DIGEST: &str = "0707070707070707070707070707070707070707070707070707070707070707";

pub struct Commune {
    pub house: House,
    pub officer: Browser,
    pub anna: Browser,
    pub id: String,
}

fn list(count: usize) -> String {
    (0..count)
        .map(|n| format!("{:014};École {n:04}\n", 50_000_000_000_000 + n))
        .collect()
}

impl Commune {
    /// A commune that Anna represents, with so many points; she acts for it.
    pub async fn of(count: usize) -> Self {
        Self::with(House::build().await, count).await
    }

    /// The same in a house that stands.
    pub async fn with(house: House, count: usize) -> Self {
        let mut officer = house.as_officer().await;
        let desk = officer.open("/dpo/personnes-morales").await;
        assert!(desk.text().contains("Aucune"), "{}", desk.text());
        let fields = [
            ("nom", "Commune de Trois-Fontaines"),
            ("adresse", "1, place de la Mairie"),
            ("genre", "public-body"),
            ("numero", "217 500 016"),
            ("langue", "fr"),
        ];
        let enrolled = officer.submit(&desk, "/dpo/personnes-morales", &fields).await;
        assert_eq!(enrolled.status, 303, "{}", enrolled.text());
        let page = enrolled.header("location");
        let id = page.rsplit('/').next().unwrap().to_owned();
        let mut commune = Self {
            anna: house.as_anna().await,
            house,
            officer,
            id,
        };
        if count > 0 {
            let answer = commune.adds(&list(count)).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
        commune.represented().await;
        acts(&mut commune.anna).await;
        commune
    }

    fn path(&self) -> String {
        format!("/dpo/personnes-morales/{}", self.id)
    }

    async fn adds(&mut self, list: &str) -> Answer {
        let path = self.path();
        let page = self.officer.open(&path).await;
        let to = format!("{path}/points");
        self.officer.submit(&page, &to, &[("liste", list)]).await
    }

    async fn represented(&mut self) {
        let path = self.path();
        let page = self.officer.open(&path).await;
        let fields = [
            ("nom", "Anna Tilleul, maire"),
            ("fin", "2032-03-31"),
            ("document", DIGEST),
        ];
        let named = self
            .officer
            .submit(&page, &format!("{path}/representant"), &fields)
            .await;
        assert_eq!(named.status, 200, "{}", named.text());
        let code = named
            .body
            .split("<code>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap();
        accepted(&mut self.anna, code).await;
    }

    fn offer(&self) -> String {
        self.house.offer.offer.id.to_string()
    }

    async fn points(&mut self, query: &str) -> Answer {
        let path = format!("/moi/points?offre={}{query}", self.offer());
        let page = self.anna.open(&path).await;
        assert_eq!(page.status, 200, "{}", page.text());
        page
    }

    async fn chooses(&mut self, page: &Answer, what: &str, fields: &[(&str, &str)]) -> Answer {
        let to = format!("/moi/points/{}/{what}", self.offer());
        let csrf = hidden(page, "csrf");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.anna.post(&to, &all).await
    }

    /// Reads the terms for what was chosen, and permits.
    async fn permits(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let terms = self.chooses(page, "accord", fields).await;
        assert_eq!(terms.status, 200, "{}", terms.text());
        let to = format!("/moi/points/{}/reponse", self.offer());
        self.anna.submit(&terms, &to, &[]).await
    }

    async fn given(&self) -> Vec<broker_domain::Consent> {
        let who: ParticipantId = self.id.parse().unwrap();
        let now = self.house.broker.now();
        let consents = self
            .house
            .broker
            .read()
            .await
            .unwrap()
            .consents_of(who)
            .await
            .unwrap();
        consents
            .into_iter()
            .filter(|consent| consent.state(now).is_given())
            .collect()
    }
}

fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page
        .body
        .split(&mark)
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {}", page.text()));
    rest.split('"').next().unwrap().to_owned()
}

fn ticked(page: &Answer, places: &[usize]) -> Vec<String> {
    let ids = page.body.split("name=\"point\" value=\"").skip(1);
    let ids: Vec<&str> = ids.map(|rest| rest.split('"').next().unwrap()).collect();
    places.iter().map(|place| ids[*place].to_owned()).collect()
}

#[tokio::test]
async fn commune_permits_by_the_point_and_says_that_it_is_no_consent() {
    let mut commune = Commune::of(3).await;
    let page = commune.points("").await;
    assert!(page.text().contains("0 points sur 3"), "{}", page.text());
    let one = ticked(&page, &[1]);
    let fields = [("portee", "coches"), ("point", one[0].as_str())];
    let terms = commune.chooses(&page, "accord", &fields).await;
    for words in [
        "pas un consentement au sens du RGPD",
        "Points concernés (1)",
        "injectée",
        "École 0001",
    ] {
        assert!(terms.text().contains(words), "{words}: {}", terms.text());
    }
    let answer = commune.permits(&page, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(commune.given().await.len(), 1);

    // On the sharing, on its receipt and in the record.
    let id = commune.given().await[0].id;
    let card = commune.anna.open(&format!("/moi/partages/{id}")).await;
    for words in [
        "Ce n'est pas un consentement",
        "École 0001",
        "par Anna Tilleul, avec un mandat",
    ] {
        assert!(card.text().contains(words), "{words}: {}", card.text());
    }
    let Record::Consent(record) = newest_record(&mut commune.anna, id).await else {
        panic!("another record")
    };
    assert_eq!(record.document()["@type"], "dpv:Permission");
    assert_eq!(record.point_list().unwrap().count, 1);
    let receipt = card
        .body
        .split("/moi/recus/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let receipt = commune.anna.open(&format!("/moi/recus/{receipt}")).await;
    for words in ["Ce n'est pas un consentement", "1 points, empreinte"] {
        assert!(receipt.text().contains(words), "{words}: {}", receipt.text());
    }
}

#[tokio::test]
async fn commune_withdraws_one_some_and_all_in_no_more_clicks_than_it_permitted() {
    let mut commune = Commune::of(4).await;
    let page = commune.points("").await;
    // Which points: one click. The terms: one. Permitting: one.
    assert_eq!(commune.permits(&page, &[("portee", "tous")]).await.status, 303);
    assert_eq!(commune.given().await.len(), 4);
    // Which points: one click. Withdrawing: one.
    let page = commune.points("&etat=autorises").await;
    let one = ticked(&page, &[0]);
    let answer = commune
        .chooses(&page, "retrait", &[("portee", "coches"), ("point", &one[0])])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(commune.given().await.len(), 3);
    let answer = commune
        .chooses(&page, "retrait", &[("portee", "tous"), ("q", "0003")])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(commune.given().await.len(), 2);
    let answer = commune.chooses(&page, "retrait", &[("portee", "tous")]).await;
    assert_eq!(answer.status, 303);
    assert!(commune.given().await.is_empty());
    // A form that chooses nothing says so, and a foreign one is none.
    let nothing = commune.chooses(&page, "retrait", &[]).await;
    assert_eq!(nothing.status, 422);
    let to = format!("/moi/points/{}/accord", commune.offer());
    assert_ne!(commune.anna.post(&to, &[("portee", "tous")]).await.status, 200);
}

#[tokio::test]
async fn legal_person_list_is_taken_whole_or_not_and_each_line_says_what_to_do() {
    let mut commune = Commune::of(2).await;
    let answer = commune
        .adds("Point;Nom\n1234;Mairie\n50000000000000;École\n60000000000000;Gymnase\n")
        .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text().contains("Ligne 2 : ce n'est pas un numéro"),
        "{}",
        answer.text()
    );
    let answer = commune
        .adds("50000000000000;École\n60000000000000;Gymnase\n")
        .await;
    assert!(
        answer
            .text()
            .contains("Ligne 1 : ce point est déjà à cette organisation"),
        "{}",
        answer.text()
    );
    let page = commune.officer.open(&commune.path()).await;
    assert!(page.text().contains("Points de livraison (2)"), "{}", page.text());
    assert_eq!(commune.adds("60000000000000;Loge;oui\n").await.status, 303);
    let page = commune.points("").await;
    assert!(page.text().contains("elle décide elle-même"), "{}", page.text());
    assert!(page.text().contains("0 points sur 2"), "{}", page.text());
}

#[tokio::test]
async fn legal_person_pages_are_for_its_representative_and_for_officers() {
    let mut commune = Commune::of(1).await;
    let mut bruno = commune
        .house
        .signed_in("participant", commune.house.bruno.id.to_string())
        .await;
    assert_eq!(bruno.open("/moi/points").await.status, 404);
    let path = commune.path();
    for page in ["/dpo/personnes-morales", path.as_str()] {
        assert!([403, 404].contains(&bruno.open(page).await.status), "{page}");
    }
    // What no mandate covers, no representative does.
    for page in ["/moi/mandats", "/moi/effacement", "/compte"] {
        assert_eq!(commune.anna.open(page).await.status, 403, "{page}");
    }
    // Her power ends by one click of an officer; her next page says so, and what she permitted stands.
    let points = commune.points("").await;
    assert_eq!(commune.permits(&points, &[("portee", "tous")]).await.status, 303);
    let page = commune.officer.open(&path).await;
    let end = page
        .body
        .split("action=\"")
        .find(|part| part.contains("/fin\""))
        .unwrap();
    let end = end.split('"').next().unwrap().to_owned();
    assert_eq!(commune.officer.submit(&page, &end, &[]).await.status, 303);
    assert_ne!(commune.anna.open("/moi/points").await.status, 200);
    assert_eq!(commune.given().await.len(), 1);
    // Closed: nothing of it is left.
    let page = commune.officer.open(&path).await;
    let close = format!("{path}/cloture");
    assert_eq!(commune.officer.submit(&page, &close, &[]).await.status, 422);
    assert_eq!(
        commune
            .officer
            .submit(&page, &close, &[("confirme", "oui")])
            .await
            .status,
        303
    );
    assert_eq!(commune.officer.open(&path).await.status, 404);
}

/// Two thousand points, some of them permitted: the table is filtered and paged, and quick.
#[tokio::test]
async fn commune_of_two_thousand_points_has_a_quick_table() {
    let mut commune = Commune::of(2_000).await;
    let page = commune.points("").await;
    assert!(page.text().contains("page 1 sur 40"), "{}", page.text());
    assert_eq!(
        commune
            .permits(&page, &[("portee", "tous"), ("q", "École 1")])
            .await
            .status,
        303
    );
    assert_eq!(commune.given().await.len(), 1_000);
    let mut slowest = std::time::Duration::ZERO;
    for query in ["", "&q=École%200042", "&etat=libres&page=7", "&q=0001"] {
        let begun = std::time::Instant::now();
        let page = commune.points(query).await;
        slowest = slowest.max(begun.elapsed());
        assert!(page.body.len() < 100_000, "{}", page.body.len());
    }
    println!("slowest page of 2,000 points: {slowest:?}");
    let page = commune.points("&q=École%200042").await;
    assert!(
        page.text().contains("page 1 sur 1") && page.text().contains("École 0042"),
        "{}",
        page.text()
    );
}

/// One signature over the root of all drafts: each record verifies alone, and a record of another act does not.
#[tokio::test]
async fn legal_person_one_signature_covers_the_terms_and_every_point_of_the_list() {
    let Scene { house, device, .. } = Scene::set().await;
    let mut commune = Commune::with(house, 5).await;
    let page = commune.points("").await;
    let terms = commune.chooses(&page, "accord", &[("portee", "tous")]).await;
    assert!(terms.body.contains("data-question="), "{}", terms.text());
    let base = format!("/moi/points/{}/signature", commune.offer());
    let csrf = hidden(&terms, "csrf");
    let body = json!({"csrf": csrf, "meter": hidden(&terms, "meter"), "notice": hidden(&terms, "notice")});
    let asked = commune
        .anna
        .post_json(&format!("{base}/question"), &body.to_string())
        .await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let question: Value = serde_json::from_str(&asked.body).unwrap();
    let answer = signed(&device, &client_data(&challenge(&question), ORIGIN));
    let body = json!({"csrf": csrf, "answer": answer}).to_string();
    let done = commune.anna.post_json(&base, &body).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(
        commune.anna.post_json(&base, &body).await.status,
        422,
        "answered once"
    );

    let given = commune.given().await;
    assert_eq!(given.len(), 5);
    let mut drafts = Vec::new();
    for consent in &given {
        let Record::Consent(record) = newest_record(&mut commune.anna, consent.id).await else {
            panic!("another record")
        };
        let act = record.verify_signature(Registered::NotAtHand, None).unwrap();
        assert_eq!(
            act.actor().as_str(),
            format!("urn:uuid:{}", commune.house.anna.id)
        );
        assert_eq!(act.data_subject().as_str(), format!("urn:uuid:{}", commune.id));
        drafts.push(record.document().clone());
    }
    // Another point under the same signature leads to another root.
    let mut forged = drafts[0].clone();
    forged["dpv:hasProcess"][0]["dpv:hasData"]["dct:identifier"] =
        drafts[1]["dpv:hasProcess"][0]["dpv:hasData"]["dct:identifier"].clone();
    let forged = evidence::consent::ConsentRecord::try_from(forged).unwrap();
    assert!(forged.verify_signature(Registered::NotAtHand, None).is_err());
}
