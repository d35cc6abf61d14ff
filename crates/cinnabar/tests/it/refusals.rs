//! Starts that cannot be: one line, which says what to do.

use std::net::TcpListener;
use std::process::Command;

use crate::harness::{Ended, Folder, Server};

fn refused(folder: &Folder, change: impl FnOnce(&mut Command)) -> Ended {
    let mut command = folder.serve();
    change(&mut command);
    let ended = Ended::of(&mut command);
    assert_eq!(ended.out, "", "no ready line: {ended:?}");
    ended
}

fn assert_says(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    let line = ended.complaint();
    for word in words {
        assert!(line.contains(word), "`{word}` is missing: {line}");
    }
}

#[test]
fn the_same_folder_twice() {
    let server = Server::start();
    let ended = Ended::of(&mut server.folder.serve());
    assert_says(&ended, 1, &["in use by another cinnabar", "stop that one", "--data"]);
    assert_eq!(server.client(&["call", "DescribeTaskInfo", "TaskId=1"]).code, Some(1), "the first one goes on");
}

#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new();
    let ended =
        Ended::of(crate::harness::cinnabar().args(["serve", "--listen", &address, "--data"]).arg(folder.data()));
    assert_says(&ended, 1, &[&address, "--listen"]);
}

#[test]
fn a_data_folder_that_is_a_file() {
    let folder = Folder::new();
    folder.write("data", "");
    assert_says(&refused(&folder, |_| {}), 1, &["data", "--data"]);
}

#[test]
fn no_redis_server_on_the_machine() {
    let folder = Folder::new();
    let ended = refused(&folder, |command| {
        command.env("PATH", folder.path());
    });
    assert_says(&ended, 1, &["redis-server", "install"]);
}

#[test]
fn an_unknown_setting() {
    let folder = Folder::new();
    let file = folder.write("c.toml", "[tasks]\nwrokers = 2\n");
    let ended = refused(&folder, |command| {
        command.arg("--config").arg(file);
    });
    assert_says(&ended, 1, &["wrokers"]);
}

#[test]
fn a_configuration_that_is_not_toml() {
    let folder = Folder::new();
    let file = folder.write("c.toml", "threads = = 2\n");
    let ended = refused(&folder, |command| {
        command.arg("--config").arg(file);
    });
    assert_says(&ended, 1, &["c.toml", "line 1"]);
}

#[test]
fn a_configuration_that_is_not_there() {
    let folder = Folder::new();
    let ended = refused(&folder, |command| {
        command.args(["--config", "/nowhere/c.toml"]);
    });
    assert_says(&ended, 1, &["/nowhere/c.toml"]);
}

#[test]
fn a_variable_of_the_wrong_type() {
    let ended = refused(&Folder::new(), |command| {
        command.env("CINNABAR_TASKS_WORKERS", "two");
    });
    assert_says(&ended, 1, &["CINNABAR_TASKS_WORKERS", "`two`", "integer"]);
}

#[test]
fn half_a_key_pair() {
    let ended = refused(&Folder::new(), |command| {
        command.env("CINNABAR_SECRET_ID", "id");
    });
    assert_says(&ended, 2, &["CINNABAR_SECRET_KEY is not", "both"]);
}

#[test]
fn a_log_filter_that_is_none() {
    let ended = refused(&Folder::new(), |command| {
        command.env("CINNABAR_LOG", "server=loud");
    });
    assert_says(&ended, 2, &["CINNABAR_LOG", "server=loud"]);
}

#[test]
fn a_flag_that_is_none() {
    let ended = refused(&Folder::new(), |command| {
        command.args(["--rate-limit", "some"]);
    });
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("--rate-limit") && ended.err.contains("documented"), "{ended:?}");
}

#[test]
fn a_seed_without_levers() {
    let folder = Folder::new();
    let file = folder.write("seed.toml", "");
    let ended = refused(&folder, |command| {
        command.arg("--seed").arg(&file);
    });
    assert_says(&ended, 2, &["--seed needs --test-levers"]);
}

#[test]
fn a_seed_that_is_wrong() {
    let folder = Folder::new();
    let file = folder.write("seed.toml", "[[instances]]\nInstanceName = \"a\"\nTypeId = 17\nMemSise = 1024\n");
    let ended = refused(&folder, |command| {
        command.arg("--test-levers").arg("--seed").arg(&file).env("CINNABAR_LOG", "error");
    });
    assert_says(&ended, 1, &["seed.toml", "instances.0", "MemSise"]);
}
