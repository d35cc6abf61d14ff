//! The requests of the API, by action and code. An answered request costs two readings of the clock and three atomic additions.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::{Histogram, Times};

/// The name of what names no action of the contract.
const UNKNOWN: &str = "unknown";
/// The code of a request that was answered.
const ANSWERED: &str = "ok";

/// Counters for each action of the contract, by its line in the table, and one more for what names none.
pub struct Requests {
    actions: Vec<Action>,
    /// By line and code. Only who is refused waits for it.
    refused: Mutex<BTreeMap<(usize, &'static str), u64>>,
}

#[derive(Default)]
struct Action {
    answered: AtomicU64,
    time: Histogram,
}

/// What was counted of one action.
#[derive(Debug)]
pub struct Counted {
    /// The service.
    pub service: &'static str,
    /// The action's name.
    pub action: &'static str,
    /// How many requests ended with each code; `ok` for those that were answered.
    pub codes: Vec<(&'static str, u64)>,
    /// How long all of them took, from the head of the request to the head of the answer.
    pub time: Times,
}

impl Default for Requests {
    fn default() -> Self {
        let actions = (0..=api::actions().len()).map(|_| Action::default()).collect();
        Self { actions, refused: Mutex::default() }
    }
}

impl Requests {
    /// A request for the action of this line (`None`: of no action) has ended: answered, or refused with a code.
    pub fn ended(&self, line: Option<usize>, code: Option<&'static str>, time: Duration) {
        let line = line.unwrap_or(self.actions.len() - 1);
        let Some(action) = self.actions.get(line) else { return };
        action.time.record(time);
        match code {
            None => drop(action.answered.fetch_add(1, Ordering::Relaxed)),
            Some(code) => {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry((line, code)).or_default() += 1
            }
        }
    }

    /// What was counted, of each action that was asked for.
    #[must_use]
    pub fn read(&self) -> Vec<Counted> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let read = |(line, action): (usize, &Action)| {
            let (service, name) = api::actions().get(line).map_or(("", UNKNOWN), |info| (info.service, info.name));
            let answered = Some((ANSWERED, action.answered.load(Ordering::Relaxed))).filter(|(_, count)| *count > 0);
            let refused = refused.range((line, "")..(line + 1, "")).map(|((_, code), count)| (*code, *count));
            let codes: Vec<_> = answered.into_iter().chain(refused).collect();
            (!codes.is_empty()).then(|| Counted { service, action: name, codes, time: action.time.read() })
        };
        self.actions.iter().enumerate().filter_map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_told_apart_by_action_and_code() {
        let requests = Requests::default();
        let (line, time) = (3, Duration::from_millis(2));
        requests.ended(Some(line), None, time);
        requests.ended(Some(line), None, time);
        requests.ended(Some(line), Some("MissingParameter"), time);
        requests.ended(None, Some("InvalidAction"), time);
        requests.ended(Some(usize::MAX), None, time);
        let read = requests.read();
        assert_eq!(read.len(), 2);
        assert_eq!(
            (read[0].action, read[0].codes.as_slice()),
            (api::actions()[line].name, &[("ok", 2), ("MissingParameter", 1)][..])
        );
        assert_eq!((read[0].time.count, read[1].action, read[1].time.count), (3, UNKNOWN, 1));
    }
}
