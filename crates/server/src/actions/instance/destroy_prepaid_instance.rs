//! DestroyPrepaidInstance: returns a prepaid instance. It answers the deal of the return; a task does the work.

use api::redis::actions::DestroyPrepaidInstance;
use api::redis::{DestroyPrepaidInstanceRequest, DestroyPrepaidInstanceResponse};
use db::Tx;
use serde_json::Value;

use crate::action::Action;
use crate::actions::enqueue::Change;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, product};
use crate::ids;
use crate::model::instance::{Instance, State, billing};
use crate::model::{task_type, wire_time};
use crate::store;

impl Action for DestroyPrepaidInstance {
    async fn handle(
        context: &Context,
        app: &App,
        request: DestroyPrepaidInstanceRequest,
    ) -> Result<DestroyPrepaidInstanceResponse, Error> {
        let change = Change::of(app, context, &task_type::DESTROY, request.instance_id)?;
        let deal_name = ids::deal_name(&wire_time::day(context.now, app.time_offset));
        let (creator, now) = (context.origin().operator, context.now);
        let write = move |tx: &Tx<'_>| {
            let instance = change.instance(tx)?;
            check(&instance)?;
            change.enqueue(tx, &instance, Value::Null)?;
            let deal_id = add_deal(tx, &instance, &deal_name, &creator, now)?;
            Ok::<_, Error>(DestroyPrepaidInstanceResponse { deal_id: deal_id.to_string(), deal_name })
        };
        app.db.write(write).await
    }
}

fn add_deal(tx: &Tx<'_>, instance: &Instance, name: &str, creator: &str, now: i64) -> Result<i64, db::Error> {
    let deal = store::deal::NewDeal {
        name,
        account: &instance.account,
        region: &instance.region,
        creator,
        instance_ids: std::slice::from_ref(&instance.id),
        now,
    };
    store::deal::add(tx, &deal)
}

fn check(instance: &Instance) -> Result<(), Error> {
    if instance.billing_mode != billing::PREPAID {
        return Err(product::wrong_billing(
            &instance.id,
            "it is pay-as-you-go; use DestroyPostpaidInstance",
            "该实例为按量计费，请使用 DestroyPostpaidInstance",
        ));
    }
    match instance.state {
        State::Running if instance.delete_protection => Err(product::delete_protected(&instance.id)),
        State::Running => Ok(()),
        State::Isolated => Err(product::already_isolated(&instance.id)),
        _ => Err(product::wrong_destroy_status(&instance.id, instance.status)),
    }
}

#[cfg(test)]
mod tests {
    use api::redis::actions::DestroyPostpaidInstance;
    use serde_json::json;

    use super::*;
    use crate::tasks::testing::Bench;
    use crate::testing::ME;

    async fn bench(change: impl FnOnce(&mut Instance)) -> Bench {
        Bench::running(change).await
    }

    #[tokio::test]
    async fn a_return_is_a_deal_with_a_task_behind_it() {
        let bench = bench(|instance| instance.billing_mode = billing::PREPAID).await;
        let answer = bench.call::<DestroyPrepaidInstance>(json!({"InstanceId": bench.id()})).await.unwrap();
        let by = |key: &str| answer[key].as_str().unwrap().to_owned();
        for key in ["DealId", "DealName"] {
            let deal = bench.db.read(|tx| store::deal::find(tx, ME, &by(key))).unwrap().unwrap();
            assert_eq!(deal.instance_ids, [bench.id()], "{key}");
        }
        assert_eq!(bench.held().unwrap().0, "DestroyInstance");
    }

    #[tokio::test]
    async fn each_way_of_paying_has_its_own_action() {
        let (post, pre) = (bench(|_| ()).await, bench(|instance| instance.billing_mode = billing::PREPAID).await);
        let wrong = "InvalidParameterValue.UnSupportedType";
        assert_eq!(post.refused::<DestroyPrepaidInstance>(json!({"InstanceId": post.id()})).await.0, wrong);
        assert_eq!(pre.refused::<DestroyPostpaidInstance>(json!({"InstanceId": pre.id()})).await.0, wrong);
        let isolated = Bench::isolated_and_paid(billing::PREPAID).await;
        let refused = isolated.refused::<DestroyPrepaidInstance>(json!({"InstanceId": isolated.id()})).await;
        assert_eq!(refused.0, "ResourceUnavailable.InstanceIsolated");
        let isolated = Bench::with_isolated().await;
        let refused = isolated.refused::<DestroyPostpaidInstance>(json!({"InstanceId": isolated.id()})).await;
        assert_eq!(refused.0, "ResourceUnavailable.InstanceStatusError");
    }

    #[tokio::test]
    async fn a_protected_instance_is_not_destroyed() {
        for mode in [billing::POSTPAID, billing::PREPAID] {
            let bench = bench(|instance| (instance.billing_mode, instance.delete_protection) = (mode, true)).await;
            let params = json!({"InstanceId": bench.id()});
            let (code, message) = if mode == billing::POSTPAID {
                bench.refused::<DestroyPostpaidInstance>(params).await
            } else {
                bench.refused::<DestroyPrepaidInstance>(params).await
            };
            assert!(code == "UnsupportedOperation" && message.contains("protection"), "{message}");
            assert!(bench.held().is_none());
        }
    }
}
