//! `cinnabar env`, read by a real shell.

use std::process::Command;

use crate::harness::{Ended, Folder, Server, cinnabar};

const KEY: &str = "it's a $KEY `with` \"quotes\" \\ and spaces";

fn server() -> Server {
    Server::start_in(Folder::new(), |command| {
        command.env("CINNABAR_SECRET_ID", "AKIDexample").env("CINNABAR_SECRET_KEY", KEY);
    })
}

#[expect(clippy::disallowed_methods, reason = "the shell is the judge of the quotes")]
fn sh(script: &str, server: &Server) -> Ended {
    let mut command = Command::new("sh");
    command.args(["-euc", script]).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("CINNABAR", env!("CARGO_BIN_EXE_cinnabar")).env("DIR", server.folder.data());
    Ended::of(&mut command)
}

#[test]
fn a_shell_gets_the_variables() {
    let server = server();
    let script = r#"eval "$("$CINNABAR" env --data "$DIR")"
        printf '%s\n' "$TENCENTCLOUD_SECRET_ID" "$TENCENTCLOUD_SECRET_KEY" "$TENCENTCLOUD_REGION" "$TENCENTCLOUD_PROTOCOL" "$CINNABAR_ENDPOINT""#;
    let ended = sh(script, &server);
    let expected = format!("AKIDexample\n{KEY}\nap-guangzhou\nHTTP\n{}\n", server.endpoint);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), (expected.as_str(), ""));
}

#[test]
fn the_variables_are_enough_for_a_call() {
    let server = server();
    let ended =
        sh(r#"eval "$("$CINNABAR" env --data "$DIR")"; cd /; "$CINNABAR" call DescribeTaskInfo TaskId=1"#, &server);
    assert_eq!(ended.json()["Error"]["Code"], "InvalidParameter.InvalidParameter", "signed and known");
}

#[test]
fn the_comments_name_the_address_for_each_client() {
    let server = server();
    let out = server.client(&["env"]).out;
    for (client, words) in [("tccli:", "--endpoint"), ("SDKs:", "endpoint"), ("Terraform:", "HTTP_PROXY=")] {
        let host = server.endpoint.trim_start_matches("http://");
        let line = out.lines().find(|line| line.contains(client)).unwrap();
        assert!(line.starts_with('#') && line.contains(words) && line.contains(host), "{line}");
    }
}

#[test]
fn the_given_key_pair_is_remembered() {
    let server = server();
    server.signal(rustix::process::Signal::TERM);
    let (_, _, folder) = server.wait();
    let again = Server::start_in(folder, |_| {});
    assert!(again.client(&["env"]).out.contains("'AKIDexample'"));
    assert_eq!(
        again.client(&["call", "DescribeTaskInfo", "TaskId=1"]).json()["Error"]["Code"],
        "InvalidParameter.InvalidParameter"
    );
}

#[test]
fn a_folder_without_a_server_is_told() {
    let folder = Folder::new();
    let ended = Ended::of(cinnabar().args(["env", "--data"]).arg(folder.data()));
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(ended.complaint().contains("--data"), "{ended:?}");
}

#[test]
fn with_https_a_shell_gets_the_proxy_and_the_authority() {
    let server = server();
    let script = r#"eval "$("$CINNABAR" env --https --data "$DIR")"
        printf '%s\n' "$TENCENTCLOUD_PROTOCOL" "$HTTPS_PROXY"; cmp "$SSL_CERT_FILE" "$NODE_EXTRA_CA_CERTS"; head -1 "$SSL_CERT_FILE""#;
    let expected = format!("HTTPS\n{}\n-----BEGIN CERTIFICATE-----\n", server.endpoint);
    assert_eq!(sh(script, &server).out.replace('\r', ""), expected);
}

#[test]
fn trust_names_the_file_for_each_client_or_prints_it() {
    let server = server();
    let file = server.folder.data().join("ca.pem").canonicalize().unwrap();
    let out = server.client(&["trust"]).out;
    for client in ["curl", "Python SDK", "tccli", "Go SDK, Terraform", "Node SDK", "Java SDK"] {
        let line = out.lines().find(|line| line.contains(client)).unwrap();
        assert!(line.starts_with('#') && line.contains(&file.display().to_string()), "{line}");
    }
    assert_eq!(server.client(&["trust", "--pem"]).out, std::fs::read_to_string(file).unwrap());
    let folder = Folder::new();
    let ended = Ended::of(cinnabar().args(["trust", "--data"]).arg(folder.data()));
    assert!(ended.complaint().contains("tls.enabled"), "{ended:?}");
}
