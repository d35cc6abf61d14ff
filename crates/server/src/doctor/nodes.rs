//! Nodes: what the state says, what runs, and what lies in the folders.

use std::collections::BTreeSet;

use dataplane::{Difference, NodeRef, NodeState, Observed};
use futures_util::stream::{self, StreamExt};

use super::Report;
use crate::app::App;
use crate::model::instance::{Instance, Node, State};
use crate::store;
use crate::store::doctor::Alive;
use crate::tasks::nodes::is_master;
use crate::tasks::world::{self, World};

/// So many nodes are looked at at the same time.
const AT_ONCE: usize = 16;
const STRANGE: &str = "an older copy of the state was put back, or it comes from elsewhere: its data is kept, remove it by hand if nobody needs it";
const REPAIRED: &str = "the service repairs it within seconds; if it stays, its log says why";

/// A node of an instance that no task holds, as it should be and as it is.
struct Looked {
    node: NodeRef,
    state: State,
    is_master: bool,
    place: Option<(std::net::IpAddr, u16)>,
    seen: Result<(Observed, Vec<Difference>), String>,
}

pub(super) async fn check(report: &mut Report, app: &App, world: &World, alive: &[Alive]) {
    report.busy = alive.iter().filter(|instance| instance.held).count();
    let looked = look_at_all(report, world, alive).await;
    let rows: BTreeSet<_> = looked.iter().map(|looked| looked.node.clone()).collect();
    for looked in looked {
        report.nodes += 1;
        judge(report, world, looked).await;
    }
    strangers(report, app, world, alive, &rows).await;
}

async fn look_at_all(report: &mut Report, world: &World, alive: &[Alive]) -> Vec<Looked> {
    let mut wanted = Vec::new();
    for instance in alive.iter().filter(|instance| !instance.held && instance.state != State::Creating) {
        match world.load(&instance.id) {
            Ok((instance, nodes)) => {
                wanted.extend(nodes.clone().into_iter().map(|node| (instance.clone(), nodes.clone(), node)))
            }
            Err(trouble) => {
                let what = format!("it cannot be read: {}", trouble.detail());
                report.add("state-unreadable", instance.id.clone(), what, "look at the database; report this");
            }
        }
    }
    let mut looks = Vec::with_capacity(wanted.len());
    for (instance, nodes, node) in &wanted {
        looks.push(look_at(world, instance, nodes, node));
    }
    stream::iter(looks).buffered(AT_ONCE).collect().await
}

async fn look_at(world: &World, instance: &Instance, nodes: &[Node], node: &Node) -> Looked {
    let place = node.place.as_ref().and_then(|(address, port)| Some((address.parse().ok()?, *port)));
    let name = world::node_ref(instance, node);
    let seen = match world::spec(instance, nodes, node, 0) {
        Ok(spec) => world.plane.compare(&spec).await.map_err(|error| error.to_string()),
        Err(failure) => Err(failure.detail),
    };
    Looked { node: name, state: instance.state, is_master: is_master(node), place, seen }
}

async fn judge(report: &mut Report, world: &World, looked: Looked) {
    let (node, running) = (looked.node.to_string(), looked.state == State::Running);
    let (observed, differences) = match looked.seen {
        Ok(seen) => seen,
        Err(why) => return report.add("node-unreadable", node, format!("it cannot be looked at: {why}"), REPAIRED),
    };
    match (observed.state, running) {
        (NodeState::Running, false) => {
            report.add("node-should-rest", node, "its instance is isolated, and it runs", REPAIRED);
        }
        (NodeState::Absent, false) if looked.is_master => {
            let advice = "the data is lost, if nobody has it; clean the instance up";
            report.add(
                "folder-missing",
                node,
                "its instance is isolated and to be kept, and its folder is gone",
                advice,
            );
        }
        (NodeState::Stopped | NodeState::Absent, true) => {
            let what = if observed.state == NodeState::Absent {
                "neither a process nor a folder is there"
            } else {
                "no process is there"
            };
            report.add("process-missing", node.clone(), what, REPAIRED);
            if let Some((address, port)) = looked.place
                && !world.plane.port_is_free(address, port).await
            {
                let what = format!("another process listens on {address}:{port}");
                report.add(
                    "port-conflict",
                    node,
                    what,
                    "end that process: the node cannot start until the port is free",
                );
            }
        }
        _ => {}
    }
    if running && observed.is_running() && !looked.is_master && !observed.master_link_up {
        let advice = "it is copying its master's data, or cannot reach its master: look into its log if it stays so";
        report.add("replication-down", looked.node.to_string(), "its link to its master is not up", advice);
    }
    for Difference { what, is, should } in differences.into_iter().filter(|_| running) {
        report.add(
            difference(what),
            looked.node.to_string(),
            format!("its {what} is {is}, and should be {should}"),
            advice(what),
        );
    }
}

fn difference(what: &str) -> &'static str {
    match what {
        "port" | "address" => "wrong-port",
        "role" => "wrong-role",
        "maxmemory" => "wrong-maxmemory",
        "engine" => "wrong-engine",
        "access" => "wrong-access",
        _ => "wrong-setting",
    }
}

/// The observer repairs what it sees; the access and the engine of a node it does not look at.
fn advice(what: &str) -> &'static str {
    match what {
        "access" => "somebody has changed it by hand: set the password again with ResetPassword",
        "engine" => "it goes over to the other one when it is next set up, for example by ResetPassword",
        _ => REPAIRED,
    }
}

/// Folders and processes that belong to no instance.
async fn strangers(report: &mut Report, app: &App, world: &World, alive: &[Alive], rows: &BTreeSet<NodeRef>) {
    let listed = match world.plane.list().await {
        Ok(listed) => listed,
        Err(error) => {
            let advice = "see that the folder is there and that the server may read it";
            return report.add("nodes-unreadable", "instances", format!("the nodes cannot be listed: {error}"), advice);
        }
    };
    for node in listed.into_iter().filter(|node| !rows.contains(node)) {
        if let Some(instance) = alive.iter().find(|instance| instance.id == node.instance) {
            if !instance.held && instance.state != State::Creating {
                let what = "the state does not know it, though it knows its instance";
                report.add("node-without-row", node.to_string(), what, STRANGE);
            }
            continue;
        }
        let held = app.db.read(|tx| app.engine.live_task(tx, &node.instance));
        let known = app.db.read(|tx| store::instance_change::is_known(tx, &node.instance));
        match (held, known) {
            (Ok(Some(_)), _) => {}
            (_, Ok(true)) => {
                report.add(
                    "node-of-gone-instance",
                    node.to_string(),
                    "its instance is gone, and something of it is left",
                    REPAIRED,
                );
            }
            _ => {
                report.add("node-without-row", node.to_string(), "the state does not know its instance", STRANGE);
            }
        }
    }
    missing_nodes(report, world, alive);
}

/// An instance without nodes has nobody to serve.
fn missing_nodes(report: &mut Report, world: &World, alive: &[Alive]) {
    for instance in alive.iter().filter(|instance| !instance.held && instance.state == State::Running) {
        if world.load(&instance.id).is_ok_and(|(_, nodes)| nodes.is_empty()) {
            report.add(
                "instance-without-nodes",
                instance.id.clone(),
                "the state has no node of it",
                "report this; nothing can serve",
            );
        }
    }
}
