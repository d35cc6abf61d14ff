//! ClearInstance: removes all keys.

use api::redis::actions::ClearInstance;
use api::redis::{ClearInstanceRequest, ClearInstanceResponse};
use serde_json::Value;

use crate::action::Action;
use crate::actions::account::refuse_encrypted;
use crate::actions::enqueue::{Change, must_run};
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, product};
use crate::model::instance::{Access, Instance};
use crate::model::{password, task_type};

impl Action for ClearInstance {
    async fn handle(
        context: &Context,
        app: &App,
        request: ClearInstanceRequest,
    ) -> Result<ClearInstanceResponse, Error> {
        refuse_encrypted(request.encrypt_password)?;
        let change = Change::of(app, context, &task_type::CLEAR, request.instance_id)?;
        let given = request.password.unwrap_or_default();
        let check = move |instance: &Instance| {
            must_run(instance)?;
            check_password(instance, given.expose())?;
            Ok(Value::Null)
        };
        Ok(ClearInstanceResponse { task_id: change.submit(app, check).await? })
    }
}

fn check_password(instance: &Instance, given: &str) -> Result<(), Error> {
    match &instance.password {
        Access::Free => Ok(()),
        Access::Sha256(_) if given.is_empty() => {
            Err(product::password_empty("Password", "give the instance's password", "请填写实例密码"))
        }
        access if password::opens(access, given) => Ok(()),
        Access::Sha256(_) => Err(product::password_wrong("Password")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tasks::testing::{Bench, PASSWORD};

    #[tokio::test]
    async fn the_instances_password_is_needed() {
        let bench = Bench::with_running().await;
        let request = |password: Value| json!({"InstanceId": bench.id(), "Password": password});
        for (password, code) in [
            (Value::Null, "InvalidParameterValue.PasswordEmpty"),
            (Value::from(""), "InvalidParameterValue.PasswordEmpty"),
            (Value::from("wrong-Passw0rd"), "InvalidParameterValue.PasswordError"),
        ] {
            assert_eq!(bench.refused::<ClearInstance>(request(password)).await.0, code);
        }
        let encrypted = json!({"InstanceId": bench.id(), "Password": PASSWORD, "EncryptPassword": true});
        let (code, message) = bench.refused::<ClearInstance>(encrypted).await;
        assert!(code == "UnsupportedOperation" && message.contains("`EncryptPassword`"), "{message}");
        assert!(bench.held().is_none());
        bench.call::<ClearInstance>(request(PASSWORD.into())).await.unwrap();
        assert_eq!(bench.held(), Some(("ClearInstance".to_owned(), Value::Null)));
    }

    #[tokio::test]
    async fn an_instance_without_a_password_needs_none() {
        let bench = Bench::running(|instance| instance.password = Access::Free).await;
        bench.call::<ClearInstance>(json!({"InstanceId": bench.id()})).await.unwrap();
    }
}
