//! The folder of public files.

use std::{fs, path::PathBuf};

use ledger_core::{
    note::{Note, NoteSigner},
    tile::{FULL, Resource, Span},
};
use ledger_log::{FolderStore, PublicFault, PublicFile, PublicStore, PublishFault};
use tempfile::TempDir;

use crate::support::{Log, read};

#[tokio::test]
async fn tiles_follow_the_size_across_the_first_full_tile() {
    let log = Log::new().await;
    log.grow(&[1, 254, 1, 1, 255, 1, 3, 600]).await;
    assert_eq!(log.check_files().size().get(), 1116);
}

#[tokio::test]
async fn a_second_tile_level_appears_at_65536_leaves() {
    let log = Log::new().await;
    log.grow(&[65_535, 1, 1]).await;
    assert_eq!(fs::read(log.path("tile/2/000.p/1")).unwrap().len(), 32);
    assert_eq!(fs::read(log.path("tile/1/000")).unwrap().len(), 8192);
}

#[tokio::test]
async fn partial_tiles_are_deleted_one_full_tile_late() {
    let log = Log::new().await;
    log.grow(&[100, 156]).await;
    assert!(log.path("tile/0/000.p/100").exists());
    assert!(log.path("tile/entries/000.p/100").exists());
    log.grow(&[256]).await;
    assert!(!log.path("tile/0/000.p").exists());
    assert!(!log.path("tile/entries/000.p").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn published_files_are_read_only() {
    use std::os::unix::fs::PermissionsExt;
    let log = Log::new().await;
    log.grow(&[3]).await;
    for name in ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"] {
        assert_eq!(
            fs::metadata(log.path(name)).unwrap().permissions().mode() & 0o777,
            0o444,
            "{name}"
        );
    }
}

fn bundle(bytes: &[u8]) -> PublicFile {
    PublicFile {
        resource: Resource::Entries(Span::new(0, FULL).unwrap()),
        bytes: bytes.to_vec(),
    }
}

async fn folder() -> (TempDir, FolderStore, PathBuf) {
    let temp = TempDir::new().unwrap();
    let root = temp.path().join("deep/log");
    (temp, FolderStore::open(root.clone()).await.unwrap(), root)
}

#[tokio::test]
async fn a_file_is_written_once_and_never_changed() {
    let (_temp, store, root) = folder().await;
    store.write(vec![bundle(b"one")]).await.unwrap();
    store.write(vec![bundle(b"one")]).await.unwrap();
    let refused = store.write(vec![bundle(b"two")]).await;
    assert!(matches!(refused, Err(PublicFault::Different { .. })));
    assert_eq!(fs::read(root.join("tile/entries/000")).unwrap(), b"one");
    assert_eq!(store.read(bundle(b"").resource).await.unwrap().unwrap(), b"one");
    assert_eq!(store.read(Resource::Checkpoint).await.unwrap(), None);
}

#[tokio::test]
async fn a_checkpoint_is_shown_after_its_files_or_not_at_all() {
    let (_temp, store, root) = folder().await;
    store.show(vec![bundle(b"one")], b"a".to_vec()).await.unwrap();
    assert_eq!(fs::read(root.join("tile/entries/000")).unwrap(), b"one");
    assert_eq!(fs::read(root.join("checkpoint")).unwrap(), b"a");
    let refused = store.show(vec![bundle(b"two")], b"b".to_vec()).await;
    assert!(matches!(refused, Err(PublicFault::Different { .. })));
    assert_eq!(fs::read(root.join("checkpoint")).unwrap(), b"a");
    store.show(Vec::new(), b"c".to_vec()).await.unwrap();
    assert_eq!(fs::read(root.join("checkpoint")).unwrap(), b"c");
    assert_eq!(fs::read_dir(root.join(".staging")).unwrap().count(), 0);
}

#[tokio::test]
async fn unfinished_files_of_an_earlier_run_are_removed() {
    let (_temp, _store, root) = folder().await;
    fs::write(root.join(".staging/0"), b"half").unwrap();
    let store = FolderStore::open(root.clone()).await.unwrap();
    assert_eq!(fs::read_dir(root.join(".staging")).unwrap().count(), 0);
    store.replace_checkpoint(b"a".to_vec()).await.unwrap();
    store.replace_checkpoint(b"b".to_vec()).await.unwrap();
    assert_eq!(fs::read(root.join("checkpoint")).unwrap(), b"b");
    assert_eq!(fs::read_dir(root.join(".staging")).unwrap().count(), 0);
}

#[tokio::test]
async fn the_key_file_holds_the_key_in_use() {
    let (_temp, store, root) = folder().await;
    for seed in [1, 2] {
        let signer = crate::support::signer(seed);
        store.publish_key(signer.vkey()).await.unwrap();
        let text = fs::read_to_string(root.join("log.vkey")).unwrap();
        assert_eq!(text, format!("{}\n", signer.vkey()));
    }
}

/// Some published checkpoints carry a line by nobody. Recovery opens them, and leaves them as they are.
#[tokio::test]
async fn a_log_with_greased_checkpoints_is_taken_up_as_any_other() {
    let log = Log::new().await;
    let mut greased = 0;
    for _ in 0..64 {
        log.grow(&[1]).await;
        let public = read(&log.path("checkpoint"));
        let lines = Note::parse(&public).unwrap().signatures().len();
        greased += usize::from(lines == 2);
        let taken_up = log.recover().await.unwrap();
        assert_eq!(taken_up.latest().note().signatures().len(), 1, "ours alone");
        assert_eq!(read(&log.path("checkpoint")), public);
    }
    assert!(greased > 0, "none of 64 was greased");
}

/// Seen once on a busy machine, where somebody cleared temporary folders: the error said only that there is no such file.
#[tokio::test]
async fn a_folder_that_was_taken_away_stops_the_log_and_is_named() {
    let log = Log::new().await;
    let mut publisher = log.grow(&[300]).await;
    fs::remove_dir_all(log.path("")).unwrap();
    let fault = publisher.publish(log.append(1)).await.unwrap_err();
    let mut said = fault.to_string();
    let mut next = std::error::Error::source(&fault);
    while let Some(cause) = next {
        said = format!("{said}: {cause}");
        next = cause.source();
    }
    assert!(
        said.contains("cannot write `") && said.contains("/.staging/"),
        "{said}"
    );
    assert!(matches!(
        publisher.publish(log.append(1)).await,
        Err(PublishFault::Stopped)
    ));
    // Whatever was put back, nothing was lost: the data has it all.
    fs::create_dir_all(log.path("")).unwrap();
    log.recover().await.unwrap();
    assert_eq!(log.check_files().size().get(), 302);
}
