//! What callers may rely on: durability, atomicity, grouping, formats.

#![expect(clippy::unwrap_used, reason = "a test fails by panic")]

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use db::{Db, Error, Migration, params};

const FIRST: Migration = Migration { number: 1, sql: "CREATE TABLE t (id @id, name TEXT NOT NULL UNIQUE)" };
const SECOND: Migration = Migration { number: 2, sql: "ALTER TABLE t ADD COLUMN size BIGINT NOT NULL DEFAULT 7" };

fn open(folder: &tempfile::TempDir, migrations: &[Migration]) -> Result<Db, Error> {
    db::testing::open(folder.path(), migrations)
}

/// What is true of the embedded database alone.
fn open_file(folder: &tempfile::TempDir) -> Db {
    Db::open(&folder.path().join("state.db"), &[FIRST]).unwrap()
}

async fn insert(db: &Db, name: &'static str) -> Result<i64, Error> {
    db.write(move |tx| {
        let id = tx.query_opt("INSERT INTO t(name) VALUES ($1) RETURNING id", params![name], |row| row.int(0))?;
        id.ok_or_else(|| Error::Database("no id".to_owned()))
    })
    .await
}

fn count(db: &Db) -> i64 {
    let answer: Result<_, Error> = db.read(|tx| tx.query_opt("SELECT COUNT(*) FROM t", &[], |row| row.int(0)));
    answer.unwrap().unwrap()
}

#[tokio::test]
async fn a_written_row_is_seen_and_survives_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder, &[FIRST]).unwrap();
    assert_eq!(insert(&db, "a").await.unwrap(), 1);
    assert_eq!(count(&db), 1);
    drop(db);
    assert_eq!(count(&open(&folder, &[FIRST]).unwrap()), 1);
}

#[tokio::test]
async fn the_log_has_its_length_at_once_and_what_a_crash_leaves_of_it_is_read_to_its_end_alone() {
    let (folder, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let db = open_file(&folder);
    let log = || std::fs::metadata(folder.path().join("state.db-wal")).unwrap().len();
    let length = log();
    assert!(length > 4_000_000, "{length}");
    for name in ["a", "b", "c"] {
        insert(&db, name).await.unwrap();
    }
    assert_eq!(log(), length, "no commit has made it longer");
    for name in ["state.db", "state.db-wal"] {
        std::fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    let again = open_file(&crashed);
    assert_eq!(count(&again), 3);
    assert_eq!(insert(&again, "d").await.unwrap(), 4);
}

#[tokio::test]
async fn a_failed_transaction_leaves_nothing_and_spares_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder, &[FIRST]).unwrap();
    let failing = db.write(|tx| {
        tx.execute("INSERT INTO t(name) VALUES ('gone')", &[])?;
        Err::<(), _>(Error::Database("changed my mind".to_owned()))
    });
    let (failed, kept) = tokio::join!(failing, insert(&db, "kept"));
    assert!(failed.is_err());
    kept.unwrap();
    assert_eq!(count(&db), 1);
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_next_write_works() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder, &[FIRST]).unwrap();
    let panicked = db.write(|_| -> Result<(), Error> { panic!("on purpose") }).await;
    assert!(matches!(panicked, Err(Error::Panic)));
    insert(&db, "after").await.unwrap();
}

#[tokio::test]
async fn a_broken_unique_index_is_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder, &[FIRST]).unwrap();
    insert(&db, "one").await.unwrap();
    assert!(matches!(insert(&db, "one").await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn hooks_run_after_a_commit_and_never_after_a_rollback() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder, &[FIRST]).unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    for fails in [false, true] {
        let seen = Arc::clone(&seen);
        let written = db.write(move |tx| {
            tx.after_commit(move || seen.store(seen.load(Ordering::SeqCst) + 1, Ordering::SeqCst));
            if fails { Err(Error::Closed) } else { Ok(()) }
        });
        assert_eq!(written.await.is_err(), fails);
    }
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_read_does_not_see_what_comes_after_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder, &[FIRST]).unwrap();
    insert(&db, "a").await.unwrap();
    let (writing, handle) = (db.clone(), tokio::runtime::Handle::current());
    let counts = tokio::task::spawn_blocking(move || {
        let count = |tx: &db::Tx<'_>| tx.query_opt("SELECT COUNT(*) FROM t", &[], |row| row.int(0));
        db.read(|tx| {
            let before = count(tx)?;
            handle.block_on(insert(&writing, "b"))?;
            Ok::<_, Error>((before, count(tx)?))
        })
    });
    assert_eq!(counts.await.unwrap().unwrap(), (Some(1), Some(1)));
}

#[tokio::test]
async fn migrations_run_once_and_a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&folder, &[FIRST]).unwrap());
    drop(open(&folder, &[FIRST, SECOND]).unwrap());
    drop(open(&folder, &[FIRST, SECOND]).unwrap());
    assert!(matches!(open(&folder, &[FIRST]), Err(Error::NewerFormat { found: 2, known: 1 })));
}

#[tokio::test]
async fn the_file_is_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let db = open_file(&folder);
    insert(&db, "a").await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn a_read_sees_every_write_that_was_answered_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder, &[FIRST]).unwrap();
    for (written, name) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(count(&db), i64::try_from(written).unwrap());
        insert(&db, name).await.unwrap();
    }
    assert_eq!(count(&db), 3);
}

#[tokio::test]
async fn idle_readers_do_not_keep_the_log_from_being_folded_in() {
    let folder = tempfile::tempdir().unwrap();
    let db = open_file(&folder);
    let size = || std::fs::metadata(folder.path().join("state.db-wal")).unwrap().len();
    for i in 0..3000 {
        assert_eq!(count(&db), i);
        db.write(move |tx| tx.execute("INSERT INTO t(name) VALUES ($1)", params![&i.to_string()])).await.unwrap();
    }
    // A thousand pages of 4 KiB are the mark at which the log is folded in; it is used anew from the start then.
    assert!(size() < 3 * 1000 * 4096, "the log grew to {} bytes", size());
}

#[tokio::test]
async fn a_survey_sees_one_state_and_every_write_that_was_answered_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder, &[FIRST]).unwrap();
    insert(&db, "a").await.unwrap();
    let count = |tx: &db::Tx<'_>| tx.query_opt("SELECT COUNT(*) FROM t", &[], |row| row.int(0));
    let seen: Result<_, Error> = db.survey(|tx| Ok((count(tx)?, count(tx)?)));
    assert_eq!(seen.unwrap(), (Some(1), Some(1)));
}
