//! What an engine counts while it works: how long steps take, and how tasks end. Counters live as long as the process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::registry::Registry;
use crate::task::Status;

/// Bucket `n` holds what took less than 2ⁿ µs, the last one also all that took longer: 2²⁹ µs are nine minutes.
const BUCKETS: usize = 30;

/// A histogram of times that costs its writer two atomic additions.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BUCKETS], sum_us: AtomicU64::new(0) }
    }
}

/// A histogram as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// For each bucket its upper bound in seconds and how many are in it, from the smallest to one without a bound.
    pub buckets: Vec<(f64, u64)>,
    /// How many there are.
    pub count: u64,
    /// The sum of all, in seconds.
    pub sum: f64,
}

impl Histogram {
    /// Adds one time.
    pub fn record(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let index = (64 - us.leading_zeros() as usize).min(BUCKETS - 1);
        if let Some(bucket) = self.buckets.get(index) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// What it holds now.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "seconds for people")]
    pub fn read(&self) -> Times {
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let bound = |index: usize| if index + 1 < BUCKETS { (1_u64 << index) as f64 / 1e6 } else { f64::INFINITY };
        let buckets: Vec<_> = counts.enumerate().map(|(index, count)| (bound(index), count)).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        Times { count, buckets, sum: self.sum_us.load(Ordering::Relaxed) as f64 / 1e6 }
    }
}

/// The two things that a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Run,
    Undo,
}

/// How long one step took, each time that it began.
#[derive(Debug)]
pub struct StepTimes {
    /// The task's kind.
    pub kind: &'static str,
    /// The step's name.
    pub step: &'static str,
    /// Its runs.
    pub runs: Times,
    /// Its undos.
    pub undos: Times,
}

/// The statuses that a task ends in.
const ENDS: [Status; 3] = [Status::Succeed, Status::Failed, Status::Error];

/// What is counted.
pub(crate) struct Meter {
    steps: HashMap<(&'static str, &'static str), [Histogram; 2]>,
    ends: HashMap<&'static str, [AtomicU64; ENDS.len()]>,
    /// When the dispatcher last looked for work; `None` while there is none.
    looked: Mutex<Option<Instant>>,
}

impl Meter {
    pub(crate) fn new(registry: &Registry) -> Self {
        let (mut steps, mut ends) = (HashMap::new(), HashMap::new());
        for kind in registry.kinds() {
            steps.extend(kind.step_names().map(|step| ((kind.name, step), <[Histogram; 2]>::default())));
            ends.insert(kind.name, <[AtomicU64; ENDS.len()]>::default());
        }
        Self { steps, ends, looked: Mutex::default() }
    }

    pub(crate) fn took(&self, kind: &'static str, step: &'static str, deed: Deed, time: Duration) {
        if let Some(histograms) = self.steps.get(&(kind, step)) {
            histograms[deed as usize].record(time);
        }
    }

    /// A task of this kind has come to an end.
    pub(crate) fn ended(&self, kind: &str, status: Status) {
        let index = ENDS.iter().position(|end| *end == status);
        if let (Some(counts), Some(index)) = (self.ends.get(kind), index) {
            counts[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn looks(&self, at: Option<Instant>) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    pub(crate) fn looked(&self) -> Option<Duration> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    pub(crate) fn steps(&self) -> Vec<StepTimes> {
        let read = |(key, [runs, undos]): (&(&'static str, &'static str), &[Histogram; 2])| StepTimes {
            kind: key.0,
            step: key.1,
            runs: runs.read(),
            undos: undos.read(),
        };
        let mut steps: Vec<_> = self.steps.iter().map(read).collect();
        steps.sort_by_key(|step| (step.kind, step.step));
        steps
    }

    pub(crate) fn ends(&self) -> Vec<(&'static str, Status, u64)> {
        let of_kind = |(kind, counts): (&&'static str, &[AtomicU64; ENDS.len()])| {
            let kind = *kind;
            let counts = counts.iter().map(|count| count.load(Ordering::Relaxed));
            ENDS.into_iter().zip(counts).map(move |(status, count)| (kind, status, count)).collect::<Vec<_>>()
        };
        let mut ends: Vec<_> = self.ends.iter().flat_map(of_kind).collect();
        ends.sort_by_key(|(kind, status, _)| (*kind, status.as_str()));
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_in_the_first_bucket_that_is_above_it() {
        let histogram = Histogram::default();
        for us in [0, 1, 2, 3, 4, 1_000_000, u64::MAX / 2_000] {
            histogram.record(Duration::from_micros(us));
        }
        let times = histogram.read();
        let filled: Vec<_> = times.buckets.iter().filter(|(_, count)| *count > 0).copied().collect();
        let expected = [(1e-6, 1), (2e-6, 1), (4e-6, 2), (8e-6, 1), (1.048_576, 1), (f64::INFINITY, 1)];
        assert_eq!((times.count, filled.as_slice()), (7, &expected[..]));
    }
}
