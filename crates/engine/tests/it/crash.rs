//! The harness on a model kind: every failing step × every stuck undo × every crash, with exact end states.

use std::time::Duration;

use async_trait::async_trait;
use db::{Db, Tx};
use engine::testing::{self, Faults, Moment, Report};
use engine::{Engine, EnqueueError, Kind, Outcome, Status, Step, StepContext, TaskId};

use crate::support::{self, Act, STEPS, folder, new_task, open};

struct Model {
    world: support::World,
    db: Db,
    _folder: tempfile::TempDir,
}

async fn model() -> Model {
    let folder = folder();
    Model { world: support::World::default(), db: open(&folder), _folder: folder }
}

/// A model whose steps wait: the harness must not take the waiting for an end, nor really wait.
async fn slow_model() -> Model {
    let model = model().await;
    for call in ["run start", "undo start"] {
        model.world.set(call, Act::Retries(2, Duration::from_secs(10)));
    }
    model
}

impl Model {
    fn recorded(&self) -> Vec<String> {
        let rows: Result<_, db::Error> =
            self.db.read(|tx| tx.query("SELECT name FROM made ORDER BY name", &[], |row| row.text(0)));
        rows.unwrap()
    }

    fn endings(&self) -> Vec<String> {
        let rows: Result<_, db::Error> =
            self.db.read(|tx| tx.query("SELECT status FROM ending", &[], |row| row.text(0)));
        rows.unwrap()
    }
}

#[async_trait]
impl testing::World for Model {
    fn db(&self) -> Db {
        self.db.clone()
    }

    fn kind(&self) -> Kind {
        self.world.kind("make", &STEPS)
    }

    fn enqueue(&self, engine: &Engine, tx: &Tx<'_>) -> Result<TaskId, EnqueueError> {
        engine.enqueue(tx, new_task("thing"))
    }

    async fn settle(&self) {
        self.world.things().made.clear();
        let cleared: Result<usize, db::Error> = self.db.write(|tx| tx.execute("DELETE FROM made", &[])).await;
        cleared.unwrap();
    }

    /// In the order of the steps: what is left is what an undo that gave up, and all before it, had made.
    async fn check(&self, report: &Report) {
        let position = |name| STEPS.iter().position(|step| *step == name).unwrap();
        let left: &[&str] = match (report.status, report.faults) {
            (Status::Succeed, _) => &STEPS,
            (Status::Error, Faults { fail: Some((failed, moment)), give_up: Some(stuck), .. }) => {
                let never_made = failed == stuck && moment == Moment::Before;
                &STEPS[..position(stuck) + usize::from(!never_made)]
            }
            _ => &[],
        };
        let mut left = left.to_vec();
        left.sort_unstable();
        assert_eq!(self.world.made(), left, "{}", report.case);
        let mut endings = self.endings();
        if endings.len() == 2 {
            assert_eq!(endings.remove(0), "error", "{}: a person went on from there", report.case);
        }
        assert_eq!(endings, [report.status.as_str()], "{}: the end is told once", report.case);
        // A failed step has recorded nothing, whatever it has made.
        let failed = report.faults.fail.map(|(step, _)| step);
        left.retain(|step| Some(*step) != failed);
        assert_eq!(self.recorded(), left, "{}", report.case);
    }
}

#[tokio::test]
async fn each_step_fails() {
    testing::fail_each_step(model).await;
}

#[tokio::test]
async fn each_undo_gives_up() {
    testing::fail_each_undo(model).await;
}

#[tokio::test]
async fn each_step_is_repeated() {
    testing::repeat_each_step(model).await;
}

#[tokio::test]
async fn a_waiting_kind_crashes_at_each_boundary() {
    testing::crash_at_each_boundary(slow_model).await;
}

#[tokio::test]
async fn the_matrix_of_the_model() {
    let tally = testing::matrix(model).await;
    // 1 without a fault; 18 faults × 1, and × 12 undos a step on average (each of those so far, in 3 ways, and 2 persons); the kills.
    assert_eq!(tally.total(), 311, "{tally}");
    for (fault, end) in [("panics", "failed"), ("times out", "failed"), ("killed before", "succeed")] {
        assert!(tally.to_string().contains(&format!("{fault}: {end}")), "{tally}");
    }
}

/// All of the model's cases: no, each, and each leaky failing step × no and each stuck undo × every crash point.
#[tokio::test]
async fn every_fault_crashes_at_each_boundary() {
    let moments = [Moment::Before, Moment::After];
    let failing = STEPS.iter().flat_map(|step| moments.map(|moment| Some((*step, moment))));
    for fail in std::iter::once(None).chain(failing) {
        for give_up in std::iter::once(None).chain(STEPS.map(Some)) {
            let boundaries = testing::crash_with(model, Faults { fail, give_up, ..Faults::default() }).await;
            // Without a fault: the claim and three commits, with two boundaries each, and two around each run.
            let expected = 2 * 4 + 2 * 3;
            assert!(fail.is_some() || boundaries == expected, "{boundaries} boundaries");
        }
    }
}

/// The harness must be able to fail: a kind whose undo leaves something behind.
#[tokio::test]
#[should_panic(expected = "step `publish` fails After it acted")]
async fn the_harness_sees_what_an_undo_leaves_behind() {
    struct Leaky(Model);
    #[async_trait]
    impl testing::World for Leaky {
        fn db(&self) -> Db {
            self.0.db.clone()
        }
        fn kind(&self) -> Kind {
            let mut kind = self.0.world.kind("make", &STEPS);
            kind.steps.push(Box::new(Litter(self.0.world.clone())));
            kind.steps.swap(2, 3);
            kind
        }
        fn enqueue(&self, engine: &Engine, tx: &Tx<'_>) -> Result<TaskId, EnqueueError> {
            engine.enqueue(tx, new_task("thing"))
        }
        async fn check(&self, report: &Report) {
            let clean = report.status == Status::Succeed || self.0.world.made().is_empty();
            assert!(clean, "{}", report.case);
        }
    }
    struct Litter(support::World);
    #[async_trait]
    impl Step for Litter {
        fn name(&self) -> &'static str {
            "litter"
        }
        async fn run(&self, _: &StepContext) -> Outcome {
            self.0.things().made.insert("litter");
            Outcome::Done(serde_json::Value::Null)
        }
    }
    let faults = Faults { fail: Some(("publish", Moment::After)), ..Faults::default() };
    testing::run_with(async || Leaky(model().await), faults).await;
}
