//! DescribeProductInfo: what can be bought, in which regions and zones.

use api::redis::actions::DescribeProductInfo;
use api::redis::{DescribeProductInfoRequest, DescribeProductInfoResponse, ProductConf, RegionConf, ZoneCapacityConf};

use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Language};
use crate::model::instance::billing;
use crate::model::product::{self, Architecture, Family, PRODUCTS, Product, SIZES_GB};
use crate::model::region::{REGIONS, Region};

impl Action for DescribeProductInfo {
    async fn handle(
        context: &Context,
        app: &App,
        _request: DescribeProductInfoRequest,
    ) -> Result<DescribeProductInfoResponse, Error> {
        let products = products(app, context.language);
        let region_set = REGIONS.iter().map(|region| region_conf(region, context.language, &products)).collect();
        Ok(DescribeProductInfoResponse { region_set })
    }
}

fn region_conf(region: &'static Region, language: Language, products: &[ProductConf]) -> RegionConf {
    let (area, name) = region.area_and_city(language);
    let default = region.default_zone().number;
    let zone = |zone: crate::model::region::Zone| ZoneCapacityConf {
        // Clients read one or the other, and mean the zone's name by both.
        zone_id: zone.name(),
        zone_name: zone.name(),
        is_saleout: products.iter().all(|product| product.saleout),
        is_default: zone.number == default,
        net_work_type: vec!["vpcnet".to_owned()],
        product_set: products.to_vec(),
        old_zone_id: zone.id(),
    };
    RegionConf {
        region_id: region.name.to_owned(),
        region_name: name.to_owned(),
        region_short_name: region.short_name().to_owned(),
        area: area.to_owned(),
        zone_set: region.zones().map(zone).collect(),
    }
}

/// Each product in both ways of paying; all zones have the same ones.
fn products(app: &App, language: Language) -> Vec<ProductConf> {
    let modes = [billing::POSTPAID, billing::PREPAID];
    PRODUCTS.iter().flat_map(|product| modes.map(|mode| conf(app, language, product, mode))).collect()
}

fn conf(app: &App, language: Language, product: &Product, mode: i64) -> ProductConf {
    let engine = product::choose(product, &app.engines, app.config.engines.strict);
    let sizes: Vec<_> = SIZES_GB.iter().map(i64::to_string).collect();
    ProductConf {
        r#type: product.type_id,
        type_name: type_name(product.architecture, product.family, language),
        min_buy_num: 1,
        max_buy_num: app.config.limits.goods,
        // What CreateInstances would refuse.
        saleout: product.architecture == Architecture::Cluster || engine.is_none(),
        engine: family(product.family).to_owned(),
        version: product.version_text(),
        total_size: sizes.clone(),
        shard_size: sizes,
        replica_num: (1..=product.max_replicas()).map(|replicas| replicas.to_string()).collect(),
        shard_num: vec!["1".to_owned()],
        pay_mode: mode.to_string(),
        enable_repica_read_only: false,
        enable_replica_read_only: false,
    }
}

const fn family(family: Family) -> &'static str {
    match family {
        Family::Redis => "Redis",
        Family::Valkey => "Valkey",
    }
}

fn type_name(architecture: Architecture, of: Family, language: Language) -> String {
    let architecture = match (architecture, language) {
        (Architecture::Standard, Language::English) => "Master-Replica Edition",
        (Architecture::Standard, Language::Chinese) => "主从版",
        (Architecture::Cluster, Language::English) => "Cluster Edition",
        (Architecture::Cluster, Language::Chinese) => "集群版",
    };
    format!("{} {architecture}", family(of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;
    use serde_json::json;

    #[tokio::test]
    async fn clients_find_region_zone_and_type_by_the_texts_that_they_compare() {
        let house = House::new().await;
        let answer = house.call::<DescribeProductInfo>(json!({})).await.unwrap();
        let regions = answer["RegionSet"].as_array().unwrap();
        assert_eq!(regions.len(), REGIONS.len());
        let guangzhou = regions.iter().find(|region| region["RegionId"] == "ap-guangzhou").unwrap();
        assert_eq!((&guangzhou["RegionName"], &guangzhou["Area"]), (&json!("Guangzhou"), &json!("South China")));
        let zone = guangzhou["ZoneSet"].as_array().unwrap().iter().find(|zone| zone["ZoneName"] == "ap-guangzhou-3");
        let zone = zone.unwrap();
        assert_eq!((&zone["ZoneId"], &zone["OldZoneId"]), (&json!("ap-guangzhou-3"), &json!(100_003)));
        assert_eq!((&zone["IsSaleout"], &zone["IsDefault"]), (&json!(false), &json!(true)));
        let of = |type_id: i64, mode: &str| {
            let products = zone["ProductSet"].as_array().unwrap();
            products.iter().find(|one| one["Type"] == type_id && one["PayMode"] == mode).unwrap().clone()
        };
        let redis = of(17, "0");
        assert_eq!((&redis["Version"], &redis["Saleout"]), (&json!("Redis 7.0"), &json!(false)));
        assert_eq!(redis["TotalSize"][0], "1");
        assert_eq!((&redis["ShardNum"], &redis["ReplicaNum"]), (&json!(["1"]), &json!(["1", "2", "3", "4", "5"])));
        assert_eq!((&of(2, "1")["ReplicaNum"], &of(18, "1")["Saleout"]), (&json!(["1"]), &json!(true)));
    }

    #[tokio::test]
    async fn what_no_engine_serves_is_sold_out() {
        let mut house = House::new().await;
        house.app.config.engines.strict = true;
        let answer = house.call::<DescribeProductInfo>(json!({})).await.unwrap();
        let products = answer["RegionSet"][0]["ZoneSet"][0]["ProductSet"].as_array().unwrap();
        let sold: Vec<_> = products.iter().filter(|one| one["Saleout"] == false).map(|one| &one["Type"]).collect();
        assert_eq!(sold, [17, 17]);
        house.app.engines.clear();
        let answer = house.call::<DescribeProductInfo>(json!({})).await.unwrap();
        assert_eq!(answer["RegionSet"][0]["ZoneSet"][0]["IsSaleout"], true);
    }
}
