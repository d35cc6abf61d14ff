//! Two hosts, and processes of one role each: instances are spread, tasks run where their instance is and wait for it.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::cluster::{Cluster, Refused};
use crate::harness::{Ended, Folder, PASSWORD, cinnabar, until, working_under};

const API: usize = 0;
const WEST: usize = 1;
const EAST: usize = 2;

/// An API node and a worker on each of two hosts. The later of two equal flags counts.
fn two_hosts() -> Option<Cluster> {
    let worker = |host: &str| ["--role", "worker", "--host-name", host].map(str::to_owned).to_vec();
    let api = ["--role", "api", "--host-name", "desk"].map(str::to_owned).to_vec();
    Cluster::start_with(vec![api, worker("west"), worker("east")], true)
}

fn create(cluster: &Cluster, count: usize) -> Vec<String> {
    cluster.create(count)
}

fn host_of(cluster: &Cluster, id: &str) -> String {
    cluster.rows("SELECT host FROM instance WHERE id = $1", &[id.into()], |row| row.text(0).unwrap()).remove(0)
}

fn task(cluster: &Cluster, id: &Value) -> (String, String) {
    let seen = cluster.call(API, "DescribeTaskInfo", &json!({ "TaskId": id })).unwrap();
    (seen["Status"].as_str().unwrap().to_owned(), seen["TaskMessage"].as_str().unwrap().to_owned())
}

fn purge(cluster: &Cluster, id: &str) -> Value {
    cluster.call(API, "ClearInstance", &json!({ "InstanceId": id, "Password": PASSWORD })).unwrap()["TaskId"].clone()
}

fn nodes_of(cluster: &Cluster, host: usize, id: &str) -> usize {
    let root = fs::canonicalize(cluster.instances(host)).unwrap();
    working_under(&root.join(id)).len()
}

#[test]
fn instances_are_spread_over_hosts_and_their_tasks_wait_for_their_own() {
    let Some(cluster) = two_hosts() else { return };
    let ids = create(&cluster, 4);
    let running = |id: &String| {
        let seen = cluster.call(API, "DescribeInstances", &json!({ "InstanceId": id })).unwrap();
        seen["InstanceSet"][0]["Status"] == 2
    };
    until("all serve", || ids.iter().all(running));
    let (west, east): (Vec<_>, Vec<_>) = ids.iter().partition(|id| host_of(&cluster, id) == "west");
    assert_eq!((west.len(), east.len()), (2, 2), "the hosts have as many nodes each");
    for (host, own, others) in [(WEST, &west, &east), (EAST, &east, &west)] {
        assert!(own.iter().all(|id| nodes_of(&cluster, host, id) == 2), "they run where they belong");
        assert!(others.iter().all(|id| nodes_of(&cluster, host, id) == 0), "and nowhere else");
    }
    cluster.node(EAST).kill();
    let (waits, goes_on) = (purge(&cluster, east[0]), purge(&cluster, west[0]));
    until("the other host's task ends", || task(&cluster, &goes_on).0 == "succeed");
    until("the task says what it waits for", || task(&cluster, &waits).1.contains("waiting for the host `east`"));
    assert_eq!(task(&cluster, &waits).0, "preparing");
    let more = create(&cluster, 2);
    assert!(more.iter().all(|id| host_of(&cluster, id) == "west"), "nothing is placed on a host that is away");
    cluster.up(EAST, &mut cluster.node(EAST));
    until("the host is back", || task(&cluster, &waits) == ("succeed".to_owned(), String::new()));
}

#[test]
fn without_a_worker_nothing_is_promised_and_a_stranger_is_named() {
    let Some(cluster) = two_hosts() else { return };
    let [west, east] = [WEST, EAST].map(|number| cluster.node(number));
    // A graceful end says so, and nobody has to find out.
    for node in [west, east] {
        node.signal(Signal::TERM);
        drop(node);
    }
    let order = json!({ "TypeId": 15, "MemSize": 1024, "GoodsNum": 1, "Password": PASSWORD });
    let refused = || match cluster.call(API, "CreateInstances", &order) {
        Err(Refused::Error(code, message)) => code == "ResourceInsufficient" && message.contains("No host"),
        _ => false,
    };
    until("there is no host", refused);
}

/// A command that must be refused with one line that says this.
fn refuses(folder: &Folder, url: Option<&str>, flags: &[&str], what: &str) {
    let mut command = cinnabar();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("other")).args(flags);
    command.envs(url.map(|url| ("CINNABAR_DATABASE_URL", url)));
    let ended = Ended::of(&mut command);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.complaint().contains(what), "{ended:?}");
}

#[test]
fn a_folder_of_nodes_is_one_hosts_and_one_states() {
    let Some(cluster) = two_hosts() else { return };
    create(&cluster, 2);
    let folder: PathBuf = cluster.instances(WEST);
    let west = folder.to_str().unwrap();
    let url = Some(cluster.url());
    refuses(&cluster.folder, url, &["--host-name", "north", "--instances", west], "has the nodes of the host `west`");
    refuses(&cluster.folder, url, &["--host-name", "west"], "has its instances in another folder");
    refuses(&cluster.folder, None, &["--instances", west], "has the nodes of another state");
    refuses(&cluster.folder, None, &["--role", "worker"], "--database-url");
    refuses(&cluster.folder, url, &["--host-name", "a b"], "host.name");
}
