//! Loops for the long run: they take no input, look at what is and what should be, and repair the difference.

pub mod beat;
pub mod expire;
pub mod news;
pub mod observe;
pub mod reap;
pub mod usage;

use std::sync::Arc;

use engine::Clock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::tasks::world::World;

/// Starts the chores of this process's role; each ends with `stop`.
pub fn start(app: &Arc<App>, world: &Arc<World>, stop: &CancellationToken, tracker: &TaskTracker) {
    let hosting = &app.hosting;
    if hosting.shared {
        let (beating, away) = (Arc::clone(app), Arc::default());
        let beat = rhythm(app, app.config.host.heartbeat, stop);
        tracker.spawn(beat.repeat(move || beat::round(Arc::clone(&beating), Arc::clone(&away))));
    }
    let news = stop.clone().run_until_cancelled_owned(news::listen(Arc::clone(app)));
    tracker.spawn(async move { news.await.unwrap_or_default() });
    let used = Arc::clone(app);
    tracker.spawn(rhythm(app, usage::PAUSE, stop).repeat(move || usage::round(Arc::clone(&used))));
    if hosting.process.role.works() {
        start_rounds(app, world, stop, tracker);
    }
}

/// The rounds over the instances of this host. Of several processes on it one does them.
fn start_rounds(app: &Arc<App>, world: &Arc<World>, stop: &CancellationToken, tracker: &TaskTracker) {
    let config = &app.config.background;
    let (observe, expire) = (rhythm(app, config.observe, stop), rhythm(app, config.expire, stop));
    let reap = rhythm(app, config.expire, stop);
    let (observed, observing) = (Arc::clone(app), Arc::clone(world));
    tracker.spawn(observe.repeat(move || {
        let (app, world) = (Arc::clone(&observed), Arc::clone(&observing));
        if_keeper(&observed, observe::round(app, world))
    }));
    let expiring = Arc::clone(app);
    tracker.spawn(expire.repeat(move || if_keeper(&expiring, expire::round(Arc::clone(&expiring)))));
    let (app, world) = (Arc::clone(app), Arc::clone(world));
    tracker.spawn(reap.repeat(move || if_keeper(&app, reap::round(Arc::clone(&app), Arc::clone(&world)))));
}

/// Does the round if it is this process's turn.
fn if_keeper<F: Future<Output = ()>>(app: &App, round: F) -> impl Future<Output = ()> + use<F> {
    let keeps = app.hosting.keeps(app.clock.steady_ms());
    async move {
        if keeps {
            round.await;
        }
    }
}

fn rhythm(app: &App, pause: u64, stop: &CancellationToken) -> Rhythm {
    Rhythm { clock: app.clock.clone(), pause, stop: stop.clone() }
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
