//! GetFederationToken: a temporary key for a guest of the user who asks; it can do what both the user and the policy allow.

use api::sts::actions::GetFederationToken;
use api::sts::{GetFederationTokenRequest, GetFederationTokenResponse};

use super::issue::{self, Reach};
use crate::action::Action;
use crate::app::App;
use crate::auth::session::Who;
use crate::context::Context;
use crate::error::{Error, sts};

/// The default of `DurationSeconds`, and the most that a main account and a sub-user may ask for.
const DEFAULT: u64 = 1800;
const MOST: (u64, u64) = (7200, 129_600);

impl Action for GetFederationToken {
    async fn handle(
        context: &Context,
        app: &App,
        request: GetFederationTokenRequest,
    ) -> Result<GetFederationTokenResponse, Error> {
        let caller = &context.caller;
        if caller.session.is_some() {
            return Err(sts::temporary_key_not_allowed("GetFederationToken"));
        }
        issue::check_name("Name", &request.name, 1..=128)?;
        let policy = issue::policy(&request.policy)?;
        let seconds =
            issue::duration(request.duration_seconds, DEFAULT, if caller.is_root() { MOST.0 } else { MOST.1 })?;
        let reach = Reach { account: context.account(), app_id: caller.app_id };
        let issued = issue::issue(app, context, &reach, (Who::Federated { name: request.name }, policy), seconds)?;
        Ok(GetFederationTokenResponse {
            credentials: issued.credentials,
            expired_time: issued.expired_time.unsigned_abs(),
            expiration: Some(issued.expiration),
        })
    }
}
