//! A log that changes its key: old alone, both, new alone.

use std::sync::Arc;

use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::{NoteSigner, Vkey},
};
use ledger_log::{RecoverError, Rotation};

use crate::support::{Log, read, signer};

fn signed_by(log: &Log, key: &Vkey) -> bool {
    SignedCheckpoint::open(&read(&log.path("checkpoint")), key).is_ok()
}

#[tokio::test]
async fn a_key_is_changed_without_a_moment_at_which_nobody_can_verify() {
    let (old, new) = (signer(1), signer(2));
    let mut log = Log::new().await;
    log.grow(&[5]).await;
    assert!(signed_by(&log, old.vkey()) && !signed_by(&log, new.vkey()));

    log.rotation.next = Some(Arc::clone(&new) as Arc<dyn NoteSigner>);
    log.grow(&[2, 1]).await;
    assert!(signed_by(&log, old.vkey()) && signed_by(&log, new.vkey()));

    log.signer = Arc::clone(&new);
    log.rotation = Rotation {
        next: None,
        earlier: vec![old.vkey().clone()],
    };
    // Taken up from a checkpoint that both signed, and again from one that only the new key did.
    log.grow(&[1]).await;
    assert!(!signed_by(&log, old.vkey()) && signed_by(&log, new.vkey()));
    log.grow(&[1, 300]).await;
    assert_eq!(log.check_files().size().get(), 310);
}

/// A crash at each step of the first batch that both sign, and of the first that the new key signs alone.
#[tokio::test]
async fn what_the_key_before_signed_is_taken_up() {
    let (old, new) = (signer(1), signer(2));
    let mut log = Log::new().await;
    log.grow(&[5]).await;
    // Committed under the old key, never signed.
    log.append(2);
    log.signer = Arc::clone(&new);
    assert!(matches!(
        log.recover().await,
        Err(RecoverError::ForeignCheckpoint { .. })
    ));
    log.rotation.earlier = vec![old.vkey().clone()];
    let taken_up = log.recover().await.unwrap();
    assert_eq!(taken_up.latest().size().get(), 7);
    assert!(signed_by(&log, new.vkey()) && !signed_by(&log, old.vkey()));
}
