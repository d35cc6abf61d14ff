//! The server's own life: ready, signals, restart.

use std::io::Write;
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Folder, Server, until};

fn ends_gracefully_on(signal: Signal) {
    let server = Server::start();
    assert!(server.endpoint.starts_with("http://127.0.0.1:") && !server.endpoint.ends_with(":0"));
    server.signal(signal);
    let (status, rest, _folder) = server.wait();
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""), "stdout has the ready line and nothing else");
}

#[test]
fn sigterm_ends_it_gracefully() {
    ends_gracefully_on(Signal::TERM);
}

#[test]
fn sigint_ends_it_gracefully() {
    ends_gracefully_on(Signal::INT);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let server = Server::start();
    // A request without its body keeps the graceful end waiting.
    let mut stream = TcpStream::connect(server.endpoint.trim_start_matches("http://")).unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n").unwrap();
    // An answer to a later request shows that the first one has been taken up.
    server.client(&["call", "DescribeTaskInfo", "TaskId=1"]);
    server.signal(Signal::TERM);
    until("the stop", || server.folder.read_log().contains("stopping"));
    server.signal(Signal::TERM);
    let (status, _, folder) = server.wait();
    assert_eq!(status.code(), Some(1));
    assert!(folder.read_log().contains("ended at once"), "{}", folder.read_log());
}

#[test]
fn any_number_of_threads_serves() {
    for threads in ["0", "1", "2"] {
        let server = Server::start_in(Folder::new(), |command| {
            command.args(["--threads", threads, "--rate-limit", "off"]);
        });
        assert_eq!(
            server.client(&["call", "DescribeTaskInfo", "TaskId=1"]).json()["Error"]["Code"],
            "InvalidParameter.InvalidParameter"
        );
    }
}

#[test]
fn the_log_can_be_json() {
    let server = Server::start_in(Folder::new(), |command| {
        command.args(["--log-format", "json"]);
    });
    server.signal(Signal::TERM);
    let (_, _, folder) = server.wait();
    let log = folder.read_log();
    assert!(log.lines().count() > 1);
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(entry["level"].is_string() && entry["timestamp"].is_string(), "{line}");
    }
}

#[test]
fn the_log_filter_comes_from_the_environment() {
    let server = Server::start_in(Folder::new(), |command| {
        command.env("CINNABAR_LOG", "error");
    });
    server.signal(Signal::TERM);
    let (_, _, folder) = server.wait();
    assert_eq!(folder.read_log(), "");
}

#[test]
fn instances_outlive_the_server_and_are_adopted() {
    let server = Server::start();
    server.create();
    until("two nodes", || server.folder.node_pids().len() == 2);
    let pids = server.folder.node_pids();
    server.signal(Signal::TERM);
    let (status, _, folder) = server.wait();
    assert_eq!(status.code(), Some(0));
    let again = Server::start_in(folder, |_| {});
    assert_eq!(again.client(&["task", "wait", "10001"]).code, Some(0));
    assert_eq!(again.folder.node_pids(), pids, "the same processes");
}

#[test]
fn what_clients_send_can_neither_begin_a_line_of_the_log_nor_speak_to_a_terminal() {
    let server = Server::start_in(Folder::new(), |command| {
        command.env("CINNABAR_LOG", "debug");
    });
    let target =
        "/?Action=x%0a2026-01-01T00:00:00Z%20ERROR%20forged%1b%5b2J%c2%9b%0d&Version=2018-04-12&Region=%0aforged2";
    for head in [
        format!("GET {target} HTTP/1.1\r\nHost: redis\r\nConnection: close\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost: a\tforged\r\nX-TC-Action: \u{1b}[2J\r\nConnection: close\r\n\r\n".to_owned(),
        "CONNECT forged\u{1b}[2J:443 HTTP/1.1\r\n\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(server.endpoint.trim_start_matches("http://")).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    }
    until("the refusal in the log", || server.folder.read_log().contains("forged"));
    let log = server.folder.read_log();
    assert!(log.contains(r"x\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2J\u{9b}\r"), "{log}");
    for line in log.lines() {
        assert!(
            line.starts_with("20") && line.as_bytes()[10] == b'T' && !line.starts_with("2026-01-01T00:00:00Z"),
            "{line}"
        );
        assert!(!line.chars().any(char::is_control), "{line}");
    }
}

#[test]
fn it_may_open_as_many_files_as_the_machine_lets_it() {
    let server = Server::start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[3], words[4], "{line}");
}
