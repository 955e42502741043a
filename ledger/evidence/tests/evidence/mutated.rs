//! Everything a stranger hands a verifier, damaged thousands of times.

use evidence::{
    bundle::Bundle,
    history::History,
    jws::{Jwk, Jws},
    record::Record,
};
use test_fixtures::{no_panic, one_spelling};

use crate::{
    log::{Log, to_bytes},
    samples::{all, bundles, record_pair, signed},
};

fn histories() -> Vec<Vec<u8>> {
    let mut log = Log::new(2, record_pair().1);
    let mut made = Vec::new();
    for record in all() {
        log.record(0, &record, signed(&record));
        log.close();
        made.push(to_bytes(&log.history(0, None)));
    }
    made
}

#[test]
fn records_have_one_spelling() {
    let samples: Vec<_> = all()
        .iter()
        .map(|record| record.to_jcs_bytes().unwrap())
        .collect();
    one_spelling("record", &samples, |bytes| {
        Record::parse(bytes)
            .ok()
            .map(|record| record.to_jcs_bytes().unwrap())
    });
}

#[test]
fn bundles_have_one_spelling_and_none_is_judged_with_a_panic() {
    let samples: Vec<_> = bundles(&all())
        .iter()
        .map(|bundle| bundle.to_bytes().unwrap())
        .collect();
    one_spelling("bundle", &samples, |bytes| {
        let bundle = Bundle::parse(bytes).ok()?;
        let _ = bundle.verify(None, None);
        Some(bundle.to_bytes().unwrap())
    });
}

#[test]
fn histories_are_read_and_judged_without_a_panic() {
    no_panic("history", &histories(), |bytes| {
        if let Ok(history) = History::parse(bytes) {
            let _ = history.verify(None, None);
        }
    });
}

#[test]
fn signatures_and_keys_are_read_without_a_panic() {
    let key: Jwk = record_pair().1;
    let jws = |record| signed(record).as_str().as_bytes().to_vec();
    let samples: Vec<_> = all().iter().map(jws).collect();
    no_panic("JWS", &samples, |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            let jws = Jws::from_stored(text);
            let _ = (jws.kid(), jws.verify(&key));
        }
    });
}
