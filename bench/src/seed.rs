//! A store with a million ended tasks, written as the engine writes them.
//!
//! The step logs are left out: nothing that is measured reads the log of an ended task.

use std::path::Path;

use db::{Tx, params};
use engine::Clock;
use rand::Rng;

use crate::error::Error;

/// The region of all tasks.
pub(crate) const REGION: &str = "ap-guangzhou";
/// The first task's number; all numbers have the same count of digits, as do then all requests.
pub(crate) const FIRST_ID: u32 = 1_000_001;
/// How many tasks.
pub(crate) const TASKS: u32 = 1_000_000;

/// Rows in one transaction.
const BATCH: u32 = 50_000;
/// How many instances the tasks worked on.
const SUBJECTS: u32 = 1000;
/// Between one task and the next, in milliseconds: a million cover 115 days.
const PACE: i64 = 10_000;
const KINDS: [&str; 4] = ["CreateInstances", "ClearInstance", "ResetPassword", "DestroyInstance"];

const INSERT: &str = "INSERT INTO task (id, kind, tenant, region, subject, status, params, steps, epoch, attempt, owner, \
     run_at, time_limit, deadline, message, done_steps, total_steps, request_id, operator, client, created_at, started_at, \
     ended_at) VALUES ($1, $2, $3, $4, $5, $6, 'null', '[\"reserve_ports\",\"start_nodes\",\"follow_master\"]', 1, 1, \
     'process 1', $7, 300000, $7 + 300000, $8, 3, 3, $9, $3, '127.0.0.1', $7, $7, $7 + 700)";

/// Writes the tasks into the state of the data folder `data`, which is made.
pub(crate) fn seed(data: &Path) -> Result<(), Error> {
    std::fs::create_dir(data).map_err(Error::io(data.display().to_string()))?;
    let db = server::store::open(data, &"".into())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Error::io("the runtime"))?;
    let end = Clock::system().now_ms();
    runtime.block_on(async {
        for batch in (0..TASKS).step_by(BATCH as usize) {
            db.write(move |tx| (batch..TASKS.min(batch + BATCH)).try_for_each(|index| insert(tx, index, end))).await?;
        }
        Ok(())
    })
}

fn insert(tx: &Tx<'_>, index: u32, end: i64) -> Result<(), db::Error> {
    let mut random = rand::rng();
    let kind = KINDS[random.random_range(0..KINDS.len())];
    let subject = format!("crs-{:08x}", random.random_range(0..SUBJECTS).wrapping_mul(2_654_435_761));
    let (status, message) = match random.random_range(0..10) {
        0 => ("failed", "The node did not start in time."),
        _ => ("succeed", ""),
    };
    let request_id = format!("{:032x}", random.random::<u128>());
    let at = end - PACE * i64::from(TASKS - index);
    let account = server::service::ROOT_UIN;
    tx.execute(INSERT, params![FIRST_ID + index, kind, account, REGION, &subject, status, at, message, &request_id])
        .map(drop)
}
