//! `cinnabar call` against a running server.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::harness::{Ended, Folder, PASSWORD, Server, cinnabar};

#[test]
fn an_answer_is_pretty_json_in_the_contracts_order() {
    let server = Server::start();
    let id = server.create();
    assert_eq!(server.client(&["task", "wait", "10001"]).code, Some(0));
    let ended = server.client(&["call", "redis", "DescribeTaskInfo", "TaskId=10001"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let answer = ended.json();
    assert_eq!((&answer["Status"], &answer["InstanceId"]), (&json!("succeed"), &json!(id)));
    let keys: Vec<_> = ended.out.lines().filter_map(|line| line.trim().split('"').nth(1)).collect();
    assert_eq!(keys, ["Status", "StartTime", "TaskType", "InstanceId", "TaskMessage", "RequestId"]);
}

#[test]
fn an_error_is_printed_and_ends_with_1() {
    let server = Server::start();
    let ended = server.client(&["call", "CreateInstances", "TypeId=15"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.json()["Error"]["Code"], "MissingParameter");
    assert!(ended.complaint().starts_with("cinnabar: MissingParameter: "), "{ended:?}");
}

#[test]
fn the_server_judges_names_and_types() {
    let server = Server::start();
    let unknown = server.client(&["call", "DescribeTaskInfo", "TaskId=1", "Nonsense=1"]).json();
    assert_eq!(unknown["Error"]["Code"], "UnknownParameter");
    let wrong = server.client(&["call", "DescribeTaskInfo", "TaskId=one"]).json();
    assert!(wrong["Error"]["Message"].as_str().unwrap().contains("TaskId"), "{wrong}");
    let action = server.client(&["call", "DescribeNothing", "A=1"]).json();
    assert_eq!(action["Error"]["Code"], "InvalidAction");
}

#[test]
fn the_language_and_the_region_are_passed_on() {
    let server = Server::start();
    let message = |words: &[&str]| {
        let ended = server.client(&[&["call", "DescribeTaskInfo", "TaskId=1"], words].concat());
        ended.json()["Error"].clone()
    };
    let (english, chinese) = (message(&[]), message(&["--language", "zh-CN"]));
    assert_ne!(english["Message"], chinese["Message"]);
    assert_eq!(message(&["--region", "ap-nowhere"])["Code"], "UnsupportedRegion");
}

#[test]
fn parameters_come_from_a_file_or_stdin() {
    let server = Server::start();
    let file = server.folder.write("p.json", r#"{"TaskId": 1}"#);
    let file = file.to_str().unwrap();
    let from_file = server.client(&["call", "DescribeTaskInfo", "--json", file]);
    assert_eq!(from_file.json()["Error"]["Code"], "InvalidParameter.InvalidParameter");
    let mut child = cinnabar()
        .args(["call", "DescribeTaskInfo", "--json", "-", "--data"])
        .arg(server.folder.data())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(br#"{"TaskId": "x"}"#).unwrap();
    let from_stdin: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(from_stdin.code, Some(1), "{from_stdin:?}");
    assert!(from_stdin.err.contains("TaskId"), "{from_stdin:?}");
    assert_eq!(server.client(&["call", "DescribeTaskInfo", "TaskId=1", "--json", file]).code, Some(2), "not both");
}

#[test]
fn wrong_usage_ends_with_2_before_anything_is_sent() {
    let folder = Folder::new();
    let bad = folder.write("bad.json", "[1]");
    let call = |words: &[&str]| {
        let base = ["--endpoint", "http://127.0.0.1:1"];
        let mut command = cinnabar();
        command.arg("call").args(words).args(base).env("CINNABAR_SECRET_ID", "a").env("CINNABAR_SECRET_KEY", "b");
        Ended::of(&mut command)
    };
    for words in [
        &["TaskId=1"][..],
        &["nosuchservice", "DescribeTaskInfo"],
        &["DescribeTaskInfo", "TaskId=1", "TaskId=2"],
        &["DescribeTaskInfo", "--json", bad.to_str().unwrap()],
        &[],
    ] {
        assert_eq!(call(words).code, Some(2), "{words:?}");
    }
    let unreachable = call(&["DescribeTaskInfo", "TaskId=1"]);
    assert_eq!(unreachable.code, Some(1));
    assert!(unreachable.complaint().contains("cinnabar serve"), "{unreachable:?}");
}

#[test]
fn without_credentials_the_folder_is_named() {
    let folder = Folder::new();
    let ended = Ended::of(cinnabar().args(["call", "DescribeInstances"]).current_dir(folder.path()));
    assert_eq!(ended.code, Some(1));
    assert!(ended.complaint().contains("cinnabar-data") && ended.complaint().contains("--data"), "{ended:?}");
}

#[test]
fn the_created_instance_takes_its_password() {
    let server = Server::start();
    server.create();
    assert_eq!(server.client(&["task", "wait", "10001"]).code, Some(0));
    let url = format!("redis://:{PASSWORD}@{}:6379/", server.folder.address);
    let mut redis = redis::Client::open(url).unwrap().get_connection().unwrap();
    assert_eq!(redis::cmd("PING").query::<String>(&mut redis).unwrap(), "PONG");
}
