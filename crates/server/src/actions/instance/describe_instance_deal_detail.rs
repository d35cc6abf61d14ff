//! DescribeInstanceDealDetail: what became of an order.

use api::redis::actions::DescribeInstanceDealDetail;
use api::redis::{DescribeInstanceDealDetailRequest, DescribeInstanceDealDetailResponse, TradeDealDetail};
use db::Tx;

use crate::action::Action;
use crate::actions::values::{given, listed};
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway};
use crate::model::instance::State;
use crate::model::wire_time;
use crate::store;
use crate::store::deal::Deal;
use crate::store::deal_progress::Made;

/// The wire's `Status`: not all instances have been made or given up.
const SHIPPING: i64 = 3;
/// All that could be made are there.
const DELIVERED: i64 = 4;
/// None came to life.
const FAILED: i64 = 5;

/// The most deals that one request may ask for.
const MOST: usize = 10;

impl Action for DescribeInstanceDealDetail {
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeInstanceDealDetailRequest,
    ) -> Result<DescribeInstanceDealDetailResponse, Error> {
        let asked = asked(&request)?;
        let detail = |tx: &Tx<'_>, (path, id): &(String, &str)| {
            let deal = store::deal::find(tx, context.account(), id)?.ok_or_else(|| unknown(path, id))?;
            let made = store::deal_progress::made(tx, context.account(), &deal.instance_ids)?;
            Ok::<_, Error>(view(app, deal, &made))
        };
        let details = app.db.read(|tx| asked.iter().map(|one| detail(tx, one)).collect::<Result<Vec<_>, _>>())?;
        Ok(DescribeInstanceDealDetailResponse { deal_details: details })
    }
}

/// What is asked for, each with its parameter's name.
fn asked(request: &DescribeInstanceDealDetailRequest) -> Result<Vec<(String, &str)>, Error> {
    let ids = listed("DealIds", request.deal_ids.as_ref(), MOST)?.unwrap_or_default();
    let ids = ids.iter().enumerate().map(|(index, id)| (format!("DealIds.{index}"), id.as_str()));
    let name = given(request.deal_name.as_ref()).map(|name| ("DealName".to_owned(), name));
    let asked: Vec<_> = ids.chain(name).collect();
    if asked.is_empty() { Err(gateway::missing_parameter("DealIds")) } else { Ok(asked) }
}

fn unknown(path: &str, id: &str) -> Error {
    gateway::invalid_value(path, id.escape_debug(), "it is not a deal of yours", "不是您的订单")
}

fn view(app: &App, deal: Deal, made: &[Made]) -> TradeDealDetail {
    let status = status(made.iter().map(|one| one.state));
    let ended = if status == SHIPPING { None } else { made.iter().filter_map(|one| one.ended_at).max() };
    let lives = |id: &String| made.iter().any(|one| one.id == *id && one.state != State::Failed);
    TradeDealDetail {
        deal_id: deal.id.to_string(),
        deal_name: deal.name,
        zone_id: made.first().map_or(0, |one| one.zone_id),
        goods_num: deal.goods,
        creater: deal.creator,
        creat_time: app.wire_time(deal.created_at),
        overdue_time: wire_time::NONE.to_owned(),
        end_time: wire_time::format_opt(ended, app.time_offset),
        status,
        description: String::new(),
        price: 0,
        instance_ids: deal.instance_ids.into_iter().filter(lives).collect(),
    }
}

/// A deal of which only a part came to life is delivered: what it lists is what there is.
fn status(states: impl Iterator<Item = State> + Clone) -> i64 {
    if states.clone().any(|state| state == State::Creating) {
        return SHIPPING;
    }
    let mut states = states;
    if states.all(|state| state == State::Failed) { FAILED } else { DELIVERED }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::keys::Caller;
    use crate::testing::{House, ME, NOW, OTHER, context};
    use serde_json::json;

    #[test]
    fn a_deal_is_shipping_until_each_instance_has_been_made_or_given_up() {
        let of = |states: &[State]| status(states.iter().copied());
        assert_eq!(of(&[State::Creating, State::Running]), SHIPPING);
        assert_eq!(of(&[State::Creating, State::Failed]), SHIPPING);
        assert_eq!(of(&[State::Running, State::Failed]), DELIVERED);
        assert_eq!(of(&[State::Cleaned, State::Isolated]), DELIVERED);
        assert_eq!(of(&[State::Failed, State::Failed]), FAILED);
    }

    /// A deal of two instances in these states; answers its id.
    async fn deal(house: &House, states: [State; 2]) -> String {
        let ids = ["crs-1", "crs-2"].map(ToOwned::to_owned);
        for (id, state) in ids.iter().zip(states) {
            house.add(id, |new| (new.state, new.cleaned_at) = (state, (state == State::Failed).then_some(NOW))).await;
            house.add_task("CreateInstances", id, "succeed", NOW).await;
        }
        let add = move |tx: &Tx<'_>| {
            let name = "20261124000000000000001";
            let (account, region, creator) = (ME, "ap-guangzhou", ME);
            let instance_ids = &ids[..];
            store::deal::add(tx, &store::deal::NewDeal { name, account, region, creator, instance_ids, now: NOW })
        };
        house.app.db.write(add).await.unwrap().to_string()
    }

    #[tokio::test]
    async fn a_deal_is_found_by_its_id_and_by_its_name_once_for_each() {
        let house = House::new().await;
        let id = deal(&house, [State::Running, State::Running]).await;
        let params = json!({"DealIds": [id, id], "DealName": "20261124000000000000001"});
        let answer = house.call::<DescribeInstanceDealDetail>(params).await.unwrap();
        assert_eq!(answer["DealDetails"].as_array().unwrap().len(), 3);
        let expected = json!({
            "DealId": id, "DealName": "20261124000000000000001", "ZoneId": 100_003, "GoodsNum": 2, "Creater": ME,
            "CreatTime": "2026-11-24 10:00:00", "OverdueTime": "0000-00-00 00:00:00", "EndTime": "2026-11-24 10:00:05",
            "Status": 4, "Description": "", "Price": 0, "InstanceIds": ["crs-1", "crs-2"],
        });
        assert!(answer["DealDetails"].as_array().unwrap().iter().all(|one| *one == expected), "{answer}");
    }

    #[tokio::test]
    async fn a_deal_lists_what_came_of_it() {
        for (states, status, ids, end) in [
            ([State::Creating, State::Failed], 3, json!(["crs-1"]), "0000-00-00 00:00:00"),
            ([State::Failed, State::Running], 4, json!(["crs-2"]), "2026-11-24 10:00:05"),
            ([State::Failed, State::Failed], 5, json!([]), "2026-11-24 10:00:05"),
        ] {
            let house = House::new().await;
            let id = deal(&house, states).await;
            let answer = house.call::<DescribeInstanceDealDetail>(json!({"DealIds": [id]})).await.unwrap();
            let one = &answer["DealDetails"][0];
            assert_eq!((&one["Status"], &one["InstanceIds"], &one["EndTime"]), (&json!(status), &ids, &json!(end)));
        }
    }

    #[tokio::test]
    async fn an_unknown_or_foreign_deal_is_named() {
        let house = House::new().await;
        let id = deal(&house, [State::Running, State::Running]).await;
        let other = Context { caller: Caller { account: OTHER.into(), ..context().caller }, ..context() };
        let foreign = house.call_as::<DescribeInstanceDealDetail>(&other, json!({"DealIds": [id]})).await.unwrap_err();
        assert!(foreign.message.en.contains("`DealIds.0`"), "{foreign}");
        for (params, code) in [
            (json!({}), "MissingParameter"),
            (json!({"DealName": ""}), "MissingParameter"),
            (json!({"DealIds": ["x"]}), "InvalidParameterValue"),
            (json!({"DealIds": vec![id; 11]}), "InvalidParameterValue"),
        ] {
            let error = house.call::<DescribeInstanceDealDetail>(params).await.unwrap_err();
            assert!(error.code == code && error.message.en.contains("DealIds"), "{error}");
        }
    }
}
