//! Instances. Every query takes a `cutoff` as `$1`: a pay-as-you-go instance isolated before it shows −3, after it −2.

use db::{Error, Param, Row, Tx, params};

use super::{from_json, to_json};
use crate::model::instance::{Access, Instance, State};

/// The columns in the order in which [`from_row`] reads them; the last is the wire status.
///
/// The status is nowhere stored: it follows from the state, the live task and the time, so it cannot be out of step with them.
macro_rules! columns {
    () => {
        "i.id, i.account, i.region, i.zone_id, i.name, i.type_id, i.mem_mb, i.shards, i.replicas, i.replicas_readonly,
         i.state, i.billing_mode, i.period, i.auto_renew, i.project_id, i.vpc_id, i.subnet_id, i.vport, i.address, i.port,
         i.no_auth, i.password_sha256, i.secret, i.security_groups, i.template_id, i.product_version, i.delete_protection,
         i.window_start, i.window_end, i.deal_name, i.engine, i.generation, i.created_at, i.deadline_at, i.isolated_at,
         i.cleaned_at, i.host,
         CASE i.state
           WHEN 'creating' THEN CASE WHEN EXISTS (SELECT 1 FROM task t WHERE t.subject = i.id
             AND t.status IN ('preparing', 'running', 'error') AND t.status = 'preparing') THEN 0 ELSE 1 END
           WHEN 'running' THEN CASE WHEN EXISTS (SELECT 1 FROM task t WHERE t.subject = i.id
             AND t.status IN ('preparing', 'running', 'error')) THEN 1 ELSE 2 END
           WHEN 'isolated' THEN CASE WHEN EXISTS (SELECT 1 FROM task t WHERE t.subject = i.id
             AND t.status IN ('preparing', 'running', 'error') AND t.kind = 'StartupInstance') THEN 1
             WHEN i.billing_mode = 0 AND i.isolated_at <= $1 THEN -3 ELSE -2 END
           ELSE -3 END AS wire_status"
    };
}
pub(super) use columns;

/// Adds a new instance.
///
/// # Errors
/// The database's.
pub fn add(tx: &Tx<'_>, new: &Instance) -> Result<(), Error> {
    let sql = "INSERT INTO instance (id, account, region, zone_id, name, type_id, mem_mb, shards, replicas, replicas_readonly, state,
                 billing_mode, period, auto_renew, project_id, vpc_id, subnet_id, vport, address, port, no_auth, password_sha256,
                 secret, security_groups, template_id, product_version, delete_protection, window_start, window_end, deal_name,
                 engine, generation, created_at, deadline_at, host, folded_name, named_no)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
                 $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36,
                 (SELECT COALESCE(MAX(named_no), 0) + 1 FROM instance))";
    let folded_name = fold(&new.name);
    let (no_auth, sha256) = access(&new.password);
    let groups = to_json(&new.security_groups);
    let whose =
        [Param::from(&new.id), (&new.account).into(), (&new.region).into(), new.zone_id.into(), (&new.name).into()];
    let what = [new.type_id, new.mem_mb, new.shards, new.replicas, new.replicas_readonly.into()].map(Param::from);
    let state = [Param::from(new.state.as_str())];
    let paid = [new.billing_mode, new.period, new.auto_renew, new.project_id].map(Param::from);
    let place: &[Param<'_>] = params![&new.vpc_id, &new.subnet_id, new.vport, &new.address, new.port];
    let entry: &[Param<'_>] =
        params![no_auth, sha256, new.secret.expose(), &groups, &new.template_id, &new.product_version];
    let rest: &[Param<'_>] = params![
        new.delete_protection,
        &new.window.0,
        &new.window.1,
        &new.deal_name,
        &new.engine,
        new.generation,
        new.created_at,
        new.deadline_at,
        &new.host,
        &folded_name
    ];
    tx.execute(sql, &[&whose[..], &what, &state, &paid, place, entry, rest].concat()).map(drop)
}

/// A name, or a part of one, as it is looked for: upper and lower case are alike.
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// The account's instance with this id in this region, also when it is cleaned up; never one whose creation failed.
///
/// # Errors
/// The database's.
pub fn find(tx: &Tx<'_>, account: &str, region: &str, id: &str, cutoff: i64) -> Result<Option<Instance>, Error> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM instance i WHERE i.id = $2 AND i.account = $3 AND i.region = $4 AND i.state <> 'failed'"
    );
    tx.query_opt(sql, params![cutoff, id, account, region], from_row)
}

/// The instance with this id, whoever owns it: for tasks and the background, which act for the owner.
///
/// # Errors
/// The database's; also when there is none, which a task's instance always is.
pub fn get(tx: &Tx<'_>, id: &str) -> Result<Instance, Error> {
    let sql = concat!("SELECT ", columns!(), " FROM instance i WHERE i.id = $2");
    let found = tx.query_opt(sql, params![0_i64, id], from_row)?;
    found.ok_or_else(|| Error::Database(format!("there is no instance {id}")))
}

/// How many instances the account has in the region, without those that are gone.
///
/// # Errors
/// The database's.
pub fn count(tx: &Tx<'_>, account: &str, region: &str) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM instance WHERE account = $1 AND region = $2 AND state IN ('creating', 'running', 'isolated')";
    Ok(tx.query_opt(sql, params![account, region], |row| row.int(0))?.unwrap_or(0))
}

/// Moves an instance on in its life, at `now`.
///
/// # Errors
/// The database's.
pub fn set_state(tx: &Tx<'_>, id: &str, state: State, now: i64) -> Result<(), Error> {
    let sql = match state {
        State::Isolated => "UPDATE instance SET state = $2, isolated_at = $3 WHERE id = $1",
        State::Cleaned | State::Failed => "UPDATE instance SET state = $2, cleaned_at = $3 WHERE id = $1",
        State::Creating | State::Running => {
            "UPDATE instance SET state = $2, isolated_at = NULL WHERE id = $1 AND $3 > 0"
        }
    };
    tx.execute(sql, params![id, state.as_str(), now]).map(drop)
}

/// Remembers the generation under which a task touched the nodes last.
///
/// # Errors
/// The database's.
pub fn set_generation(tx: &Tx<'_>, id: &str, generation: i64) -> Result<(), Error> {
    tx.execute("UPDATE instance SET generation = $2 WHERE id = $1 AND generation < $2", params![id, generation])
        .map(drop)
}

/// Where customers reach it.
///
/// # Errors
/// The database's.
pub fn set_endpoint(tx: &Tx<'_>, id: &str, address: &str, port: u16) -> Result<(), Error> {
    tx.execute("UPDATE instance SET address = $2, port = $3 WHERE id = $1", params![id, address, port]).map(drop)
}

/// How customers get in.
///
/// # Errors
/// The database's.
pub fn set_access(tx: &Tx<'_>, id: &str, password: &Access) -> Result<(), Error> {
    let (no_auth, sha256) = access(password);
    tx.execute("UPDATE instance SET no_auth = $2, password_sha256 = $3 WHERE id = $1", params![id, no_auth, sha256])
        .map(drop)
}

fn access(password: &Access) -> (bool, &str) {
    match password {
        Access::Free => (true, ""),
        Access::Sha256(hash) => (false, hash),
    }
}

pub(super) fn from_row(row: &Row<'_>) -> Result<Instance, Error> {
    let state = row.text(10)?;
    let (no_auth, sha256) = (row.flag(20)?, row.text(21)?);
    Ok(Instance {
        id: row.text(0)?,
        account: row.text(1)?,
        region: row.text(2)?,
        zone_id: row.int(3)?,
        name: row.text(4)?,
        type_id: row.int(5)?,
        mem_mb: row.int(6)?,
        shards: row.int(7)?,
        replicas: row.int(8)?,
        replicas_readonly: row.flag(9)?,
        state: State::parse(&state).ok_or_else(|| Error::Database(format!("unknown state {state}")))?,
        billing_mode: row.int(11)?,
        period: row.int(12)?,
        auto_renew: row.int(13)?,
        project_id: row.int(14)?,
        vpc_id: row.text(15)?,
        subnet_id: row.text(16)?,
        vport: row.small(17)?,
        address: row.text(18)?,
        port: row.small(19)?,
        password: if no_auth { Access::Free } else { Access::Sha256(sha256) },
        secret: row.text(22)?.into(),
        security_groups: from_json(&row.text(23)?)?,
        template_id: row.text(24)?,
        product_version: row.text(25)?,
        delete_protection: row.flag(26)?,
        window: (row.text(27)?, row.text(28)?),
        deal_name: row.text(29)?,
        engine: row.text(30)?,
        generation: row.int(31)?,
        created_at: row.int(32)?,
        deadline_at: row.opt_int(33)?,
        isolated_at: row.opt_int(34)?,
        cleaned_at: row.opt_int(35)?,
        host: row.text(36)?,
        status: row.int(37)?,
    })
}
