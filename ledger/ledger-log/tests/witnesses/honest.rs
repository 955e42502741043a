use std::sync::{Arc, atomic::Ordering};

use ledger_core::policy::{NotMet, Quorum};
use ledger_log::Finding;

use super::support::{Manner, NOW, Tree, at, scene, size, slow, until};

#[tokio::test]
async fn every_witness_is_asked_and_its_line_kept() {
    let scene = scene(3, vec![Manner::Honest, Manner::Honest, Manner::Honest]);
    for leaves in [0, 1, 7, 7, 300] {
        let tree = Tree::of("entry", leaves);
        let proofs = Arc::<Tree>::clone(&tree);
        let witnessed = scene
            .witnesses
            .ask(&tree.signed(), proofs, at(NOW))
            .await
            .unwrap();
        assert_eq!(witnessed.quorum, Quorum::Met, "{leaves}");
        let keys = scene.witnesses.policy().witness_keys();
        let cosigned = witnessed
            .checkpoint_with_cosignatures
            .cosignatures(&keys)
            .unwrap();
        assert_eq!(cosigned.len(), 3);
        assert!(
            witnessed
                .reports
                .iter()
                .all(|one| one.finding == Finding::Cosigned)
        );
    }
    // The size that each confirmed is remembered: one request a checkpoint, none for a 409.
    assert!(
        scene
            .fakes
            .iter()
            .all(|fake| fake.asked.load(Ordering::SeqCst) == 5)
    );
}

#[tokio::test]
async fn a_witness_that_knows_more_than_we_remember_is_asked_once_more() {
    let before = scene(1, vec![Manner::Honest]);
    let (three, seven) = (Tree::of("entry", 3), Tree::of("entry", 7));
    before
        .witnesses
        .ask(&three.signed(), three.clone(), at(NOW))
        .await
        .unwrap();
    // A new start of ours begins at 0.
    let after = scene(1, vec![Manner::Honest]);
    *after.fakes[0].recorded.lock().unwrap() = *before.fakes[0].recorded.lock().unwrap();
    let witnessed = after
        .witnesses
        .ask(&seven.signed(), seven.clone(), at(NOW))
        .await
        .unwrap();
    assert_eq!(witnessed.quorum, Quorum::Met);
    assert_eq!(after.fakes[0].asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_quorum_the_checkpoint_is_published_and_says_so() {
    let scene = scene(2, vec![Manner::Honest, Manner::Down]);
    let tree = Tree::of("entry", 7);
    let witnessed = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap();
    let Quorum::NotMet(NotMet::TooFew {
        needs: 2,
        has: 1,
        lacks,
        ..
    }) = witnessed.quorum
    else {
        panic!("{witnessed:?}")
    };
    assert_eq!(lacks[0].as_str(), Some("w1"));
    assert_eq!(
        witnessed.checkpoint_with_cosignatures.note().signatures().len(),
        2
    );
    let down = witnessed
        .reports
        .iter()
        .find(|one| one.witness.as_str() == "w1.example")
        .unwrap();
    assert!(matches!(&down.finding, Finding::Unavailable { why } if why.contains("connection refused")));
    // It comes back, and nothing has to be told to it.
    *scene.fakes[1].manner.lock().unwrap() = Manner::Honest;
    let again = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap();
    assert_eq!(again.quorum, Quorum::Met);
}

#[tokio::test]
async fn a_slow_witness_costs_no_more_than_the_limit_and_finishes_on_its_own() {
    let (manner, gate) = slow();
    let scene = scene(2, vec![Manner::Honest, manner]);
    let tree = Tree::of("entry", 7);
    let witnessed = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap();
    assert!(matches!(witnessed.quorum, Quorum::NotMet(_)));
    assert_eq!(witnessed.reports.len(), 1);
    // While it is busy it is not asked again.
    let nine = Tree::of("entry", 9);
    scene
        .witnesses
        .ask(&nine.signed(), nine.clone(), at(NOW))
        .await
        .unwrap();
    assert_eq!(scene.fakes[1].asked.load(Ordering::SeqCst), 1);
    gate.add_permits(1);
    until(|| scene.fakes[1].recorded.lock().unwrap().size == size(7)).await;
    // Its size was remembered although nobody waited: one request, no 409.
    *scene.fakes[1].manner.lock().unwrap() = Manner::Honest;
    let witnessed = scene
        .witnesses
        .ask(&nine.signed(), nine.clone(), at(NOW))
        .await
        .unwrap();
    assert_eq!(witnessed.quorum, Quorum::Met);
    assert_eq!(scene.fakes[1].asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn nobody_waits_for_more_than_the_quorum() {
    let (manner, _gate) = slow();
    let scene = scene(2, vec![Manner::Honest, manner, Manner::Honest]);
    let tree = Tree::of("entry", 7);
    // The gate stays shut: only a question that does not wait for it can meet the quorum.
    let witnessed = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap();
    assert_eq!(witnessed.quorum, Quorum::Met);
    assert_eq!(witnessed.reports.len(), 2);
}

#[tokio::test]
async fn times_far_from_our_clock_do_not_count() {
    for (seconds, met) in [
        (NOW + 30, true),
        (NOW + 31, false),
        (NOW - 300, true),
        (NOW - 301, false),
    ] {
        let scene = scene(1, vec![Manner::CosignsAt(seconds)]);
        let tree = Tree::of("entry", 7);
        let witnessed = scene
            .witnesses
            .ask(&tree.signed(), tree.clone(), at(NOW))
            .await
            .unwrap();
        assert_eq!(witnessed.quorum == Quorum::Met, met, "{seconds}");
    }
}

#[tokio::test]
async fn asking_again_makes_an_old_checkpoint_fresh() {
    let scene = scene(1, vec![Manner::CosignsAt(NOW)]);
    let tree = Tree::of("entry", 7);
    let first = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap();
    let later = NOW + 10_000;
    *scene.fakes[0].manner.lock().unwrap() = Manner::CosignsAt(later);
    let signed = first.checkpoint_with_cosignatures;
    let again = scene
        .witnesses
        .ask(&signed, tree.clone(), at(later))
        .await
        .unwrap();
    assert_eq!(again.quorum, Quorum::Met);
    let signed = again.checkpoint_with_cosignatures;
    assert_eq!(signed.note().signatures().len(), 2);
    let keys = scene.witnesses.policy().witness_keys();
    assert_eq!(
        signed.cosignatures(&keys).unwrap()[0].cosigned_at,
        Some(at(later))
    );
}
