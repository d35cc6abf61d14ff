//! Cleans up isolated instances whose time is over: pay-as-you-go ones after `isolation.postpaid` seconds, prepaid ones
//! after `isolation.prepaid`. It acts as a customer would, by a CleanUpInstance task.

use std::sync::Arc;

use db::Tx;
use engine::{Engine, EnqueueError, NewTask, Origin};
use serde_json::Value;

use crate::app::App;
use crate::error::{Error, gateway};
use crate::model::task_type;
use crate::store;
use crate::store::instance_change::Expired;

/// Who a task was asked for by when nobody asked.
pub const OPERATOR: &str = "system";

/// One round over all isolated instances that no task holds.
pub async fn round(app: Arc<App>) {
    let (now, isolation) = (app.clock.now_ms(), &app.config.isolation);
    let since = |seconds: i64| now.saturating_sub(seconds.saturating_mul(1000));
    let (postpaid, prepaid) = (since(isolation.postpaid), since(isolation.prepaid));
    let due = move |tx: &Tx<'_>| store::instance_change::expired(tx, postpaid, prepaid);
    match app.db.survey(due) {
        Ok(expired) if expired.is_empty() => {}
        Ok(_) => {
            let engine = app.engine.clone();
            // Read again, so that what is decided holds when it is written.
            let clean_up = move |tx: &Tx<'_>| due(tx)?.iter().try_for_each(|expired| enqueue(tx, &engine, expired));
            if let Err(error) = app.db.write::<_, Error>(clean_up).await {
                tracing::error!(%error, "cannot have expired instances cleaned up");
            }
        }
        Err(error) => tracing::error!(%error, "cannot list the isolated instances"),
    }
}

fn enqueue(tx: &Tx<'_>, engine: &Engine, expired: &Expired) -> Result<(), Error> {
    let task = NewTask {
        kind: task_type::CLEAN_UP.kind,
        tenant: expired.account.clone(),
        region: expired.region.clone(),
        subject: expired.id.clone(),
        host: expired.host.clone(),
        params: Value::Null,
        origin: Origin { operator: OPERATOR.to_owned(), ..Origin::default() },
    };
    match engine.enqueue(tx, task) {
        Ok(task) => {
            tracing::info!(instance = expired.id, task = task.0, "its time in isolation is over, it is cleaned up");
            Ok(())
        }
        Err(EnqueueError::Busy { .. }) => Ok(()),
        Err(EnqueueError::Database(error)) => Err(error.into()),
        Err(error) => Err(gateway::internal(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::instance::billing;
    use crate::tasks::testing::Bench;

    /// The kind and the operator of the task that holds the instance.
    fn held(bench: &Bench) -> Option<(String, String)> {
        let live = bench.db.read(|tx| bench.app.engine.live_task(tx, bench.id())).unwrap()?.0;
        let task = bench.db.read(|tx| bench.app.engine.get(tx, &bench.instance().account, live.0)).unwrap().unwrap();
        Some((task.kind, task.origin.operator))
    }

    #[tokio::test]
    async fn each_is_cleaned_up_when_its_own_time_is_over() {
        for (mode, seconds) in [(billing::POSTPAID, 7200), (billing::PREPAID, 604_800)] {
            let bench = Bench::isolated_and_paid(mode).await;
            bench.clock.advance(Duration::from_secs(seconds - 1));
            round(bench.app()).await;
            assert_eq!(held(&bench), None, "too early");
            bench.clock.advance(Duration::from_secs(1));
            round(bench.app()).await;
            round(bench.app()).await;
            assert_eq!(held(&bench), Some(("CleanUpInstance".to_owned(), "system".to_owned())));
        }
    }

    #[tokio::test]
    async fn what_runs_or_is_held_is_left_alone() {
        let bench = Bench::with_running().await;
        bench.clock.advance(Duration::from_secs(1_000_000));
        round(bench.app()).await;
        assert_eq!(held(&bench), None);
        let bench = Bench::with_isolated().await;
        bench.clock.advance(Duration::from_secs(1_000_000));
        bench.hold().await;
        let before = held(&bench);
        round(bench.app()).await;
        assert_eq!(held(&bench), before);
    }
}
