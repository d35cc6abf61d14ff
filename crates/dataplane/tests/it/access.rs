//! Who gets in, and what a customer can do.

use std::collections::BTreeMap;

use dataplane::{Access, CLUSTER_READS, DataPlane, FORBIDDEN_COMMANDS, FORBIDDEN_SUBCOMMANDS, NodeSpec};
use redis::{RedisResult, Value};

use crate::harness::{Client, PASSWORD, World};

#[tokio::test]
async fn a_password_is_enforced() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    let pong: String = Client::login(&spec).await.run("PING").await.unwrap();
    assert_eq!(pong, "PONG");
    assert!(Client::connect(&spec, Some("wrong")).await.is_err());
    let answer: RedisResult<String> = Client::connect(&spec, None).await.unwrap().run("PING").await;
    assert_eq!(answer.unwrap_err().code(), Some("NOAUTH"));
    world.finish().await;
}

#[tokio::test]
async fn no_auth_needs_none() {
    let world = World::new().await;
    let spec = NodeSpec { access: Access::NoAuth, ..world.spec(0) };
    world.plane.ensure(&spec).await.unwrap();
    let pong: String = Client::connect(&spec, None).await.unwrap().run("PING").await.unwrap();
    assert_eq!(pong, "PONG");
    world.finish().await;
}

/// Arity comes before permission in an engine's checks, so each command gets as many words as it wants.
async fn arities(client: &mut Client) -> BTreeMap<String, usize> {
    let all: Vec<Vec<Value>> = client.run("COMMAND").await.unwrap();
    let mut arities = BTreeMap::new();
    for command in all {
        let read = |index: usize| command.get(index).cloned().unwrap_or(Value::Nil);
        let words: i64 = redis::from_redis_value(read(1)).unwrap();
        arities.insert(redis::from_redis_value(read(0)).unwrap(), words.unsigned_abs() as usize);
        let subcommands: Vec<Vec<Value>> = redis::from_redis_value(read(9)).unwrap_or_default();
        for subcommand in subcommands {
            let words: i64 = redis::from_redis_value(subcommand[1].clone()).unwrap();
            arities.insert(redis::from_redis_value(subcommand[0].clone()).unwrap(), words.unsigned_abs() as usize);
        }
    }
    arities
}

#[tokio::test]
async fn each_forbidden_command_is_refused() {
    let world = World::new().await;
    let spec = world.spec(0);
    let before = world.plane.ensure(&spec).await.unwrap();
    let mut client = Client::login(&spec).await;
    let arities = arities(&mut client).await;
    let mut forbidden: Vec<String> = Vec::new();
    for command in FORBIDDEN_COMMANDS {
        let inner = arities.keys().filter(|name| name.starts_with(&format!("{command}|"))).cloned();
        let before = forbidden.len();
        forbidden.extend(inner);
        if forbidden.len() == before {
            forbidden.push((*command).to_owned());
        }
    }
    for (command, names) in FORBIDDEN_SUBCOMMANDS {
        forbidden.extend(names.iter().map(|name| format!("{command}|{name}")));
    }
    let cluster = arities.keys().filter_map(|name| name.strip_prefix("cluster|"));
    forbidden.extend(cluster.filter(|name| !CLUSTER_READS.contains(name)).map(|name| format!("cluster|{name}")));
    // Engines before 7.0 do not list subcommands.
    forbidden.extend(["cluster|meet", "cluster|reset", "cluster|failover"].map(str::to_owned));
    for command in &forbidden {
        let mut line = command.replace('|', " ");
        let container = command.split('|').next().unwrap();
        let words = arities.get(command).or_else(|| arities.get(container)).copied().unwrap_or(1);
        while line.split(' ').count() < words {
            line.push_str(" 1");
        }
        let answer: RedisResult<Value> = client.run(&line).await;
        let error = answer.expect_err(&line);
        // An engine refuses DEBUG and MODULE to everyone, even before it asks who it is.
        let disabled = error.to_string().contains("command not allowed. If the enable-");
        assert!(error.code() == Some("NOPERM") || disabled, "{line}: {error}");
    }
    assert_eq!(world.plane.observe(&spec.node).await.unwrap().run_id, before.run_id);
    world.finish().await;
}

#[tokio::test]
async fn what_clients_need_is_allowed() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    let mut client = Client::login(&spec).await;
    for line in [
        "SET k v",
        "KEYS *",
        "INFO",
        "SELECT 255",
        "CLIENT SETNAME me",
        "CLIENT LIST",
        "SLOWLOG GET",
        "SCRIPT LOAD return",
        "COMMAND COUNT",
        "PUBLISH channel hello",
        "EVAL return(1) 0",
        "FLUSHALL",
    ] {
        client.run::<Value>(line).await.unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    let cluster = client.run::<Value>("CLUSTER INFO").await.unwrap_err();
    assert_ne!(cluster.code(), Some("NOPERM"), "a standard instance says that it is no cluster: {cluster}");
    world.finish().await;
}

#[tokio::test]
async fn customers_cannot_become_someone_else() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    let mut client = Client::connect(&spec, None).await.unwrap();
    for user in ["cinnabar", "replica"] {
        let answer: RedisResult<Value> = client.run(&format!("AUTH {user} {PASSWORD}")).await;
        assert_eq!(answer.unwrap_err().code(), Some("WRONGPASS"));
    }
    let script = "EVAL return(redis.call('pfselftest')) 0";
    let answer: RedisResult<Value> = Client::login(&spec).await.run(script).await;
    let refusal = answer.unwrap_err().to_string();
    assert!(refusal.contains("ACL failure") || refusal.contains("can't run this command"), "{refusal}");
    world.finish().await;
}

/// What somebody changed by hand is told, and no hash of it.
#[tokio::test]
async fn a_comparison_names_what_differs_and_tells_no_secret() {
    let world = World::new().await;
    let spec = world.spec(0);
    assert_eq!(world.plane.compare(&spec).await.unwrap().1, [], "nothing is there");
    world.plane.ensure(&spec).await.unwrap();
    let (observed, differences) = world.plane.compare(&spec).await.unwrap();
    assert!(observed.is_running() && differences.is_empty(), "{differences:?}");
    let access = Access::PasswordSha256(dataplane::password_sha256("another"));
    let role = dataplane::Role::Replica { of: ([127, 0, 0, 1], 1).into() };
    let wanted = NodeSpec { access, role, max_memory: 123 << 20, port: spec.port + 1, ..spec.clone() };
    let (_, differences) = world.plane.compare(&wanted).await.unwrap();
    let told: Vec<_> = differences.iter().map(|difference| (difference.what, difference.should.as_str())).collect();
    let port = wanted.port.to_string();
    let expected = [
        ("port", port.as_str()),
        ("role", "replica of 127.0.0.1:1"),
        ("maxmemory", "128974848"),
        ("access", "the instance's password"),
    ];
    assert_eq!(told, expected);
    world.finish().await;
}
