//! The engine's front: enqueue, look up, start and stop.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use db::{Db, Tx};
use tokio::sync::Notify;

use crate::cancel::Cancels;
use crate::clock::{Clock, millis};
use crate::ended::{self, Ended};
use crate::gate::Gate;
use crate::lists::{EndedTasks, Lists};
use crate::log::{Event, EventKind};
use crate::meter::Meter;
use crate::registry::Registry;
use crate::store::work::{self, Mark, WriteError};
use crate::store::{self, list};
use crate::task::{Brief, NewTask, Operator, Status, Task, TaskFilter, TaskId};
use crate::worker::{self, Running};

/// The end of the year 9999: a lease that only the next start voids.
pub(crate) const FOREVER: i64 = 253_402_300_799_000;

/// The signal of new work on a shared database.
pub(crate) const WORK: &str = "work";

/// How an engine works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who claims, for people; stored as the owner.
    pub name: String,
    /// No other engine of this name works at the same time: at the start, what it had claimed before is free at once.
    pub only_of_name: bool,
    /// The host that this engine works on: it claims the tasks of that host and those of none.
    pub host: String,
    /// How many tasks run at once; at least one.
    pub workers: usize,
    /// How long a claim holds without being renewed; renewed at a third of it. Not used when `exclusive`.
    pub lease: Duration,
    /// How long undoing may take, from the failure on.
    pub undo_deadline: Duration,
    /// How often to look for work that nobody announced.
    pub poll: Duration,
    /// No other process works on this database: a claim then holds for as long as this process lives, and at the start
    /// every old one is void.
    pub exclusive: bool,
    /// How many bytes of ended tasks are kept in memory at most.
    pub cached: usize,
    /// How many ended tasks are kept in memory for lists at most; about 26 bytes each, twice that while it grows.
    pub listed: usize,
    /// How far back the lists in memory go; a list that goes back further is slow.
    pub listed_back: Duration,
}

/// A day and 30 more, of which lists show the last 30.
const DAYS_31: Duration = Duration::from_secs(31 * 24 * 3600);

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "engine".to_owned(),
            only_of_name: false,
            host: String::new(),
            workers: 16,
            lease: Duration::from_secs(30),
            undo_deadline: Duration::from_secs(600),
            poll: Duration::from_secs(1),
            exclusive: true,
            cached: 64 << 20,
            listed: 4_000_000,
            listed_back: DAYS_31,
        }
    }
}

/// Why a task was not enqueued.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The subject has a live task already.
    #[error("task {holder} is {status} on it")]
    Busy {
        /// That task.
        holder: TaskId,
        /// Where it stands: preparing, running or error.
        status: Status,
    },
    /// No kind of this name is registered.
    #[error("there is no task kind `{0}`")]
    UnknownKind(&'static str),
    /// The database answered an error.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Durable tasks on one database; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    /// What is counted.
    pub(crate) meter: Meter,
    /// Tells this process's workers which tasks are cancelled.
    pub(crate) cancels: Cancels,
    /// Ended tasks that were asked for.
    pub(crate) ended: Ended,
    /// What lists of them are made of.
    pub(crate) lists: Lists,
    /// May hold new tasks back.
    pub(crate) gate: OnceLock<Arc<dyn Gate>>,
    /// Tells the dispatcher that there may be something to claim.
    pub(crate) wake: Arc<Notify>,
    /// Passed before and after each commit of a worker; a test may stop the engine dead there.
    pub(crate) fuse: Option<crate::testing::Fuse>,
}

impl Engine {
    /// An engine on a database that has the tables of [`MIGRATION_SQL`](crate::MIGRATION_SQL), [`LISTS_SQL`](crate::LISTS_SQL),
    /// [`OPERATORS_SQL`](crate::OPERATORS_SQL), [`HOSTS_SQL`](crate::HOSTS_SQL) and [`LEASES_SQL`](crate::LEASES_SQL); it works once started.
    #[must_use]
    pub fn new(db: Db, registry: Registry, clock: Clock, settings: Settings) -> Self {
        Self::with_fuse(db, registry, clock, settings, None)
    }

    pub(crate) fn with_fuse(
        db: Db,
        registry: Registry,
        clock: Clock,
        settings: Settings,
        fuse: Option<crate::testing::Fuse>,
    ) -> Self {
        let (registry, wake, ended) = (Arc::new(registry), Arc::default(), Ended::new(settings.cached));
        let (lists, gate) = (Lists::new(settings.listed, settings.listed_back), OnceLock::new());
        let (meter, cancels) = (Meter::new(&registry), Cancels::default());
        Self {
            inner: Arc::new(Inner { db, registry, clock, settings, meter, cancels, ended, lists, gate, wake, fuse }),
        }
    }

    /// Writes a task in the caller's transaction; after its commit a worker is woken.
    ///
    /// # Errors
    /// [`EnqueueError::Busy`] when the subject has a live task; nothing was written then.
    pub fn enqueue(&self, tx: &Tx<'_>, new: NewTask) -> Result<TaskId, EnqueueError> {
        let kind = self.inner.registry.get(new.kind).ok_or(EnqueueError::UnknownKind(new.kind))?;
        let steps: Vec<_> = kind.step_names().collect();
        let (run_at, limit) = (self.inner.clock.steady_ms(), millis(kind.deadline));
        let Some(id) = store::insert(tx, &new, &steps, limit, run_at, self.now())? else {
            return Err(busy(tx, &new.subject)?);
        };
        if let Some(gate) = self.inner.gate.get()
            && gate.enqueued(tx, id, &new)?
        {
            work::hold_back(tx, id, FOREVER)?;
        }
        self.wake_after(tx);
        tracing::debug!(task = id.0, kind = new.kind, subject = new.subject, "task enqueued");
        Ok(id)
    }

    /// One tenant's task; `None` when there is none of this number, or it is another tenant's.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn get(&self, tx: &Tx<'_>, tenant: &str, id: i64) -> Result<Option<Task>, db::Error> {
        store::get(tx, tenant, id)
    }

    /// As [`Engine::get`], but only what a status is told from, which `read` looks at: out of memory for a task that has ended and whose
    /// neighbours were asked for before, else one look-up by primary key and five columns.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn brief<T>(&self, tenant: &str, id: i64, read: impl Fn(&Brief<'_>) -> T) -> Result<Option<T>, db::Error> {
        let ended = &self.inner.ended;
        if let Some(answer) = ended.find(tenant, id, &read) {
            return Ok(Some(answer));
        }
        // One view for both: what it shows as ended cannot be gone from the sheet.
        self.inner.db.read(|tx| {
            let Some(found) = store::brief(tx, tenant, id)? else { return Ok(None) };
            let brief = found.brief();
            if ended.has_sheet(id) {
                ended.keep(id, tenant, &brief);
            } else if ended::is_kept(brief.status) {
                ended.keep_sheet(id, store::briefs(tx, ended::bounds(id))?.iter().map(store::BriefRow::parts));
            }
            Ok(Some(read(&brief)))
        })
    }

    /// Empties the memory of ended tasks; to be called by whoever deletes tasks.
    pub fn forget_cached(&self) {
        self.inner.ended.forget_all();
        self.inner.lists.forget();
    }

    /// Runs `read` in a reading transaction, beside the memory of ended tasks as that transaction sees them. The first call
    /// fills the memory, which takes a second for a million tasks; to be called where a thread may wait.
    ///
    /// # Errors
    /// Whatever `read` or the database answers.
    pub fn read_lists<T, E: From<db::Error>>(
        &self,
        read: impl FnOnce(&Tx<'_>, &EndedTasks) -> Result<T, E>,
    ) -> Result<T, E> {
        self.inner.lists.read(&self.inner.db, self.now(), read)
    }

    /// As [`EndedTasks::list`], by SQL alone, which reads each task that passes.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn list(&self, tx: &Tx<'_>, filter: &TaskFilter) -> Result<(u64, Vec<Task>), db::Error> {
        list::list(tx, filter)
    }

    /// The task that holds a subject: preparing, running or in error.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn live_task(&self, tx: &Tx<'_>, subject: &str) -> Result<Option<(TaskId, Status)>, db::Error> {
        store::live_task(tx, subject)
    }

    /// A task's step log, oldest first; for operators, since it holds details that no client should see.
    ///
    /// # Errors
    /// Whatever the database answers; also when the log cannot be read.
    pub fn steps(&self, tx: &Tx<'_>, id: TaskId) -> Result<Vec<Event>, db::Error> {
        store::events(tx, id)?.map_err(db::Error::Database)
    }

    /// Has a task in `error` tried again from where it stopped, with new deadlines; `by` is kept in its log. Answers
    /// whether it was in `error`.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn retry(&self, tx: &Tx<'_>, id: TaskId, by: &Operator) -> Result<bool, db::Error> {
        let steady = self.inner.clock.steady_ms();
        let undo_deadline = steady + millis(self.inner.settings.undo_deadline);
        let Some(task) = work::try_again(tx, id, steady, undo_deadline)? else { return Ok(false) };
        work::append(tx, id, &operator_step(&task), EventKind::Retried, &by.to_json(), &Mark::of_operator(self.now()))?;
        self.wake_after(tx);
        Ok(true)
    }

    /// Ends a task in `error` as `failed`, whatever it has left behind, and frees its subject; `by` is kept in its log.
    /// Its kind's `ended` is called with `failed`. Answers whether it was in `error`.
    ///
    /// # Errors
    /// Whatever the database or `ended` answers.
    pub fn abandon(&self, tx: &Tx<'_>, id: TaskId, by: &Operator) -> Result<bool, db::Error> {
        let now = self.now();
        let Some(task) = work::abandon(tx, id, now)? else { return Ok(false) };
        work::append(tx, id, &operator_step(&task), EventKind::Abandoned, &by.to_json(), &Mark::of_operator(now))?;
        if let Some(kind) = self.inner.registry.get(&task.kind) {
            (kind.ended)(tx, &task, Status::Failed)?;
        }
        self.count_after(tx, &task);
        Ok(true)
    }

    /// Gives every task that is enqueued from now on to `gate`; only the first gate of an engine counts.
    pub fn set_gate(&self, gate: Arc<dyn Gate>) {
        if self.inner.gate.set(gate).is_err() {
            tracing::error!("the engine has a gate already");
        }
    }

    /// Lets a task go on that the gate holds back, or that a step holds without an end ([`Outcome::Hold`](crate::Outcome::Hold)).
    /// Answers whether it was held.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn release(&self, tx: &Tx<'_>, id: TaskId) -> Result<bool, db::Error> {
        let released = work::release(tx, id, self.inner.clock.steady_ms(), FOREVER)?;
        if released {
            self.wake_after(tx);
        }
        Ok(released)
    }

    /// Lets all tasks go on that are held; answers how many.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn release_all(&self, tx: &Tx<'_>) -> Result<usize, db::Error> {
        let released = work::release_all(tx, self.inner.clock.steady_ms(), FOREVER)?;
        self.wake_after(tx);
        Ok(released)
    }

    /// Says in the messages of a host's open tasks why nobody works on them; the next claim of each takes it away. Answers
    /// how many say so now that did not before.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn note_wait(&self, tx: &Tx<'_>, host: &str, why: &str) -> Result<usize, db::Error> {
        work::note_wait(tx, host, why, self.inner.clock.steady_ms())
    }

    /// Gives every task that has not ended to this engine's host. Only for an engine that has the database to itself.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn take_all(&self, tx: &Tx<'_>) -> Result<usize, db::Error> {
        work::move_all(tx, &self.inner.settings.host)
    }

    /// Deletes every task of every tenant with its log, whatever its status. Nothing may be running.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub fn delete_all(&self, tx: &Tx<'_>) -> Result<usize, db::Error> {
        let deleted = work::delete_all(tx)?;
        let own = self.clone();
        tx.after_commit(move || own.forget_cached());
        Ok(deleted)
    }

    /// Whether no other process works on this database ([`Settings::exclusive`]).
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.inner.settings.exclusive
    }

    /// Starts working, on the current tokio runtime. One at a time; dropping what it returns stops the work dead.
    #[must_use = "dropping it stops the engine"]
    pub fn start(&self) -> Running {
        worker::start(self.clone())
    }

    /// The date.
    pub(crate) fn now(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// Counts the end of a task that no worker has brought about.
    pub(crate) fn count_after(&self, tx: &Tx<'_>, task: &Task) {
        let (inner, kind, status) = (Arc::clone(&self.inner), task.kind.clone(), task.status);
        tx.after_commit(move || inner.meter.ended(&kind, status));
    }

    /// Has a free worker look for work once the transaction is durable: here, and in every process on a shared database.
    pub(crate) fn wake_after(&self, tx: &Tx<'_>) {
        if self.inner.db.is_shared() {
            return tx.notify(WORK);
        }
        let wake = Arc::clone(&self.inner.wake);
        tx.after_commit(move || wake.notify_one());
    }
}

impl Inner {
    /// A worker's transaction.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx<'_>) -> Result<T, WriteError> + Send + 'static,
    ) -> Result<T, WriteError> {
        self.boundary().await;
        let answer = self.db.write(f).await;
        self.boundary().await;
        answer
    }

    async fn boundary(&self) {
        if let Some(fuse) = &self.fuse {
            fuse.boundary().await;
        }
    }

    /// Until when a claim or a renewal at this steady time holds.
    pub(crate) fn lease_from(&self, now: i64) -> i64 {
        if self.settings.exclusive { FOREVER } else { now.saturating_add(millis(self.settings.lease)) }
    }
}

/// The log is keyed by step and event; an operator acts at most once on each claim's end.
pub(crate) fn operator_step(task: &Task) -> String {
    format!("#{}", task.epoch)
}

fn busy(tx: &Tx<'_>, subject: &str) -> Result<EnqueueError, db::Error> {
    let gone = || db::Error::Database("a task was refused as a duplicate, but there is no live one".to_owned());
    let (holder, status) = store::live_task(tx, subject)?.ok_or_else(gone)?;
    Ok(EnqueueError::Busy { holder, status })
}
