//! The sweep reads every full file once: a changed one ends it, a lost one is written again.

use std::fs;

use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::note::NoteSigner as _;
use ledger_log::{FolderStore, SweepFault, Swept, sweep};

use crate::support::{Log, read};

async fn swept(log: &Log) -> Result<Swept, SweepFault> {
    let public = FolderStore::open(log.folder.path().to_path_buf()).await.unwrap();
    let signed = SignedCheckpoint::open(&read(&log.path("checkpoint")), log.signer.vkey()).unwrap();
    sweep(&log.data, &public, &signed).await
}

/// Three tile levels: 259 full level-0 tiles and bundles, one full level-1 tile.
const LEAVES: usize = 65_536 + 3 * 256 + 17;

/// Full files that no start reads: bundles, level-0 tiles, level-1 tiles.
const BELOW_THE_EDGE: u64 = 259 + 259 + 1;

#[tokio::test]
async fn a_whole_log_is_read_once() {
    for leaves in [0, 1, 255, 256, 257] {
        let log = Log::new().await;
        log.grow(&[leaves]).await;
        let expected = match leaves {
            256 | 257 => 2,
            _ => 0,
        };
        assert_eq!(swept(&log).await.unwrap().files, expected, "{leaves}");
    }
    let log = Log::new().await;
    log.grow(&[LEAVES]).await;
    let whole = swept(&log).await.unwrap();
    assert_eq!((whole.files, whole.rewritten), (BELOW_THE_EDGE, 0));
}

#[tokio::test]
async fn a_changed_file_anywhere_ends_it_and_is_left_as_it_is() {
    let log = Log::new().await;
    log.grow(&[LEAVES]).await;
    for name in [
        "tile/entries/000",
        "tile/entries/258",
        "tile/0/000",
        "tile/0/255",
        "tile/0/257",
        "tile/1/000",
    ] {
        let path = log.path(name);
        let whole = read(&path);
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        for bytes in [changed, whole[..whole.len() - 1].to_vec(), Vec::new()] {
            fs::remove_file(&path).unwrap();
            fs::write(&path, &bytes).unwrap();
            let fault = swept(&log).await.unwrap_err();
            assert!(!fault.may_pass());
            let SweepFault::Changed { resource } = fault else {
                panic!("{name}: {fault}");
            };
            assert_eq!(resource.to_string(), name);
            assert_eq!(read(&path), bytes, "{name}");
        }
        fs::write(&path, whole).unwrap();
    }
    swept(&log).await.unwrap();
}

#[tokio::test]
async fn a_lost_file_is_written_again_from_leaves_that_were_signed_for() {
    let log = Log::new().await;
    log.grow(&[LEAVES]).await;
    let names = ["tile/entries/000", "tile/0/003", "tile/0/256", "tile/1/000"];
    for name in names {
        fs::remove_file(log.path(name)).unwrap();
    }
    assert_eq!(swept(&log).await.unwrap().rewritten, 4);
    log.check_files();
    // What the leaves have become since is never shown.
    fs::remove_file(log.path("tile/entries/002")).unwrap();
    log.data.change_leaf(600);
    let fault = swept(&log).await.unwrap_err();
    assert!(matches!(fault, SweepFault::Contradiction { .. }), "{fault}");
    assert!(!log.path("tile/entries/002").exists());
}
