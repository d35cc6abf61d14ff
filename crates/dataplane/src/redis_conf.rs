//! [`NodeSpec`] → `redis.conf` and `users.acl`: pure functions, held by snapshots.
//!
//! Both engines read the same text. Only names known since Redis 6.2 are used, or names that depend on the version, since
//! an engine refuses to start over a directive or an ACL rule that it does not know.
//!
//! Three ACL users: `cinnabar`, the control plane, may do all; `replica`, a node that follows this one, may only
//! replicate; `default` is the customer.

use std::fmt::Write;

use crate::{Access, NodeSpec, Role, Version, password_sha256};

/// The control plane's ACL user.
pub(crate) const CONTROL_USER: &str = "cinnabar";
const REPLICA_USER: &str = "replica";

/// Commands that a customer cannot run: they would change what the service decides (configuration, users, replication,
/// modules), stop the node, or read and write its disk. `MONITOR`, `SLOWLOG`, `LATENCY`, `KEYS` and `FLUSHALL` stay
/// allowed: they touch only the customer's own data.
pub const FORBIDDEN_COMMANDS: &[&str] = &[
    "acl",
    "bgrewriteaof",
    "bgsave",
    "config",
    "debug",
    "failover",
    "migrate",
    "module",
    "pfdebug",
    "pfselftest",
    "psync",
    "replconf",
    "replicaof",
    "save",
    "shutdown",
    "slaveof",
    "sync",
];

/// Subcommands that a customer cannot run although the rest of their command is allowed: they stall every client
/// (`CLIENT PAUSE`, `SCRIPT DEBUG SYNC`) or escape the service's limits.
pub const FORBIDDEN_SUBCOMMANDS: &[(&str, &[&str])] =
    &[("client", &["pause", "unpause", "no-evict"]), ("script", &["debug"])];

/// Of `CLUSTER`, only these are allowed; every other one, of today or tomorrow, changes the cluster.
pub const CLUSTER_READS: &[&str] = &["countkeysinslot", "getkeysinslot", "info", "keyslot", "myid", "nodes", "slots"];

/// Before 7.0 an ACL cannot take a subcommand away, only the whole command, and give back subcommands that are fine.
const ALLOWED_BEFORE_7: &[(&str, &[&str])] = &[
    (
        "client",
        &[
            "caching",
            "getname",
            "getredir",
            "id",
            "info",
            "kill",
            "list",
            "reply",
            "setname",
            "tracking",
            "trackinginfo",
            "unblock",
        ],
    ),
    ("script", &["exists", "flush", "kill", "load"]),
];

/// From here on an ACL can take away single subcommands.
const SUBCOMMAND_RULES: Version = Version::new(7, 0, 0);

/// Databases of a node, as many as the cloud's standard instances have; they cost nothing while empty.
const DATABASES: u16 = 256;

/// The text of `redis.conf`. Paths are relative: the process works in the node's folder.
pub(crate) fn redis_conf(spec: &NodeSpec, version: Version) -> String {
    let NodeSpec { node, address, port, max_memory, max_clients, .. } = spec;
    let mut conf = format!(
        "# {node}: written by cinnabar, rewritten when the node changes
bind {address}
port {port}
protected-mode no
unixsocket redis.sock
unixsocketperm 700
tcp-keepalive 60
maxclients {max_clients}

daemonize yes
pidfile node.pid
dir .
logfile log
loglevel notice
always-show-logo no

databases {DATABASES}
maxmemory {max_memory}
maxmemory-policy noeviction

appendonly yes
appendfsync everysec
save \"\"

aclfile users.acl
masteruser {REPLICA_USER}
masterauth {}

replica-read-only yes
repl-diskless-sync yes
repl-diskless-sync-delay 0
repl-diskless-load on-empty-db
",
        replication_password(&spec.secret)
    );
    if version >= SUBCOMMAND_RULES {
        // How long a stopping master waits for its replicas; the default of 10 s is longer than a stop may take.
        conf.push_str("shutdown-timeout 3\n");
    }
    if let Role::Replica { of } = spec.role {
        let _ = writeln!(conf, "replicaof {} {}", of.ip(), of.port());
    }
    conf
}

/// The text of `users.acl`.
pub(crate) fn users_acl(spec: &NodeSpec, version: Version) -> String {
    let control = format!("on #{} ~* &* +@all", password_sha256(&spec.secret));
    let replica = format!("on #{} -@all +ping +psync +replconf", password_sha256(&replication_password(&spec.secret)));
    let customer = customer_rules(&spec.access, version).join(" ");
    format!("user {CONTROL_USER} {control}\nuser {REPLICA_USER} {replica}\nuser default {customer}\n")
}

/// The rules of the customer's user, one a word, as `ACL SETUSER` takes them.
pub(crate) fn customer_rules(access: &Access, version: Version) -> Vec<String> {
    let password = match access {
        Access::NoAuth => "nopass".to_owned(),
        Access::PasswordSha256(hash) => format!("#{hash}"),
    };
    let mut rules = vec!["on".to_owned(), password, "~*".to_owned(), "&*".to_owned(), "+@all".to_owned()];
    rules.extend(FORBIDDEN_COMMANDS.iter().map(|command| format!("-{command}")));
    if version >= SUBCOMMAND_RULES {
        rules.extend(subcommands(FORBIDDEN_SUBCOMMANDS, '-'));
    } else {
        rules.extend(ALLOWED_BEFORE_7.iter().map(|(command, _)| format!("-{command}")));
        rules.extend(subcommands(ALLOWED_BEFORE_7, '+'));
    }
    rules.push("-cluster".to_owned());
    rules.extend(subcommands(&[("cluster", CLUSTER_READS)], '+'));
    rules
}

fn subcommands(table: &[(&str, &[&str])], sign: char) -> Vec<String> {
    table.iter().flat_map(|(command, names)| names.iter().map(move |name| format!("{sign}{command}|{name}"))).collect()
}

/// A replica's password, made from the secret so that what travels in clear text between nodes does not open the control user.
fn replication_password(secret: &str) -> String {
    password_sha256(&format!("replication:{secret}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::example;

    const REDIS_7: Version = Version::new(7, 0, 15);
    const REDIS_6_2: Version = Version::new(6, 2, 0);

    #[test]
    fn master_conf() {
        insta::assert_snapshot!(redis_conf(&example(), REDIS_7));
    }

    #[test]
    fn replica_conf_before_7() {
        let mut spec = example();
        spec.role = Role::Replica { of: "10.0.0.1:6380".parse().unwrap() };
        spec.address = "::1".parse().unwrap();
        insta::assert_snapshot!(redis_conf(&spec, REDIS_6_2));
    }

    #[test]
    fn acl_with_password() {
        insta::assert_snapshot!(users_acl(&example(), REDIS_7));
    }

    #[test]
    fn acl_without_password_before_7() {
        let mut spec = example();
        spec.access = Access::NoAuth;
        insta::assert_snapshot!(users_acl(&spec, REDIS_6_2));
    }

    #[test]
    fn the_secret_is_in_neither_file() {
        let spec = example();
        let both = redis_conf(&spec, REDIS_7) + &users_acl(&spec, REDIS_7);
        assert!(!both.contains(&spec.secret));
    }
}
