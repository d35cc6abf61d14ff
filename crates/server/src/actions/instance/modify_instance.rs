//! ModifyInstance: names, projects, renewal and protection of up to ten instances, all or none of them.

use api::redis::actions::ModifyInstance;
use api::redis::{ModifyInstanceRequest, ModifyInstanceResponse};
use db::Tx;

use crate::action::Action;
use crate::actions::load::Scope;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, product};
use crate::model::change::{self, Change, Item};
use crate::model::instance::billing;
use crate::store;

impl Action for ModifyInstance {
    async fn handle(
        context: &Context,
        app: &App,
        request: ModifyInstanceRequest,
    ) -> Result<ModifyInstanceResponse, Error> {
        let items = change::check(&request)?;
        let scope = Scope::of(app, context)?;
        app.db.write(move |tx| items.iter().try_for_each(|item| apply(tx, &scope, item))).await?;
        Ok(ModifyInstanceResponse {})
    }
}

fn apply(tx: &Tx<'_>, scope: &Scope, item: &Item) -> Result<(), Error> {
    let instance = scope.find(tx, &item.id)?;
    if matches!(item.change, Change::AutoRenew(_)) && instance.billing_mode != billing::PREPAID {
        return Err(product::not_renewable(&item.path, &item.id));
    }
    Ok(store::instance_change::change(tx, &instance.id, &item.change)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tasks::testing::Bench;

    #[tokio::test]
    async fn all_are_changed_or_none() {
        let bench = Bench::with_running().await;
        let before = bench.instance().name;
        let request =
            |ids: &[&str]| json!({"Operation": "rename", "InstanceIds": ids, "InstanceNames": ["one", "two"]});
        let refused = bench.refused::<ModifyInstance>(request(&[bench.id(), "crs-unknown1"])).await;
        assert_eq!(refused.0, "ResourceNotFound.InstanceNotExists");
        assert_eq!(bench.instance().name, before);
    }

    #[tokio::test]
    async fn each_operation_changes_its_field_also_while_a_task_holds_the_instance() {
        let bench = Bench::running(|instance| instance.billing_mode = billing::PREPAID).await;
        bench.hold().await;
        for (operation, key, value) in [
            ("", "InstanceName", json!("new-name")),
            ("modifyProject", "ProjectId", json!(7)),
            ("modifyAutoRenew", "AutoRenew", json!(2)),
            ("modifyDeleteProtectionSwitch", "DeleteProtectionSwitches", json!([1])),
        ] {
            let request = json!({"Operation": operation, "InstanceId": bench.id(), key: value});
            bench.call::<ModifyInstance>(request).await.unwrap();
        }
        let after = bench.instance();
        assert_eq!((after.name.as_str(), after.project_id, after.auto_renew), ("new-name", 7, 2));
        assert!(after.delete_protection);
    }

    #[tokio::test]
    async fn what_is_paid_as_it_goes_is_not_renewed() {
        let bench = Bench::with_running().await;
        let request = json!({"Operation": "modifyAutoRenew", "InstanceIds": [bench.id()], "AutoRenews": [1]});
        let (code, message) = bench.refused::<ModifyInstance>(request).await;
        assert_eq!(code, "UnsupportedOperation.IsAutoRenewError");
        assert!(message.contains("`AutoRenews.0`"), "{message}");
    }
}
