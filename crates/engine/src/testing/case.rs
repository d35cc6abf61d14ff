//! One case: arrange faults and a crash, let the task end, assert the rules, check the world.

use std::sync::Arc;
use std::time::Duration;

use super::faults::wrap;
use super::{Faults, Fuse, How, Kill, Report, World};
use crate::log::{EventKind, Next, replay};
use crate::store::{self, work};
use crate::{Clock, Engine, EnqueueError, Operator, Registry, Settings, Status, TaskId};

/// A task that has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(1);

pub(super) fn step_names(world: &impl World) -> Vec<&'static str> {
    world.kind().step_names().collect()
}

pub(super) struct Case {
    pub(super) faults: Faults,
    /// Blows at this boundary.
    pub(super) crash_at: Option<usize>,
    /// What a person does about a task that has ended in `error`.
    pub(super) person: Option<Person>,
}

/// What a person does about a task in `error`, once its cause is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Has it tried again.
    Retries,
    /// Gives it up; what is left behind is for [`World::settle`].
    Abandons,
}

impl Case {
    pub(super) async fn run<W: World>(self, world: W) -> Report {
        let world = Arc::new(world);
        let clock = world.clock();
        let fuse = self.crash_at.or_else(|| self.faults.kill.map(|_| usize::MAX)).map(Fuse::at);
        let engine = self.engine(&*world, &clock, self.faults, fuse.clone());
        let id = enqueue(&world, &engine).await;
        let crashed = self.until_end_or_crash(&engine, id, fuse.as_ref()).await;
        if crashed {
            let engine = self.engine(&*world, &clock, Faults { kill: None, ..self.faults }, None);
            self.until_end(&engine, id).await;
        }
        let report = self.report(&*world, id, crashed);
        assert_rules(&report, &step_names(&*world));
        world.check(&report).await;
        match self.person.filter(|_| report.status == Status::Error) {
            Some(person) => self.then(person, &*world, &report).await,
            None => report,
        }
    }

    /// A person acts on the task, all causes of faults gone: it ends as `failed`, with the world as promised.
    async fn then(&self, person: Person, world: &impl World, report: &Report) -> Report {
        let (id, engine) = (report.task.id, self.engine(world, &world.clock(), Faults::default(), None));
        let by = Operator { name: "the harness".to_owned(), reason: "the causes of the faults are gone".to_owned() };
        let hand = engine.clone();
        let acted: Result<bool, db::Error> = match person {
            Person::Retries => world.db().write(move |tx| hand.retry(tx, id, &by)).await,
            Person::Abandons => world.db().write(move |tx| hand.abandon(tx, id, &by)).await,
        };
        assert!(acted.expect("a person's word is written"), "{}: {person:?}", self.name());
        match person {
            Person::Retries => self.until_end(&engine, id).await,
            Person::Abandons => world.settle().await,
        }
        let mut after = self.report(world, id, report.crashed_at.is_some());
        after.case += &format!(", then a person {person:?}");
        let Report { case, task, events, .. } = &after;
        assert_eq!(after.status, Status::Failed, "{case}: {:?}\n{events:#?}", task.message);
        assert!(!task.message.is_empty(), "{case}: the message");
        world.check(&after).await;
        after
    }

    async fn until_end(&self, engine: &Engine, id: TaskId) {
        let running = engine.start();
        self.wait_for_end(engine, id).await;
        running.stop(PATIENCE).await;
    }

    fn engine(&self, world: &impl World, clock: &Clock, faults: Faults, fuse: Option<Fuse>) -> Engine {
        let kind = wrap(world.kind(), (&world.db(), clock), &faults, fuse.as_ref());
        let registry = Registry::new().add(kind).expect("the kind is sound");
        let (poll, undo_deadline) = (Duration::from_millis(20), Duration::from_secs(30));
        let settings = Settings { workers: 1, poll, undo_deadline, ..Settings::default() };
        Engine::with_fuse(world.db(), registry, clock.clone(), settings, fuse)
    }

    /// Whether the engine crashed; if not, the task has ended and the engine has stopped.
    async fn until_end_or_crash(&self, engine: &Engine, id: TaskId, fuse: Option<&Fuse>) -> bool {
        let running = engine.start();
        let ended = tokio::select! {
            () = self.wait_for_end(engine, id) => true,
            () = blown(fuse) => false,
        };
        if !ended {
            running.crash().await;
            return true;
        }
        // There is one more boundary behind the last commit.
        tokio::select! {
            () = running.stop(PATIENCE) => false,
            () = blown(fuse) => true,
        }
    }

    /// Moves the clock on while the task waits for its next run.
    async fn wait_for_end(&self, engine: &Engine, id: TaskId) {
        let (db, clock) = (&engine.inner.db, &engine.inner.clock);
        let ended = async {
            loop {
                match db.read(|tx| work::peek(tx, id)) {
                    Ok(Some((status, ..))) if status.is_final() => return,
                    Ok(Some((_, 0, run_at))) => {
                        let wait = u64::try_from(run_at - clock.steady_ms()).unwrap_or(0);
                        clock.advance(Duration::from_millis(wait));
                    }
                    _ => {}
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, ended).await;
        assert!(in_time.is_ok(), "{}: the task did not end", self.name());
    }

    fn report(&self, world: &impl World, id: TaskId, crashed: bool) -> Report {
        let read = world.db().read(|tx| Ok::<_, db::Error>((store::find(tx, id)?, store::events(tx, id)?)));
        let (task, events) = read.expect("the task and its log can be read");
        let (task, events) = (task.expect("the task is there"), events.expect("the log can be read"));
        let (faults, crashed_at) = (self.faults, self.crash_at.or(Some(0)).filter(|_| crashed));
        Report { case: self.name(), faults, crashed_at, status: task.status, task, events }
    }

    fn name(&self) -> String {
        let mut name = match self.faults.fail {
            Some((step, moment)) => format!("step `{step}` fails {moment:?} it acted{}", how(self.faults.how)),
            None => "no step fails".to_owned(),
        };
        if let Some(step) = self.faults.give_up {
            name += &format!(", the undo of `{step}` gives up{}", how(self.faults.stuck));
        }
        if let Some(Kill { step, undo, point }) = self.faults.kill {
            name += &format!(", killed {point:?} the {} of `{step}`", if undo { "undo" } else { "run" });
        }
        if self.faults.twice {
            name += ", all is done twice";
        }
        if let Some(boundary) = self.crash_at {
            name += &format!(", a crash at boundary {boundary}");
        }
        name
    }
}

fn how(how: How) -> String {
    if how == How::Answers { String::new() } else { format!(" ({how:?})") }
}

async fn blown(fuse: Option<&Fuse>) {
    match fuse {
        Some(fuse) => fuse.blown().await,
        None => std::future::pending().await,
    }
}

async fn enqueue<W: World>(world: &Arc<W>, engine: &Engine) -> TaskId {
    let (shared, own) = (Arc::clone(world), engine.clone());
    let id: Result<_, EnqueueError> = world.db().write(move |tx| shared.enqueue(&own, tx)).await;
    id.expect("the task is enqueued")
}

/// What must hold of every task that has ended.
fn assert_rules(report: &Report, steps: &[&'static str]) {
    let case = &report.case;
    let expected = expected(&report.faults, steps);
    assert_eq!(report.status, expected, "{case}: {:?}\n{:#?}", report.task.message, report.events);
    assert_eq!(report.task.message.is_empty(), expected == Status::Succeed, "{case}: the message");
    assert!(report.task.ended_at.is_some(), "{case}: the end's time");
    let unwound = expected != Status::Succeed;
    let next = replay(steps, report.events.iter().map(|event| (&event.step, event.kind)), unwound);
    let left = if expected == Status::Error { next.map(|_| Next::Finish(expected)) } else { next };
    assert_eq!(left, Ok(Next::Finish(expected)), "{case}: the log says that something is left\n{:#?}", report.events);
    let gave_up = report.events.iter().any(|event| event.kind == EventKind::UndoFailed);
    assert_eq!(gave_up, expected == Status::Error, "{case}: undo_failed");
}

/// The status that the faults call for.
fn expected(faults: &Faults, steps: &[&'static str]) -> Status {
    let position = |name| steps.iter().position(|step| *step == name);
    match (faults.fail, faults.give_up) {
        (None, _) => Status::Succeed,
        // A step that never started has nothing to undo.
        (Some((failed, _)), Some(stuck)) if position(stuck) <= position(failed) => Status::Error,
        (Some(_), _) => Status::Failed,
    }
}
