//! Loops for the long run: they take no input, look at what is and what should be, and repair the difference.

pub mod expire;
pub mod observe;
pub mod reap;

use std::sync::Arc;

use engine::Clock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::tasks::world::World;

/// Starts all chores; each ends with `stop`.
pub fn start(app: &Arc<App>, world: &Arc<World>, stop: &CancellationToken, tracker: &TaskTracker) {
    let rhythm = |pause| Rhythm { clock: app.clock.clone(), pause, stop: stop.clone() };
    let (observe, expire) = (rhythm(app.config.background.observe), rhythm(app.config.background.expire));
    let reap = rhythm(app.config.background.expire);
    let (observed, observing) = (Arc::clone(app), Arc::clone(world));
    tracker.spawn(observe.repeat(move || observe::round(Arc::clone(&observed), Arc::clone(&observing))));
    let app = Arc::clone(app);
    tracker.spawn(expire.repeat(move || expire::round(Arc::clone(&app))));
    let world = Arc::clone(world);
    tracker.spawn(reap.repeat(move || reap::round(Arc::clone(&world))));
}

/// When a chore does its rounds: by the server's clock, so that whoever moves it on need not wait.
struct Rhythm {
    clock: Clock,
    /// Between two rounds, milliseconds.
    pause: u64,
    stop: CancellationToken,
}

impl Rhythm {
    /// Runs `round` again and again, with the pause after each, until the stop.
    async fn repeat<F: Future<Output = ()>>(self, round: impl Fn() -> F) {
        while self.stop.run_until_cancelled(round()).await.is_some() {
            let next = self.clock.now_ms().saturating_add_unsigned(self.pause);
            if self.stop.run_until_cancelled(self.clock.sleep_until(next)).await.is_none() {
                return;
            }
        }
    }
}
