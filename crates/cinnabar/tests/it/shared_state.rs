//! `cinnabar serve --database-url`: what it says when it cannot start, and what its log keeps to itself.

use db::Db;

use crate::cluster::Cluster;
use crate::harness::{Ended, Folder, PASSWORD, Server};

#[test]
fn what_is_wrong_with_the_database_is_one_line_that_says_what_to_do() {
    let Some(cluster) = Cluster::start() else { return };
    let socket = cluster.folder.display().to_string().replace('/', "%2F");
    let newer: Result<_, db::Error> = {
        let db = Db::connect(cluster.url(), server::store::MIGRATIONS).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(db.write(|tx| tx.execute("INSERT INTO format VALUES (1000)", &[])))
    };
    newer.unwrap();
    for (url, wanted) in [
        ("postgres://cinnabar:wr0ng@127.0.0.1:1/x".to_owned(), "start it, or correct its URL"),
        (format!("postgres://locked:wr0ng@{socket}/postgres"), "password of the user `locked` is wrong"),
        (format!("postgres://cinnabar:wr0ng@{socket}/nowhere"), "createdb"),
        ("host=localhost password=wr0ng".to_owned(), "postgres://USER:PASSWORD@HOST:5432/DATABASE"),
        (cluster.url().to_owned(), "the state has format 1000"),
    ] {
        let folder = Folder::new();
        for by_flag in [true, false] {
            let mut command = folder.serve();
            match by_flag {
                true => command.args(["--database-url", &url]),
                false => command.env("CINNABAR_DATABASE_URL", &url),
            };
            let ended = Ended::of(&mut command);
            assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{url}: {ended:?}");
            let complaint = ended.complaint();
            assert!(complaint.contains(wanted) && !complaint.contains("wr0ng"), "{url}: {complaint}");
        }
    }
}

/// Also what a server of one thread does, in which a read must not wait for itself.
#[test]
fn no_secret_is_in_the_log_however_much_is_logged() {
    let Some(cluster) = Cluster::start() else { return };
    let socket = cluster.folder.display().to_string().replace('/', "%2F");
    let url = format!("postgres://locked:r1ght-pa55@{socket}/postgres");
    let server = Server::start_in(Folder::new(), |command| {
        command.args(["--threads", "1"]).env("CINNABAR_DATABASE_URL", &url).env("CINNABAR_LOG", "trace");
    });
    let id = server.create();
    assert_eq!(server.client(&["task", "wait", "10001"]).code, Some(0));
    server.call(&["ClearInstance", &format!("InstanceId={id}"), &format!("Password={PASSWORD}")]);
    assert_eq!(server.client(&["task", "wait", "10002"]).code, Some(0));
    let db = Db::connect(cluster.url(), server::store::MIGRATIONS).unwrap();
    let sql = "SELECT secret_key FROM access_key UNION SELECT secret FROM instance UNION SELECT password_sha256 FROM instance";
    let stored: Result<Vec<_>, db::Error> = db.read(|tx| tx.query(sql, &[], |row| row.text(0)));
    let (log, stored) = (server.folder.read_log(), stored.unwrap());
    assert!(log.contains("INSERT INTO") && stored.len() == 3, "the log tells nothing: {} bytes, {stored:?}", log.len());
    for secret in stored.iter().map(String::as_str).chain(["r1ght-pa55", PASSWORD]) {
        assert!(!log.contains(secret), "the log shows `{secret}`");
    }
}
