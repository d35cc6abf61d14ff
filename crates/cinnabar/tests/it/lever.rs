//! `cinnabar lever`: what a tester types, and what comes of it.

use serde_json::Value;

use crate::harness::{Folder, Server};

const SEED: &str =
    "[[instances]]\nInstanceName = \"cache\"\nTypeId = 17\nMemSize = 1024\nPassword = \"Passw0rd!\"\nfill = 3\n";

fn levered() -> Server {
    levered_in(Folder::new())
}

fn levered_in(folder: Folder) -> Server {
    let seed = folder.write("seed.toml", SEED);
    Server::start_in(folder, |command| {
        command.arg("--test-levers").arg("--seed").arg(&seed);
    })
}

fn seeded(server: &Server) -> String {
    let listed = server.call(&["DescribeInstances"]);
    assert_eq!(listed["TotalCount"], 1, "{listed}");
    listed["InstanceSet"][0]["InstanceId"].as_str().unwrap().to_owned()
}

#[test]
fn a_planned_failure_is_followed_and_listed_and_a_reset_brings_the_seed_back() {
    let server = levered();
    let instance = seeded(&server);
    let said = |words: &[&str]| {
        let ended = server.client(words);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{words:?}");
        ended.out.trim().to_owned()
    };
    let plan =
        ["lever", "plan", "task", "--kind", "ClearInstance", "--running-polls", "2", "--fail", "the disk is full"];
    assert_eq!(said(&plan), "plan 1");
    let words = ["ClearInstance", &format!("InstanceId={instance}"), "Password=Passw0rd!"];
    let task = server.call(&words)["TaskId"].to_string();
    let waited = server.client(&["task", "wait", &task]);
    assert_eq!(waited.code, Some(1), "{waited:?}");
    assert!(waited.out.contains("running") && waited.out.ends_with("the disk is full\n"), "{waited:?}");
    assert!(said(&["task", "steps", &task]).contains("planned by lever plan 1"));
    let listed = said(&["lever", "list"]);
    assert!(listed.contains("taken by plan 1") && listed.contains(&instance), "{listed}");
    assert!(listed.ends_with("the date is 0 s ahead of the true one"), "{listed}");
    assert_eq!(
        said(&["lever", "plan", "action", "DescribeInstances", "--code", "InternalError", "--uses", "9"]),
        "plan 2"
    );
    let refused = server.client(&["call", "DescribeInstances"]);
    assert!(refused.complaint().contains("InternalError: planned by a test lever"), "{refused:?}");
    assert_eq!(said(&["lever", "plan", "cancel", "2"]), "plan 2 is cancelled");
    assert_eq!(said(&["lever", "pace", "--at-least", "50"]), "the pace is set");
    if std::env::var_os(db::testing::VARIABLE).is_some() {
        for words in [["lever", "clock", "1h"].as_slice(), &["lever", "reset"]] {
            let refused = server.client(words);
            assert!(refused.code == Some(1) && refused.complaint().contains("shared with other nodes"), "{refused:?}");
        }
        return;
    }
    assert!(said(&["lever", "clock", "2h30m"]).contains("9000 s ahead"));
    assert_eq!(said(&["lever", "reset"]), "removed 2 nodes and 2 tasks; 1 instances are there, as seeded");
    assert_ne!(seeded(&server), instance);
    let all = server.client(&["lever", "list", "--json"]).json();
    assert_eq!(
        (&all["leapt_ms"], &all["plans"], &all["paces"]),
        (&Value::from(0), &Value::from(Vec::<Value>::new()), &Value::from(Vec::<Value>::new()))
    );
    assert_eq!(all["seed"][0]["name"], "cache");
}

#[test]
fn a_task_goes_on_as_planned_after_a_kill() {
    let server = levered();
    let plan =
        ["--kind", "ClearInstance", "--preparing-polls", "1", "--running-polls", "2", "--fail", "the disk is full"];
    server.client(&[&["lever", "plan", "task"][..], &plan].concat());
    let words = ["ClearInstance", &format!("InstanceId={}", seeded(&server)), "Password=Passw0rd!"];
    let ask = format!("TaskId={}", server.call(&words)["TaskId"]);
    let shown = |server: &Server| server.call(&["DescribeTaskInfo", &ask])["Status"].clone();
    let mut seen = vec![shown(&server), shown(&server)];
    server.signal(rustix::process::Signal::KILL);
    let (_, _, folder) = server.wait();
    let server = levered_in(folder);
    seen.extend([shown(&server), shown(&server)]);
    assert_eq!(seen, ["preparing", "running", "running", "failed"]);
    assert_eq!(server.call(&["DescribeTaskInfo", &ask])["TaskMessage"], "the disk is full");
}

#[test]
fn what_is_wrong_is_one_line() {
    let server = levered();
    let complain = |words: &[&str], code: i32, says: &str| {
        let ended = server.client(words);
        assert!(ended.code == Some(code) && ended.complaint().contains(says), "{words:?}: {ended:?}");
    };
    complain(&["lever", "plan", "task"], 1, "`task` plans nothing");
    complain(&["lever", "plan", "task", "--kind", "Clear", "--fail", "M"], 1, "there are CreateInstances");
    complain(&["lever", "plan", "action", "Clear", "--code", "A"], 1, "is no action");
    complain(&["lever", "plan", "cancel", "9"], 1, "there is no plan 9");
    complain(&["lever", "pace"], 2, "--instant");
    complain(&["lever", "release", "9"], 1, "no polls hold task 9");
    let wrong = server.client(&["lever", "clock", "soon"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("2h30m"), "{wrong:?}");
    let wrong = server.client(&["lever", "plan", "task", "--after"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("--fail"), "{wrong:?}");
}

#[test]
fn without_levers_each_command_says_how_to_switch_them_on() {
    let server = Server::start();
    let commands: [&[&str]; 6] = [
        &["list"],
        &["reset"],
        &["clock", "1h"],
        &["pace", "--instant"],
        &["release", "1"],
        &["plan", "task", "--fail", "M"],
    ];
    for words in commands {
        let ended = server.client(&[&["lever"], words].concat());
        assert!(ended.code == Some(1) && ended.complaint().contains("--test-levers"), "{words:?}: {ended:?}");
    }
}
