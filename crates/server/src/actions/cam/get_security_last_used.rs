//! GetSecurityLastUsed: when access keys were used last, within a minute.

use api::cam::actions::GetSecurityLastUsed;
use api::cam::{GetSecurityLastUsedRequest, GetSecurityLastUsedResponse, SecretIdLastUsed};

use super::view;
use crate::action::Action;
use crate::actions::values::listed;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam, gateway};
use crate::model::wire_time;
use crate::store;
use crate::store::key::Key;

/// The most keys that may be asked for at once.
const MOST: usize = 10;

impl Action for GetSecurityLastUsed {
    async fn handle(
        context: &Context,
        app: &App,
        request: GetSecurityLastUsedRequest,
    ) -> Result<GetSecurityLastUsedResponse, Error> {
        let ids = listed("SecretIdList", Some(&request.secret_id_list), MOST)?;
        let ids = ids.ok_or_else(|| gateway::missing_parameter("SecretIdList"))?;
        let find = |tx: &db::Tx<'_>| ids.iter().map(|id| find(tx, context, id)).collect::<Result<Vec<_>, Error>>();
        let rows = app.db.read(find)?.into_iter().map(|key| row(app, key));
        Ok(GetSecurityLastUsedResponse { secret_id_last_used_rows: rows.collect() })
    }
}

/// The main account's keys are its own matter.
fn find(tx: &db::Tx<'_>, context: &Context, id: &str) -> Result<Key, Error> {
    let account = context.account();
    let key = store::key::find(tx, account, id)?.ok_or_else(|| cam::key_not_found("SecretIdList", id))?;
    if key.uin == account && !context.caller.is_root() {
        return Err(cam::root_key_denied());
    }
    Ok(key)
}

fn row(app: &App, key: Key) -> SecretIdLastUsed {
    SecretIdLastUsed {
        secret_id: key.secret_id,
        last_used_date: key.last_used_at.map(|at| wire_time::format(at, app.time_offset).chars().take(10).collect()),
        last_secret_used_date: key.last_used_at.map(view::unsigned),
    }
}
