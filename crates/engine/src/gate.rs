//! The gate: who may hold back tasks that are enqueued.

use db::{Error, Tx};

use crate::{NewTask, TaskId};

/// Is told of every task in the transaction that enqueues it, and may hold it back in `preparing`.
///
/// For those who test clients: they decide how and when a task goes on. Without a gate nothing is held back.
pub trait Gate: Send + Sync + 'static {
    /// Answers whether the task, which has just been written, is held until [`Engine::release`](crate::Engine::release).
    ///
    /// # Errors
    /// The enqueue fails with it, and nothing is written.
    fn enqueued(&self, tx: &Tx<'_>, id: TaskId, new: &NewTask) -> Result<bool, Error>;
}
