//! Versions of the schema.

use std::path::Path;

use broker_store_sqlite::{Create, NEWEST_SCHEMA, OpenError, SqliteStore, migrate};
use sqlx::Row;

use crate::raw::{connect, run};

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    run(
        &path,
        "INSERT INTO schema_version (version, name) VALUES (999, 'from the future')",
    )
    .await;
    for create in [Create::Never, Create::IfMissing] {
        let refused = SqliteStore::open(&path, create).await;
        let Err(error @ OpenError::Newer { found: 999, .. }) = refused else {
            panic!("opened a newer file: {refused:?}");
        };
        assert!(error.to_string().ends_with("install the newer version"));
    }
    assert!(matches!(migrate(&path, 0).await, Err(OpenError::Newer { .. })));
}

#[tokio::test]
async fn an_older_file_is_not_migrated_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    migrate(&path, 0).await.unwrap();
    let refused = SqliteStore::open(&path, Create::Never).await;
    assert!(matches!(refused, Err(OpenError::Older { found: 0, .. })));
    SqliteStore::open(&path, Create::IfMissing)
        .await
        .unwrap()
        .close()
        .await;
    SqliteStore::open(&path, Create::Never).await.unwrap();
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    run(&path, "CREATE TABLE songs (title TEXT)").await;
    let refused = SqliteStore::open(&path, Create::IfMissing).await;
    assert!(matches!(refused, Err(OpenError::Foreign { .. })));
}

#[tokio::test]
async fn each_migration_can_be_taken_back_and_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    for _ in 0..2 {
        migrate(&path, NEWEST_SCHEMA).await.unwrap();
        migrate(&path, 0).await.unwrap();
        let left: i64 = sqlx::query("SELECT COUNT(*) AS things FROM sqlite_schema")
            .fetch_one(&mut connect(&path).await)
            .await
            .unwrap()
            .get("things");
        assert_eq!(left, 0);
    }
}

#[test]
fn every_column_says_what_it_holds() {
    let sql = [
        include_str!("../../migrations/0001_first_light.up.sql"),
        include_str!("../../migrations/0002_one_row_a_batch.up.sql"),
        include_str!("../../migrations/0003_restored.up.sql"),
        include_str!("../../migrations/0004_disclosure_manifest.up.sql"),
        include_str!("../../migrations/0005_dutch.up.sql"),
        include_str!("../../migrations/0006_restores.up.sql"),
        include_str!("../../migrations/0007_accounts.up.sql"),
        include_str!("../../migrations/0008_signed_terms.up.sql"),
        include_str!("../../migrations/0009_telling.up.sql"),
        include_str!("../../migrations/0010_rights.up.sql"),
        include_str!("../../migrations/0011_lifecycle.up.sql"),
        include_str!("../../migrations/0012_households.up.sql"),
        include_str!("../../migrations/0013_told.up.sql"),
        include_str!("../../migrations/0014_mandates.up.sql"),
        include_str!("../../migrations/0015_homes.up.sql"),
        include_str!("../../migrations/0016_entered.up.sql"),
        include_str!("../../migrations/0017_watched.up.sql"),
        include_str!("../../migrations/0018_attempts.up.sql"),
        include_str!("../../migrations/0019_mended.up.sql"),
        include_str!("../../migrations/0020_channels.up.sql"),
        include_str!("../../migrations/0021_joint.up.sql"),
        include_str!("../../migrations/0022_legal.up.sql"),
    ]
    .concat();
    let mut inside = false;
    for line in sql.lines() {
        let text = line.trim_start();
        if text.starts_with("CREATE TABLE") {
            inside = true;
        } else if text.starts_with(')') {
            assert!(text.starts_with(") STRICT"), "a table is not STRICT");
            inside = false;
        } else if inside && text.starts_with(|first: char| first.is_ascii_lowercase()) {
            assert!(text.contains(" -- "), "no comment on: {text}");
        }
    }
}

/// A file as the first version wrote it, with an erased participant and a delivery in two copies.
const FIRST_LIGHT: &str = "
    INSERT INTO leaf (leaf_index, tag, bytes) VALUES
        (0, zeroblob(32), x'0a'), (1, CAST(zeroblob(31) || x'01' AS BLOB), x'0b0b'), (2, NULL, x'00ff00');
    INSERT INTO tree_node (level, node_index, hash) VALUES
        (0, 0, zeroblob(32)), (0, 1, zeroblob(32)), (1, 0, CAST(x'01' || zeroblob(31) AS BLOB)),
        (0, 2, CAST(x'02' || zeroblob(31) AS BLOB)), (8, 0, CAST(x'08' || zeroblob(31) AS BLOB));
    INSERT INTO head (size, root, at_us) VALUES (2, zeroblob(32), 5), (3, CAST(x'03' || zeroblob(31) AS BLOB), 6);
    INSERT INTO subject_key (subject, newest, subject_key) VALUES
        (x'01010101010101010101010101010101', 1, zeroblob(32)), (x'0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c', 1, zeroblob(32)),
        (x'02020202020202020202020202020202', 4, NULL);
    INSERT INTO record (leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record) VALUES
        (0, x'01010101010101010101010101010101', 1, 4, 'deliver', 5, zeroblob(64), x'aa'),
        (1, x'0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c', 1, 4, 'deliver', 5, zeroblob(64), x'bb');
    INSERT INTO participant (ordinal, id, language, created_at_us, erased_at_us, profile_sealed) VALUES
        (1, x'01010101010101010101010101010101', 'fr', 1, NULL, x'00'),
        (7, x'02020202020202020202020202020202', 'fr', 1, 1, x'');
    INSERT INTO organisation (id, name, country, contact) VALUES (x'0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c', '', 'FR', '');
    INSERT INTO transfer (leaf_index, id, direction, participant, point, recipient, purpose, span_start_at_us,
        span_end_at_us, value_count, at_us, sealed)
    VALUES (0, zeroblob(16), 'out', x'01010101010101010101010101010101', zeroblob(16),
        x'0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c', 'a', 0, 1, 1, 5, x'00');
";

#[tokio::test]
async fn a_file_of_the_first_version_keeps_its_log_and_its_links() {
    use broker_store::contract::samples::{id, participant};
    use broker_store::{LeafRow, Serial, Store};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    migrate(&path, 1).await.unwrap();
    run(&path, FIRST_LIGHT).await;
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut view = store.read().await.unwrap();
    let leaf = |index: u64, bytes: &[u8]| LeafRow {
        index,
        bytes: bytes.to_vec(),
    };
    let leaves = [leaf(0, &[0x0a]), leaf(1, &[0x0b, 0x0b]), leaf(2, &[0, 0xff, 0])];
    assert_eq!(view.leaves(0, 9).await.unwrap(), leaves);
    let head = view.newest_head().await.unwrap().unwrap();
    assert_eq!((head.first, head.size, head.next_serial), (2, 3, Serial(3)));
    let first_bytes = head.peaks.iter().map(|peak| peak[0]).collect::<Vec<_>>();
    assert_eq!((head.root[0], first_bytes), (3, vec![1, 2]));
    assert_eq!(view.head_covering(1).await.unwrap().unwrap().size, 2);
    assert_eq!(view.tile_roots(1, 0, 9).await.unwrap()[0][0], 8);
    let transfer = view.transfer(id(0)).await.unwrap().unwrap();
    assert_eq!((transfer.leaf_index, transfer.recipient_leaf), (0, Some(1)));
    assert_eq!(view.subject(id(2)).await.unwrap(), None);
    assert_eq!(view.participant_count().await.unwrap(), 1);
    drop(view);
    // The ordinal of somebody who was erased is not given again.
    let mut tx = store.begin("join").await.unwrap();
    assert_eq!(tx.add_participant(&participant(9)).await.unwrap(), 8);
}

#[tokio::test]
async fn a_file_with_a_log_is_not_taken_back() {
    use broker_store::Store;
    use broker_store::contract::samples::segment;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut tx = store.begin("append").await.unwrap();
    tx.add_segment(&segment(0, 2)).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(matches!(migrate(&path, 1).await, Err(OpenError::Database { .. })));
    // The steps after it went back; going up again finds everything.
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.newest_head().await.unwrap().unwrap().size, 2);
}

/// The log names it for ever.
#[tokio::test]
async fn a_file_with_a_disclosure_manifest_is_not_taken_back() {
    use broker_store::Store;
    use broker_store::contract::samples::{files, furnish, id, manifest, membership, release, request};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;
    let mut tx = store.begin("release").await.unwrap();
    tx.add_request(&request(3)).await.unwrap();
    tx.add_release(&release(3), &files(3), &membership(3))
        .await
        .unwrap();
    tx.add_manifest(&manifest(3, 2), b"rows", &[]).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(matches!(migrate(&path, 3).await, Err(OpenError::Database { .. })));
    // The steps after it went back; going up again finds everything.
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.manifest_of(id(3)).await.unwrap(), Some(manifest(3, 2)));
}

/// What the fourth version knew of offers and of the catalogue.
const BEFORE_DUTCH: &str = "
    INSERT INTO organisation (id, name, country, contact) VALUES (zeroblob(16), '', 'FR', '');
    INSERT INTO notice (digest, language, title, text) VALUES
        (CAST(zeroblob(31) || x'01' AS BLOB), 'fr', 'a', 'a'), (CAST(zeroblob(31) || x'02' AS BLOB), 'en', 'b', 'b');
    INSERT INTO offer (id, recipient, purpose, step_s, days, notice, notice_en) VALUES
        (zeroblob(16), zeroblob(16), 'a', 1800, 7, CAST(zeroblob(31) || x'01' AS BLOB),
        CAST(zeroblob(31) || x'02' AS BLOB));
    INSERT INTO dataset (id, recipient, purpose, step_s, title_fr, title_en, summary_fr, summary_en) VALUES
        (zeroblob(16), zeroblob(16), 'a', 1800, 'titre', 'title', 'contenu', 'content');
";

#[tokio::test]
async fn what_was_offered_before_dutch_is_offered_in_french() {
    use broker_domain::lang::Lang;
    use broker_store::Store;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    migrate(&path, 4).await.unwrap();
    run(&path, BEFORE_DUTCH).await;
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut view = store.read().await.unwrap();
    let offer = view.offers().await.unwrap().pop().unwrap();
    assert_eq!(offer.notices().map(|notice| notice.0[31]), [1, 2, 1]);
    let row = view.datasets().await.unwrap().pop().unwrap();
    assert_eq!(
        Lang::ALL.map(|lang| (row.title(lang), row.summary(lang))),
        [("titre", "contenu"), ("title", "content"), ("titre", "contenu")]
    );
    drop(view);
    store.close().await;
    migrate(&path, 4).await.unwrap();
}

/// Consents and signed records name the notice for ever.
#[tokio::test]
async fn a_file_with_a_dutch_notice_is_not_taken_back() {
    use broker_store::Store;
    use broker_store::contract::samples::notice;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let dutch = broker_store::Notice {
        language: "nl".into(),
        ..notice(1)
    };
    let mut tx = store.begin("notice").await.unwrap();
    tx.add_notice(&dutch).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(matches!(migrate(&path, 4).await, Err(OpenError::Database { .. })));
    // The step after it went back; going up again finds it.
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.notice(dutch.digest).await.unwrap(), Some(dutch));
}

/// Restores from before 0006 are found in the leaves.
#[tokio::test]
async fn a_restore_of_an_older_version_is_found_again() {
    use broker_store::Store;
    use broker_store::contract::samples::segment;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut tx = store.begin("append").await.unwrap();
    tx.add_segment(&segment(0, 2)).await.unwrap();
    let mut restored = segment(2, 4);
    restored.leaves[1] = [&[1, 0x45, 5, 0][..], &[0; 24]].concat();
    tx.add_segment(&restored).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    migrate(&path, 5).await.unwrap();
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    let store = SqliteStore::open(&path, Create::Never).await.unwrap();
    assert_eq!(store.read().await.unwrap().restores().await.unwrap(), [2]);
}

/// What it signed could not be checked any more.
#[tokio::test]
async fn a_file_with_a_passkey_is_not_taken_back() {
    use broker_store::Store;
    use broker_store::contract::samples::{furnish, id, passkey};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;
    let mut tx = store.begin("register").await.unwrap();
    tx.add_passkey(&passkey(1, 1)).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(matches!(migrate(&path, 5).await, Err(OpenError::Database { .. })));
    // Each step is a transaction of its own: the newer ones were taken back. Going up again finds everything.
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    let store = SqliteStore::open(&path, Create::Never).await.unwrap();
    let mut view = store.read().await.unwrap();
    assert!(view.passkeys_of(id(1)).await.unwrap() == [passkey(1, 1)]);
}

/// Programs of before cannot read its record, which the log names for ever.
#[tokio::test]
async fn a_file_with_a_consent_of_the_new_form_is_not_taken_back() {
    use broker_domain::consent::{EvidenceLevel, How};
    use broker_store::contract::samples::{consent, furnish, id};
    use broker_store::{ActRow, Store};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;
    let act = ActRow {
        seq: 0,
        how: How::on_a_page(EvidenceLevel::L1),
    };
    let mut tx = store.begin("grant").await.unwrap();
    tx.add_consent(&consent(1, 1)).await.unwrap();
    tx.add_consent_act(id(1), act).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(matches!(migrate(&path, 7).await, Err(OpenError::Database { .. })));
    // The newer steps were taken back, each in a transaction of its own.
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    let store = SqliteStore::open(&path, Create::Never).await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.consent_acts(id(1)).await.unwrap(), [act]);
}

/// Somebody still waits for an answer.
#[tokio::test]
async fn a_file_with_an_open_request_about_rights_is_not_taken_back() {
    use broker_domain::rights::{Right, RightsRequest, RightsState};
    use broker_store::contract::samples::{at, furnish, id};
    use broker_store::{Serial, Store};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;
    let request = RightsRequest {
        id: id(3),
        participant: id(1),
        right: Right::Access,
        words: String::new(),
        received_at: at(0),
        due_on: "2026-12-21".parse().unwrap(),
        extended_at: None,
        paused_at: None,
        paused_days: 0,
        state: RightsState::Received,
    };
    let mut tx = store.begin("ask").await.unwrap();
    tx.add_rights_request(&request, Serial(3)).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(matches!(migrate(&path, 7).await, Err(OpenError::Database { .. })));
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    let store = SqliteStore::open(&path, Create::Never).await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(
        view.rights_request(id(3)).await.unwrap().unwrap().request,
        request
    );
}

/// Two people may live at one meter one after the other; the older table has room for one.
#[tokio::test]
async fn a_file_in_which_somebody_left_a_home_is_not_taken_back() {
    use broker_domain::consent::{Departure, Method};
    use broker_store::Store;
    use broker_store::contract::samples::{at, furnish, id};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;
    let mut tx = store.begin("leave").await.unwrap();
    let departure = Departure {
        at: at(5),
        known_at: at(9),
    };
    tx.set_departure(id(1), departure, Method::Web).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(matches!(
        migrate(&path, 11).await,
        Err(OpenError::Database { .. })
    ));
    // Each migration commits by itself: those after 0012 were taken back.
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    let store = SqliteStore::open(&path, Create::Never).await.unwrap();
    let mut view = store.read().await.unwrap();
    let point = view.point(id(1)).await.unwrap().unwrap();
    assert_eq!(point.occupancy.departure, Some(departure));
}

/// Older programs could not read these records, also when the rows that they are about went with their person.
#[tokio::test]
async fn a_file_whose_log_holds_records_of_the_new_kinds_is_not_taken_back() {
    let taken = async |name: &str, below| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        migrate(&path, NEWEST_SCHEMA).await.unwrap();
        let record = format!(
            "INSERT INTO subject_key (subject, newest, subject_key) VALUES (zeroblob(16), 1, zeroblob(32));
             INSERT INTO record (serial, leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record)
             VALUES (1, 1, zeroblob(16), 1, 1, '{name}', 1, zeroblob(64), x'aa')"
        );
        run(&path, record.leak()).await;
        migrate(&path, below).await
    };
    for (name, below) in [
        ("enter the end of a capacity", 18),
        ("enrol a legal person", 21),
        ("add points", 21),
        ("set a point aside", 21),
        ("permit for points", 21),
        ("tell of a breach", 16),
        ("object to a project", 16),
        ("enter act", 15),
        ("decide entered act", 15),
        ("make account code", 15),
        ("stop account code", 15),
    ] {
        let refused = taken(name, below).await;
        assert!(matches!(refused, Err(OpenError::Database { .. })), "{name}");
    }
    taken("deliver", 15).await.unwrap();
}

/// Wrong codes are counted for an hour: going back forgets the kinds that older programs do not know, and nothing else.
#[tokio::test]
async fn a_file_with_counted_codes_of_the_newer_kinds_goes_back_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    migrate(&path, 18).await.unwrap();
    run(
        &path,
        "INSERT INTO attempt (account, kind, since_at_us, failed) VALUES
             (x'', 'invitation', 1, 2), (x'', 'recovery', 3, 4), (x'', 'stop', 5, 6), (x'', 'home', 7, 8)",
    )
    .await;
    migrate(&path, 17).await.unwrap();
    let kept = async |path: &Path| {
        let rows = sqlx::query("SELECT kind, since_at_us, failed FROM attempt ORDER BY kind")
            .fetch_all(&mut connect(path).await)
            .await
            .unwrap();
        rows.iter()
            .map(|row| (row.get("kind"), row.get("since_at_us"), row.get("failed")))
            .collect::<Vec<(String, i64, i64)>>()
    };
    let known = [("invitation".to_owned(), 1, 2), ("recovery".to_owned(), 3, 4)];
    assert_eq!(kept(&path).await, known);
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    assert_eq!(kept(&path).await, known);
    run(
        &path,
        "INSERT INTO attempt (account, kind, since_at_us, failed) VALUES (x'', 'home', 7, 8)",
    )
    .await;
}

/// Whoever a breach of a recipient concerns is found in the write transaction: not by reading every transfer.
#[tokio::test]
async fn a_breach_of_a_recipient_reads_its_transfers_by_an_index_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    let plan = sqlx::query(
        "EXPLAIN QUERY PLAN SELECT participant FROM transfer WHERE direction = 'out' AND refusal IS NULL \
             AND recipient = ?1 AND at_us >= ?2 AND at_us < ?3",
    )
    .bind(vec![0_u8; 16])
    .bind(0_i64)
    .bind(9_i64)
    .fetch_all(&mut connect(&path).await)
    .await
    .unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    assert!(
        plan.iter()
            .all(|line| line.contains("COVERING INDEX transfer_to_recipient")),
        "{plan:?}"
    );
}
