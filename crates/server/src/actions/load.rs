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
    let region = context.region()?.name;
    let found = store::instance::find(tx, context.account(), region, id, app.to_delete_cutoff())?;
    found.filter(|instance| instance.state != State::Cleaned).ok_or_else(|| product::instance_not_found(id))
}
