//! The date, moved on: isolations end at once that would have ended by then. Never back, but by a reset.

use db::Tx;

use super::Levers;
use crate::app::App;
use crate::store::lever;

/// A hundred years, in milliseconds.
const FARTHEST: i64 = 100 * 366 * 86_400_000;

/// Why the date was not moved.
#[derive(Debug, thiserror::Error)]
pub enum LeapError {
    /// Not forward, or too far.
    #[error("`forward_ms` is {0}; the date moves forward only, and not more than 100 years in all")]
    OutOfRange(i64),
    /// Other nodes would not know of it.
    #[error(
        "the state is shared with other nodes, whose dates would not move; use a server that has its state for itself"
    )]
    Shared,
    /// The database's answer.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl Levers {
    /// Moves the date forward by so many milliseconds; answers how far it is ahead of the true one. It stays so over a
    /// restart with levers. Deadlines, leases and signatures go by the steady time and do not notice.
    ///
    /// # Errors
    /// [`LeapError`].
    pub async fn leap(&self, app: &App, forward_ms: i64) -> Result<i64, LeapError> {
        if !(1..=FARTHEST).contains(&forward_ms) {
            return Err(LeapError::OutOfRange(forward_ms));
        }
        if !app.engine.is_exclusive() {
            return Err(LeapError::Shared);
        }
        let write = move |tx: &Tx<'_>| {
            let leapt = lever::leapt(tx)?.saturating_add(forward_ms);
            if leapt > FARTHEST {
                return Err(LeapError::OutOfRange(forward_ms));
            }
            lever::set_leapt(tx, leapt)?;
            Ok(leapt)
        };
        let leapt = self.db.write(write).await?;
        self.clock.set_leapt(leapt);
        tracing::info!(forward_ms, leapt, "planned: the date was moved forward");
        Ok(leapt)
    }

    /// Puts the date where the last leap of an earlier process left it.
    ///
    /// # Errors
    /// The database's.
    pub fn restore_leap(&self) -> Result<(), db::Error> {
        self.clock.set_leapt(self.db.read(lever::leapt)?);
        Ok(())
    }
}
