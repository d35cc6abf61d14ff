//! The matrix: every step × every fault × every way in which its undo goes, made from the kind itself.

use std::collections::BTreeMap;
use std::fmt;

use super::case::{Case, Person, step_names};
use super::{Faults, How, Kill, Moment, Point, World};
use crate::Status;

/// A step that waits more often than this is killed at its first waits only.
const MOST_WAITS: usize = 4;

/// How many cases ended how.
#[derive(Debug, Default)]
pub struct Tally {
    counts: BTreeMap<(&'static str, &'static str), usize>,
}

impl Tally {
    /// Of how many cases.
    #[must_use]
    pub fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// Adds those of another.
    pub fn add(&mut self, other: Self) {
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
    }

    fn count(&mut self, fault: &'static str, end: &'static str) {
        *self.counts.entry((fault, end)).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((fault, end), count) in &self.counts {
            writeln!(f, "{count:>6}  {fault}: {end}")?;
        }
        write!(f, "{:>6}  in all", self.total())
    }
}

/// Every step × {fails, panics, times out; before and after it has acted} × {the undo works; the undo of it or of one before
/// it gives up, panics, times out}, and the engine killed {before, at each wait, after} of every run and of every undo ×
/// {nothing fails, the undo works, it gives up}. A task that ends in `error` is then tried again, and in another case
/// given up, by a person.
pub async fn matrix<W: World>(make: impl AsyncFn() -> W) -> Tally {
    run(&make, &How::ALL, MOST_WAITS).await
}

/// The same with fewer of its variants, for worlds that are slow to make: undos only give up, and a kill strikes the first wait.
pub async fn plain_matrix<W: World>(make: impl AsyncFn() -> W) -> Tally {
    run(&make, &[How::Answers], 1).await
}

async fn run<W: World>(make: &impl AsyncFn() -> W, undos: &[How], waits: usize) -> Tally {
    let steps = step_names(&make().await);
    let mut tally = Tally::default();
    let report = Case { faults: Faults::default(), crash_at: None, person: None }.run(make().await).await;
    tally.count("no fault", report.status.as_str());
    for (index, step) in steps.iter().enumerate() {
        let stuck = stuck(&steps[..=index], undos);
        for (how, moment) in How::ALL.into_iter().flat_map(|how| [(how, Moment::Before), (how, Moment::After)]) {
            let faults = Faults { fail: Some((step, moment)), how, ..Faults::default() };
            each(make, &mut tally, name(how), faults, &stuck).await;
        }
        let failing = Faults { fail: Some((step, Moment::After)), ..Faults::default() };
        let plain = self::stuck(&steps[..=index], &[How::Answers]);
        killed(make, &mut tally, (step, false, waits), Faults::default(), &[]).await;
        killed(make, &mut tally, (step, false, waits), failing, &plain).await;
        // The undo comes to those before only when it has worked for those behind them.
        for (earlier, undone) in steps[..=index].iter().enumerate() {
            killed(make, &mut tally, (undone, true, waits), failing, &plain[..=earlier]).await;
        }
    }
    tally
}

/// The undos that can give up, and how.
fn stuck(steps: &[&'static str], undos: &[How]) -> Vec<(&'static str, How)> {
    steps.iter().flat_map(|step| undos.iter().map(|how| (*step, *how))).collect()
}

/// With an undo that works, and with each that does not.
async fn each<W: World>(
    make: &impl AsyncFn() -> W,
    tally: &mut Tally,
    name: &'static str,
    faults: Faults,
    stuck: &[(&'static str, How)],
) -> bool {
    let mut crashed = one(make, tally, name, faults, None).await;
    for (step, how) in stuck {
        let faults = Faults { give_up: Some(step), stuck: *how, ..faults };
        for person in [Person::Retries, Person::Abandons] {
            crashed &= one(make, tally, name, faults, Some(person)).await;
        }
    }
    crashed
}

/// Kills before, at each wait, after.
async fn killed<W: World>(
    make: &impl AsyncFn() -> W,
    tally: &mut Tally,
    (step, undo, waits): (&'static str, bool, usize),
    faults: Faults,
    stuck: &[(&'static str, How)],
) {
    // An undo that gives up has neither acted nor waited.
    let acts: Vec<_> = stuck.iter().copied().filter(|(stuck, _)| !undo || *stuck != step).collect();
    for (point, name, stuck) in [(Point::Before, "killed before", stuck), (Point::After, "killed after", &acts)] {
        let faults = Faults { kill: Some(Kill { step, undo, point }), ..faults };
        assert!(each(make, tally, name, faults, stuck).await, "{step} was not killed {point:?}");
    }
    for wait in 1..=waits {
        let faults = Faults { kill: Some(Kill { step, undo, point: Point::During(wait) }), ..faults };
        // It does not wait so often.
        if !each(make, tally, "killed during", faults, &acts).await {
            return;
        }
    }
}

/// One case; answers whether the engine was killed. One that was to be and was not is not counted.
async fn one<W: World>(
    make: &impl AsyncFn() -> W,
    tally: &mut Tally,
    name: &'static str,
    faults: Faults,
    person: Option<Person>,
) -> bool {
    let before = Case { faults, crash_at: None, person }.run(make().await).await;
    let killed = before.crashed_at.is_some();
    if killed || faults.kill.is_none() {
        tally.count(name, end(before.status, person));
    }
    killed
}

fn end(status: Status, person: Option<Person>) -> &'static str {
    match person {
        None => status.as_str(),
        Some(Person::Retries) => "error, tried again: failed, undone",
        Some(Person::Abandons) => "error, given up: failed, repaired",
    }
}

fn name(how: How) -> &'static str {
    match how {
        How::Answers => "fails",
        How::Panics => "panics",
        How::TimesOut => "times out",
    }
}
