//! Tasks that wait for a person, or for a worker that does not come.

use engine::{InspectFilter, Inspected, Status, TaskId};

use super::Report;
use crate::app::App;
use crate::model::wire_time::utc;
use crate::store;

/// What may be late by so much (milliseconds) before it is told.
const SLACK: i64 = 60_000;
/// More of one kind of trouble than this need no list.
const MOST: u32 = 1000;

pub(super) fn check(report: &mut Report, app: &App) -> Result<(), db::Error> {
    app.db.read(|tx| {
        for status in [Status::Error, Status::Running, Status::Preparing] {
            let filter = InspectFilter { status: Some(status), limit: MOST, ..InspectFilter::default() };
            let (tasks, _) = app.engine.inspect_list(tx, &filter)?;
            tasks.iter().for_each(|task| judge(report, task, app.clock.now_ms()));
        }
        let since = app.hosting.alive_since(app.clock.steady_ms());
        for host in store::host::waited_for(tx, since)?.into_iter().filter(|_| app.hosting.shared) {
            let what = format!("{} tasks are {}", host.tasks, host.why());
            report.add("host-without-worker", format!("host {}", host.host), what, "start a server with workers on it");
        }
        for (id, kind, subject) in store::doctor::homeless_tasks(tx)? {
            let what = format!("{kind} works on {subject}, which the state does not know");
            report.add("task-without-instance", name(TaskId(id)), what, "abandon it when it comes to error");
        }
        Ok::<_, db::Error>(())
    })?;
    let works = app.hosting.process.role.works();
    if works && app.engine.last_looked().is_none_or(|ago| ago.as_millis() > SLACK.unsigned_abs().into()) {
        report.add("engine-stands", "engine", "no worker looks for tasks", "restart the server, and look into its log");
    }
    Ok(())
}

fn judge(report: &mut Report, Inspected { task, held }: &Inspected, now: i64) {
    let late = |since: i64| since > 0 && since.saturating_add(SLACK) < now;
    if task.status == Status::Error {
        let what = format!("{} of {} is in error: {}", task.kind, task.subject, task.message);
        let advice = "look at it with `cinnabar task show`, mend the cause, then retry or abandon it; its instance is locked until then";
        report.add("task-in-error", name(task.id), what, advice);
        return;
    }
    if held.lease_until > 0 && late(held.lease_until) {
        let what = format!(
            "the lease of {} ended at {}, and nobody has taken the task over",
            held.owner,
            utc(held.lease_until)
        );
        report.add("lease-overdue", name(task.id), what, "see that a server with workers runs, and look into its log");
    }
    if held.lease_until == 0 && late(held.run_at) {
        let what = format!("it is due since {}, and no worker has taken it", utc(held.run_at));
        let advice = "all workers are busy (raise tasks.workers), or no server with workers runs";
        report.add("task-waits", name(task.id), what, advice);
    }
    let deadline = if held.unwinding { held.undo_deadline } else { held.deadline };
    if held.lease_until > 0 && deadline.is_some_and(late) {
        let what = format!("its deadline was {}, and its worker has not heeded it", utc(deadline.unwrap_or_default()));
        report.add("deadline-passed", name(task.id), what, "restart the server that owns it: its worker hangs");
    }
}

fn name(id: TaskId) -> String {
    format!("task {id}")
}
