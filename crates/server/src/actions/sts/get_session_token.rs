//! GetSessionToken: a temporary key of the user who asks, which can do what the user can.

use api::sts::actions::GetSessionToken;
use api::sts::{GetSessionTokenRequest, GetSessionTokenResponse};

use super::issue::{self, Reach};
use crate::action::Action;
use crate::app::App;
use crate::auth::session::Who;
use crate::context::Context;
use crate::error::{Error, sts};

/// The default of `DurationSeconds`, and the most that a main account and a sub-user may ask for.
const DEFAULT: u64 = 1800;
const MOST: (u64, u64) = (7200, 129_600);

impl Action for GetSessionToken {
    async fn handle(
        context: &Context,
        app: &App,
        request: GetSessionTokenRequest,
    ) -> Result<GetSessionTokenResponse, Error> {
        let caller = &context.caller;
        if caller.session.is_some() {
            return Err(sts::temporary_key_not_allowed("GetSessionToken"));
        }
        issue::check_device(context, &request.serial_number, request.token_code.expose())?;
        let most = if caller.is_root() { MOST.0 } else { MOST.1 };
        // A negative one is out of the range too.
        let asked = request.duration_seconds.map(|seconds| u64::try_from(seconds).unwrap_or(0));
        let seconds = issue::duration(asked, DEFAULT, most)?;
        let reach = Reach { account: context.account(), app_id: caller.app_id };
        let issued = issue::issue(app, context, &reach, (Who::User, String::new()), seconds)?;
        Ok(GetSessionTokenResponse {
            credentials: issued.credentials,
            expired_time: issued.expired_time.unsigned_abs(),
            expiration: issued.expiration,
        })
    }
}
