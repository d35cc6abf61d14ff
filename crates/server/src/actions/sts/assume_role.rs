//! AssumeRole: a temporary key of a role, for whom its trust policy trusts; it can do what both the role and the session policy allow.

use api::sts::actions::AssumeRole;
use api::sts::{AssumeRoleRequest, AssumeRoleResponse};
use policy::Decision;

use super::issue::{self, Reach};
use crate::action::Action;
use crate::app::App;
use crate::auth::assume;
use crate::auth::session::Who;
use crate::context::Context;
use crate::error::{Error, gateway, permission, sts};
use crate::model::role_arn::RoleArn;
use crate::store;
use crate::store::role::Role;

/// How long a key lives when nothing is said, unless the role allows for less.
const DEFAULT: u64 = 7200;

impl Action for AssumeRole {
    async fn handle(context: &Context, app: &App, request: AssumeRoleRequest) -> Result<AssumeRoleResponse, Error> {
        if !matches!(context.caller.session.as_deref().map(|session| &session.who), None | Some(Who::User)) {
            return Err(sts::temporary_key_not_allowed("AssumeRole"));
        }
        let arn = check(context, &request)?;
        let policy = match request.policy.as_deref() {
            None | Some("") => String::new(),
            Some(given) => issue::policy(given)?,
        };
        let external_id = request.external_id.as_deref().filter(|id| !id.is_empty());
        let (role, app_id) = trusting(app, context, &arn, external_id)?;
        let most = u64::try_from(role.session_duration).unwrap_or(0);
        let seconds = issue::duration(request.duration_seconds, DEFAULT.min(most), most)?;
        let reach = Reach { account: &role.account, app_id };
        let who = Who::Role { id: role.id.clone(), session: request.role_session_name };
        let issued = issue::issue(app, context, &reach, (who, policy), seconds)?;
        let issue::Issued { credentials, expired_time, expiration } = issued;
        Ok(AssumeRoleResponse { credentials, expired_time, expiration })
    }
}

/// What can be said of the parameters alone.
fn check(context: &Context, request: &AssumeRoleRequest) -> Result<RoleArn, Error> {
    issue::check_name("RoleSessionName", &request.role_session_name, 2..=128)?;
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let none = [
        ("Tags", request.tags.as_ref().is_some_and(|tags| !tags.is_empty())),
        ("SourceIdentity", given(&request.source_identity)),
    ];
    if let Some((path, _)) = none.into_iter().find(|(_, given)| *given) {
        return Err(gateway::unsupported_parameter(
            path,
            "a session has no tags and no source",
            "会话不支持标签和来源身份",
        ));
    }
    if let Some(id) = request.external_id.as_ref().filter(|id| !id.is_empty()) {
        issue::check_external_id(id)?;
    }
    let code = request.token_code.as_ref().map_or("", |code| code.expose());
    if given(&request.serial_number) || !code.is_empty() {
        issue::check_device(context, request.serial_number.as_deref().unwrap_or_default(), code)?;
    }
    RoleArn::parse(&request.role_arn).ok_or_else(|| {
        let rule = "it must be qcs::cam::uin/ACCOUNT:roleName/NAME or qcs::cam::uin/ACCOUNT:role/ID";
        let rule_zh = "应为 qcs::cam::uin/主账号:roleName/角色名 或 qcs::cam::uin/主账号:role/角色ID";
        sts::bad_parameter("RoleArn", request.role_arn.escape_debug(), rule, rule_zh)
    })
}

/// The role, with its account's AppId, if it trusts the caller, and the caller may take on roles.
fn trusting(app: &App, context: &Context, arn: &RoleArn, external_id: Option<&str>) -> Result<(Role, i64), Error> {
    let unknown = || sts::role_not_found(&arn.text);
    let found = app.db.read(|tx| {
        let role = match &arn.name {
            Some(name) => store::role::named(tx, &arn.account, name)?,
            None => store::role::with_id(tx, &arn.account, &arn.id)?,
        };
        Ok::<_, db::Error>(role.zip(store::account::app_id(tx, &arn.account)?))
    })?;
    let (role, app_id) = found.ok_or_else(unknown)?;
    if assume::trust(context, &role, external_id) != Decision::Allowed {
        // Another account does not learn that it exists.
        return Err(if role.account == context.account() { sts::not_trusted(&arn.text) } else { unknown() });
    }
    match assume::permission(app, context, &role)? {
        Decision::Allowed => Ok((role, app_id)),
        _ => Err(permission::assume_role_refused(&arn.text)),
    }
}
