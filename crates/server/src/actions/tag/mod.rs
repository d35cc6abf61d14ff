//! The tag service, for the instances of Redis alone. Its tags are those of InstanceSet.

mod describe_resource_tags;
mod describe_resource_tags_by_resource_ids;
mod modify_resource_tags;

use api::tag::TagResource;
use api::tag::actions as tag;

use crate::action::Actions;
use crate::error::{self, Error};
use crate::model::region;
use crate::store::tag_list::Line;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<tag::DescribeResourceTags>();
    table.add::<tag::DescribeResourceTagsByResourceIds>();
    table.add::<tag::ModifyResourceTags>();
}

const SERVICE: &str = "redis";
const PREFIX: &str = "instance";
/// The page's default of `Limit`, and the most.
const LIMITS: (i64, i64) = (15, 200);

fn check_kind(service: Option<&str>, prefix: Option<&str>) -> Result<(), Error> {
    match (service, prefix) {
        (Some(service), _) if service != SERVICE => Err(error::tag::invalid_service_type(service)),
        (_, Some(prefix)) if prefix != PREFIX => Err(error::tag::invalid_resource_prefix(prefix)),
        _ => Ok(()),
    }
}

fn check_region(name: &str) -> Result<String, Error> {
    region::find(name).map(|region| region.name.to_owned()).ok_or_else(|| error::tag::invalid_region(name))
}

/// The digests of key and value are left empty; no client reads them.
fn view(line: Line) -> TagResource {
    TagResource {
        tag_key: line.key,
        tag_value: line.value,
        resource_id: line.instance_id,
        service_type: SERVICE.to_owned(),
        category: "Custom".to_owned(),
        ..TagResource::default()
    }
}

/// A count or an offset, which is never negative.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{House, OTHER};
    use serde_json::{Value, json};

    async fn street() -> House {
        let house = House::new().await;
        house.add("crs-a", |_| ()).await;
        house.add("crs-b", |new| new.region = "ap-beijing".to_owned()).await;
        house.add("crs-c", |new| new.account = OTHER.to_owned()).await;
        house
    }

    async fn modify(house: &House, resource: &str, set: Value, delete: Value) -> Result<Value, Error> {
        let params = json!({"Resource": resource, "ReplaceTags": set, "DeleteTags": delete});
        house.call::<tag::ModifyResourceTags>(params).await
    }

    /// `instance key=value` of each line.
    fn text(lines: &Value) -> Vec<String> {
        let line = |line: &Value| {
            let [id, key, value] = ["ResourceId", "TagKey", "TagValue"].map(|field| line[field].as_str().unwrap());
            format!("{id} {key}={value}")
        };
        lines.as_array().unwrap().iter().map(line).collect()
    }

    fn a_tag(key: &str, value: &str) -> Value {
        json!({"TagKey": key, "TagValue": value})
    }

    #[tokio::test]
    async fn tags_set_here_are_those_of_the_instance_and_the_reverse() {
        let house = street().await;
        let a = "qcs::redis:ap-guangzhou:uin/:instance/crs-a";
        modify(&house, a, json!([a_tag("env", "prod"), a_tag("team", "x")]), json!(null)).await.unwrap();
        modify(&house, a, json!([a_tag("env", "test")]), json!([{"TagKey": "team"}, {"TagKey": "none"}]))
            .await
            .unwrap();
        let shown = house.call::<api::redis::actions::DescribeInstances>(json!({})).await.unwrap();
        assert_eq!(shown["InstanceSet"][0]["InstanceTags"], json!([a_tag("env", "test")]));
        let of = json!({"ServiceType": "redis", "ResourcePrefix": "instance", "ResourceRegion": "ap-guangzhou",
            "ResourceIds": ["crs-a", "crs-b", "crs-c"], "Limit": 20});
        let answer = house.call::<tag::DescribeResourceTagsByResourceIds>(of.clone()).await.unwrap();
        assert_eq!(text(&answer["Tags"]), ["crs-a env=test"]);
        assert_eq!((&answer["TotalCount"], &answer["Limit"]), (&json!(1), &json!(20)));
        let mut system = of;
        system["Category"] = json!("System");
        let answer = house.call::<tag::DescribeResourceTagsByResourceIds>(system).await.unwrap();
        assert_eq!(answer["TotalCount"], 0);
    }

    #[tokio::test]
    async fn the_list_is_filtered_and_paged() {
        let house = street().await;
        for id in ["a", "b"] {
            let tags = json!([a_tag("k1", "v"), a_tag("k2", "v")]);
            modify(&house, &format!("qcs::redis:::instance/crs-{id}"), tags, json!([])).await.unwrap();
        }
        for (params, expected) in [
            (json!({}), "crs-a k1=v,crs-a k2=v,crs-b k1=v,crs-b k2=v"),
            (json!({"ResourceRegion": "ap-beijing"}), "crs-b k1=v,crs-b k2=v"),
            (
                json!({"ResourceId": "crs-a", "ServiceType": "redis", "ResourcePrefix": "instance"}),
                "crs-a k1=v,crs-a k2=v",
            ),
            (json!({"CreateUin": 1}), ""),
        ] {
            let answer = house.call::<tag::DescribeResourceTags>(params.clone()).await.unwrap();
            assert_eq!(text(&answer["Rows"]).join(","), expected, "{params}");
        }
        let page = house.call::<tag::DescribeResourceTags>(json!({"Limit": 1, "Offset": 3})).await.unwrap();
        assert_eq!((text(&page["Rows"]).join(","), &page["TotalCount"]), ("crs-b k2=v".to_owned(), &json!(4)));
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused_and_changes_nothing() {
        let house = street().await;
        let env = || json!([a_tag("env", "prod")]);
        let many: Vec<_> = (0..50).map(|key| a_tag(&key.to_string(), "v")).collect();
        let a = "qcs::redis:::instance/crs-a";
        for (resource, set, delete, code) in [
            ("qcs::redis:::instance/crs-c", env(), json!([]), "ResourceNotFound.InstanceNotExists"),
            ("qcs::redis:ap-beijing::instance/crs-a", env(), json!([]), "ResourceNotFound.InstanceNotExists"),
            ("qcs::cvm:::instance/ins-1", env(), json!([]), "InvalidParameterValue.ResourceDescriptionError"),
            (a, json!([]), json!([]), "MissingParameter"),
            (a, env(), json!([{"TagKey": "env"}]), "InvalidParameterValue.DeleteTagsParamError"),
            (a, json!([a_tag("x", "1"), a_tag("x", "2")]), json!([]), "InvalidParameter"),
            (a, json!([a_tag("", "1")]), json!([]), "InvalidParameterValue"),
        ] {
            assert_eq!(modify(&house, resource, set, delete).await.unwrap_err().code, code, "{resource}");
        }
        modify(&house, a, json!(many), json!([])).await.unwrap();
        assert_eq!(modify(&house, a, env(), json!([])).await.unwrap_err().code, "LimitExceeded.ResourceAttachedTags");
        let count = house.call::<tag::DescribeResourceTags>(json!({})).await.unwrap()["TotalCount"].clone();
        assert_eq!(count, 50);
    }

    #[tokio::test]
    async fn other_services_are_named() {
        let house = street().await;
        for (params, named) in [
            (json!({"ServiceType": "cvm"}), "`ServiceType`"),
            (json!({"ResourcePrefix": "sg"}), "`ResourcePrefix`"),
            (json!({"ResourceRegion": "moon"}), "`ResourceRegion`"),
            (json!({"CosResourceId": 1}), "`CosResourceId`"),
            (json!({"Limit": 201}), "`Limit`"),
        ] {
            let error = house.call::<tag::DescribeResourceTags>(params).await.unwrap_err();
            assert!(error.message.en.contains(named), "{error}");
        }
    }
}
