//! The ledger folder, the output and the log of a whole story, searched for everybody in the street.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use audit_tests::needles::{Needles, numbers};
use audit_tests::programs::text;
use audit_tests::story::{Story, files_below};
use audit_tests::town::RunningClock;
use gateway_simulator::{Household, Street};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

const SEED: u64 = 20_261_122;
/// The newcomer, and the hundred and twenty households of `--households` when it is not given.
const HOUSEHOLDS: u32 = 121;
/// Indices of fewer digits would be found by chance.
const DIGITS: usize = 7;
const PARIS: &str = "Europe/Paris";

/// The local date that a script started now works from.
fn today() -> Date {
    let zone = TimeZone::get(PARIS).unwrap();
    RunningClock::system().to_timestamp().to_zoned(zone).date()
}

/// A story of which everything is known, and the street it was told of.
fn known_story() -> (Story, Street) {
    loop {
        let before = today();
        let story = Story::run(&["--seed", &SEED.to_string()]);
        // A run over midnight would be about another street.
        if before == today() {
            let opened = before
                .yesterday()
                .unwrap()
                .yesterday()
                .unwrap()
                .yesterday()
                .unwrap();
            return (story, Street::opened_on(SEED, HOUSEHOLDS, opened).unwrap());
        }
    }
}

/// Every index that this meter showed on the days of the story, as the gateway heard it: at each half hour.
fn indices(household: &Household) -> BTreeSet<u32> {
    let zone = TimeZone::get(PARIS).unwrap();
    let midnight = |date: Date| date.to_zoned(zone.clone()).unwrap().timestamp().as_microsecond();
    let first = today().yesterday().unwrap().yesterday().unwrap();
    let frames = household.frames(midnight(first), midnight(today()) + 1_000_000, 1_800);
    let mut indices = BTreeSet::new();
    for (_, bytes) in frames {
        // In both modes an index, and nothing else, has nine digits.
        let shown = numbers(&bytes, 9).filter(|run| run.len() == 9).map(text);
        indices.extend(
            shown
                .map(|run| run.parse::<u32>().unwrap())
                .filter(|value| *value >= 1_000_000),
        );
    }
    indices
}

#[test]
fn a_story_tells_nobodys_name_number_or_reading() {
    let (story, street) = known_story();
    let newcomer = &street.households()[0];
    let mut people = Needles::default();
    for household in street.households() {
        let who = household.index();
        people.add(
            &format!("name {who}"),
            household.profile().display_name.as_bytes(),
        );
        people.add(&format!("address {who}"), household.profile().address.as_bytes());
        people.add(
            &format!("delivery point {who}"),
            household.delivery_point().as_str().as_bytes(),
        );
        people.add(
            &format!("serial number {who}"),
            household.serial().as_str().as_bytes(),
        );
    }
    assert!(people.len() > 1_000);
    let mut readings = BTreeMap::new();
    for household in street.households() {
        let shown = indices(household)
            .into_iter()
            .map(|value| (value.to_string(), household.index()));
        readings.extend(shown);
    }
    assert!(readings.len() > 5_000, "{} readings", readings.len());
    let newcomers = indices(newcomer);
    assert!(
        newcomers.len() > 40,
        "{} readings of the newcomer",
        newcomers.len()
    );

    let mut places: Vec<(String, Vec<u8>)> = files_below(&story.folder().join("ledger"))
        .into_iter()
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .collect();
    assert!(places.len() > 20, "the ledger is nearly empty");
    assert!(
        story.stderr.lines().count() > 50,
        "the log is nearly empty: was it written at the level of a trace?"
    );
    places.push(("the log".to_owned(), story.stderr.clone().into_bytes()));
    places.push(("the output".to_owned(), story.stdout.clone().into_bytes()));
    let binary = binary_forms(&newcomers);
    for (place, bytes) in &places {
        people.must_be_absent(place, bytes);
        binary.must_be_absent(place, bytes);
        let told = numbers(bytes, DIGITS).find(|run| readings.contains_key(&*String::from_utf8_lossy(run)));
        assert!(told.is_none(), "{place} tells a reading");
    }
    evidence_names_nobody(&story, &people, &readings);
}

/// What is kept by the parties, and shown to others, is about identifiers only.
fn evidence_names_nobody(story: &Story, people: &Needles, readings: &BTreeMap<String, u32>) {
    for path in story.bundles() {
        let bundle: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        people.must_be_absent(&path.display().to_string(), bundle.to_string().as_bytes());
        let record = bundle["record"].as_str().unwrap().split('.').nth(1).unwrap();
        let record =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, record).unwrap();
        people.must_be_absent(&path.display().to_string(), &record);
        let told = numbers(&record, DIGITS).find(|run| readings.contains_key(&*String::from_utf8_lossy(run)));
        assert!(told.is_none(), "{} tells a reading", path.display());
    }
}

/// As CBOR and as the eight-byte integers of a database or a leaf.
fn binary_forms(indices: &BTreeSet<u32>) -> Needles {
    let mut needles = Needles::default();
    for value in indices {
        needles.add_form("a reading in CBOR", [&[0x1a][..], &value.to_be_bytes()].concat());
        needles.add_form("a reading, big-endian", u64::from(*value).to_be_bytes().to_vec());
        needles.add_form(
            "a reading, little-endian",
            u64::from(*value).to_le_bytes().to_vec(),
        );
    }
    needles
}

/// The search itself, on something that does leak: the street's own bytes.
#[test]
fn the_search_finds_what_is_there() {
    let opened = today().yesterday().unwrap();
    let street = Street::opened_on(SEED, 2, opened).unwrap();
    let household = &street.households()[1];
    let mut people = Needles::default();
    people.add("name", household.profile().display_name.as_bytes());
    people.add("delivery point", household.delivery_point().as_str().as_bytes());
    let log = format!(
        "joined name={} point={}",
        household.profile().display_name,
        household.delivery_point().as_str()
    );
    assert_eq!(people.found_in(log.as_bytes()), ["delivery point", "name"]);
    let shown = indices(household);
    let line = format!("east={} at=12:00", shown.first().unwrap());
    let found = numbers(line.as_bytes(), DIGITS)
        .any(|run| String::from_utf8_lossy(run) == shown.first().unwrap().to_string());
    assert!(found);
    let binary = binary_forms(&shown);
    assert_eq!(
        binary.found_in(&u64::from(*shown.last().unwrap()).to_be_bytes()),
        ["a reading, big-endian"]
    );
}
