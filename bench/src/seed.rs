//! A store with a million ended tasks and ten thousand that have not ended, written as the engine writes them.
//!
//! The step logs are left out: nothing that is measured reads the log of an ended task. The open tasks clean up instances that
//! have no nodes, and wait: they are not to be run before [`release`].

use std::path::Path;

use db::{Db, Tx, params};
use engine::Clock;
use rand::Rng;
use server::model::instance::{Access, Instance, State};
use server::service::{ROOT_APP_ID, ROOT_UIN};
use server::store::account::{self, StoredKey};
use server::store::attachment::{self, Attachment, Holder};
use server::store::policy::{self, StoredPolicy};
use server::store::user::{self, User};

use crate::error::Error;
use crate::wire;

/// The region of all tasks.
pub(crate) const REGION: &str = "ap-guangzhou";
/// The first task's number; all numbers have the same count of digits, as do then all requests.
pub(crate) const FIRST_ID: u32 = 1_000_001;
/// How many tasks that have ended.
pub(crate) const TASKS: u32 = 1_000_000;
/// How many that have not.
pub(crate) const OPEN: u32 = 10_000;
/// The first of those; it is the first to be run.
pub(crate) const FIRST_OPEN: u32 = FIRST_ID + TASKS;

/// How many policies the sub-user has.
pub(crate) const POLICIES: i64 = 20;
/// The sub-user.
const USER: &str = "100000000002";

/// Rows in one transaction.
const BATCH: u32 = 50_000;
/// How many instances the ended tasks worked on.
const SUBJECTS: u32 = 1000;
/// Between one task and the next, in milliseconds: a million cover 29 days, so that a list shows all of them.
const PACE: i64 = 2_500;
/// The open tasks wait so long.
const DAYS_30: i64 = 30 * 24 * 3_600_000;
const KINDS: [&str; 4] = ["CreateInstances", "ClearInstance", "ResetPassword", "DestroyInstance"];

const INSERT: &str = "INSERT INTO task (id, kind, tenant, region, subject, status, params, steps, epoch, attempt, owner, \
     run_at, time_limit, deadline, message, done_steps, total_steps, request_id, operator, client, created_at, started_at, \
     ended_at, end_no) VALUES ($1, $2, $3, $4, $5, $6, 'null', '[\"reserve_ports\",\"start_nodes\",\"follow_master\"]', 1, 1, \
     'process 1', $7, 300000, $7 + 300000, $8, 3, 3, $9, $3, '127.0.0.1', $7, $7, $7 + 700, $1)";

const INSERT_OPEN: &str = "INSERT INTO task (id, kind, tenant, region, subject, status, params, steps, run_at, time_limit, \
     message, total_steps, request_id, operator, client, created_at) VALUES ($1, 'CleanUpInstance', $2, $3, $4, $5, 'null', \
     '[\"remove_nodes\"]', $6, 300000, $7, 1, '', $2, '127.0.0.1', $8)";
const RELEASE: &str = "UPDATE task SET run_at = id WHERE status IN ('preparing', 'running')";

/// Writes the tasks and their instances into the state of the data folder `data`, which is made.
pub(crate) fn seed(data: &Path) -> Result<(), Error> {
    std::fs::create_dir(data).map_err(Error::io(data.display().to_string()))?;
    let end = Clock::system().now_ms();
    write(&server::store::open(data, &"".into())?, move |tx| {
        server::store::account::add(tx, ROOT_UIN, ROOT_APP_ID, end)?;
        add_user(tx, end)
    })?;
    in_batches(data, SUBJECTS + OPEN, move |tx, index| server::store::instance::add(tx, &instance(index, end)))?;
    in_batches(data, TASKS, move |tx, index| insert(tx, index, end))?;
    in_batches(data, OPEN, move |tx, index| insert_open(tx, index, end))
}

/// A sub-user with [`POLICIES`] policies of two statements each, of which one allows what is measured.
fn add_user(tx: &Tx<'_>, now: i64) -> Result<(), db::Error> {
    let user = User {
        uin: USER.to_owned(),
        account: ROOT_UIN.to_owned(),
        name: "bench".to_owned(),
        remark: String::new(),
        phone: String::new(),
        country_code: String::new(),
        email: String::new(),
        created_at: now,
    };
    user::add(tx, &user)?;
    let key = StoredKey {
        secret_id: wire::USER_ID.to_owned(),
        secret_key: wire::SECRET_KEY.into(),
        account: ROOT_UIN.to_owned(),
        uin: USER.to_owned(),
        app_id: ROOT_APP_ID,
    };
    account::put_key(tx, &key, now)?;
    (0..POLICIES).try_for_each(|index| {
        let policy = one_of_many(index, now);
        policy::add(tx, &policy)?;
        let attachment = Attachment { policy_id: policy.id, operator: ROOT_UIN.to_owned(), created_at: now };
        attachment::put(tx, ROOT_UIN, &Holder::User(USER.to_owned()), &attachment)
    })
}

/// The last one allows it; the others deny something else of the same actions, so that each must be looked at.
fn one_of_many(index: i64, now: i64) -> StoredPolicy {
    let instances = format!("qcs::redis:{REGION}:uin/{ROOT_UIN}:instance/");
    let allowed = if index == POLICIES - 1 { format!("{instances}*") } else { format!("{instances}crs-{index:08}") };
    let document = format!(
        r#"{{"version":"2.0","statement":[
            {{"effect":"allow","action":["redis:Describe*","redis:ClearInstance"],"resource":["{allowed}"]}},
            {{"effect":"deny","action":"redis:*","resource":["{instances}crs-no{index}*"]}}]}}"#
    );
    StoredPolicy {
        id: 1000 + index,
        account: ROOT_UIN.to_owned(),
        name: format!("bench-{index}"),
        description: String::new(),
        document,
        tags: Vec::new(),
        created_at: now,
        updated_at: now,
    }
}

/// Has the open tasks run by the next start; the first is the first.
pub(crate) fn release(data: &Path) -> Result<(), Error> {
    write(&server::store::open(data, &"".into())?, |tx| tx.execute(RELEASE, &[]).map(drop))
}

fn in_batches(
    data: &Path,
    count: u32,
    insert: impl Fn(&Tx<'_>, u32) -> Result<(), db::Error> + Copy + Send + 'static,
) -> Result<(), Error> {
    let db = server::store::open(data, &"".into())?;
    (0..count).step_by(BATCH as usize).try_for_each(|batch| {
        write(&db, move |tx| (batch..count.min(batch + BATCH)).try_for_each(|index| insert(tx, index)))
    })
}

fn write(db: &Db, f: impl FnOnce(&Tx<'_>) -> Result<(), db::Error> + Send + 'static) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Error::io("the runtime"))?;
    Ok(runtime.block_on(db.write(f))?)
}

/// The id of an instance; those after the first [`SUBJECTS`] have open tasks.
pub(crate) fn subject(index: u32) -> String {
    format!("crs-{:08x}", index.wrapping_mul(2_654_435_761))
}

/// All instances; in their order, the same in each run but for the time.
pub(crate) fn instances() -> impl Iterator<Item = Instance> {
    (0..SUBJECTS + OPEN).map(|index| instance(index, 0))
}

/// An instance without nodes.
fn instance(index: u32, at: i64) -> Instance {
    Instance {
        id: subject(index),
        host: String::new(),
        account: ROOT_UIN.to_owned(),
        region: REGION.to_owned(),
        zone_id: 100_003,
        name: if index < SUBJECTS { format!("shop-{index}") } else { format!("batch-{index}") },
        type_id: 15,
        mem_mb: 1024,
        shards: 1,
        replicas: 1,
        replicas_readonly: false,
        // Instances that are isolated are looked at all the time, and these have no nodes.
        state: if index < SUBJECTS { State::Cleaned } else { State::Isolated },
        billing_mode: 0,
        period: 1,
        auto_renew: 0,
        project_id: i64::from(index % 10),
        vpc_id: String::new(),
        subnet_id: String::new(),
        vport: 6379,
        address: String::new(),
        port: 6379,
        password: Access::Free,
        secret: "seed".to_owned().into(),
        security_groups: Vec::new(),
        template_id: String::new(),
        product_version: String::new(),
        delete_protection: false,
        window: (String::new(), String::new()),
        deal_name: String::new(),
        engine: String::new(),
        generation: 1,
        created_at: at,
        deadline_at: None,
        isolated_at: None,
        cleaned_at: None,
        status: 0,
    }
}

fn insert(tx: &Tx<'_>, index: u32, end: i64) -> Result<(), db::Error> {
    let mut random = rand::rng();
    let kind = KINDS[random.random_range(0..KINDS.len())];
    let subject = subject(random.random_range(0..SUBJECTS));
    let (status, message) = match random.random_range(0..10) {
        0 => ("failed", "The node did not start in time."),
        _ => ("succeed", ""),
    };
    let request_id = format!("{:032x}", random.random::<u128>());
    let at = end - PACE * i64::from(TASKS - index);
    tx.execute(INSERT, params![FIRST_ID + index, kind, ROOT_UIN, REGION, &subject, status, at, message, &request_id])
        .map(drop)
}

/// Of ten, one is in `error`; they lie among the ended ones of the last days.
fn insert_open(tx: &Tx<'_>, index: u32, end: i64) -> Result<(), db::Error> {
    let (status, message) = match index % 10 {
        9 => ("error", "The node could not be removed."),
        even if even % 2 == 0 => ("running", ""),
        _ => ("preparing", ""),
    };
    let (subject, at) = (subject(SUBJECTS + index), end - 10 * PACE * i64::from(OPEN - index));
    let values = params![FIRST_OPEN + index, ROOT_UIN, REGION, &subject, status, end + DAYS_30, message, at];
    tx.execute(INSERT_OPEN, values).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::policy::{Decision, Facts, Policy, Purpose, Query, Resource, decide};

    #[test]
    fn the_policies_of_the_sub_user_allow_what_is_measured_and_little_else() {
        let policies: Vec<_> = (0..POLICIES)
            .map(|index| Policy::parse(&one_of_many(index, 0).document, Purpose::Identity).unwrap())
            .collect();
        let facts = Facts { ip: None, now_ms: 0, uin: USER, external_id: None, resource_tags: &[], request_tags: &[] };
        let ask = |policies: &[Policy], action, path| {
            let resource = Resource { service: "redis", region: REGION, account: ROOT_UIN, path };
            decide(policies, &Query { service: "redis", action, resource, facts: &facts, principal: None })
        };
        let path = format!("instance/{}", subject(7));
        assert_eq!(ask(&policies, "DescribeTaskInfo", &path), Decision::Allowed);
        assert_eq!(ask(&policies[..policies.len() - 1], "DescribeTaskInfo", &path), Decision::Silent);
        assert_eq!(ask(&policies, "ResetPassword", &path), Decision::Silent);
    }
}
