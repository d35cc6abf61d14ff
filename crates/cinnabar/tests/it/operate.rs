//! `cinnabar task show`, `steps`, `retry` and `abandon`: the operator's side by the command line.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::harness::{Ended, Folder, Server, cinnabar, until};

#[test]
fn a_task_is_shown_in_tables_and_as_json() {
    let server = Server::start();
    let instance = server.create();
    server.client(&["task", "wait", "10001"]);
    let shown = server.client(&["task", "show", "10001"]);
    assert_eq!((shown.code, shown.err.as_str()), (Some(0), ""));
    let row = |name: &str| shown.out.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(row("kind").ends_with("CreateInstances") && row("status").ends_with("succeed"), "{}", shown.out);
    assert!(row("instance").ends_with(&instance) && row("progress").ends_with("3/3"), "{}", shown.out);
    assert!(row("start_nodes").contains("done"), "{}", shown.out);
    let steps = server.client(&["task", "steps", "10001"]);
    assert!(steps.out.starts_with("STEP") && steps.out.lines().count() == 4, "{}", steps.out);
    let json = server.client(&["task", "show", "10001", "--json"]).json();
    assert_eq!((&json["id"], &json["steps"][1]["name"]), (&Value::from(10_001), &Value::from("start_nodes")));
    assert_eq!(server.client(&["task", "steps", "10001", "--json"]).json()["steps"], json["steps"]);
}

#[test]
fn who_asked_for_what_is_listed_in_a_table_and_as_json() {
    let server = Server::start();
    let instance = server.create();
    server.client(&["call", "DescribeTaskInfo", "TaskId=7"]);
    let all = server.client(&["audit"]);
    assert_eq!((all.code, all.err.as_str()), (Some(0), ""));
    let lines: Vec<_> = all.out.lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("TIME"), "{}", all.out);
    assert!(lines[1].contains("DescribeTaskInfo") && lines[1].contains("InvalidParameter"), "{}", all.out);
    assert!(lines[2].contains("CreateInstances") && lines[2].contains(&instance), "{}", all.out);
    let of_it = server.client(&["audit", "--resource", &instance, "--code", "ok", "--json"]).json();
    assert_eq!(of_it["records"][0]["user"], Value::from("100000000001"));
    assert_eq!(of_it["records"].as_array().unwrap().len(), 1);
    let wrong = server.client(&["audit", "--limit", "0"]);
    assert!(wrong.code == Some(1) && wrong.complaint().contains("`limit` is 0"), "{wrong:?}");
}

#[test]
fn what_cannot_be_done_is_told_in_one_line() {
    let server = Server::start();
    let complain = |words: &[&str], code: i32, says: &str| {
        let ended = server.client(words);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.complaint().contains(says), "{ended:?}");
    };
    server.create();
    server.client(&["task", "wait", "10001"]);
    complain(&["task", "show", "7"], 1, "there is no task 7");
    complain(&["task", "retry", "10001", "--reason", "why not"], 1, "only one in error can be retried");
    complain(&["task", "abandon", "10001", "--reason", ""], 1, "`reason` is empty");
    let ended = server.client(&["task", "retry", "10001"]);
    assert!(ended.code == Some(2) && ended.err.contains("--reason"), "{ended:?}");
    let file = server.folder.data().join("admin.json");
    let right = fs::read_to_string(&file).unwrap();
    let token = serde_json::from_str::<Value>(&right).unwrap()["token"].as_str().unwrap().to_owned();
    fs::write(&file, right.replace(&token, "guessed")).unwrap();
    complain(&["task", "show", "10001"], 1, "refuses the token");
    let public = format!("{{\"endpoint\":\"{}\",\"token\":\"{token}\"}}", server.endpoint);
    fs::write(&file, public).unwrap();
    complain(&["task", "show", "10001"], 1, "is not the operator's side");
    fs::write(&file, "{").unwrap();
    complain(&["task", "show", "10001"], 1, "admin.json");
    fs::write(&file, right).unwrap();
    server.signal(rustix::process::Signal::TERM);
    let (_, _, folder) = server.wait();
    let show = |folder: &Folder| Ended::of(cinnabar().args(["task", "show", "1", "--data"]).arg(folder.data()));
    let stopped = show(&folder);
    assert!(
        stopped.code == Some(1) && stopped.complaint().contains("is `cinnabar serve` running there?"),
        "{stopped:?}"
    );
    let never = show(&Folder::new());
    assert!(never.code == Some(1) && never.complaint().contains("there is no admin.json in"), "{never:?}");
}

#[test]
fn it_can_be_off_and_must_not_be_open_to_others_by_chance() {
    let server = Server::start_in(Folder::new(), |command| {
        command.args(["--admin", "off"]);
    });
    assert!(!server.folder.data().join("admin.json").exists());
    drop(server);
    let folder = Folder::new();
    let refused = Ended::of(
        cinnabar().args(["serve", "--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0", "--data"]).arg(folder.data()),
    );
    assert!(refused.code == Some(1) && refused.complaint().contains("admin.exposed = true"), "{refused:?}");
}

#[test]
fn the_doctor_tells_by_its_status_and_in_words() {
    let server = Server::start();
    server.create();
    server.client(&["task", "wait", "10001"]);
    let sound = server.client(&["doctor"]);
    assert_eq!((sound.code, sound.err.as_str()), (Some(0), ""), "{sound:?}");
    assert!(
        sound.out.starts_with("nothing differs; looked at: instances 1 ") && sound.out.contains("nodes 2,"),
        "{sound:?}"
    );
    let keys = server.folder.data().join("credentials.json");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o640)).unwrap();
    let ill = server.client(&["doctor"]);
    assert_eq!(ill.code, Some(1));
    assert!(
        ill.out.starts_with("CHECK") && ill.out.contains("permissions") && ill.out.contains("1 finding;"),
        "{ill:?}"
    );
    let json = server.client(&["doctor", "--json"]);
    assert_eq!((json.code, &json.json()["findings"][0]["check"]), (Some(1), &Value::from("permissions")));
    server.signal(rustix::process::Signal::TERM);
    let (_, _, folder) = server.wait();
    let nobody = Ended::of(cinnabar().args(["doctor", "--data"]).arg(folder.data()));
    assert!(nobody.code == Some(3) && nobody.complaint().contains("cannot reach"), "{nobody:?}");
}

/// The server is killed right after it has said yes: the next one keeps the promise.
#[test]
fn a_cancel_that_was_answered_holds_also_after_kill_9() {
    for _ in 0..5 {
        let server = Server::start();
        let instance = server.create();
        let cancelled = server.client(&["task", "cancel", "10001", "--reason", "by mistake", "--by", "ann"]);
        server.signal(rustix::process::Signal::KILL);
        let (_, _, folder) = server.wait();
        let again = Server::start_in(folder, |_| {});
        let ended = again.client(&["task", "wait", "10001"]);
        let left = again.folder.data().join("instances").join(&instance);
        if cancelled.code == Some(0) {
            assert!(ended.code == Some(1) && ended.out.contains("cancelled by an operator"), "{ended:?}");
            assert!(!left.exists());
            let shown = again.client(&["task", "show", "10001"]);
            assert!(shown.out.contains("ann from 127.0.0.1") && shown.out.contains("by mistake"), "{shown:?}");
            return;
        }
        assert!(cancelled.complaint().contains("has ended already") && ended.code == Some(0), "{cancelled:?}");
    }
    panic!("none of five was caught on its way");
}

/// What `/readyz` answers: its status, and the names of the parts that are not ready.
fn ready(server: &Server) -> (u16, Vec<String>) {
    let access: Value =
        serde_json::from_str(&fs::read_to_string(server.folder.data().join("admin.json")).unwrap()).unwrap();
    let mut stream = TcpStream::connect(access["endpoint"].as_str().unwrap().trim_start_matches("http://")).unwrap();
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let missing = body["parts"].as_array().unwrap().iter().filter(|part| part["ready"] == false);
    let names = missing.map(|part| part["name"].as_str().unwrap().to_owned()).collect();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), names)
}

/// Only where a PostgreSQL is installed: an embedded state does not go away.
#[test]
fn without_its_database_a_server_is_alive_and_not_ready() {
    let Some(cluster) = Cluster::start() else { return };
    let server = Server::start_in(Folder::new(), |command| {
        command.env("CINNABAR_DATABASE_URL", cluster.url());
    });
    until("it is ready", || ready(&server) == (200, Vec::new()));
    cluster.stop_dead();
    until("it says that the state is away", || ready(&server) == (503, vec!["state".to_owned()]));
    cluster.start_again();
    until("it is ready again", || ready(&server) == (200, Vec::new()));
}

/// One process answers, another one works: what an operator says to the first holds for the second.
#[test]
fn a_cancel_reaches_the_process_that_works() {
    let Some(cluster) = Cluster::start() else { return };
    let start = |role: &str| {
        Server::start_in(Folder::new(), |command| {
            command.args(["--role", role, "--host-name", role]).env("CINNABAR_DATABASE_URL", cluster.url());
        })
    };
    let worker = start("all");
    let front = start("api");
    assert_eq!(ready(&front), (200, Vec::new()), "what it has no part in is not asked of it");
    for task in 10_001..10_006 {
        let instance = front.create();
        let cancelled = front.client(&["task", "cancel", &task.to_string(), "--reason", "by mistake"]);
        let ended = front.client(&["task", "wait", &task.to_string()]);
        if cancelled.code == Some(0) {
            assert!(ended.code == Some(1) && ended.out.contains("cancelled by an operator"), "{ended:?}");
            assert!(!worker.folder.data().join("instances").join(&instance).exists());
            let doctor = front.client(&["doctor"]);
            assert_eq!((doctor.code, doctor.err.as_str()), (Some(0), ""), "{doctor:?}");
            return;
        }
        assert!(cancelled.complaint().contains("has ended already") && ended.code == Some(0), "{cancelled:?}");
    }
    panic!("none of five was caught on its way");
}
