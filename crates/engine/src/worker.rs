//! The dispatcher: claims what is due, as much as there are free workers, and runs each task in its own tokio task.
//!
//! It is woken by an enqueue's commit, of any process on the database, by the end of a task, and by the clock: at the next task's `run_at`, or at the
//! next poll. Looking is a read; only when something is due does it write, one transaction for all that it claims.

use std::sync::Arc;
use std::time::{Duration, Instant};

use db::{Subscription, Tx};
use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::cancel::CANCEL;
use crate::clock::millis;
use crate::engine::{Engine, Inner, WORK};
use crate::job::Job;
use crate::log::{EventKind, Next};
use crate::plan::{Plan, plan};
use crate::registry::Registry;
use crate::store;
use crate::store::work::{self, Claim, Mark, Stored, WriteError};

/// How work is asked to stop: first gently, then at once.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    /// Nothing new is begun; running steps finish.
    pub(crate) stopping: CancellationToken,
    /// Running steps are dropped.
    pub(crate) killed: CancellationToken,
}

/// A started engine. Dropping it stops the work dead, as a crash would.
pub struct Running {
    stop: Stop,
    dispatcher: JoinHandle<()>,
}

impl Running {
    /// Stops: no new claims, and no new steps; running steps get `grace` to finish, then they are dropped. Whatever is
    /// unfinished is resumed by the next start.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.stopping.cancel();
        if tokio::time::timeout(grace, &mut self.dispatcher).await.is_err() {
            self.stop.killed.cancel();
            self.ended().await;
        }
    }

    /// Stops the work dead and waits until it lies still.
    pub(crate) async fn crash(mut self) {
        self.dispatcher.abort();
        self.ended().await;
    }

    async fn ended(&mut self) {
        if let Err(error) = (&mut self.dispatcher).await
            && error.is_panic()
        {
            tracing::error!(%error, "the dispatcher panicked");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.dispatcher.abort();
    }
}

pub(crate) fn start(engine: Engine) -> Running {
    let stop = Stop::default();
    let dispatcher = Dispatcher { inner: engine.inner, stop: stop.clone(), jobs: JoinSet::new() };
    Running { stop, dispatcher: tokio::spawn(dispatcher.run()) }
}

/// A task that was claimed, and how it goes on.
pub(crate) struct Claimed {
    pub(crate) stored: Stored,
    pub(crate) plan: Result<Plan, String>,
}

struct Dispatcher {
    inner: Arc<Inner>,
    stop: Stop,
    /// Dropping the set aborts the tasks in it.
    jobs: JoinSet<()>,
}

impl Dispatcher {
    async fn run(mut self) {
        let settings = &self.inner.settings;
        if settings.exclusive || settings.only_of_name {
            self.void_old_leases().await;
        }
        let (mut news, mut cancels) = (self.subscribe(WORK), self.subscribe(CANCEL));
        while !self.stop.stopping.is_cancelled() {
            self.inner.meter.looks(Some(Instant::now()));
            let look_again = self.fill().await;
            tokio::select! {
                () = self.stop.stopping.cancelled() => break,
                () = self.inner.wake.notified() => {}
                () = raised(&mut news) => {}
                () = raised(&mut cancels) => self.heed_cancels(),
                Some(_) = self.jobs.join_next() => {}
                () = self.inner.clock.sleep_until_steady(look_again) => {}
            }
            while self.jobs.try_join_next().is_some() {}
        }
        self.inner.meter.looks(None);
        while self.jobs.join_next().await.is_some() {}
    }

    /// The news of other processes; without it there are the poll and the heartbeat.
    fn subscribe(&self, channel: &str) -> Option<Subscription> {
        let shared = self.inner.db.is_shared();
        let news = shared.then(|| self.inner.db.subscribe(channel)).transpose();
        news.unwrap_or_else(|error| {
            tracing::error!(%error, channel, "what other processes do is found by polling only");
            None
        })
    }

    /// Somebody has cancelled a task: is it one of ours?
    fn heed_cancels(&self) {
        match self.inner.db.read(work::cancelled) {
            Ok(ids) => self.inner.cancels.signal_known(&ids),
            Err(error) => tracing::warn!(%error, "a cancel is heeded at the next heartbeat"),
        }
    }

    /// Nobody else works here, or under this name, so whoever held such a lease is dead. Tries until it works: without it
    /// tasks would lie still.
    async fn void_old_leases(&self) {
        loop {
            match self.void_leases_once().await {
                Ok(0) => return,
                Ok(tasks) => return tracing::info!(tasks, "unfinished tasks are resumed"),
                Err(error) => tracing::error!(%error, "old leases could not be voided; trying again"),
            }
            tokio::select! {
                () = self.stop.stopping.cancelled() => return,
                () = tokio::time::sleep(self.inner.settings.poll) => {}
            }
        }
    }

    async fn void_leases_once(&self) -> Result<usize, WriteError> {
        let settings = &self.inner.settings;
        let owner = if settings.exclusive { String::new() } else { settings.name.clone() };
        if self.inner.db.read(|tx| work::any_lease(tx, &owner))? {
            self.inner.write(move |tx| Ok(work::void_leases(tx, &owner)?)).await
        } else {
            Ok(0)
        }
    }

    /// Claims and spawns as many due tasks as there are free workers; answers when to look again.
    async fn fill(&mut self) -> i64 {
        let now = self.inner.clock.steady_ms();
        let poll_at = now.saturating_add(millis(self.inner.settings.poll));
        let free = self.inner.settings.workers.max(1).saturating_sub(self.jobs.len());
        if free == 0 {
            return poll_at;
        }
        match self.claim_due(now, free).await {
            Ok(Due::Claimed(claimed)) => {
                claimed.into_iter().for_each(|claimed| self.spawn(claimed, now));
                now
            }
            Ok(Due::At(at)) => at.min(poll_at),
            Ok(Due::Nothing) => poll_at,
            Err(error) => {
                tracing::error!(%error, "no task could be claimed; trying again at the next poll");
                poll_at
            }
        }
    }

    async fn claim_due(&self, now: i64, free: usize) -> Result<Due, WriteError> {
        match self.inner.db.read(|tx| work::due(tx, &self.inner.settings.host, now))? {
            Some(at) if at <= now => {}
            Some(at) => return Ok(Due::At(at)),
            None => return Ok(Due::Nothing),
        }
        let (owner, date) = (self.inner.settings.name.clone(), self.inner.clock.now_ms());
        let host = self.inner.settings.host.clone();
        let claim = Claim { owner, host, now, date, lease_until: self.inner.lease_from(now) };
        let registry = Arc::clone(&self.inner.registry);
        let claimed = self.inner.write(move |tx| claim_all(tx, &registry, &claim, free)).await?;
        // When another process was faster there are none; what comes after them is looked for again.
        Ok(Due::Claimed(claimed))
    }

    fn spawn(&mut self, claimed: Claimed, now: i64) {
        let job = Job::new(Arc::clone(&self.inner), self.stop.clone(), claimed, now);
        self.jobs.spawn(job.run());
    }
}

async fn raised(news: &mut Option<Subscription>) {
    match news {
        Some(news) => news.raised().await,
        None => std::future::pending().await,
    }
}

/// What a look for work found.
enum Due {
    Claimed(Vec<Claimed>),
    /// Nothing before this time.
    At(i64),
    Nothing,
}

/// Claims up to `free` tasks; where a step comes next, its `started` is written in the same transaction.
fn claim_all(tx: &Tx<'_>, registry: &Registry, claim: &Claim, free: usize) -> Result<Vec<Claimed>, WriteError> {
    let mut all = Vec::new();
    while all.len() < free {
        let Some(stored) = work::claim(tx, claim)? else { break };
        let events = store::events(tx, stored.task.id)?;
        let plan = plan(registry.get(&stored.task.kind), &stored, events);
        if let Ok(Plan { kind, next: Next::Run(index), .. }) = &plan {
            let step = kind.step(*index);
            let mark = Mark { at: claim.date, owner: Arc::from(claim.owner.as_str()), attempt: stored.attempt };
            work::append(tx, stored.task.id, step.name(), EventKind::Started, &Value::Null, &mark)?;
        }
        all.push(Claimed { stored, plan });
    }
    Ok(all)
}
