//! ResetPassword: a new password, or none, without knowing the old one.

use api::redis::actions::ResetPassword;
use api::redis::{ResetPasswordRequest, ResetPasswordResponse};

use super::refuse_encrypted;
use crate::action::Action;
use crate::actions::enqueue::{Change, must_run};
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::model::instance::Instance;
use crate::model::{password, task_type};
use crate::tasks::reset_password as task;

impl Action for ResetPassword {
    async fn handle(
        context: &Context,
        app: &App,
        request: ResetPasswordRequest,
    ) -> Result<ResetPasswordResponse, Error> {
        refuse_encrypted(request.encrypt_password)?;
        let change = Change::of(app, context, &task_type::SET_PASSWORD, request.instance_id)?;
        let (password, no_auth) = (request.password, request.no_auth);
        let check = move |instance: &Instance| {
            must_run(instance)?;
            let given = password.as_ref().map(|password| password.expose());
            let access = password::asked(given, no_auth, &instance.vpc_id)?;
            Ok(task::params(&access))
        };
        Ok(ResetPasswordResponse { task_id: change.submit(app, check).await? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tasks::testing::Bench;

    async fn bench(vpc_id: &str) -> Bench {
        Bench::running(|instance| instance.vpc_id = vpc_id.to_owned()).await
    }

    #[tokio::test]
    async fn a_password_or_none_and_not_both() {
        let (bench, outside) = (bench("vpc-1").await, bench("").await);
        for (given, no_auth, code) in [
            (json!("short"), json!(false), "InvalidParameterValue.PasswordRuleError"),
            (json!(""), Value::Null, "InvalidParameterValue.PasswordEmpty"),
            (Value::Null, json!(false), "InvalidParameterValue.PasswordEmpty"),
            (json!("N3w-password"), json!(true), "InvalidParameterValue.PasswordFreeDenied"),
        ] {
            let request = json!({"InstanceId": bench.id(), "Password": given, "NoAuth": no_auth});
            assert_eq!(bench.refused::<ResetPassword>(request).await.0, code);
        }
        let (code, message) =
            outside.refused::<ResetPassword>(json!({"InstanceId": outside.id(), "NoAuth": true})).await;
        assert!(code == "InvalidParameterValue.PasswordFreeDenied" && message.contains("VPC"), "{message}");
        let request = json!({"InstanceId": bench.id(), "Password": "", "NoAuth": true});
        bench.call::<ResetPassword>(request).await.unwrap();
        assert_eq!(bench.held(), Some(("ResetPassword".to_owned(), json!({"no_auth": true}))));
    }
}
