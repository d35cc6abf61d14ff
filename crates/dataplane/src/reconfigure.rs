//! Brings a running node to its spec without a restart. The files have been rewritten before, so that a restart at any
//! point comes up the same.

use std::net::IpAddr;

use redis::{Value, cmd};

use crate::control::Control;
use crate::probe::Info;
use crate::redis_conf::customer_rules;
use crate::{Access, Error, NodeSpec, Role, Version};

/// Whether the node differs in something that cannot change live: port, address or engine.
pub(crate) async fn needs_restart(control: &mut Control, info: &Info, spec: &NodeSpec) -> Result<bool, Error> {
    let moved = info.observed().port != Some(spec.port);
    let replaced = info.executable().is_some_and(|path| path != spec.engine);
    Ok(moved || replaced || bound_address(control).await? != Some(spec.address))
}

pub(crate) async fn bound_address(control: &mut Control) -> Result<Option<IpAddr>, Error> {
    let (_, bind): (String, String) = control.query("CONFIG GET", cmd("CONFIG").arg("GET").arg("bind")).await?;
    Ok(bind.parse().ok())
}

/// Changes what differs.
pub(crate) async fn reconfigure(
    control: &mut Control,
    info: &Info,
    spec: &NodeSpec,
    version: Version,
) -> Result<(), Error> {
    let now = info.observed();
    if now.max_memory != spec.max_memory {
        config_set(control, "maxmemory", spec.max_memory).await?;
    }
    if now.max_clients != Some(spec.max_clients) {
        set_max_clients(control, spec).await?;
    }
    set_access(control, spec, version).await?;
    if now.role != Some(spec.role) {
        set_role(control, spec.role).await?;
    }
    Ok(())
}

async fn config_set(control: &mut Control, name: &str, value: u64) -> Result<(), Error> {
    control.query("CONFIG SET", cmd("CONFIG").arg("SET").arg(name).arg(value)).await
}

/// A machine with too few file descriptors gets as many clients as it can bear: an engine that starts lowers the figure
/// itself, a running one refuses it.
async fn set_max_clients(control: &mut Control, spec: &NodeSpec) -> Result<(), Error> {
    match config_set(control, "maxclients", u64::from(spec.max_clients)).await {
        Err(Error::Control { reason, .. }) => {
            tracing::warn!(node = %spec.node, max_clients = spec.max_clients, reason, "maxclients stays as it is");
            Ok(())
        }
        other => other,
    }
}

/// One `ACL SETUSER`, which an engine applies as a whole or not at all. `ACL LOAD` would cut the replicas too.
async fn set_access(control: &mut Control, spec: &NodeSpec, version: Version) -> Result<(), Error> {
    let before = current_access(control).await?;
    let mut set_user = cmd("ACL");
    set_user.arg("SETUSER").arg("default").arg("reset").arg(customer_rules(&spec.access, version));
    control.query::<()>("ACL SETUSER", &set_user).await?;
    if before.as_ref() == Some(&spec.access) {
        return Ok(());
    }
    // Who came in by the old password must not stay in: open connections are cut.
    let mut kill = cmd("CLIENT");
    kill.arg("KILL").arg("USER").arg("default");
    let killed: u64 = control.query("CLIENT KILL", &kill).await?;
    tracing::info!(node = %spec.node, killed, "access changed, open connections cut");
    Ok(())
}

/// How the customer gets in now; `None` for anything this crate would not have set up.
pub(crate) async fn current_access(control: &mut Control) -> Result<Option<Access>, Error> {
    let user: Vec<Value> = control.query("ACL GETUSER", cmd("ACL").arg("GETUSER").arg("default")).await?;
    let field = |name: &str| -> Vec<String> {
        let pair = user.chunks_exact(2).find(|pair| text(&pair[0]).as_deref() == Some(name));
        pair.map_or_else(Vec::new, |pair| redis::from_redis_value(pair[1].clone()).unwrap_or_default())
    };
    let on = field("flags").iter().any(|flag| flag == "on");
    let nopass = field("flags").iter().any(|flag| flag == "nopass");
    Ok(match field("passwords").as_slice() {
        [] if on && nopass => Some(Access::NoAuth),
        [hash] if on && !nopass => Some(Access::PasswordSha256(hash.clone())),
        _ => None,
    })
}

fn text(value: &Value) -> Option<String> {
    redis::from_redis_value(value.clone()).ok()
}

async fn set_role(control: &mut Control, role: Role) -> Result<(), Error> {
    let mut command = cmd("REPLICAOF");
    match role {
        Role::Master => command.arg("NO").arg("ONE"),
        Role::Replica { of } => command.arg(of.ip().to_string()).arg(of.port()),
    };
    control.query("REPLICAOF", &command).await
}
