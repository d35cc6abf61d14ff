//! Regions and zones, as three services of the cloud list them (`region`, `api`, `cvm`), and the products of `region`.

mod describe_products;
mod describe_regions;
mod describe_zones;

use api::{api as apis, cvm, region};

use crate::action::Actions;
use crate::error::{Error, gateway};

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<region::actions::DescribeProducts>();
    table.add::<region::actions::DescribeRegions>();
    table.add::<region::actions::DescribeZones>();
    table.add::<apis::actions::DescribeRegions>();
    table.add::<apis::actions::DescribeZones>();
    table.add::<cvm::actions::DescribeRegions>();
    table.add::<cvm::actions::DescribeZones>();
}

/// What `RegionState` and `ZoneState` say of a place that sells.
const AVAILABLE: &str = "AVAILABLE";
/// The only product that is sold here.
const REDIS: &str = "redis";

fn check_product(product: &str) -> Result<(), Error> {
    if product == REDIS {
        return Ok(());
    }
    let (rule, rule_zh) = ("this server sells `redis` alone", "本服务仅售 `redis`");
    Err(gateway::invalid_value("Product", product.escape_debug(), rule, rule_zh))
}

/// Which of the cloud's lists to take, the full one or the one of optional places; here they are the same.
fn check_scene(scene: Option<i64>) -> Result<(), Error> {
    match scene {
        None | Some(0 | 1) => Ok(()),
        Some(other) => Err(gateway::invalid_value("Scene", other, "it must be 0 or 1", "可选值为 0, 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::error::Language;
    use crate::testing::{House, context};
    use serde_json::{Value, json};

    /// The zones of three services, in one language.
    async fn zones(house: &House, language: Language) -> [Value; 3] {
        let context = Context { language, ..context() };
        let redis = json!({"Product": "redis"});
        [
            house.call_as::<region::actions::DescribeZones>(&context, redis.clone()).await.unwrap(),
            house.call_as::<apis::actions::DescribeZones>(&context, redis).await.unwrap(),
            house.call_as::<cvm::actions::DescribeZones>(&context, json!({})).await.unwrap(),
        ]
    }

    #[tokio::test]
    async fn three_services_list_the_zones_of_the_region() {
        let house = House::new().await;
        for (language, name) in [(Language::English, "Guangzhou Zone 3"), (Language::Chinese, "广州3区")] {
            for answer in zones(&house, language).await {
                assert_eq!(answer["TotalCount"], 5);
                let zone = answer["ZoneSet"].as_array().unwrap().iter().find(|zone| zone["Zone"] == "ap-guangzhou-3");
                let zone = zone.unwrap();
                assert_eq!((&zone["ZoneId"], &zone["ZoneName"]), (&json!("100003"), &json!(name)));
                assert_eq!(zone["ZoneState"], "AVAILABLE");
            }
        }
    }

    #[tokio::test]
    async fn three_services_list_all_regions() {
        let house = House::new().await;
        let redis = json!({"Product": "redis", "Scene": 1});
        for answer in [
            house.call::<region::actions::DescribeRegions>(redis).await.unwrap(),
            house.call::<apis::actions::DescribeRegions>(json!({"Product": "redis"})).await.unwrap(),
            house.call::<cvm::actions::DescribeRegions>(json!({})).await.unwrap(),
        ] {
            assert_eq!(answer["TotalCount"], answer["RegionSet"].as_array().unwrap().len());
            let first = &answer["RegionSet"][0];
            assert_eq!(
                (&first["Region"], &first["RegionName"]),
                (&json!("ap-guangzhou"), &json!("South China (Guangzhou)"))
            );
        }
        let products = house.call::<region::actions::DescribeProducts>(json!({})).await.unwrap();
        assert_eq!(products, json!({"Products": [{"Name": "redis"}], "TotalCount": 1}));
    }

    #[tokio::test]
    async fn another_product_and_a_missing_region_are_named() {
        let house = House::new().await;
        let cvm = json!({"Product": "cvm"});
        for error in [
            house.call::<region::actions::DescribeZones>(cvm.clone()).await.unwrap_err(),
            house.call::<apis::actions::DescribeZones>(cvm.clone()).await.unwrap_err(),
            house.call::<region::actions::DescribeRegions>(cvm.clone()).await.unwrap_err(),
            house.call::<apis::actions::DescribeRegions>(cvm).await.unwrap_err(),
        ] {
            assert!(error.code == "InvalidParameterValue" && error.message.en.contains("`cvm` of parameter `Product`"));
        }
        let scene = json!({"Product": "redis", "Scene": 2});
        assert!(house.call::<region::actions::DescribeZones>(scene).await.unwrap_err().message.en.contains("`Scene`"));
        let nowhere = Context { region: None, ..context() };
        let error = house.call_as::<cvm::actions::DescribeZones>(&nowhere, json!({})).await.unwrap_err();
        assert_eq!(error.code, "MissingParameter");
    }
}
