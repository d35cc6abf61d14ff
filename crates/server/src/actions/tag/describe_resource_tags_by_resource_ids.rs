//! DescribeResourceTagsByResourceIds: the tags of these instances.

use api::tag::actions::DescribeResourceTagsByResourceIds;
use api::tag::{DescribeResourceTagsByResourceIdsRequest, DescribeResourceTagsByResourceIdsResponse};

use super::{LIMITS, check_kind, check_region, unsigned, view};
use crate::action::Action;
use crate::actions::values::{choice, given, listed, page};
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store::tag_list::{self, Filter};

/// The most instances that one request may name, as its page says.
const MOST_IDS: usize = 50;

impl Action for DescribeResourceTagsByResourceIds {
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeResourceTagsByResourceIdsRequest,
    ) -> Result<DescribeResourceTagsByResourceIdsResponse, Error> {
        check_kind(Some(&request.service_type), Some(&request.resource_prefix))?;
        let (limit, offset) = page(request.limit, request.offset, LIMITS.0, LIMITS.1)?;
        let category = given(request.category.as_ref()).unwrap_or("All");
        // There are no system tags.
        let has_any = choice("Category", &category, &[("All", true), ("Custom", true), ("System", false)])?;
        let ids = listed("ResourceIds", Some(&request.resource_ids), MOST_IDS)?.filter(|_| has_any).unwrap_or_default();
        let filter = Filter {
            account: context.account().to_owned(),
            region: Some(check_region(&request.resource_region)?),
            instance_ids: Some(ids.to_vec()),
            seen: context.sight.ids().map(<[String]>::to_vec),
            limit,
            offset,
        };
        let (total, lines) = app.db.read(|tx| tag_list::list(tx, &filter))?;
        Ok(DescribeResourceTagsByResourceIdsResponse {
            total_count: unsigned(total),
            offset: unsigned(offset),
            limit: unsigned(limit),
            tags: lines.into_iter().map(view).collect(),
        })
    }
}
