//! May the caller take on a role? The role must trust the caller, and the caller's own policies must allow it.

use api::Call;
use api::sts::actions::AssumeRole;
use policy::{Decision, Facts, Policy, Purpose, Query, Resource, decide};

use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store::role::Role;

/// What the role's trust policy says of the caller.
#[must_use]
pub fn trust(context: &Context, role: &Role, external_id: Option<&str>) -> Decision {
    let caller = &context.caller;
    let who = format!("qcs::cam::uin/{}:uin/{}", caller.account, caller.uin);
    let path = format!("role/{}", role.id);
    let facts = facts(context, external_id);
    let query = Query { principal: Some(&who), ..query(role, &path, &facts) };
    match Policy::parse(&role.document, Purpose::Trust) {
        Ok(policy) => decide([&policy], &query),
        Err(error) => {
            tracing::error!(%error, role = role.id, "a stored trust policy cannot be read; it trusts nobody");
            Decision::Denied
        }
    }
}

/// What the caller's own policies say of this role, by either of its names. The account itself needs none.
///
/// # Errors
/// `AuthFailure.TokenFailure` when the user of a temporary key is gone; the database's.
pub fn permission(app: &App, context: &Context, role: &Role) -> Result<Decision, Error> {
    let rights = app.grants.of(app, &context.caller)?;
    let facts = facts(context, None);
    let names = [format!("role/{}", role.id), format!("roleName/{}", role.name)];
    let said = names.map(|path| rights.decide(AssumeRole::INFO, &query(role, &path, &facts)));
    Ok(match said {
        [Decision::Denied, _] | [_, Decision::Denied] => Decision::Denied,
        [Decision::Allowed, _] | [_, Decision::Allowed] => Decision::Allowed,
        [Decision::Silent, Decision::Silent] => Decision::Silent,
    })
}

fn facts<'a>(context: &'a Context, external_id: Option<&'a str>) -> Facts<'a> {
    Facts {
        ip: Some(context.peer.ip()),
        now_ms: context.now,
        uin: &context.caller.uin,
        external_id,
        resource_tags: &[],
        request_tags: &[],
    }
}

fn query<'a>(role: &'a Role, path: &'a str, facts: &'a Facts<'a>) -> Query<'a> {
    let resource = Resource { service: "cam", region: "", account: &role.account, path };
    Query { service: "sts", action: "AssumeRole", resource, facts, principal: None }
}
