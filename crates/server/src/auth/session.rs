//! What a temporary key stands for: who holds it, for how long, and what it was narrowed down to.

use api::Secret;
use serde::{Deserialize, Serialize};

use super::grants::Held;

/// A temporary key with all that its token says of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    /// Public half; of its own shape, see [`crate::ids::is_temporary`].
    pub secret_id: String,
    /// Secret half.
    pub secret_key: Secret,
    /// The main account whose things it reaches.
    pub account: String,
    /// Who asked for it: the uin of a main account or of a sub-user.
    pub uin: String,
    /// The account's AppId.
    pub app_id: i64,
    /// Whom it stands for.
    pub who: Who,
    /// The policy that it was narrowed down to, as JSON; empty when it was not.
    pub policy: String,
    /// From when on it is refused, milliseconds since 1970, by the date that the server shows.
    pub expires: i64,
}

/// Whom a temporary key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// The user who asked (`GetSessionToken`).
    User,
    /// A guest of the user who asked (`GetFederationToken`).
    Federated {
        /// What the user calls it.
        name: String,
    },
    /// A role (`AssumeRole`).
    Role {
        /// The role's id.
        id: String,
        /// What the one who took the role calls the session.
        session: String,
    },
}

/// What a caller with a temporary key is more than a user.
#[derive(Debug)]
pub struct Session {
    /// Whom it stands for.
    pub who: Who,
    /// What it may do at most; `None` when it was not narrowed down.
    pub policy: Option<Held>,
    /// From when on it is refused, milliseconds since 1970.
    pub expires: i64,
}
