//! `cinnabar task` and `cinnabar instance`.

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
