//! What goes on by itself: the engine and the background. Both are started and stopped together, also by a reset.

use std::sync::Arc;
use std::time::Duration;

use engine::Running;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::background;
use crate::tasks::world::World;

/// The work of a server.
pub struct Work {
    app: Arc<App>,
    world: Arc<World>,
    /// Also of a server that is dropped instead of stopped: its chores must not go on repairing.
    stop: CancellationToken,
    going: Mutex<Option<Going>>,
}

struct Going {
    /// None where this process runs no tasks.
    running: Option<Running>,
    stop: CancellationToken,
    chores: TaskTracker,
}

impl Work {
    /// Work that has not begun; its chores end with `stop` at the latest.
    #[must_use]
    pub fn new(app: &Arc<App>, world: &Arc<World>, stop: &CancellationToken) -> Self {
        Self { app: Arc::clone(app), world: Arc::clone(world), stop: stop.clone(), going: Mutex::default() }
    }

    /// Starts the engine and the background; nothing when they work already.
    pub async fn start(&self) {
        let mut going = self.going.lock().await;
        if going.is_none() {
            let running = self.app.hosting.process.role.works().then(|| self.app.engine.start());
            let (stop, chores) = (self.stop.child_token(), TaskTracker::new());
            background::start(&self.app, &self.world, &stop, &chores);
            *going = Some(Going { running, stop, chores });
        }
    }

    /// Stops the background, and the engine with `grace` for steps that run; nothing works when this returns.
    pub async fn stop(&self, grace: Duration) {
        let Some(Going { running, stop, chores }) = self.going.lock().await.take() else { return };
        stop.cancel();
        chores.close();
        chores.wait().await;
        if let Some(running) = running {
            running.stop(grace).await;
        }
    }
}
