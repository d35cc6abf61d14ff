//! DescribeInstanceNodeInfo: the redis processes of an instance. There are no proxies.

use api::redis::actions::DescribeInstanceNodeInfo;
use api::redis::{DescribeInstanceNodeInfoRequest, DescribeInstanceNodeInfoResponse, RedisNodes};

use crate::action::Action;
use crate::actions::load;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::model::instance::Node;
use crate::store;

impl Action for DescribeInstanceNodeInfo {
    /// `Limit` and `Offset` have no effect, as the page says: all nodes are shown.
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeInstanceNodeInfoRequest,
    ) -> Result<DescribeInstanceNodeInfoResponse, Error> {
        let (zone_id, nodes) = app.db.read(|tx| {
            let instance = load::find(app, context, tx, &request.instance_id)?;
            Ok::<_, Error>((instance.zone_id, store::node::of_instance(tx, &instance.id)?))
        })?;
        let redis: Vec<_> = nodes.into_iter().map(|node| view(node, zone_id)).collect();
        let redis_count = i64::try_from(redis.len()).unwrap_or(i64::MAX);
        Ok(DescribeInstanceNodeInfoResponse { redis_count, redis, ..Default::default() })
    }
}

fn view(node: Node, zone_id: i64) -> RedisNodes {
    let role = match (node.seen.role.as_str(), node.ordinal) {
        ("master", _) => "master",
        ("", 0) => "master",
        _ => "slave",
    };
    RedisNodes { node_id: node.node_id, node_role: role.to_owned(), cluster_id: node.shard, zone_id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;
    use serde_json::{Value, json};

    async fn roles(house: &House) -> Value {
        let answer = house.call::<DescribeInstanceNodeInfo>(json!({"InstanceId": "crs-a"})).await.unwrap();
        assert_eq!((&answer["RedisCount"], &answer["ProxyCount"]), (&json!(2), &json!(0)));
        assert_eq!((&answer["Proxy"], &answer["Tendis"]), (&json!([]), &json!([])));
        let nodes = answer["Redis"].as_array().unwrap();
        assert!(nodes.iter().all(|node| node["NodeId"].as_str().unwrap().len() == 40 && node["ZoneId"] == 100_003));
        assert!(nodes.iter().all(|node| node["ClusterId"] == 1));
        nodes.iter().map(|node| node["NodeRole"].clone()).collect()
    }

    #[tokio::test]
    async fn roles_are_as_seen_and_before_that_as_intended() {
        let house = House::new().await;
        house.add("crs-a", |_| ()).await;
        assert_eq!(roles(&house).await, json!(["master", "slave"]));
        house.sql("UPDATE node SET seen_role = CASE ordinal WHEN 0 THEN 'replica' ELSE 'master' END", &[]).await;
        assert_eq!(roles(&house).await, json!(["slave", "master"]));
        let gone = house.call::<DescribeInstanceNodeInfo>(json!({"InstanceId": "crs-x"})).await.unwrap_err();
        assert_eq!(gone.code, "ResourceNotFound.InstanceNotExists");
    }
}
