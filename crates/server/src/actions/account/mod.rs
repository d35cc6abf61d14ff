//! Passwords: reset without the old one, or changed by who knows it.

mod modfiy_instance_password;
mod modify_instance_password;
mod reset_password;

use api::Secret;
use api::redis::actions as redis;

use super::enqueue::{Change, must_run};
use crate::action::Actions;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway, product};
use crate::model::{password, task_type};
use crate::tasks::reset_password as task;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<redis::ResetPassword>();
    table.add::<redis::ModifyInstancePassword>();
    table.add::<redis::ModfiyInstancePassword>();
}

/// What both spellings of ModifyInstancePassword do.
async fn modify(context: &Context, app: &App, id: String, old: Secret, new: Secret) -> Result<i64, Error> {
    password::check("Password", new.expose())?;
    let params = task::params(&password::access(new.expose()));
    let change = Change::of(app, context, &task_type::SET_PASSWORD, id)?;
    let check = move |instance: &_| {
        must_run(instance)?;
        if password::opens(&instance.password, old.expose()) {
            Ok(params)
        } else {
            Err(product::password_wrong("OldPassword"))
        }
    };
    change.submit(app, check).await
}

/// Passwords travel as they are.
///
/// # Errors
/// `UnsupportedOperation` when an encrypted one is announced.
pub(super) fn refuse_encrypted(encrypted: Option<bool>) -> Result<(), Error> {
    if encrypted == Some(true) {
        return Err(gateway::unsupported_parameter("EncryptPassword", "send the password as it is", "请直接发送密码"));
    }
    Ok(())
}
