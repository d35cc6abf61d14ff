//! What plans do to requests: refuse one before it is handled, and count the questions after a task.

use std::sync::atomic::Ordering;
use std::time::Duration;

use api::ActionInfo;
use db::Tx;
use engine::TaskId;
use serde_json::Value;
use tokio::sync::RwLockReadGuard;
use tokio::time::{Instant, sleep};

use super::plan::{ActionPlan, NewPlan};
use super::script::{Script, Shown};
use super::{Levers, codes, notes, read};
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway};
use crate::store::lever::{self, NewUse, Target};

/// How long an answer of DescribeTaskInfo waits for the status that is planned; then it shows the one that there is.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at the status.
const LOOK: Duration = Duration::from_millis(2);

impl Levers {
    /// Lets a signed request of the right shape in, for as long as the answer lives; waits while a reset is at work.
    ///
    /// # Errors
    /// The planned one.
    pub async fn admit(
        &self,
        app: &App,
        context: &Context,
        info: &ActionInfo,
        params: &Value,
    ) -> Result<RwLockReadGuard<'_, ()>, Error> {
        let inside = self.door.read().await;
        self.refuse(context, info, params).await?;
        if info.service == "redis"
            && info.name == "DescribeTaskInfo"
            && let Some(task) = params["TaskId"].as_i64()
        {
            self.poll(app, context.account(), task).await?;
        }
        Ok(inside)
    }

    async fn refuse(&self, context: &Context, info: &ActionInfo, params: &Value) -> Result<(), Error> {
        if self.db.read(|tx| lever::open_plans(tx, Target::Action, info.name))?.is_empty() {
            return Ok(());
        }
        let (name, subjects) = (info.name, subjects(params));
        let (request_id, at) = (context.request_id.to_string(), self.clock.now_ms());
        let take = move |tx: &Tx<'_>| take(tx, name, &subjects, &request_id, at);
        let Some((plan, ActionPlan { code, message, .. })) = self.db.write(take).await? else { return Ok(()) };
        tracing::info!(request_id = %context.request_id, action = name, plan, code, "planned: a request is refused");
        let error = Error::new(codes::keep(&code), message.clone(), message);
        Err(error.with_detail(format_args!("planned by lever plan {plan}")))
    }

    /// Counts a question after a task that is held by polls, and waits until the answer is the planned one.
    async fn poll(&self, app: &App, account: &str, task: i64) -> Result<(), Error> {
        let Some((used, script)) = self.polled(account, task)? else { return Ok(()) };
        let id = used.id;
        let polls = app.db.write(move |tx| lever::count_poll(tx, id)).await?;
        let shown = script.shown(polls);
        let deadline = Instant::now() + PATIENCE;
        while !self.is_shown(account, task, shown)? && !self.closing.load(Ordering::SeqCst) {
            if Instant::now() > deadline {
                tracing::warn!(task, "the planned status did not come about; the present one is shown");
                break;
            }
            // Again and again: a step may have begun to hold the task after the last time.
            let engine = app.engine.clone();
            app.db.write(move |tx| engine.release(tx, TaskId(task))).await?;
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// The script of an account's task, if it has to do with polls.
    fn polled(&self, account: &str, task: i64) -> Result<Option<(lever::Use, Script)>, Error> {
        let found = self.db.read(|tx| match lever::status_of(tx, account, task)? {
            Some(status) if !is_final(&status) => lever::use_of(tx, task),
            _ => Ok(None),
        })?;
        let Some(used) = found else { return Ok(None) };
        let script: Script = read(&used.script)?;
        Ok(script.polls.is_some().then_some((used, script)))
    }

    fn is_shown(&self, account: &str, task: i64, wanted: Shown) -> Result<bool, Error> {
        let status = self.db.read(|tx| lever::status_of(tx, account, task))?;
        Ok(status.is_none_or(|status| match wanted {
            Shown::Preparing => true,
            Shown::Running => status != "preparing",
            Shown::End => is_final(&status),
        }))
    }

    /// Lets a task go on that polls hold, as if it had been asked for often enough. Answers whether polls held it.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(&self, app: &App, task: i64) -> Result<bool, db::Error> {
        let (engine, at) = (app.engine.clone(), self.clock.now_ms());
        let release = move |tx: &Tx<'_>| {
            let Some(used) = lever::use_of(tx, task)? else { return Ok(false) };
            if read::<Script>(&used.script)?.shown(used.polls) == Shown::End {
                return Ok(false);
            }
            lever::set_polls(tx, used.id, ENOUGH)?;
            notes::add(tx, used.id, "released by an operator", at)?;
            engine.release(tx, TaskId(task)).map(|_| true)
        };
        self.db.write(release).await
    }
}

/// More polls than any plan counts.
const ENOUGH: i64 = 1_000_000;

fn is_final(status: &str) -> bool {
    !matches!(status, "preparing" | "running")
}

/// The instances that a request names.
fn subjects(params: &Value) -> Vec<String> {
    let one = params["InstanceId"].as_str().into_iter();
    let many = params["InstanceIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
    one.chain(many).map(str::to_owned).collect()
}

/// Takes a use of the oldest plan that fits and writes it down.
fn take(
    tx: &Tx<'_>,
    name: &str,
    subjects: &[String],
    request_id: &str,
    at: i64,
) -> Result<Option<(i64, ActionPlan)>, Error> {
    for (plan, subject) in lever::open_plans(tx, Target::Action, name)? {
        if !subject.is_empty() && !subjects.contains(&subject) || !lever::take(tx, plan.id)? {
            continue;
        }
        let action = read::<NewPlan>(&plan.spec)?.action;
        let action = action.ok_or_else(|| gateway::internal(format!("the plan {} names no action", plan.id)))?;
        let note = format!("the request was refused with {} by plan {}", action.code, plan.id);
        let used = NewUse {
            plan_id: Some(plan.id),
            task_id: None,
            request_id,
            subject: subjects.first().map_or("", String::as_str),
            script: &serde_json::json!(action).to_string(),
            notes: &notes::first(&note, at),
            at,
        };
        lever::add_use(tx, &used)?;
        return Ok(Some((plan.id, action)));
    }
    Ok(None)
}
