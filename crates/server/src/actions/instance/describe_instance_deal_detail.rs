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
        let details = app.db.snapshot(|tx| asked.iter().map(|one| detail(tx, one)).collect::<Result<Vec<_>, _>>())?;
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

    #[test]
    fn a_deal_is_shipping_until_each_instance_has_been_made_or_given_up() {
        let of = |states: &[State]| status(states.iter().copied());
        assert_eq!(of(&[State::Creating, State::Running]), SHIPPING);
        assert_eq!(of(&[State::Creating, State::Failed]), SHIPPING);
        assert_eq!(of(&[State::Running, State::Failed]), DELIVERED);
        assert_eq!(of(&[State::Cleaned, State::Isolated]), DELIVERED);
        assert_eq!(of(&[State::Failed, State::Failed]), FAILED);
    }
}
