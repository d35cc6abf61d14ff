//! Each stored sample of an older state is opened by today's program, which finds everything in it; a newer one is left alone.
//!
//! `docs/upgrades.md` says how a sample is made.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use db::{Db, Migration};
use serde_json::{Value, json};
use server::config::Config;
use server::service::{Service, StartError};
use server::store;

use crate::client::Client;
use crate::harness::{Cinnabar, config};

/// The host whose instances the dumps have.
const MADE_ON: &str = "vm";
/// The server of their nodes.
const MADE_WITH: &str = "/usr/bin/redis-server";

/// What one sample holds, as the program that made it said.
struct Sample {
    folder: PathBuf,
    expected: Value,
    /// The statements that make it in a PostgreSQL; none for a file of SQLite.
    dump: Option<String>,
}

impl Sample {
    /// Those of PostgreSQL only where the tests have one.
    fn all() -> Vec<Self> {
        let folders = std::fs::read_dir(samples()).unwrap().map(|entry| entry.unwrap().path());
        let read = |folder: PathBuf| {
            let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
            let dump = std::fs::read_to_string(folder.join("state.sql")).ok();
            Self { expected: serde_json::from_str(&expected).unwrap(), folder, dump }
        };
        let shared = std::env::var(db::testing::VARIABLE).is_ok();
        let all: Vec<_> = folders.map(read).filter(|sample| sample.dump.is_none() || shared).collect();
        assert!(all.iter().any(|sample| sample.dump.is_some() == shared), "there is no sample");
        all
    }

    /// Puts a copy of the state into a data folder, or into the schema of the test that has this folder.
    fn put_into(&self, data: &Path) {
        let Some(dump) = &self.dump else {
            let copy = data.join("state.db");
            std::fs::copy(self.folder.join("state.db"), &copy).unwrap();
            return std::fs::set_permissions(copy, std::fs::Permissions::from_mode(0o600)).unwrap();
        };
        write(&db::testing::open(data, &[]).unwrap(), dump);
    }

    fn open(&self, data: &Path) -> Db {
        match self.dump {
            None => Db::open(&data.join("state.db"), store::MIGRATIONS).unwrap(),
            Some(_) => db::testing::open(data, store::MIGRATIONS).unwrap(),
        }
    }

    /// A service uses the state where it was put.
    fn configure(&self, config: &mut Config) {
        if self.dump.is_none() {
            config.database.url = "".into();
        } else {
            config.host.name = MADE_ON.to_owned();
        }
    }

    fn instances(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.expected["instances"].as_object().unwrap().iter()
    }

    /// Number and status.
    fn tasks(&self) -> impl Iterator<Item = (i64, &str)> {
        let tasks = self.expected["tasks"].as_object().unwrap().iter();
        tasks.map(|(id, status)| (id.parse().unwrap(), status.as_str().unwrap()))
    }

    /// A service on a copy, in which `meanwhile` has changed something before.
    async fn serve(&self, meanwhile: Option<&'static str>) -> Cinnabar {
        Cinnabar::start_with(|config| {
            self.put_into(&config.data);
            if self.dump.is_some() {
                // The sample's nodes are not here, and a host that knows their folder refuses every other.
                write(&self.open(&config.data), "DELETE FROM host");
            }
            if !Path::new(MADE_WITH).exists() {
                let moved = format!("UPDATE instance SET engine = '{}'", engine().display());
                write(&self.open(&config.data), &moved);
            }
            meanwhile.into_iter().for_each(|sql| write(&self.open(&config.data), sql));
            keep_all(config);
            self.configure(config);
        })
        .await
    }
}

/// A server of this machine, where there is none of that name.
fn engine() -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap();
    let mut places =
        std::env::split_paths(&paths).flat_map(|place| ["redis-server", "valkey-server"].map(|name| place.join(name)));
    places.find(|path| path.exists()).unwrap()
}

/// Runs statements, each ended by a semicolon at the end of its line, in one transaction.
fn write(db: &Db, sql: &str) {
    let (db, statements) = (db.clone(), sql.to_owned());
    // Where the caller is may not be blocked for a future.
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let written: Result<(), db::Error> = runtime.block_on(db.write(move |tx| {
            let parts = statements.split(";\n").map(str::trim).filter(|part| !part.is_empty());
            parts.into_iter().try_for_each(|part| tx.execute(part, &[]).map(drop))
        }));
        written.unwrap();
    };
    std::thread::spawn(run).join().unwrap();
}

/// What was isolated or cleaned up when the sample was made stays so.
fn keep_all(config: &mut Config) {
    const YEARS: i64 = 100 * 365 * 24 * 3600;
    (config.isolation.postpaid, config.isolation.prepaid, config.isolation.tombstone) = (YEARS, YEARS, YEARS);
}

#[tokio::test]
async fn an_older_state_is_migrated_and_no_task_has_changed() {
    for sample in Sample::all() {
        let folder = tempfile::tempdir().unwrap();
        sample.put_into(folder.path());
        let db = sample.open(folder.path());
        let read = db.read(|tx| {
            let tasks =
                tx.query("SELECT id, status FROM task ORDER BY id", &[], |row| Ok((row.int(0)?, row.text(1)?)))?;
            let format = tx.query_opt("SELECT MAX(number) FROM format", &[], |row| row.int(0))?;
            Ok::<_, db::Error>((tasks, format))
        });
        let (tasks, format) = read.unwrap();
        assert_eq!(format, store::MIGRATIONS.last().map(|migration| migration.number));
        let expected: Vec<_> = sample.tasks().map(|(id, status)| (id, status.to_owned())).collect();
        assert_eq!(tasks, expected);
        for status in engine::Status::ALL {
            assert!(tasks.iter().any(|(_, one)| one == status.as_str()), "the sample has no task that is {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_state_is_served_with_all_that_it_holds() {
    for sample in Sample::all() {
        let server = sample.serve(None).await;
        for (id, expected) in sample.instances() {
            let shown =
                server.client.ok("DescribeInstances", json!({ "InstanceId": id })).await["InstanceSet"][0].clone();
            assert_eq!(shown["InstanceName"], expected["name"], "{id}");
            assert_ne!(shown["CurrentRedisVersion"], "", "{id}");
            let status = shown["Status"].as_i64().unwrap();
            match expected["state"].as_str() {
                Some("running") => assert!([1, 2].contains(&status), "{shown}"),
                Some("isolated") => assert!([-2, -3].contains(&status), "{shown}"),
                _ => assert_eq!(status, -3, "{shown}"),
            }
        }
        for (id, expected) in sample.tasks() {
            let (status, message) = ended(&server, id).await;
            match expected {
                "preparing" | "running" => assert!(["succeed", "failed"].contains(&status.as_str()), "{id}: {status}"),
                _ => assert_eq!(status, expected, "{id}"),
            }
            assert_eq!(message.is_empty(), status == "succeed", "{id}: {message}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_older_state_everybody_may_what_they_might() {
    let mut held = 0;
    for sample in Sample::all() {
        let Some(who) = sample.expected.get("identity") else { continue };
        let server = sample.serve(None).await;
        let (seen, hidden) = (json!({"TaskId": who["seen"]}), json!({"TaskId": who["hidden"]}));
        let user = with_key(&server.client, &who["user"]);
        let assumed = user.for_service("sts", "2018-08-13");
        let role = json!({"RoleArn": who["role"], "RoleSessionName": "test"});
        assert_eq!(assumed.refused("AssumeRole", role.clone()).await.0, "UnauthorizedOperation");
        let issued = server.client.for_service("sts", "2018-08-13").ok("AssumeRole", role).await;
        let token = issued["Credentials"]["Token"].as_str().unwrap().to_owned();
        let temporary = json!([issued["Credentials"]["TmpSecretId"], issued["Credentials"]["TmpSecretKey"]]);
        let role = Client { token, ..with_key(&server.client, &temporary) };
        for client in [&user, &role] {
            assert_eq!(client.ok("DescribeTaskInfo", seen.clone()).await["Status"], "succeed");
            let refused = client.refused("DescribeTaskInfo", hidden.clone()).await.0;
            assert_eq!(refused, "InvalidParameter.PermissionDenied");
        }
        let stranger = with_key(&server.client, &who["stranger"]);
        assert_eq!(stranger.ok("DescribeInstances", json!({})).await["TotalCount"], 0);
        assert_eq!(stranger.refused("DescribeTaskInfo", seen).await.0, "InvalidParameter.InvalidParameter");
        held += 1;
    }
    assert!(held > 0, "no sample has users");
}

fn with_key(client: &Client, pair: &Value) -> Client {
    let text = |index: usize| pair[index].as_str().unwrap().to_owned();
    Client { secret_id: text(0), secret_key: text(1), ..client.clone() }
}

#[test]
fn the_state_of_today_has_a_sample_of_each_database() {
    let today = store::MIGRATIONS.last().unwrap().number;
    for name in [format!("format-{today}"), format!("format-{today}-postgresql")] {
        assert!(samples().join(&name).join("expected.json").exists(), "{name} is missing; docs/upgrades.md says how");
    }
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

/// Status and message of a task that has ended, which is waited for.
async fn ended(server: &Cinnabar, id: i64) -> (String, String) {
    let mut seen = Value::Null;
    for _ in 0..3000 {
        seen = server.client.ok("DescribeTaskInfo", json!({ "TaskId": id })).await;
        if !["preparing", "running"].contains(&seen["Status"].as_str().unwrap()) {
            let text = |name: &str| seen[name].as_str().unwrap().to_owned();
            return (text("Status"), text("TaskMessage"));
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_steps_are_others_now_ends_in_error_and_says_so() {
    for sample in Sample::all() {
        let older = "UPDATE task SET steps = '[\"purge_all\"]' WHERE status IN ('preparing', 'running')";
        let server = sample.serve(Some(older)).await;
        for (id, _) in sample.tasks().filter(|(_, status)| ["preparing", "running"].contains(status)) {
            let (status, message) = ended(&server, id).await;
            assert_eq!(status, "error");
            assert!(message.contains("purge_all"), "{message}");
        }
    }
}

#[tokio::test]
async fn a_newer_state_is_refused_and_not_a_byte_of_it_changes() {
    for sample in Sample::all() {
        let folder = tempfile::tempdir().unwrap();
        sample.put_into(folder.path());
        let future = [Migration { number: 999, sql: "CREATE TABLE from_the_future (id @id)" }];
        drop(match sample.dump {
            None => Db::open(&folder.path().join("state.db"), &future).unwrap(),
            Some(_) => db::testing::open(folder.path(), &future).unwrap(),
        });
        let before = sample.bytes(folder.path());
        let mut config = config(folder.path());
        sample.configure(&mut config);
        let refused = Service::start(config, None).await.err().unwrap();
        assert!(matches!(refused, StartError::Store(db::Error::NewerFormat { found: 999, .. })), "{refused}");
        assert!(refused.to_string().contains("start the newer version"), "{refused}");
        assert!(before == sample.bytes(folder.path()), "the state was touched");
        assert!(!folder.path().join("state.db-wal").exists(), "something was written");
    }
}

impl Sample {
    /// All that is stored: the file, or in a PostgreSQL when each row of each table was written last.
    fn bytes(&self, data: &Path) -> Vec<u8> {
        if self.dump.is_none() {
            return std::fs::read(data.join("state.db")).unwrap();
        }
        // As the future knows it; nothing is brought up to date.
        let db = db::testing::open(data, &[Migration { number: 999, sql: "" }]).unwrap();
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()
                      AND table_name <> 'db_writer' ORDER BY 1";
        let read = db.read(|tx| {
            let tables = tx.query(tables, &[], |row| row.text(0))?;
            let rows = tables.iter().map(|table| {
                let rows = format!("SELECT '{table} ' || xmin::text || ' ' || ctid::text FROM {table} ORDER BY 1");
                tx.query(&rows, &[], |row| row.text(0))
            });
            rows.collect::<Result<Vec<_>, db::Error>>()
        });
        read.unwrap().concat().join("\n").into_bytes()
    }
}
