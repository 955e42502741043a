//! A detail that is missing although no restore lost it: the broker says so, and never calls it lost.

use std::sync::Arc;

use audit_tests::operator::{fiducie, status};
use audit_tests::town::{self, RunningClock, Town};
use broker_service::{Failure, Fault, HistoryLines};
use test_support::withhold_details;

/// The fault that ends a file, if one does.
async fn fault_of(mut file: HistoryLines) -> Option<Fault> {
    let mut last = None;
    while let Some(piece) = file.recv().await {
        last = piece.err();
    }
    last
}

#[test]
fn a_missing_detail_is_a_fault_and_never_called_lost() {
    let town = Town::found(1);
    let who = town.residents[0].participant;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        withhold_details(&town.data(), who).await;
        let clock = RunningClock::starting(RunningClock::system());
        let broker = town::start(&town.data(), clock).await;
        let everything = fault_of(Arc::clone(&broker).own_history_file(who, None).await.unwrap()).await;
        let list = fault_of(Arc::clone(&broker).own_list_file(who, None).await.unwrap()).await;
        for fault in [everything, list] {
            assert!(matches!(fault, Some(Fault::DetailMissing { .. })), "{fault:?}");
        }
        let opened = broker.own_records(who, 1, 50).await.unwrap_err();
        let told = broker.own_newest_records(who, u64::MAX, 50).await.unwrap_err();
        for failure in [opened, told] {
            assert!(
                matches!(failure, Failure::Fault(Fault::DetailMissing { .. })),
                "{failure:?}"
            );
            assert!(failure.to_string().contains("no restore lost it"), "{failure}");
        }
    });
    drop(runtime);
    let (_, object) = status(&town, &["--full"]);
    let full = &object["full"];
    assert_eq!(
        (&full["clean"], &full["lost"]),
        (&false.into(), &0.into()),
        "{object}"
    );
    assert!(full["missing"].as_u64().unwrap() > 0, "{object}");
    let (code, said) = fiducie(&town, &["check", "--full"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("records are missing, and no restore lost them"),
        "{said}"
    );
}
