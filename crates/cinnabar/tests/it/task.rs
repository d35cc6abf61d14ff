//! `cinnabar task` and `cinnabar instance`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::harness::{Ended, Server, cinnabar};

#[test]
fn waiting_ends_with_the_task() {
    let server = Server::start();
    let id = server.create();
    let ended = server.client(&["task", "wait", "10001"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let lines: Vec<_> = ended.out.lines().collect();
    assert!(lines.last().unwrap().ends_with("succeed") && lines.last().unwrap().contains(&id), "{lines:?}");
    let mut once = lines.clone();
    once.dedup();
    assert_eq!(once, lines, "a line only when the status changes");
}

#[test]
fn a_task_whose_end_is_not_known_is_3() {
    let server = Server::start();
    let unknown = server.client(&["task", "wait", "7"]);
    assert_eq!(unknown.code, Some(3));
    assert!(unknown.complaint().contains("TaskId"), "{unknown:?}");
    let nobody = Ended::of(
        cinnabar()
            .args(["task", "wait", "7", "--endpoint", "http://127.0.0.1:1"])
            .arg("--data")
            .arg(server.folder.data()),
    );
    assert_eq!(nobody.code, Some(3));
    assert!(nobody.complaint().contains("cannot reach"), "{nobody:?}");
}

#[test]
fn the_lists_are_tables() {
    let server = Server::start();
    let id = server.create();
    server.client(&["task", "wait", "10001"]);
    let cells = |words: &[&str]| -> Vec<Vec<String>> {
        let ended = server.client(words);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
        ended
            .out
            .lines()
            .map(|line| line.split("  ").filter(|s| !s.is_empty()).map(|s| s.trim().to_owned()).collect())
            .collect()
    };
    let endpoint = format!("{}:6379", server.folder.address);
    let instances = cells(&["instance", "list"]);
    assert_eq!(instances[0][..4], ["INSTANCE", "NAME", "STATUS", "ENDPOINT"]);
    assert_eq!((&instances[1][0], &instances[1][2], &instances[1][3]), (&id, &"running".to_owned(), &endpoint));
    let tasks = cells(&["task", "list", "--instance", &id]);
    assert_eq!(tasks[0][..4], ["TASK", "TYPE", "STATUS", "PROGRESS"]);
    assert_eq!(tasks[1][..5], ["10001", "001", "succeed", "100 %", &id]);
    for none in [
        &["task", "list", "--status", "running"][..],
        &["task", "list", "--type", "006"],
        &["instance", "list", "--status", "-2"],
    ] {
        assert_eq!(cells(none).len(), 1, "{none:?}");
    }
}

/// Answers each request with the next of these inner Responses, and the last one again and again.
fn answering(responses: &[&str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let bodies: Vec<String> = responses.iter().map(|inner| format!("{{\"Response\":{inner}}}")).collect();
    std::thread::spawn(move || {
        let mut next = bodies.iter().chain(std::iter::repeat(&bodies[bodies.len() - 1]));
        for stream in listener.incoming().flatten() {
            let action = read_request(&stream);
            // Progress is asked for too, and does not count.
            let body = if action == "DescribeTaskInfo" { next.next().unwrap().as_str() } else { "{}" };
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            (&stream).write_all((head + body).as_bytes()).unwrap();
        }
    });
    endpoint
}

/// Reads one request to its end; its action.
fn read_request(stream: &TcpStream) -> String {
    let (mut reader, mut action, mut length) = (BufReader::new(stream), String::new(), 0);
    for line in (&mut reader).lines().map(Result::unwrap).take_while(|line| !line.is_empty()) {
        match line.to_ascii_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(("x-tc-action", _)) => action = line.split_once(": ").unwrap().1.to_owned(),
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    action
}

fn task(status: &str, message: &str) -> String {
    format!(
        r#"{{"Status":"{status}","StartTime":"","TaskType":"Redis cache purge process","InstanceId":"crs-1","TaskMessage":"{message}"}}"#
    )
}

fn wait(responses: &[&str], words: &[&str]) -> Ended {
    let endpoint = answering(responses);
    let keys = [("CINNABAR_SECRET_ID", "a"), ("CINNABAR_SECRET_KEY", "b")];
    Ended::of(cinnabar().args(["task", "wait", "7", "--endpoint", &endpoint]).args(words).envs(keys))
}

#[test]
fn the_exit_status_tells_the_end() {
    let running = task("running", "");
    for (status, code) in [("succeed", 0), ("failed", 1), ("error", 2)] {
        let end = task(status, if code == 0 { "" } else { "the cause" });
        let ended = wait(&[&task("preparing", ""), &running, &running, &end], &[]);
        assert_eq!((ended.code, ended.err.as_str()), (Some(code), ""), "{status}");
        let lines: Vec<_> = ended.out.lines().map(|line| line.rsplit(": ").next().unwrap()).collect();
        let cause = if code == 0 { &[][..] } else { &["the cause"] };
        assert_eq!(lines, [&["preparing", "running", status], cause].concat());
    }
}

#[test]
fn the_limit_of_requests_does_not_end_the_waiting() {
    let limited = r#"{"Error":{"Code":"RequestLimitExceeded","Message":"later"},"RequestId":"x"}"#;
    assert_eq!(wait(&[limited, &task("succeed", "")], &[]).code, Some(0));
}

#[test]
fn a_timeout_is_3_and_names_the_status() {
    let ended = wait(&[&task("running", "")], &["--timeout", "0"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.complaint().contains("still running after 0 s"), "{ended:?}");
}

#[test]
fn what_is_not_the_api_is_told() {
    let ended = wait(&["1"], &[]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.complaint().contains("does not speak the API"), "{ended:?}");
}
