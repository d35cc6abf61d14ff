//! DescribeResourceTags: the tags of all instances, or of one.

use api::tag::actions::DescribeResourceTags;
use api::tag::{DescribeResourceTagsRequest, DescribeResourceTagsResponse};

use super::{LIMITS, check_kind, check_region, unsigned, view};
use crate::action::Action;
use crate::actions::values::{given, page};
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway};
use crate::store::tag_list::{self, Filter};

impl Action for DescribeResourceTags {
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeResourceTagsRequest,
    ) -> Result<DescribeResourceTagsResponse, Error> {
        check_kind(given(request.service_type.as_ref()), given(request.resource_prefix.as_ref()))?;
        if request.cos_resource_id.is_some_and(|flag| flag != 0) {
            return Err(gateway::unsupported_parameter("CosResourceId", "there is no object storage", "没有对象存储"));
        }
        let (limit, offset) = page(request.limit, request.offset, LIMITS.0, LIMITS.1)?;
        let one = given(request.resource_id.as_ref()).map(|id| vec![id.to_owned()]);
        // All resources of an account were made by itself.
        let by_another = request.create_uin.is_some_and(|uin| uin.to_string() != context.account());
        let filter = Filter {
            account: context.account().to_owned(),
            region: given(request.resource_region.as_ref()).map(check_region).transpose()?,
            instance_ids: if by_another { Some(Vec::new()) } else { one },
            seen: context.sight.ids().map(<[String]>::to_vec),
            limit,
            offset,
        };
        let (total, lines) = app.db.read(|tx| tag_list::list(tx, &filter))?;
        Ok(DescribeResourceTagsResponse {
            total_count: unsigned(total),
            offset: unsigned(offset),
            limit: unsigned(limit),
            rows: lines.into_iter().map(view).collect(),
        })
    }
}
