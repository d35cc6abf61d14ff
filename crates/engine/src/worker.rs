//! stub
use std::time::Duration;
/// A started engine.
pub struct Running;
pub(crate) fn start(_engine: crate::Engine) -> Running {
    Running
}
impl Running {
    /// Stops: no new claims; running steps get `grace` to finish, then they are dropped and resumed by the next start.
    pub async fn stop(self, grace: Duration) {
        let _ = grace;
    }
}
