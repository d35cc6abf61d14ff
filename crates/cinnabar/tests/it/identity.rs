//! `cinnabar user`, `key`, `policy` and `role`.

use crate::cluster::Cluster;
use crate::harness::{Ended, Folder, Server, cinnabar, pause};

/// A command of the account itself that works.
fn done(server: &Server, words: &[&str]) -> String {
    let ended = server.client(words);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{words:?}");
    ended.out.trim_end().to_owned()
}

/// A command with the key pair that another one printed.
fn as_holder(server: &Server, pair: &str, words: &[&str]) -> Ended {
    let mut command = cinnabar();
    command.args(words).args(["--endpoint", &server.endpoint]);
    command.envs(pair.lines().filter_map(|line| line.split_once('=')));
    Ended::of(&mut command)
}

/// The cells of the line that begins with this one.
fn line(table: &str, first: &str) -> Vec<String> {
    let cells =
        |line: &str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    let all: Vec<Vec<String>> = table.lines().map(cells).collect();
    all.into_iter().find(|cells| cells[0] == first).unwrap_or_else(|| panic!("no {first} in {table}"))
}

#[test]
fn a_sub_user_with_a_policy_takes_five_commands() {
    let server = Server::start();
    let id = server.create();
    let uin = done(&server, &["user", "add", "watcher", "--remark", "of the night"]);
    assert_eq!(uin.len(), 12);
    let resource = format!("qcs::redis::uin/100000000001:instance/{id}");
    done(&server, &["policy", "create", "watch", "--allow", "redis:Describe*", "--resource", &resource]);
    done(&server, &["policy", "attach", "watch", "--user", "watcher"]);
    let pair = done(&server, &["key", "create", "--user", "watcher"]);
    let may = |words: &[&str]| as_holder(&server, &pair, words);
    let seen = may(&["instance", "list"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    assert_eq!(line(&seen.out, &id)[0], id);
    let refused = may(&["user", "list"]);
    assert!(refused.complaint().contains("not authorized to perform operation (cam:ListUsers)"), "{refused:?}");
    let key = pair.lines().next().unwrap().strip_prefix("CINNABAR_SECRET_ID=").unwrap();
    assert_eq!(line(&done(&server, &["key", "list", "--user", "watcher"]), key)[1], "Active");
    done(&server, &["key", "disable", key, "--user", "watcher"]);
    assert!(may(&["instance", "list"]).complaint().contains("AuthFailure.SecretIdNotFound"));
    done(&server, &["key", "enable", key, "--user", "watcher"]);
    assert_eq!(may(&["instance", "list"]).code, Some(0));
    done(&server, &["policy", "detach", "watch", "--user", "watcher"]);
    assert!(may(&["instance", "list"]).complaint().contains("not authorized"));
    assert_eq!(line(&done(&server, &["user", "list"]), "watcher")[1], uin);
    assert!(server.client(&["user", "delete", "watcher"]).complaint().contains("OperationDenied.HaveKeys"));
    done(&server, &["key", "delete", key, "--user", "watcher"]);
    done(&server, &["user", "delete", "watcher"]);
    assert!(may(&["instance", "list"]).complaint().contains("AuthFailure.SecretIdNotFound"));
}

#[test]
fn policies_are_named_shown_changed_and_deleted() {
    let server = Server::start();
    let text = r#"{"version":"2.0","statement":[{"effect":"deny","action":"redis:*","resource":"*"}]}"#;
    let file = server.folder.write("policy.json", text);
    let file = file.to_str().unwrap();
    let id = done(&server, &["policy", "create", "never", "--file", file, "--description", "no"]);
    assert_eq!(done(&server, &["policy", "show", "never"]), done(&server, &["policy", "show", &id]));
    done(&server, &["policy", "update", "never", "--allow", "redis:Describe*"]);
    let shown = done(&server, &["policy", "show", "never"]);
    assert!(shown.contains("\"allow\"") && shown.contains("redis:Describe*"), "{shown}");
    done(&server, &["role", "create", "keeper", "--trust", "qcs::cam::uin/100000000001:root"]);
    done(&server, &["policy", "attach", "never", "--role", "keeper"]);
    let all = done(&server, &["policy", "list"]);
    assert_eq!(line(&all, "never")[..4], ["never", &id, "own", "1"]);
    assert_eq!(line(&all, "QcloudRedisReadOnlyAccess")[2], "preset");
    assert_eq!(done(&server, &["policy", "list", "--search", "never"]).lines().count(), 2);
    let roles = done(&server, &["role", "list"]);
    assert_eq!(line(&roles, "keeper")[3], "qcs::cam::uin/100000000001:roleName/keeper");
    done(&server, &["role", "delete", "keeper"]);
    done(&server, &["policy", "delete", "never"]);
    assert!(server.client(&["policy", "show", "never"]).complaint().contains("there is no policy `never`"));
    let wrong = server.client(&["policy", "create", "x", "--allow", "redis:a:b"]);
    assert!(wrong.complaint().contains("statement[0].action"), "{wrong:?}");
    assert_eq!(server.client(&["policy", "attach", "x"]).code, Some(2), "to whom?");
}

#[test]
fn what_one_server_of_a_database_changes_holds_on_the_others_at_once() {
    let Some(cluster) = Cluster::start() else { return };
    let node = |role: &str| {
        Server::start_in(Folder::new(), |command| {
            command.args(["--role", role, "--host-name", role]).env("CINNABAR_DATABASE_URL", cluster.url());
        })
    };
    let (one, other) = (node("all"), node("api"));
    one.create();
    done(&one, &["user", "add", "watcher"]);
    done(&one, &["policy", "create", "watch", "--allow", "redis:Describe*"]);
    let pair = done(&one, &["key", "create", "--user", "watcher"]);
    let key = pair.lines().next().unwrap().strip_prefix("CINNABAR_SECRET_ID=").unwrap();
    let seen = || {
        let ended = as_holder(&other, &pair, &["call", "DescribeTaskInfo", "TaskId=10001"]);
        ended.out + &ended.err
    };
    // A signal tells the other server.
    let soon = |wanted: &str| {
        let mut looks = std::iter::repeat_with(seen).take(80).inspect(|_| pause());
        assert!(looks.any(|said| said.contains(wanted)), "it is not {wanted}: {}", seen());
    };
    soon("PermissionDenied");
    for (words, wanted) in [
        (["policy", "attach", "watch", "--user", "watcher"].as_slice(), "TaskType"),
        (&["policy", "detach", "watch", "--user", "watcher"], "PermissionDenied"),
        (&["policy", "attach", "watch", "--user", "watcher"], "TaskType"),
        (&["policy", "update", "watch", "--allow", "redis:ClearInstance"], "PermissionDenied"),
        (&["key", "disable", key, "--user", "watcher"], "SecretIdNotFound"),
        (&["key", "enable", key, "--user", "watcher"], "PermissionDenied"),
        (&["key", "delete", key, "--user", "watcher"], "SecretIdNotFound"),
    ] {
        done(&one, words);
        soon(wanted);
    }
}
