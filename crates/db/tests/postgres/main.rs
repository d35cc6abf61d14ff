//! What is special about the shared database: several processes, lost connections, outages.

#![expect(clippy::unwrap_used, reason = "a test fails by panic")]

mod cluster;
mod cutter;
mod secured;

use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use cluster::Cluster;
use cutter::{Cut, Cutter};
use db::{Db, Error, Migration, Subscription, params};
use rustix::process::{Pid, Signal, kill_process};

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, sql: "CREATE TABLE t (id @id, name TEXT NOT NULL UNIQUE); -- one; two" },
    Migration { number: 2, sql: "INSERT INTO t (id, name) VALUES (10000, 'first'); DELETE FROM t WHERE id = 10000" },
    Migration { number: 3, sql: "CREATE TABLE counter (value BIGINT NOT NULL); INSERT INTO counter VALUES (0)" },
];

/// One cluster for all tests that do not stop it, for as long as one of them runs.
fn shared() -> Option<Arc<Cluster>> {
    static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap();
    if let Some(cluster) = shared.upgrade() {
        return Some(cluster);
    }
    let cluster = Arc::new(Cluster::start()?);
    *shared = Arc::downgrade(&cluster);
    Some(cluster)
}

/// A schema of this name, as one more process would open it.
fn node(base: &str, schema: &str) -> Db {
    Db::connect(&in_schema(base, schema), MIGRATIONS).unwrap()
}

fn in_schema(base: &str, schema: &str) -> String {
    let separator = if base.contains('?') { '&' } else { '?' };
    format!("{base}{separator}options=-csearch_path%3D{schema}")
}

async fn schema(base: &str, name: &'static str) {
    let db = Db::connect(&in_schema(base, "public"), &[]).unwrap();
    let done: Result<_, Error> = db.write(move |tx| tx.execute(&format!("CREATE SCHEMA {name}"), &[])).await;
    done.unwrap();
}

async fn insert(db: &Db, name: &'static str) -> Result<Option<i64>, Error> {
    let sql = "INSERT INTO t (name) VALUES ($1) RETURNING id";
    db.write(move |tx| tx.query_opt(sql, params![name], |row| row.int(0))).await
}

fn names(db: &Db) -> Result<Vec<String>, Error> {
    db.read(|tx| tx.query("SELECT name FROM t ORDER BY name", &[], |row| row.text(0)))
}

/// Reads and writes in two steps, which only one writer at a time may do.
async fn count_up(db: &Db) -> Result<usize, Error> {
    db.write(|tx| {
        let value = tx.query_opt("SELECT value FROM counter", &[], |row| row.int(0))?;
        tx.execute("UPDATE counter SET value = $1", params![value.unwrap() + 1])
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_all_processes_take_turns() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "turns").await;
    let nodes: Vec<Db> = (0..3).map(|_| node(cluster.url(), "turns")).collect();
    let mut all = tokio::task::JoinSet::new();
    for db in nodes.iter().cycle().take(12) {
        let db = db.clone();
        all.spawn(async move {
            for _ in 0..20 {
                count_up(&db).await.unwrap();
            }
        });
    }
    all.join_all().await;
    let value: Result<_, Error> = nodes[0].read(|tx| tx.query_opt("SELECT value FROM counter", &[], |row| row.int(0)));
    assert_eq!(value.unwrap(), Some(240));
}

#[tokio::test]
async fn processes_that_start_together_migrate_once_and_keys_count_on() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "together").await;
    let url = cluster.url().to_owned();
    let started: Vec<_> = (0..6)
        .map(|_| {
            std::thread::spawn({
                let url = url.clone();
                move || node(&url, "together")
            })
        })
        .collect();
    let nodes: Vec<Db> = started.into_iter().map(|thread| thread.join().unwrap()).collect();
    let formats: Result<_, Error> = nodes[5].read(|tx| tx.query("SELECT number FROM format", &[], |row| row.int(0)));
    assert_eq!(formats.unwrap(), [1, 2, 3]);
    assert_eq!(insert(&nodes[0], "a").await.unwrap(), Some(10_001));
    assert_eq!(insert(&nodes[1], "b").await.unwrap(), Some(10_002));
}

async fn heard(ear: &mut Subscription, within: Duration) -> bool {
    tokio::time::timeout(within, ear.raised()).await.is_ok()
}

#[tokio::test]
async fn a_signal_reaches_every_process_once_its_transaction_is_durable() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "signals").await;
    let (here, there) = (node(cluster.url(), "signals"), node(cluster.url(), "signals"));
    let stranger = node(cluster.url(), "public");
    let subscribe = |db: &Db, channel| db.subscribe(channel).unwrap();
    let mut news = [subscribe(&here, "news"), subscribe(&there, "news")];
    let mut quiet = [subscribe(&here, "other"), subscribe(&there, "other"), subscribe(&stranger, "news")];
    // Whoever begins to listen hears that something may have been missed.
    for ear in news.iter_mut().chain(&mut quiet) {
        assert!(heard(ear, Duration::from_secs(10)).await);
    }
    for (channel, works) in [("other", false), ("news", true)] {
        let told = here.write(move |tx| {
            tx.notify(channel);
            tx.execute("UPDATE counter SET value = 1", &[])?;
            if works { Ok(()) } else { Err(Error::Closed) }
        });
        assert_eq!(told.await.is_ok(), works);
    }
    for ear in &mut news {
        assert!(heard(ear, Duration::from_secs(10)).await);
    }
    for ear in &mut quiet {
        assert!(!heard(ear, Duration::from_millis(200)).await);
    }
}

#[tokio::test]
async fn a_refused_statement_fails_its_transaction_alone() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "refused").await;
    let db = node(cluster.url(), "refused");
    insert(&db, "there").await.unwrap();
    // It swallows the refusal, after which PostgreSQL takes no further statement.
    let swallowed = db.write(|tx| {
        tx.execute("INSERT INTO t (name) VALUES ('mine')", &[])?;
        drop(tx.execute("INSERT INTO t (name) VALUES ('there')", &[]));
        Ok::<_, Error>(())
    });
    let (swallowed, neighbour, conflict) = tokio::join!(swallowed, insert(&db, "kept"), insert(&db, "there"));
    assert!(matches!(swallowed, Err(Error::Database(_))), "{swallowed:?}");
    assert!(matches!(conflict, Err(Error::Conflict(_))), "{conflict:?}");
    neighbour.unwrap();
    assert_eq!(names(&db).unwrap(), ["kept", "there"]);
}

#[tokio::test]
async fn values_come_back_as_they_were() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "values").await;
    let db = node(cluster.url(), "values");
    let made: Result<_, Error> =
        db.write(|tx| tx.execute("CREATE TABLE v (a BIGINT, b DOUBLE PRECISION, c TEXT)", &[])).await;
    made.unwrap();
    let none: Option<&str> = None;
    let written: Result<_, Error> = db
        .write(move |tx| {
            let sql = "INSERT INTO v VALUES ($1, $2, $3)";
            tx.execute(sql, params![i64::MAX, 0.5, "缓存 ' ? $1"])?;
            tx.execute(sql, params![none, none, none])
        })
        .await;
    assert_eq!(written.unwrap(), 1);
    let sql = "SELECT a, c, b, EXISTS (SELECT 1), 3 FROM v WHERE a > 5 AND $1 > 0 LIMIT $2";
    let read: Result<_, Error> = db.read(|tx| {
        tx.query_opt(sql, params![1_795_485_600_000_i64, 10], |row| {
            Ok((row.int(0)?, row.text(1)?, row.real(2)?, row.flag(3)?, row.small::<u8>(4)?))
        })
    });
    assert_eq!(read.unwrap(), Some((i64::MAX, "缓存 ' ? $1".to_owned(), 0.5, true, 3)));
    let nulls: Result<_, Error> = db.read(|tx| {
        let sql = "SELECT a, c FROM v WHERE a IS NULL";
        tx.query_opt(sql, &[], |row| Ok((row.opt_int(0)?, row.opt_text(1)?, row.int(0).is_err())))
    });
    assert_eq!(nulls.unwrap(), Some((None, None, true)));
    let time = db.read(|tx| tx.database_time_ms()).unwrap().unwrap();
    assert!(time > 1_700_000_000_000, "{time}");
}

#[test]
fn each_mistake_of_the_set_up_is_told_with_what_to_do_and_without_the_password() {
    let Some(cluster) = shared() else { return };
    let socket = cluster.folder.display().to_string().replace('/', "%2F");
    let told = |url: &str| Db::connect(url, MIGRATIONS).err().unwrap().to_string();
    let cases = [
        (format!("postgres://locked:wr0ng@{socket}/postgres"), "password of the user `locked` is wrong"),
        (format!("postgres://cinnabar:wr0ng@{socket}/nowhere"), "createdb -T template0 -E UTF8 nowhere"),
        ("postgres://cinnabar:wr0ng@127.0.0.1:1/x".to_owned(), "127.0.0.1:1: Connection refused"),
        (
            format!("postgres://cinnabar:wr0ng@{socket}/postgres?sslmode=yes"),
            "`yes`, which must be disable or verify-full",
        ),
        (format!("postgres://cinnabar:wr0ng@{socket}/postgres?options=-csearch_path%3Dnone"), "search_path"),
        ("mysql://a:wr0ng@b/c".to_owned(), "postgres://USER:PASSWORD@HOST:5432/DATABASE"),
        ("postgres://a:wr0ng@host:port/c".to_owned(), "cannot be read"),
    ];
    for (url, wanted) in cases {
        let told = told(&url);
        assert!(told.contains(wanted) && !told.contains("wr0ng") && !told.contains('\n'), "{url}: {told}");
    }
}

#[tokio::test]
async fn over_tls_only_a_certificate_that_is_believed_and_for_the_host_will_do() {
    let Some(cluster) = Cluster::start() else { return };
    let (port, certificate) = secured::speak_tls(&cluster, "localhost");
    let url = |host: &str, query: &str| format!("postgres://locked:r1ght-pa55@{host}:{port}/postgres{query}");
    let given = format!("?sslmode=verify-full&sslrootcert={}", certificate.display());
    schema(&url("localhost", &given), "tls").await;
    let db = node(&url("localhost", &given), "tls");
    assert_eq!(insert(&db, "encrypted").await.unwrap(), Some(10001));
    let sql = "SELECT version || ' ' || CAST(bits >= 128 AS TEXT) FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let seen = db.read(|tx| tx.query_opt(sql, &[], |row| row.text(0))).unwrap();
    assert_eq!(seen.as_deref(), Some("TLSv1.3 true"));
    let long = "x".repeat(1 << 20);
    let echo = db.read(|tx| tx.query_opt("SELECT CAST($1 AS TEXT)", params![long.as_str()], |row| row.text(0)));
    assert_eq!(echo.unwrap(), Some(long), "more than fits into a socket at once");
    let told = |url: &str| Db::connect(url, MIGRATIONS).err().unwrap().to_string();
    for (host, query, wanted) in [
        ("127.0.0.1", given.as_str(), "its certificate is not believed"),
        ("localhost", "?sslmode=require", "sslrootcert="),
        ("localhost", "", "may not connect"),
    ] {
        let told = told(&url(host, query));
        assert!(told.contains(wanted) && !told.contains("r1ght"), "{host} {query}: {told}");
    }
    cluster.stop_dead();
    cluster.start_again();
    assert_eq!(names(&db).unwrap(), ["encrypted"]);
}

#[tokio::test]
async fn a_newer_format_is_refused_untouched() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "newer").await;
    drop(node(cluster.url(), "newer"));
    let refused = Db::connect(&in_schema(cluster.url(), "newer"), &MIGRATIONS[..2]);
    assert!(matches!(refused, Err(Error::NewerFormat { found: 3, known: 2 })));
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_looked_up() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "lost").await;
    let cutter = Cutter::before(&cluster.folder);
    let (db, witness) = (node(&cutter.url(), "lost"), node(cluster.url(), "lost"));
    cutter.set(Cut::Before);
    let before = insert(&db, "before").await;
    assert!(matches!(before, Err(Error::Unavailable(_))), "{before:?}");
    cutter.set(Cut::After);
    insert(&db, "after").await.unwrap();
    assert_eq!(names(&witness).unwrap(), ["after"]);
    insert(&db, "later").await.unwrap();
    assert_eq!(names(&db).unwrap(), ["after", "later"]);
}

#[tokio::test]
async fn while_it_is_not_known_whether_it_is_written_nobody_is_told_and_others_are_refused() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "doubt").await;
    let cutter = Cutter::before(&cluster.folder);
    let db = node(&cutter.url(), "doubt");
    cutter.set(Cut::AfterAndShut);
    let mut waiting = Box::pin(insert(&db, "in doubt"));
    let told = tokio::time::timeout(Duration::from_millis(700), &mut waiting).await;
    assert!(told.is_err(), "{told:?}");
    let refused = insert(&db, "meanwhile").await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    cutter.set(Cut::Never);
    waiting.await.unwrap();
    assert_eq!(names(&db).unwrap(), ["in doubt"]);
}

#[tokio::test]
async fn a_process_that_stands_still_in_a_transaction_does_not_hold_up_the_others() {
    let Some(cluster) = shared() else { return };
    schema(cluster.url(), "frozen").await;
    let (frozen, other) = (node(cluster.url(), "frozen"), node(cluster.url(), "frozen"));
    let (began, begun) = tokio::sync::oneshot::channel();
    let (thaw, thawed) = std::sync::mpsc::channel::<()>();
    let stands = tokio::spawn({
        let frozen = frozen.clone();
        async move {
            frozen
                .write(move |tx| {
                    tx.execute("INSERT INTO t (name) VALUES ('frozen')", &[])?;
                    let _ = began.send(());
                    let _ = thawed.recv();
                    Ok::<_, Error>(())
                })
                .await
        }
    });
    begun.await.unwrap();
    insert(&other, "moving").await.unwrap();
    thaw.send(()).unwrap();
    let late = stands.await.unwrap();
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
    assert_eq!(names(&other).unwrap(), ["moving"]);
    insert(&frozen, "again").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_all_goes_on() {
    let Some(cluster) = Cluster::start() else { return };
    let db = Db::connect(cluster.url(), MIGRATIONS).unwrap();
    let mut ear = db.subscribe("news").unwrap();
    insert(&db, "before").await.unwrap();
    names(&db).unwrap();
    for _ in 0..3 {
        cluster.stop_dead();
        let asked = Instant::now();
        let (read, written) = (names(&db), insert(&db, "during").await);
        assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
        assert!(matches!(written, Err(Error::Unavailable(_))), "{written:?}");
        println!("refused after {:?}", asked.elapsed());
        cluster.start_again();
        let back = Instant::now();
        while names(&db).is_err() || count_up(&db).await.is_err() {
            assert!(back.elapsed() < Duration::from_secs(30), "it is back, and we are not");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        println!("back after {:?}", back.elapsed());
        // What may have been missed is signalled when the ear is open again.
        tokio::time::timeout(Duration::from_secs(30), ear.raised()).await.unwrap();
    }
    assert_eq!(names(&db).unwrap(), ["before"]);
}

/// Signals the server and all that it has started.
fn signal(cluster: &Cluster, signal: Signal) {
    let home = cluster.folder.join("data");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let own = processes.filter(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == home));
    let pids: Vec<Pid> = own.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)).collect();
    assert!(pids.len() > 1, "{pids:?}");
    for pid in pids {
        // One may have ended meanwhile.
        let _ = kill_process(pid, signal);
    }
}

/// A machine that hangs takes connections and says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_given_up_and_taken_up_again() {
    let Some(cluster) = Cluster::start() else { return };
    let db = Db::connect(cluster.url(), MIGRATIONS).unwrap();
    insert(&db, "before").await.unwrap();
    names(&db).unwrap();
    signal(&cluster, Signal::STOP);
    let (read, written) = (names(&db), insert(&db, "during").await);
    assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
    assert!(matches!(written, Err(Error::Unavailable(_))), "{written:?}");
    signal(&cluster, Signal::CONT);
    let back = Instant::now();
    while names(&db).is_err() || count_up(&db).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(30), "it is back, and we are not");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("back after {:?}", back.elapsed());
    assert_eq!(names(&db).unwrap(), ["before"]);
}
