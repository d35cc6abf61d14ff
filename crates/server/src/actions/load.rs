//! What most actions begin with: the caller's instance in the request's region.

use db::Tx;

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, product};
use crate::model::instance::{Instance, State};
use crate::store;

/// The caller's instance with this id in the request's region, for work on it.
///
/// # Errors
/// `ResourceNotFound.InstanceNotExists` when there is none, its creation failed, or it is cleaned up.
pub fn find(app: &App, context: &Context, tx: &Tx<'_>, id: &str) -> Result<Instance, Error> {
    Scope::of(app, context)?.find(tx, id)
}

/// What a caller can reach, in a form that can be taken along into a writing transaction.
#[derive(Debug, Clone)]
pub struct Scope {
    account: String,
    region: &'static str,
    cutoff: i64,
}

impl Scope {
    /// The scope of a request.
    ///
    /// # Errors
    /// `MissingParameter` when it names no region.
    pub fn of(app: &App, context: &Context) -> Result<Self, Error> {
        let (account, region) = (context.account().to_owned(), context.region()?.name);
        Ok(Self { account, region, cutoff: app.to_delete_cutoff() })
    }

    /// As [`find`].
    ///
    /// # Errors
    /// As [`find`].
    pub fn find(&self, tx: &Tx<'_>, id: &str) -> Result<Instance, Error> {
        let found = store::instance::find(tx, &self.account, self.region, id, self.cutoff)?;
        found.filter(|instance| instance.state != State::Cleaned).ok_or_else(|| product::instance_not_found(id))
    }
}
