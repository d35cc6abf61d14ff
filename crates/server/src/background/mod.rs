//! Loops for the long run: they take no input, look at what is and what should be, and repair the difference.

pub mod observe;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::tasks::world::World;

/// Starts all chores; each ends with `stop`.
pub fn start(app: &Arc<App>, world: &Arc<World>, stop: &CancellationToken, tracker: &TaskTracker) {
    let (app, world) = (Arc::clone(app), Arc::clone(world));
    let pause = Duration::from_millis(app.config.background.observe);
    tracker.spawn(every(pause, stop.clone(), move || observe::round(Arc::clone(&app), Arc::clone(&world))));
}

/// Runs `round` again and again, with a pause after each, until `stop`.
async fn every<F: Future<Output = ()>>(pause: Duration, stop: CancellationToken, round: impl Fn() -> F) {
    while stop.run_until_cancelled(round()).await.is_some() {
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}
