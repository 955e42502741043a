//! The table of `add-checkpoint`, one test a row, and the monitoring call.

use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::{Ed25519Signer, KeyName, Note, NoteSignature, NoteSigner},
    tree::empty_root,
    witness::origin_hash,
};

use super::support::{Answer, Home, ORIGIN, Running, Tree, log, receive, send};

/// A witness that recorded `leaves` leaves.
fn at(leaves: u64) -> (Home, Running) {
    let home = Home::new();
    let running = home.serve();
    if leaves > 0 {
        assert_eq!(running.add(&Tree::of("entry", leaves).request(0)).status, 200);
    }
    (home, running)
}

fn cosigned(home: &Home, tree: &Tree, answer: &Answer) -> SignedCheckpoint {
    assert_eq!(answer.status, 200, "{answer:?}");
    let lines: Vec<NoteSignature> = answer.body.lines().map(|line| line.parse().unwrap()).collect();
    let (cosigned, by) = tree
        .signed()
        .with_cosignatures(&lines, std::slice::from_ref(&home.key));
    assert_eq!((lines.len(), by.len()), (1, 1));
    cosigned
}

#[test]
fn a_growing_log_is_cosigned_and_shown_to_monitors() {
    let (home, running) = at(0);
    assert_eq!(running.shown().status, 404);
    for (old, new) in [(0, 0), (0, 3), (3, 7), (7, 7), (7, 300)] {
        let tree = Tree::of("entry", new);
        let answer = running.add(&tree.request(old));
        let expected = cosigned(&home, &tree, &answer);
        let shown = running.shown();
        assert_eq!((shown.status, shown.body), (200, expected.note().to_string()));
        assert!(shown.head.contains("content-type: text/plain"));
    }
    assert_eq!(home.evidence(), Vec::<String>::new());
    // Another start knows what was recorded.
    running.kill();
    let running = home.serve();
    let conflict = running.add(&Tree::of("entry", 300).request(7));
    assert_eq!((conflict.status, conflict.body.as_str()), (409, "300\n"));
}

#[test]
fn row_400_malformed_or_old_larger_than_the_checkpoint() {
    let (home, running) = at(4);
    let good = Tree::of("entry", 7).request(4);
    for body in [
        String::new(),
        good.replacen("old 4", "old 04", 1),
        good.trim_end().to_owned(),
    ] {
        assert_eq!(running.add(&body).status, 400, "{body:?}");
    }
    assert_eq!(running.ask("POST", "/add-checkpoint", b"\xff\xfe").status, 400);
    // Also before the recorded size is compared.
    for old in [8, 9_000] {
        assert_eq!(
            running
                .add(&Tree::of("entry", 7).request_with(old, vec![]))
                .status,
            400
        );
    }
    assert_eq!(home.evidence().len(), 1);
    assert_eq!(running.add(&good).status, 200);
}

#[test]
fn row_404_unknown_origin() {
    let (_home, running) = at(4);
    let other = Ed25519Signer::from_seed(KeyName::new("other.example").unwrap(), &[1; 32]).unwrap();
    let text = Tree::of("entry", 7)
        .signed()
        .note()
        .text()
        .replace(ORIGIN, "other.example");
    let note = Note::sign(text, &[&other]).unwrap();
    // Even with a wrong old size: the origin is looked at first.
    assert_eq!(running.add(&format!("old 9\n\n{note}")).status, 404);
}

#[test]
fn row_403_no_signature_by_a_trusted_key_or_a_wrong_one() {
    let (home, running) = at(4);
    let seven = Tree::of("entry", 7);
    let stranger = Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &[9; 32]).unwrap();
    let text = seven.signed().note().text().to_owned();
    let note = Note::sign(text.clone(), &[&stranger]).unwrap();
    assert_eq!(running.add(&format!("old 9\n\n{note}")).status, 403);
    let wrong = Tree::of("entry", 8).signed();
    let mixed = format!(
        "old 4\n\n{}{}\n",
        seven.signed().note(),
        wrong.note().signatures()[0]
    );
    assert_eq!(running.add(&mixed).status, 403);
    // Beside the log's own, signatures of strangers do not matter, and are not kept.
    let both = Note::sign(text, &[&stranger, &log()]).unwrap();
    let request = seven
        .request(4)
        .replace(&seven.signed().note().to_string(), &both.to_string());
    cosigned(&home, &seven, &running.add(&request));
    assert_eq!(running.shown().body.lines().count(), 6);
    assert_eq!(home.evidence(), Vec::<String>::new());
}

#[test]
fn row_409_old_is_not_the_recorded_size() {
    let (home, running) = at(4);
    for old in [0, 1, 3, 5, 7] {
        let answer = running.add(&Tree::of("entry", 7).request(old));
        assert_eq!((answer.status, answer.body.as_str()), (409, "4\n"));
        assert!(
            answer.head.contains("content-type: text/x.tlog.size\r\n"),
            "{}",
            answer.head
        );
    }
    // A checkpoint is kept once, and this one is only late.
    assert_eq!(home.evidence().len(), 1);
    assert!(home.evidence()[0].starts_with("late-"));
    // As large as the recorded one with another root: 409 by the order of the checks, and evidence.
    assert_eq!(running.add(&Tree::of("fork", 4).request(0)).status, 409);
    assert!(home.evidence()[0].starts_with("contradiction-"));
    let (_home, empty) = at(0);
    let answer = empty.add(&Tree::of("entry", 7).request(3));
    assert_eq!((answer.status, answer.body.as_str()), (409, "0\n"));
}

#[test]
fn row_422_empty_tree_with_another_root() {
    let (home, running) = at(4);
    let root = Tree::of("entry", 1).root().to_base64();
    let sign = |root: String| Note::sign(format!("{ORIGIN}\n0\n{root}\n"), &[&log()]).unwrap();
    assert_eq!(running.add(&format!("old 0\n\n{}", sign(root))).status, 422);
    assert!(home.evidence()[0].starts_with("contradiction-"));
    // The right root is only late.
    assert_eq!(
        running
            .add(&format!("old 0\n\n{}", sign(empty_root().to_base64())))
            .status,
        409
    );
}

#[test]
fn row_422_proof_from_nothing_is_not_empty() {
    let (_home, running) = at(0);
    let seven = Tree::of("entry", 7);
    assert_eq!(
        running.add(&seven.request_with(0, seven.proof_from(3))).status,
        422
    );
    assert_eq!(running.shown().status, 404);
}

#[test]
fn row_422_equal_size_and_another_root() {
    let (home, running) = at(4);
    assert_eq!(running.add(&Tree::of("fork", 4).request(4)).status, 422);
    let kept = std::fs::read_to_string(home.log_folder().join("evidence").join(&home.evidence()[0])).unwrap();
    // Both checkpoints, signed by the log: anybody can see that one of them is a lie.
    assert!(
        kept.contains(&Tree::of("fork", 4).signed().note().to_string()),
        "{kept}"
    );
    assert!(
        kept.contains(&Tree::of("entry", 4).signed().note().to_string()),
        "{kept}"
    );
}

#[test]
fn row_422_proof_does_not_verify() {
    let (home, running) = at(4);
    let seven = Tree::of("entry", 7);
    for (old, proof) in [
        (4, vec![]),
        (4, seven.proof_from(3)),
        (4, Tree::of("fork", 7).proof_from(4)),
    ] {
        assert_eq!(running.add(&seven.request_with(old, proof)).status, 422);
    }
    assert_eq!(running.add(&Tree::of("fork", 7).request(4)).status, 422);
    assert_eq!(home.evidence().len(), 2);
    assert_eq!(running.add(&seven.request(4)).status, 200);
}

#[test]
fn monitors_are_told_only_of_known_logs() {
    let (_home, running) = at(4);
    let hash = origin_hash(ORIGIN).to_string();
    for path in [
        "/".to_owned(),
        "/checkpoint".to_owned(),
        "//checkpoint".to_owned(),
        format!("/{hash}"),
        format!("/{}/checkpoint", hash.to_uppercase()),
        format!("/{}/checkpoint", origin_hash("other.example")),
        format!("/{hash}/../{hash}/checkpoint"),
        "/%2e%2e/checkpoint".to_owned(),
    ] {
        assert_eq!(running.ask("GET", &path, b"").status, 404, "{path}");
    }
    assert_eq!(running.ask("GET", "/add-checkpoint", b"").status, 405);
    assert_eq!(
        running.ask("POST", &format!("/{hash}/checkpoint"), b"").status,
        405
    );
}

#[test]
fn limits_hold_and_connections_stay_open() {
    let (_home, running) = at(0);
    assert_eq!(
        running.ask("POST", "/add-checkpoint", &vec![b'x'; 70_000]).status,
        413
    );
    let mut stream = running.connect();
    for size in 1..20 {
        let body = Tree::of("entry", size).request(size - 1);
        send(&mut stream, "POST", "/add-checkpoint", body.as_bytes());
        assert_eq!(receive(&mut stream).unwrap().status, 200);
    }
}

#[test]
fn a_rotated_key_is_trusted_beside_the_old_one() {
    let home = Home::new();
    let next = Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &[2; 32]).unwrap();
    home.trust(&[log().vkey(), next.vkey()]);
    let running = home.serve();
    assert_eq!(running.add(&Tree::of("entry", 3).request(0)).status, 200);
    let seven = Tree::of("entry", 7);
    let note = Note::sign(seven.signed().note().text().to_owned(), &[&next]).unwrap();
    let request = seven
        .request(3)
        .replace(&seven.signed().note().to_string(), &note.to_string());
    assert_eq!(running.add(&request).status, 200);
    running.kill();
    // Without the old key the record stands all the same: our own cosignature is its proof.
    home.trust(&[next.vkey()]);
    let running = home.serve();
    assert_eq!(running.add(&Tree::of("entry", 9).request(7)).status, 403);
    assert_eq!(running.shown().status, 200);
}
