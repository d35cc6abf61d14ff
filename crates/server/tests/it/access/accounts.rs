//! Accounts apart: nothing of one is seen, counted or changed by another.

use serde_json::json;

use super::street::Street;
use crate::stories::create;

#[tokio::test]
async fn each_account_sees_and_counts_its_own_alone() {
    let street = Street::new().await;
    let theirs = create(&street.other).await;
    for (client, id) in [(&street.mine, &street.here.instance), (&street.other, &theirs)] {
        let listed = client.ok("DescribeInstances", json!({})).await;
        assert_eq!((&listed["TotalCount"], &listed["InstanceSet"][0]["InstanceId"]), (&json!(1), &json!(id)));
        let tasks = client.ok("DescribeTaskList", json!({})).await;
        assert_eq!((&tasks["TotalCount"], &tasks["Tasks"][0]["InstanceId"]), (&json!(1), &json!(id)));
        let tag = client.for_service("tag", "2018-08-13");
        let resource = format!("qcs::redis:::instance/{id}");
        tag.ok("ModifyResourceTags", json!({"Resource": resource, "ReplaceTags": [{"TagKey": "k", "TagValue": id}]}))
            .await;
        let tags = tag.ok("DescribeResourceTags", json!({})).await;
        assert_eq!((&tags["TotalCount"], &tags["Rows"][0]["TagValue"]), (&json!(1), &json!(id)));
    }
    let identity = street.other.for_service("sts", "2018-08-13").ok("GetCallerIdentity", json!({})).await;
    assert_eq!(identity["AccountId"], super::street::OTHER);
}
