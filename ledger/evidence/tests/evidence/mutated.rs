//! Everything a stranger hands a verifier, damaged thousands of times.

use evidence::{
    bundle::Bundle,
    history::History,
    jws::{Jwk, Jws},
    list::List,
    record::Record,
    split_view::{Growth, SplitView},
};
use ledger_core::note::NoteSigner;
use test_fixtures::{no_panic, one_spelling};

use crate::{
    compact::list_of,
    histories::{town, with_two_lost},
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
    made.push(to_bytes(&with_two_lost()));
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

#[test]
fn lists_have_one_spelling_and_none_is_judged_with_a_panic() {
    let mut log = town();
    let histories = [log.history(0, None), log.history(1, None), with_two_lost()];
    let samples: Vec<_> = histories
        .iter()
        .map(|history| list_of(history).to_bytes().unwrap())
        .collect();
    one_spelling("list", &samples, |bytes| {
        let list = List::parse(bytes).ok()?;
        let _ = list.verify(None, None);
        Some(list.to_bytes().unwrap())
    });
}

/// Two histories of one log: of one size, and of two.
fn split_views() -> [SplitView; 2] {
    let mut log = town();
    let short = log.head().0;
    log.close();
    let newer = log.history(0, Some(short));
    let mut fork = Log::new(1, record_pair().1);
    while fork.head().0 < short {
        fork.close();
    }
    let older = fork.note();
    let key = log.signer.vkey().clone();
    let view = |newer, growth| SplitView {
        older: older.clone(),
        older_key: key.clone(),
        newer,
        newer_key: key.clone(),
        growth,
    };
    let proof = newer.proofs.consistency.unwrap().hashes;
    let root = town().head().1;
    [
        view(town().note(), None),
        view(newer.header.checkpoint, Some(Growth { root, proof })),
    ]
}

#[test]
fn split_views_have_one_spelling_and_none_convicts_with_a_panic() {
    let samples: Vec<_> = split_views()
        .iter()
        .map(|view| view.to_bytes().unwrap())
        .collect();
    for view in split_views() {
        view.verify(&[]).unwrap();
    }
    one_spelling("split view", &samples, |bytes| {
        let view = SplitView::parse(bytes).ok()?;
        let _ = view.verify(&[]);
        Some(view.to_bytes().unwrap())
    });
}
