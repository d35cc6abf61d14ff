//! DescribeInstances: the caller's instances in one region, filtered, ordered and paged.

use api::redis::actions::DescribeInstances;
use api::redis::{DescribeInstancesRequest, DescribeInstancesResponse};
use db::Tx;

use super::instance_filter::{self, Scope};
use super::instance_set::{self, Known};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::model::instance::Instance;
use crate::store;
use crate::store::instance_list::Only;

impl Action for DescribeInstances {
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeInstancesRequest,
    ) -> Result<DescribeInstancesResponse, Error> {
        let scope = Scope {
            account: context.account(),
            region: context.region()?,
            cutoff: app.to_delete_cutoff(),
            tombstones_from: app.clock.now_ms() - app.config.isolation.tombstone * 1000,
        };
        let mut filter = instance_filter::read(&request, &scope)?;
        filter.only.extend(context.sight.ids().map(|ids| Only::Seen(ids.to_vec())));
        // One snapshot: the count and the page are of the same moment.
        let (total_count, known) = app.db.read(|tx| {
            let (total, page) = store::instance_list::list(tx, &filter)?;
            let known = page.into_iter().map(|instance| know(tx, instance)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, db::Error>((total, known))
        })?;
        let instance_set = known.into_iter().map(|known| instance_set::view(app, context, known)).collect();
        Ok(DescribeInstancesResponse { total_count, instance_set })
    }
}

fn know(tx: &Tx<'_>, instance: Instance) -> Result<Known, db::Error> {
    let nodes = store::node::of_instance(tx, &instance.id)?;
    let tags = store::tag::of_instance(tx, &instance.id)?;
    Ok(Known { instance, nodes, tags })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::instance::{Access, State, billing};
    use crate::model::region;
    use crate::testing::{House, ME, NOW, OTHER, context};
    use serde_json::{Value, json};

    /// The ids in their order, after checking that the count is that of the whole list.
    async fn ids(house: &House, params: Value) -> String {
        let answer = house.call::<DescribeInstances>(params).await.unwrap();
        let set = answer["InstanceSet"].as_array().unwrap();
        assert_eq!(answer["TotalCount"], json!(set.len()));
        set.iter()
            .map(|one| one["InstanceId"].as_str().unwrap().trim_start_matches("crs-"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Five instances that differ in everything, and those that must never be seen.
    async fn street() -> House {
        let house = House::new().await;
        house
            .add("crs-a", |new| {
                (new.name, new.project_id, new.created_at) = ("Cache_1".to_owned(), 7, NOW - 5000);
                (new.billing_mode, new.auto_renew, new.deadline_at) = (billing::PREPAID, 1, Some(NOW + 9000));
            })
            .await;
        house
            .add("crs-b", |new| {
                (new.name, new.type_id, new.created_at) = ("cache-11".to_owned(), 8, NOW - 4000);
                (new.vpc_id, new.subnet_id) = ("vpc-2".to_owned(), "subnet-2".to_owned());
                (new.billing_mode, new.auto_renew, new.deadline_at) = (billing::PREPAID, 2, Some(NOW + 8000));
            })
            .await;
        house.add("crs-c", |new| (new.state, new.created_at) = (State::Creating, NOW - 3000)).await;
        house
            .add("crs-d", |new| {
                (new.state, new.isolated_at) = (State::Isolated, Some(NOW - 1000));
                (new.type_id, new.created_at, new.address) = (19, NOW - 2000, "127.0.0.9".to_owned());
            })
            .await;
        house.add("crs-e", |new| (new.state, new.isolated_at) = (State::Isolated, Some(NOW - 61_000))).await;
        house.add("crs-failed", |new| (new.state, new.cleaned_at) = (State::Failed, Some(NOW))).await;
        house.add("crs-other", |new| new.account = OTHER.to_owned()).await;
        house.add("crs-beijing", |new| new.region = "ap-beijing".to_owned()).await;
        house
    }

    #[tokio::test]
    async fn the_list_is_the_callers_in_the_region_newest_first() {
        let house = street().await;
        assert_eq!(ids(&house, json!({})).await, "e d c b a");
        let beijing = Context { region: region::find("ap-beijing"), ..context() };
        let answer = house.call_as::<DescribeInstances>(&beijing, json!({})).await.unwrap();
        assert_eq!(answer["InstanceSet"][0]["InstanceId"], "crs-beijing");
        assert_eq!(answer["TotalCount"], 1);
    }

    #[tokio::test]
    async fn every_filter_lets_pass_what_it_says() {
        let house = street().await;
        house
            .sql(
                "INSERT INTO tag (account, instance_id, key, value) VALUES ($1, 'crs-a', 'env', 'prod'),
                   ($1, 'crs-a', 'team', 'x'), ($1, 'crs-b', 'env', 'test')",
                &[ME],
            )
            .await;
        let tag = |key: &str, value: &str| json!({"TagKey": key, "TagValue": value});
        for (params, expected) in [
            (json!({"InstanceId": "crs-a"}), "a"),
            (json!({"InstanceId": "crs-other"}), ""),
            (json!({"InstanceId": "crs-failed"}), ""),
            (json!({"InstanceIds": ["crs-a", "crs-c", "crs-none"]}), "c a"),
            (json!({"InstanceId": "crs-a", "InstanceIds": ["crs-c"]}), ""),
            (json!({"InstanceName": "Cache_1"}), "a"),
            (json!({"InstanceName": "ache"}), ""),
            (json!({"SearchKey": "CACHE"}), "b a"),
            (json!({"SearchKey": "e_1"}), "a"),
            (json!({"SearchKey": "%"}), ""),
            (json!({"SearchKey": "' OR 1=1 --"}), ""),
            (json!({"SearchKey": "crs-c"}), "c"),
            (json!({"SearchKey": "127.0.0.9"}), "d"),
            (json!({"SearchKeys": ["127.0.0.9", "crs-c", "cache_"]}), "d c a"),
            (json!({"Status": [2]}), "b a"),
            (json!({"Status": [1, -3]}), "e c"),
            (json!({"Status": [-2]}), "d"),
            (json!({"Type": 8}), "b"),
            (json!({"TypeList": [8, 19]}), "d b"),
            (json!({"TypeVersion": 2}), "e d c b a"),
            (json!({"TypeVersion": 1}), ""),
            (json!({"TypeVersion": 3}), ""),
            (json!({"EngineName": "Redis-5.0"}), "b"),
            (json!({"EngineName": "Valkey-8.0"}), "d"),
            (json!({"EngineName": "CKV"}), ""),
            (json!({"BillingMode": "prepaid"}), "b a"),
            (json!({"BillingMode": "postpaid"}), "e d c"),
            (json!({"AutoRenew": [1, 2]}), "b a"),
            (json!({"ProjectIds": [7, 9]}), "a"),
            (json!({"UniqVpcIds": ["vpc-2"]}), "b"),
            (json!({"VpcIds": ["vpc-2"]}), "b"),
            (json!({"UniqSubnetIds": ["subnet-2"]}), "b"),
            (json!({"SubnetIds": ["subnet-1"]}), "e d c a"),
            (json!({"RegionIds": [1, 8]}), "e d c b a"),
            (json!({"RegionIds": [8]}), ""),
            (json!({"InstanceTags": [tag("env", "prod")]}), "a"),
            (json!({"InstanceTags": [tag("env", "prod"), tag("env", "test")]}), "b a"),
            (json!({"InstanceTags": [tag("env", "test"), tag("team", "x")]}), ""),
            (json!({"TagKeys": ["env"]}), "b a"),
            (json!({"TagKeys": ["env", "team"]}), "a"),
            (json!({"ProductVersions": ["local"]}), "e d c b a"),
            (json!({"ProductVersions": ["cdc", "localv2"]}), ""),
            (json!({"AzMode": "singleaz"}), "e d c b a"),
            (json!({"AzMode": "multiaz"}), ""),
            (json!({"MonitorVersion": "5s", "Type": 8}), "b"),
            (json!({"InstanceId": "", "InstanceIds": [], "SearchKeys": [""], "Status": [], "Type": 8}), "b"),
            (json!({"Type": 17, "Status": [2], "BillingMode": "prepaid"}), "a"),
        ] {
            assert_eq!(ids(&house, params.clone()).await, expected, "{params}");
        }
    }

    #[tokio::test]
    async fn every_order_has_two_ways() {
        let house = street().await;
        for (order, ascending) in [
            ("createtime", "a b c d e"),
            ("projectId", "b c d e a"),
            ("instancename", "a b c d e"),
            ("type", "b a c e d"),
            ("curDeadline", "c d e b a"),
        ] {
            assert_eq!(ids(&house, json!({"OrderBy": order, "OrderType": 0})).await, ascending, "{order}");
            let backwards: Vec<_> = ascending.split(' ').rev().collect();
            assert_eq!(ids(&house, json!({"OrderBy": order, "OrderType": 1})).await, backwards.join(" "), "{order}");
            assert_eq!(ids(&house, json!({"OrderBy": order})).await, backwards.join(" "), "{order}");
        }
    }

    #[tokio::test]
    async fn pages_make_the_whole_and_the_count_stays() {
        let house = street().await;
        let mut seen = Vec::new();
        for offset in [0, 2, 4, 6] {
            let answer = house.call::<DescribeInstances>(json!({"Limit": 2, "Offset": offset})).await.unwrap();
            assert_eq!(answer["TotalCount"], 5);
            let set = answer["InstanceSet"].as_array().unwrap();
            seen.extend(set.iter().map(|one| one["InstanceId"].as_str().unwrap().to_owned()));
        }
        assert_eq!(seen, ["crs-e", "crs-d", "crs-c", "crs-b", "crs-a"]);
        let odd = house.call::<DescribeInstances>(json!({"Limit": 2, "Offset": 3})).await.unwrap();
        assert_eq!(odd["InstanceSet"][0]["InstanceId"], "crs-b");
    }

    #[tokio::test]
    async fn a_wrong_value_is_named() {
        let house = House::new().await;
        for (params, named) in [
            (json!({"Limit": 0}), "`Limit`"),
            (json!({"Limit": 1001}), "`Limit`"),
            (json!({"Offset": u64::MAX}), "`Offset`"),
            (json!({"OrderBy": "name"}), "`OrderBy`"),
            (json!({"OrderType": 2}), "`OrderType`"),
            (json!({"Status": [2, 5]}), "`Status.1`"),
            (json!({"TypeVersion": 4}), "`TypeVersion`"),
            (json!({"EngineName": "Redis"}), "`EngineName`"),
            (json!({"BillingMode": "0"}), "`BillingMode`"),
            (json!({"AutoRenew": [3]}), "`AutoRenew.0`"),
            (json!({"RegionIds": [999]}), "`RegionIds.0`"),
            (json!({"ProductVersions": ["x"]}), "`ProductVersions.0`"),
            (json!({"AzMode": "x"}), "`AzMode`"),
            (json!({"MonitorVersion": "1h"}), "`MonitorVersion`"),
            (json!({"InstanceIds": vec!["x"; 1001]}), "`InstanceIds`"),
        ] {
            let error = house.call::<DescribeInstances>(params).await.unwrap_err();
            assert_eq!(error.code, "InvalidParameterValue");
            assert!(error.message.en.contains(named), "{error}");
        }
    }

    #[tokio::test]
    async fn the_largest_lists_are_still_answered() {
        let house = House::new().await;
        let words = vec!["x"; 100];
        let tags: Vec<_> = (0..100).map(|key| json!({"TagKey": key.to_string(), "TagValue": "v"})).collect();
        assert_eq!(
            ids(&house, json!({"InstanceIds": vec!["x"; 1000], "SearchKeys": words, "TagKeys": words})).await,
            ""
        );
        assert_eq!(ids(&house, json!({"InstanceTags": tags})).await, "");
    }

    #[tokio::test]
    async fn a_cleaned_up_instance_is_seen_by_its_id_for_a_while() {
        let house = House::new().await;
        let day = 86_400_000;
        for (id, at) in [("crs-new", NOW - day + 1), ("crs-old", NOW - day)] {
            let cleaned = |new: &mut Instance| {
                (new.state, new.isolated_at, new.cleaned_at) = (State::Cleaned, Some(at - 5000), Some(at));
            };
            house.add(id, cleaned).await;
        }
        assert_eq!(ids(&house, json!({})).await, "");
        assert_eq!(ids(&house, json!({"SearchKey": "crs-new"})).await, "");
        assert_eq!(ids(&house, json!({"InstanceIds": ["crs-new", "crs-old"]})).await, "new");
        let answer = house.call::<DescribeInstances>(json!({"InstanceId": "crs-new"})).await.unwrap();
        let one = &answer["InstanceSet"][0];
        assert_eq!((&one["Status"], &one["InstanceTitle"]), (&json!(-3), &json!("To be deleted")));
        assert_eq!(one["OfflineTime"], "2026-11-23 10:00:00");
    }

    #[tokio::test]
    async fn the_status_follows_the_live_task() {
        let house = House::new().await;
        house.add("crs-a", |new| new.state = State::Creating).await;
        house.add("crs-b", |_| ()).await;
        house.add_task("CreateInstances", "crs-a", "preparing", NOW).await;
        house.add_task("ClearInstance", "crs-b", "running", NOW).await;
        assert_eq!(ids(&house, json!({"Status": [0]})).await, "a");
        assert_eq!(ids(&house, json!({"Status": [1]})).await, "b");
    }

    #[tokio::test]
    async fn an_instance_shows_what_clients_read() {
        let house = House::new().await;
        house
            .add("crs-a", |new| {
                (new.billing_mode, new.deadline_at, new.password) =
                    (billing::PREPAID, Some(NOW + 60_000), Access::Free);
                (new.replicas_readonly, new.delete_protection) = (true, true);
            })
            .await;
        house
            .sql("INSERT INTO tag (account, instance_id, key, value) VALUES ($1, 'crs-a', 'env', 'prod')", &[ME])
            .await;
        let before = house.call::<DescribeInstances>(json!({})).await.unwrap()["InstanceSet"][0].clone();
        assert_eq!((&before["CurrentRedisVersion"], &before["SizeUsed"]), (&json!("7.0.15"), &json!(0.0)));
        house.sql("UPDATE node SET seen_role = 'master', seen_version = '7.2.4', seen_memory = 1572864 WHERE name = 's1n1'", &[]).await;
        house.sql("UPDATE node SET seen_role = 'replica', seen_memory = 99999999 WHERE name = 's1n0'", &[]).await;
        let one = house.call::<DescribeInstances>(json!({})).await.unwrap()["InstanceSet"][0].clone();
        let expected = json!({
            "InstanceId": "crs-a", "InstanceName": "crs-a", "Appid": 1_250_000_001, "ProjectId": 0, "RegionId": 1,
            "ZoneId": 100_003, "Status": 2, "WanIp": "127.0.0.1", "Port": 6380, "Size": 1024.0, "SizeUsed": 1.5,
            "Type": 17, "AutoRenewFlag": 0, "Engine": "Redis", "ProductType": "standalone", "UniqVpcId": "vpc-1",
            "UniqSubnetId": "subnet-1", "BillingMode": 1, "InstanceTitle": "Running", "RedisShardSize": 1024,
            "RedisShardNum": 1, "RedisReplicasNum": 1, "SlaveReadWeight": 100, "NoAuth": true, "PasswordFree": 1,
            "InstanceTags": [{"TagKey": "env", "TagValue": "prod"}], "ProjectName": "Default Project",
            "ClientLimit": 10_000, "NetLimit": 24, "ReadOnly": 0, "NodeSet": [], "Region": "ap-guangzhou",
            "WanAddress": "", "ProductVersion": "local", "CurrentRedisVersion": "7.2.4", "DeleteProtectionSwitch": 1,
            "Createtime": "2026-11-24 10:00:00", "DeadlineTime": "2026-11-24 10:01:00",
            "OfflineTime": "0000-00-00 00:00:00", "CloseTime": "0000-00-00 00:00:00",
        });
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&one[field], value, "{field}");
        }
        assert!(one.as_object().unwrap().values().all(|value| !value.is_null()));
    }

    #[tokio::test]
    async fn an_isolated_instance_tells_since_when_and_how_long() {
        let house = street().await;
        let chinese = Context { language: crate::error::Language::Chinese, ..context() };
        let answer = house.call_as::<DescribeInstances>(&chinese, json!({"InstanceId": "crs-d"})).await.unwrap();
        let one = &answer["InstanceSet"][0];
        assert_eq!((&one["InstanceTitle"], &one["Engine"]), (&json!("已隔离"), &json!("Valkey")));
        assert_eq!(
            (&one["CloseTime"], &one["OfflineTime"]),
            (&json!("2026-11-24 09:59:59"), &json!("2026-11-24 11:59:59"))
        );
    }
}
