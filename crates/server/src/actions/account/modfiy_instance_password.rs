//! ModfiyInstancePassword: the older, misspelt name of ModifyInstancePassword; clients use both.

use api::redis::actions::ModfiyInstancePassword;
use api::redis::{ModfiyInstancePasswordRequest, ModfiyInstancePasswordResponse};

use super::refuse_encrypted;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for ModfiyInstancePassword {
    async fn handle(
        context: &Context,
        app: &App,
        request: ModfiyInstancePasswordRequest,
    ) -> Result<ModfiyInstancePasswordResponse, Error> {
        refuse_encrypted(request.encrypt_password)?;
        let (old, new) = (request.old_password, request.password);
        let task_id = super::modify(context, app, request.instance_id, old, new).await?;
        Ok(ModfiyInstancePasswordResponse { task_id })
    }
}

#[cfg(test)]
mod tests {
    use api::redis::actions::ModifyInstancePassword;
    use serde_json::json;

    use super::*;
    use crate::tasks::testing::{Bench, PASSWORD};

    #[tokio::test]
    async fn only_who_knows_the_old_password_sets_a_new_one() {
        let bench = Bench::with_running().await;
        let request = |old: &str, new: &str| json!({"InstanceId": bench.id(), "OldPassword": old, "Password": new});
        for (old, new, code, name) in [
            ("wrong-Passw0rd", "N3w-password", "InvalidParameterValue.PasswordError", "`OldPassword`"),
            ("", "N3w-password", "InvalidParameterValue.PasswordError", "`OldPassword`"),
            (PASSWORD, "short", "InvalidParameterValue.PasswordRuleError", "`Password`"),
        ] {
            for (got, message) in [
                bench.refused::<ModfiyInstancePassword>(request(old, new)).await,
                bench.refused::<ModifyInstancePassword>(request(old, new)).await,
            ] {
                assert!(got == code && message.contains(name), "{got}: {message}");
            }
        }
        bench.call::<ModfiyInstancePassword>(request(PASSWORD, "N3w-password")).await.unwrap();
        let (kind, params) = bench.held().unwrap();
        assert_eq!(kind, "ResetPassword");
        assert_eq!(params, json!({"sha256": dataplane::password_sha256("N3w-password")}));
    }
}
