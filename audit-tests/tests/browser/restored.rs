//! A person with more records than a screen holds, of whom a restore lost some: what the page counts, turns and tells.

use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::operator::{self, backup, put_back};
use audit_tests::programs::text;
use audit_tests::server::Server;
use audit_tests::town::{self, RunningClock, Town, half_hour};
use broker_store::SessionRole;
use fantoccini::key::Key;
use serde_json::json;
use test_support::agree;

use crate::keyboard::reach;
use crate::looks::Looks;
use crate::recorded::verdict;

/// Agreements given and withdrawn after the restore: two records each.
const AGREEMENTS: usize = 30;

/// A town in which a restore lost three records of somebody who went on afterwards, served, and her session.
struct Restored {
    server: Server,
    token: [u8; 32],
    records: u64,
    _town: Town,
}

impl Restored {
    fn town() -> Self {
        let town = Town::found(1);
        let resident = &town.residents[0];
        let hand_in = |server: &Server, batches: std::ops::Range<i64>| {
            for n in batches {
                let at = half_hour(40).plus_seconds(n).as_micros();
                let answer = server.intake(&resident.gateway.envelope(&[("east", at, 4_711_042)]));
                assert_eq!(answer.status, 201, "{}", answer.head);
            }
        };
        let server = Server::start(&town);
        hand_in(&server, 1..3);
        let _ = server.stop();
        let copy = backup(&town, "last-week.db");
        let server = Server::start(&town);
        hand_in(&server, 3..6);
        let _ = server.stop();
        put_back(&copy, &town.data().join("broker.db"));
        let copy = copy.to_str().unwrap();
        let restore = operator::command(&town, &["ledger", "restore", "--backup", copy]).output();
        let restore = restore.unwrap();
        assert!(restore.status.success(), "{}", text(&restore.stderr));

        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (token, records) = runtime.block_on(async {
            let clock = RunningClock::starting(RunningClock::system());
            let broker = town::start(&town.data(), clock).await;
            let offer = broker.read().await.unwrap().offers().await.unwrap().remove(0);
            for _ in 0..AGREEMENTS {
                let consent = agree(&broker, resident.participant, resident.point, &offer.offer).await;
                broker.withdraw(resident.participant, consent).await.unwrap();
            }
            let told = broker.own_newest_records(resident.participant, u64::MAX, 1).await;
            let session = broker.open_session(SessionRole::Participant(resident.participant));
            (session.await.unwrap().token, told.unwrap()[0].n)
        });
        drop(runtime);
        Self {
            server: Server::start(&town),
            token,
            records,
            _town: town,
        }
    }

    fn page(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    async fn open(&self, browser: &Browser, language: &str) {
        browser.use_session(&self.page("/"), &self.token);
        browser
            .open_page(&self.page(&format!("/moi?lang={language}")))
            .await;
        browser.open_page(&self.page("/moi/inscriptions")).await;
    }
}

/// The number in the first row of a table.
async fn first_number(browser: &Browser, table: &str) -> u64 {
    let said = browser.text(&format!("{table} tbody tr td")).await;
    said.parse().unwrap()
}

async fn shown(browser: &Browser, selector: &str) -> bool {
    browser.find(selector).await.is_displayed().await.unwrap()
}

#[test]
fn lost_details_are_counted_over_the_whole_list_and_screens_are_turned_by_keyboard() {
    let restored = Restored::town();
    with_browser(Scripts::Allowed, async |browser| {
        let newest = restored.records;
        restored.open(browser, "fr").await;
        let said = verdict(browser, "verified").await;
        assert!(said.contains("première vérification"), "{said}");
        let lost = browser.text("#verifier-lost").await;
        assert!(
            lost.contains(&format!("3 de vos {newest} inscriptions")),
            "{lost}"
        );
        assert!(lost.contains("une sauvegarde"), "{lost}");
        // None of them is on the first screen.
        let table = "#verifier-records";
        assert_eq!(browser.count(&format!("{table} tbody tr")).await, 50);
        assert_eq!(first_number(browser, table).await, newest);
        assert!(!browser.text(table).await.contains("Détail perdu"));
        assert!(!shown(browser, "#verifier-newer").await);
        let looks = Looks::at(browser, "fr");
        looks.at_page("restored").await;

        reach(browser, "#verifier-older").await;
        browser.press(&[], Key::Enter).await;
        let second = newest - 50;
        wait_for(browser, table, second).await;
        looks.at_page("restored-older").await;
        looks.end();
        let rows = browser.text(table).await;
        assert_eq!(rows.matches("Détail perdu").count(), 3, "{rows}");
        assert!(!shown(browser, "#verifier-older").await);
        // The focus is at the rows that came, and the way back is behind them.
        reach(browser, "#verifier-newer").await;
        browser.press(&[], Key::Space).await;
        wait_for(browser, table, newest).await;

        restored.open(browser, "en").await;
        let said = verdict(browser, "verified").await;
        assert!(said.contains("Since your last visit"), "{said}");
        let lost = browser.text("#verifier-lost").await;
        assert!(
            lost.contains(&format!("3 of your {newest} records can no longer be read")),
            "{lost}"
        );
        let looks = Looks::at(browser, "en");
        looks.at_page("restored").await;
        looks.end();
    });
}

/// Waits until the first row has this number.
async fn wait_for(browser: &Browser, table: &str, number: u64) {
    let arrived = "
        return new Promise((resolve) => {
            const look = () => {
                const cell = document.querySelector(`${arguments[0]} tbody tr td`);
                if (cell.textContent === String(arguments[1])) resolve(cell.textContent);
                else setTimeout(look, 20);
            };
            look();
        });
    ";
    browser.script(arrived, vec![json!(table), json!(number)]).await;
}

#[test]
fn without_a_script_the_records_are_told_in_pages_and_said_to_be_unchecked() {
    let restored = Restored::town();
    with_browser(Scripts::Blocked, async |browser| {
        let newest = restored.records;
        restored.open(browser, "fr").await;
        assert!(!shown(browser, "#verifier").await);
        let said = browser.text("#told").await;
        assert!(
            said.contains("Rien n'a été vérifié par votre navigateur"),
            "{said}"
        );
        assert_eq!(browser.count("#told tbody tr").await, 50);
        assert_eq!(first_number(browser, "#told").await, newest);
        assert!(!said.contains("Détail perdu"), "{said}");
        let looks = Looks::at(browser, "fr");
        looks.at_page("told").await;

        reach(browser, "#told .pager a[rel=next]").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#told .pager a:not([rel])").await;
        let said = browser.text("#told").await;
        assert_eq!(first_number(browser, "#told").await, newest - 50);
        assert_eq!(said.matches("Détail perdu").count(), 3, "{said}");
        assert!(
            said.contains("Rien n'a été vérifié par votre navigateur"),
            "{said}"
        );
        assert_eq!(browser.count("#told .pager a[rel=next]").await, 0);
        looks.at_page("told-older").await;
        looks.end();

        restored.open(browser, "en").await;
        let said = browser.text("#told").await;
        assert!(
            said.contains("Nothing in this list was verified by your browser"),
            "{said}"
        );
    });
}
