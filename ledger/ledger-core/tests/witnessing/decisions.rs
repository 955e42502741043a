use std::mem::discriminant;

use ledger_core::{
    note::{Ed25519Signer, KeyName, Note},
    tree::{Hash, ProofError, empty_root},
    witness::{AddCheckpoint, Contradiction, Recorded, Refusal, decide},
};

use super::support::{ORIGIN, Tree, log, log_key, size};

fn recorded(tree: &Tree) -> Recorded {
    Recorded {
        size: tree.frontier.size(),
        root: tree.frontier.root(),
    }
}

fn ask(old: u64, proof: Vec<Hash>, tree: &Tree) -> AddCheckpoint {
    AddCheckpoint::new(size(old), proof, &tree.signed()).unwrap()
}

fn refused(request: &AddCheckpoint, known: &Recorded) -> Refusal {
    decide(request, &[log_key()], known).unwrap_err()
}

#[test]
fn a_checkpoint_that_grows_is_accepted() {
    for (old, new) in [(0, 0), (0, 1), (0, 7), (3, 7), (4, 7), (7, 7), (1, 64)] {
        let (before, after) = (Tree::of("entry", old), Tree::of("entry", new));
        let request = ask(old, after.proof_from(old), &after);
        let accepted = decide(&request, &[log_key()], &recorded(&before)).unwrap();
        assert_eq!(accepted.checkpoint().size(), size(new), "{old} to {new}");
    }
    assert_eq!(recorded(&Tree::of("entry", 0)), Recorded::nothing());
}

#[test]
fn only_the_signatures_of_the_log_are_kept() {
    let grease = Ed25519Signer::from_seed(KeyName::new("grease.example").unwrap(), &[5; 32]).unwrap();
    let tree = Tree::of("entry", 7);
    let text = tree.signed().note().text().to_owned();
    let note = Note::sign(text, &[&grease, &log()]).unwrap();
    let request = AddCheckpoint::parse(format!("old 0\n\n{note}").as_bytes()).unwrap();
    let accepted = decide(&request, &[log_key()], &Recorded::nothing()).unwrap();
    assert_eq!(accepted.checkpoint(), &tree.signed());
}

#[test]
fn signatures_come_first() {
    let stranger = Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &[5; 32]).unwrap();
    let tree = Tree::of("entry", 7);
    let text = tree.signed().note().text().to_owned();
    // Old size 9 of 7 would be refused next.
    let foreign = Note::sign(text, &[&stranger]).unwrap();
    let request = AddCheckpoint::parse(format!("old 9\n\n{foreign}").as_bytes()).unwrap();
    assert!(matches!(
        refused(&request, &Recorded::nothing()),
        Refusal::Signature(_)
    ));
    // A line that names the trusted key and does not verify, beside one that does.
    let other = Tree::of("entry", 8).signed();
    let mixed = format!(
        "old 0\n\n{}{}\n",
        tree.signed().note(),
        other.note().signatures()[0]
    );
    let request = AddCheckpoint::parse(mixed.as_bytes()).unwrap();
    assert!(matches!(
        refused(&request, &Recorded::nothing()),
        Refusal::Signature(_)
    ));
    // A trusted key of another origin.
    let name = KeyName::new("other.example").unwrap();
    let elsewhere = Ed25519Signer::from_seed(name, &[6; 32]).unwrap();
    let note = Note::sign(tree.signed().note().text().to_owned(), &[&elsewhere]).unwrap();
    let request = AddCheckpoint::parse(format!("old 0\n\n{note}").as_bytes()).unwrap();
    let keys = [ledger_core::note::NoteSigner::vkey(&elsewhere).clone()];
    assert!(matches!(
        decide(&request, &keys, &Recorded::nothing()),
        Err(Refusal::Signature(_))
    ));
}

#[test]
fn every_refusal_comes_in_its_order() {
    let (four, seven, fork) = (Tree::of("entry", 4), Tree::of("entry", 7), Tree::of("fork", 4));
    let known = recorded(&four);
    let wrong_proof = Refusal::Proof(ProofError::WrongLength);
    let stale = |contradicts| Refusal::Stale {
        recorded: size(4),
        contradicts,
    };
    let cases = [
        // Larger old size than checkpoint, and not the recorded one either.
        (
            ask(8, vec![], &seven),
            Refusal::OldTooLarge {
                old: size(8),
                new: size(7),
            },
        ),
        // Not the recorded size, and the proof would be wrong too.
        (ask(3, vec![], &seven), stale(Contradiction::None)),
        (ask(0, vec![], &seven), stale(Contradiction::None)),
        (ask(0, vec![], &fork), stale(Contradiction::SameSize)),
        (ask(4, vec![], &fork), Refusal::OtherRoot),
        (ask(4, vec![], &seven), wrong_proof.clone()),
        (ask(4, seven.proof_from(3), &seven), wrong_proof.clone()),
        (
            ask(4, seven.proof_from(4), &Tree::of("fork", 7)),
            Refusal::Proof(ProofError::RootMismatch),
        ),
        (ask(4, seven.proof_from(4), &four), wrong_proof.clone()),
    ];
    for (request, expected) in cases {
        let found = refused(&request, &known);
        assert_eq!(
            discriminant(&found),
            discriminant(&expected),
            "{found:?} instead of {expected:?}"
        );
        if !matches!(expected, Refusal::Proof(_)) {
            assert_eq!(found, expected);
        }
        let misbehaves = !matches!(
            expected,
            Refusal::OldTooLarge { .. }
                | Refusal::Stale {
                    contradicts: Contradiction::None,
                    ..
                }
        );
        assert_eq!(found.is_misbehaviour(), misbehaves, "{found:?}");
    }
    // From nothing, any proof is too much.
    let request = ask(0, seven.proof_from(3), &seven);
    assert_eq!(refused(&request, &Recorded::nothing()), wrong_proof);
}

#[test]
fn an_empty_tree_has_one_root() {
    // Our types cannot sign such a checkpoint: the text is made by hand.
    let root = Tree::of("entry", 1).frontier.root();
    let text = format!("{ORIGIN}\n0\n{}\n", root.to_base64());
    let note = Note::sign(text, &[&log()]).unwrap();
    let request = AddCheckpoint::parse(format!("old 0\n\n{note}").as_bytes()).unwrap();
    // Before the recorded size is compared: 422 although 0 is not the recorded size.
    assert_eq!(
        refused(&request, &recorded(&Tree::of("entry", 4))),
        Refusal::EmptyRoot
    );
    assert_eq!(refused(&request, &Recorded::nothing()), Refusal::EmptyRoot);
    let text = format!("{ORIGIN}\n0\n{}\n", empty_root().to_base64());
    let note = Note::sign(text, &[&log()]).unwrap();
    let request = AddCheckpoint::parse(format!("old 0\n\n{note}").as_bytes()).unwrap();
    assert!(decide(&request, &[log_key()], &Recorded::nothing()).is_ok());
}
