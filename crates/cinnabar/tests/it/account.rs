//! `cinnabar account`: main accounts next door to each other, each with its own key pair.

use serde_json::{Value, json};

use crate::harness::{Ended, Server, cinnabar};

/// A call with this key pair.
fn call(server: &Server, key: &Value, words: &[&str]) -> Ended {
    let text = |name: &str| key[name].as_str().unwrap();
    let pair = [("CINNABAR_SECRET_ID", text("secret_id")), ("CINNABAR_SECRET_KEY", text("secret_key"))];
    Ended::of(cinnabar().arg("call").args(words).envs(pair).env("CINNABAR_ENDPOINT", &server.endpoint))
}

#[test]
fn an_account_that_an_operator_adds_works_at_once_and_sees_nothing_of_another() {
    let server = Server::start();
    let instance = server.create();
    assert_eq!(server.client(&["task", "wait", "10001"]).code, Some(0));
    let key = server.client(&["account", "add", "--name", "Team B", "--json"]).json();
    let seen = call(&server, &key, &["DescribeInstances", "Limit=10"]).json();
    assert_eq!((&seen["TotalCount"], &seen["InstanceSet"]), (&json!(0), &json!([])));
    // An id of another account is answered as one that never was.
    let words = |id: &str| {
        let ended = call(&server, &key, &["ClearInstance", &format!("InstanceId={id}"), "Password=Passw0rd!"]);
        assert_eq!(ended.code, Some(1));
        let error = ended.json()["Error"].to_string();
        error.replace(id, "ID")
    };
    assert_eq!(words(&instance), words("crs-00000000"));
    let task = call(&server, &key, &["DescribeTaskInfo", "TaskId=10001"]).json();
    assert_eq!(task["Error"]["Code"], "InvalidParameter.InvalidParameter");
    let uin = key["uin"].as_str().unwrap();
    let who = call(&server, &key, &["sts", "GetCallerIdentity"]).json();
    assert_eq!((&who["AccountId"], &who["UserId"]), (&json!(uin), &json!(uin)));
    // Another key of the same account.
    let second = server.client(&["account", "key", uin, "--json"]).json();
    for key in [&key, &second] {
        assert_eq!(call(&server, key, &["DescribeInstances", "Limit=10"]).json()["TotalCount"], 0);
    }
    let listed = server.client(&["account", "list"]);
    let row = |uin: &str| {
        let line = listed.out.lines().find(|line| line.starts_with(uin)).unwrap_or_else(|| panic!("{listed:?}"));
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(row(uin).ends_with(&["2".to_owned(), "0".to_owned()]) && row(uin)[2..4] == ["Team", "B"], "{listed:?}");
    assert!(row("100000000001").ends_with(&["1".to_owned(), "1".to_owned()]), "{listed:?}");
    let all = server.client(&["account", "list", "--json"]);
    for key in [&key, &second] {
        assert!(!all.out.contains(key["secret_key"].as_str().unwrap()), "a secret is shown once");
    }
}

#[test]
fn a_key_pair_is_shown_to_people_and_wrong_words_are_told() {
    let server = Server::start();
    let added = server.client(&["account", "add"]);
    let value = |name: &str| {
        let line = added.out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{added:?}"));
        line.split_whitespace().last().unwrap().to_owned()
    };
    assert!(value("SecretId").starts_with("AKID") && value("uin").len() == 12 && added.out.contains("not shown again"));
    assert!(!server.folder.read_log().contains(&value("SecretKey ")), "no secret is logged");
    let unknown = server.client(&["account", "key", "123"]);
    assert!(unknown.code == Some(1) && unknown.complaint().contains("there is no main account 123"), "{unknown:?}");
    let wrong = server.client(&["account", "key", "../tasks"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("a uin is digits"), "{wrong:?}");
    let long = server.client(&["account", "add", "--name", &"x".repeat(65)]);
    assert!(long.code == Some(1) && long.complaint().contains("`name` must be 64 characters"), "{long:?}");
}
