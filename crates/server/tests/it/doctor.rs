//! The consistency check, with a server behind it whose repairs do not come: each difference is made, and found.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::admin::Operators;
use crate::harness::{Cinnabar, kill, processes_in};
use crate::stories::{create, ports};

/// A server that repairs nothing while a test lasts, with one running instance.
async fn house() -> (Cinnabar, Operators, String) {
    let mut server = Cinnabar::start().await;
    let id = create(&server.client).await;
    // As `serve` makes it, and the tests' own temporary folder is not.
    std::fs::set_permissions(server.folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    server.reconfigure(|config| (config.background.observe, config.background.expire) = (3_600_000, 3_600_000));
    server.restart().await;
    // The first round of each chore comes at the start.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let operators = Operators::of(&server);
    (server, operators, id)
}

async fn examine(operators: &Operators) -> Value {
    let (status, diagnosis) = operators.post("/doctor", json!({})).await;
    assert_eq!(status, 200, "{diagnosis}");
    diagnosis
}

/// The findings as `check subject`, of which each also says what is wrong and what to do, and is documented.
async fn findings(operators: &Operators) -> BTreeSet<String> {
    let diagnosis = examine(operators).await;
    let docs = std::fs::read_to_string(crate::structure::root().join("docs/operating.md")).unwrap();
    let all = diagnosis["findings"].as_array().unwrap().iter();
    let found: BTreeSet<_> = all
        .map(|finding| {
            let text = |name: &str| finding[name].as_str().unwrap().to_owned();
            assert!(text("what").len() > 10 && text("advice").len() > 10, "{finding}");
            assert!(docs.contains(&format!("`{}`", text("check"))), "docs/operating.md does not name {finding}");
            format!("{} {}", text("check"), text("subject"))
        })
        .collect();
    assert_eq!(diagnosis["healthy"], found.is_empty(), "{diagnosis}");
    found
}

fn set(entries: &[String]) -> BTreeSet<String> {
    entries.iter().cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_house_has_no_findings() {
    let (server, operators, _) = house().await;
    let diagnosis = examine(&operators).await;
    assert_eq!(diagnosis["findings"], json!([]), "{diagnosis}");
    let formats = server::store::MIGRATIONS.last().unwrap().number;
    assert_eq!(
        (&diagnosis["instances"], &diagnosis["nodes"], &diagnosis["format"]),
        (&json!(1), &json!(2), &json!(formats))
    );
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_processes_and_what_sits_on_their_ports_are_found() {
    let (server, operators, id) = house().await;
    let own = ports(&server, &id);
    for pid in processes_in(server.folder.path()) {
        kill(pid);
    }
    let address = server.address();
    let mut squatter = None;
    for _ in 0..500 {
        squatter = std::net::TcpListener::bind((address, own[0])).ok();
        if squatter.is_some() && processes_in(server.folder.path()).is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(squatter.is_some(), "the port is not free");
    let expected = [
        format!("process-missing {id}/s1n0"),
        format!("process-missing {id}/s1n1"),
        format!("port-conflict {id}/s1n0"),
    ];
    assert_eq!(findings(&operators).await, set(&expected));
}

/// A replica needs a moment until it knows that its master is gone.
async fn found_soon(operators: &Operators, finding: &str) {
    let begun = std::time::Instant::now();
    loop {
        let found = findings(operators).await;
        if found.contains(finding) {
            return;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{finding} is not among {found:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_changed_by_hand_is_found() {
    let (server, operators, id) = house().await;
    // As only the control plane's own user can.
    let secret = std::fs::read_to_string(folder(&server, &id).join("secret")).unwrap();
    let client = redis::Client::open(format!(
        "redis+unix://{}?user=cinnabar&pass={}",
        folder(&server, &id).join("redis.sock").display(),
        secret.trim()
    ));
    let mut control = client.unwrap().get_connection().unwrap();
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("12345678").exec(&mut control).unwrap();
    redis::cmd("ACL").arg(&["SETUSER", "default", ">another"]).exec(&mut control).unwrap();
    let expected = [format!("wrong-maxmemory {id}/s1n0"), format!("wrong-access {id}/s1n0")];
    assert_eq!(findings(&operators).await, set(&expected));
    redis::cmd("REPLICAOF").arg("127.0.0.1").arg("1").exec(&mut control).unwrap();
    let found = findings(&operators).await;
    assert!(found.contains(&format!("wrong-role {id}/s1n0")), "{found:?}");
    // Of a replica whose master has nobody behind its port: its role is right, and it follows nobody.
    redis::cmd("REPLICAOF").arg("NO").arg("ONE").exec(&mut control).unwrap();
    redis::cmd("ACL").arg(&["SETUSER", "replica", "off"]).exec(&mut control).unwrap();
    redis::cmd("CLIENT").arg(&["KILL", "TYPE", "replica"]).exec(&mut control).unwrap();
    found_soon(&operators, &format!("replication-down {id}/s1n1")).await;
    let told = examine(&operators).await.to_string();
    let server::model::instance::Access::Sha256(hash) = server::model::password::access("another") else { panic!() };
    assert!(!told.contains(secret.trim()) && !told.contains(&hash), "{told}");
}

fn folder(server: &Cinnabar, id: &str) -> PathBuf {
    server.folder.path().join("instances").join(id).join("s1n0")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_nobody_and_what_others_may_read_is_found() {
    let (server, operators, id) = house().await;
    let stray = server.folder.path().join("instances/crs-strange1/s1n0");
    std::fs::create_dir_all(&stray).unwrap();
    let third = folder(&server, &id).with_file_name("s1n2");
    std::fs::create_dir(&third).unwrap();
    let private = |path: &PathBuf, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    private(&stray, 0o700);
    private(&third, 0o700);
    private(&stray.parent().unwrap().to_owned(), 0o700);
    let keys = server.folder.path().canonicalize().unwrap().join("credentials.json");
    private(&keys, 0o644);
    let expected = [
        "node-without-row crs-strange1/s1n0".to_owned(),
        format!("node-without-row {id}/s1n2"),
        format!("permissions {}", keys.display()),
    ];
    assert_eq!(findings(&operators).await, set(&expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_contradicts_itself_is_found() {
    let (server, operators, id) = house().await;
    sql(&server, "UPDATE instance SET state = 'creating'").await;
    assert_eq!(findings(&operators).await, set(&[format!("creation-without-task {id}")]));
    sql(&server, "UPDATE instance SET state = 'isolated'").await;
    let resting = [format!("node-should-rest {id}/s1n0"), format!("node-should-rest {id}/s1n1")];
    assert_eq!(findings(&operators).await, set(&resting));
    sql(&server, "UPDATE instance SET state = 'cleaned'").await;
    let gone = [
        format!("node-of-gone-instance {id}/s1n0"),
        format!("node-of-gone-instance {id}/s1n1"),
        format!("ports-of-gone-instance {id}"),
    ];
    assert_eq!(findings(&operators).await, set(&gone));
    sql(&server, "UPDATE instance SET state = 'running'").await;
    sql(&server, "UPDATE node SET port = port + 5000").await;
    let moved = [format!("wrong-port {id}/s1n0"), format!("wrong-port {id}/s1n1"), format!("wrong-role {id}/s1n1")];
    assert_eq!(findings(&operators).await, set(&moved));
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_wait_for_a_person_or_for_nobody_are_found() {
    let (server, operators, id) = house().await;
    let add = "INSERT INTO task (kind, tenant, region, subject, status, params, steps, run_at, time_limit, total_steps, request_id, \
               operator, client, created_at, lease_until, deadline) VALUES ('ClearInstance', 't', 'r',";
    let task = async |subject: &str, rest: &str| {
        let sql = format!("{add} '{subject}', {rest}) RETURNING id");
        let id: Result<Option<i64>, db::Error> =
            server.service().app.db.write(move |tx| tx.query_opt(&sql, &[], |row| row.int(0))).await;
        id.unwrap().unwrap()
    };
    let now = server.service().app.clock.now_ms();
    let stuck = task(&id, "'error', 'null', '[\"purge\"]', 0, 1, 1, '', '', '', 0, 0, NULL").await;
    let forever = now * 2;
    let late =
        task("crs-none", &format!("'running', 'null', '[\"purge\"]', 0, 1, 1, '', '', '', 0, {forever}, 1")).await;
    let expected = [
        format!("task-in-error task {stuck}"),
        format!("task-without-instance task {late}"),
        format!("deadline-passed task {late}"),
    ];
    assert_eq!(findings(&operators).await, set(&expected));
    assert_eq!(examine(&operators).await["busy"], 1);
}

async fn sql(server: &Cinnabar, sql: &'static str) {
    let done: Result<_, db::Error> = server.service().app.db.write(move |tx| tx.execute(sql, &[])).await;
    done.unwrap();
}
