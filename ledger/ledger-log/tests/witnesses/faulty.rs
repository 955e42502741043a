use std::sync::atomic::Ordering;

use ledger_core::{policy::Quorum, witness::Recorded};
use ledger_log::{Finding, WitnessReport};

use super::support::{Manner, NOW, Scene, Tree, at, scene, size, slow, until};

fn claims(size: &str, shows: Option<String>) -> Manner {
    Manner::Claims {
        size: size.to_owned(),
        shows,
    }
}

async fn finding(scene: &Scene, leaves: u64) -> Finding {
    let tree = Tree::of("entry", leaves);
    let witnessed = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap();
    assert_ne!(witnessed.quorum, Quorum::Met);
    let [WitnessReport { finding, .. }] = witnessed.reports.as_slice() else {
        panic!("{witnessed:?}")
    };
    // Whatever it said, nothing of it is in the checkpoint.
    assert_eq!(witnessed.checkpoint_with_cosignatures, tree.signed());
    finding.clone()
}

#[tokio::test]
async fn a_forged_larger_size_without_proof_is_the_witness_s_fault() {
    let stranger = Tree::of("entry", 9).signed().note().to_string();
    let unsigned = stranger.replace("log.example/consent\n9", "log.example/consent\n90");
    for shows in [None, Some("nonsense".to_owned()), Some(unsigned)] {
        let scene = scene(1, vec![claims("9\n", shows)]);
        assert!(matches!(finding(&scene, 7).await, Finding::Faulty { .. }));
        // A larger size is not retried with: that proof cannot exist.
        assert_eq!(scene.fakes[0].asked.load(Ordering::SeqCst), 1);
        assert_eq!(scene.fakes[0].looked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_larger_checkpoint_of_ours_stops_the_log_for_good() {
    let shown = Tree::of("entry", 9).signed().note().to_string();
    let scene = scene(1, vec![claims("9\n", Some(shown.clone())), Manner::Down]);
    let tree = Tree::of("entry", 7);
    let stop = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap_err();
    assert_eq!(
        (stop.ours, stop.theirs, &stop.evidence),
        (size(7), size(9), &shown)
    );
    assert!(stop.to_string().contains("rolled back or second log"));
    *scene.fakes[0].manner.lock().unwrap() = Manner::Honest;
    let again = scene.witnesses.ask(&tree.signed(), tree.clone(), at(NOW)).await;
    assert_eq!(again.unwrap_err(), stop);
}

#[tokio::test]
async fn another_history_of_ours_stops_the_log_too() {
    // As large, smaller, or met with a 422 or with the 409 of older witnesses.
    for (leaves, said) in [(7, 422), (3, 422), (7, 409), (3, 409)] {
        let fork = Tree::of("fork", leaves).signed();
        let manner = match said {
            422 => Manner::Honest,
            _ => claims(&format!("{leaves}\n"), Some(fork.note().to_string())),
        };
        let scene = scene(1, vec![manner]);
        *scene.fakes[0].recorded.lock().unwrap() = Recorded {
            size: fork.size(),
            root: fork.root(),
        };
        *scene.fakes[0].shown.lock().unwrap() = Some(fork.note().to_string());
        let tree = Tree::of("entry", 7);
        let stop = scene
            .witnesses
            .ask(&tree.signed(), tree.clone(), at(NOW))
            .await
            .unwrap_err();
        assert_eq!((stop.ours, stop.theirs), (size(7), size(leaves)), "{said}");
    }
}

#[tokio::test]
async fn a_refusal_that_shows_our_own_past_is_an_alarm_and_no_stop() {
    for manner in [Manner::Says(422, String::new()), claims("3\n", None)] {
        let scene = scene(1, vec![manner]);
        *scene.fakes[0].shown.lock().unwrap() = Some(Tree::of("entry", 3).signed().note().to_string());
        assert!(matches!(finding(&scene, 7).await, Finding::Alarm { .. }));
    }
    // One retry, not more, whatever it goes on claiming.
    let scene = scene(1, vec![claims("3\n", None)]);
    finding(&scene, 7).await;
    assert_eq!(scene.fakes[0].asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn answers_that_are_none_are_not_believed() {
    let cases = [
        (Manner::Says(200, String::new()), "Faulty"),
        (Manner::Says(200, "<html>\n".to_owned()), "Faulty"),
        (Manner::CosignsAnother, "Faulty"),
        (Manner::Says(409, "-1\n".to_owned()), "Faulty"),
        (claims("09\n", None), "Faulty"),
        (Manner::Says(400, String::new()), "Faulty"),
        (Manner::Says(403, String::new()), "NotKnown"),
        (Manner::Says(404, String::new()), "NotKnown"),
        (Manner::Says(503, String::new()), "Unavailable"),
        (Manner::Says(302, String::new()), "Unavailable"),
        (Manner::Down, "Unavailable"),
    ];
    for (manner, expected) in cases {
        let said = format!("{manner:?}");
        let found = format!("{:?}", finding(&scene(1, vec![manner]), 7).await);
        assert!(found.starts_with(expected), "{found} of {said}");
    }
}

#[tokio::test]
async fn a_line_under_the_key_of_another_witness_does_not_count_for_it() {
    let scene = scene(2, vec![Manner::Honest, Manner::Honest]);
    let tree = Tree::of("entry", 7);
    let line = scene.fakes[1].cosigner.cosign(&tree.signed(), at(NOW));
    *scene.fakes[0].manner.lock().unwrap() = Manner::Says(200, format!("{line}\n"));
    *scene.fakes[1].manner.lock().unwrap() = Manner::Down;
    let witnessed = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap();
    assert_eq!(witnessed.checkpoint_with_cosignatures, tree.signed());
}

#[tokio::test]
async fn what_a_slow_witness_finds_stops_the_next_question() {
    let shown = Tree::of("entry", 9).signed().note().to_string();
    let (manner, gate) = slow();
    let scene = scene(1, vec![Manner::Honest, manner]);
    let nine = Tree::of("entry", 9).signed();
    *scene.fakes[1].recorded.lock().unwrap() = Recorded {
        size: nine.size(),
        root: nine.root(),
    };
    *scene.fakes[1].shown.lock().unwrap() = Some(shown);
    let tree = Tree::of("entry", 7);
    let witnessed = scene
        .witnesses
        .ask(&tree.signed(), tree.clone(), at(NOW))
        .await
        .unwrap();
    assert_eq!(witnessed.quorum, Quorum::Met);
    gate.add_permits(1);
    until(|| scene.fakes[1].looked.load(Ordering::SeqCst) == 1).await;
    assert!(
        scene
            .witnesses
            .ask(&tree.signed(), tree.clone(), at(NOW))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_start_looks_before_it_signs() {
    let seven = Tree::of("entry", 7);
    for (shown, stops) in [
        (None, false),
        (Some(Tree::of("entry", 3)), false),
        (Some(Tree::of("entry", 7)), false),
        (Some(Tree::of("entry", 8)), true),
        (Some(Tree::of("fork", 7)), true),
        (Some(Tree::of("fork", 3)), true),
    ] {
        let scene = scene(1, vec![Manner::Honest, Manner::Down]);
        *scene.fakes[0].shown.lock().unwrap() = shown.map(|tree| tree.signed().note().to_string());
        let looked = scene.witnesses.look(&seven.signed(), seven.clone()).await;
        assert_eq!(looked.is_err(), stops);
        assert_eq!(scene.fakes[0].asked.load(Ordering::SeqCst), 0);
    }
}
