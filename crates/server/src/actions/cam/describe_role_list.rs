//! DescribeRoleList: the roles of the account, the newest first.

use api::cam::actions::DescribeRoleList;
use api::cam::{DescribeRoleListRequest, DescribeRoleListResponse};

use super::{given, view};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store;

impl Action for DescribeRoleList {
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeRoleListRequest,
    ) -> Result<DescribeRoleListResponse, Error> {
        let (skip, take) = given::page(Some(request.page), Some(request.rp))?;
        let wanted = given::tags(request.tags, |tag| (tag.key, tag.value))?;
        let mut all = app.db.read(|tx| store::role::all(tx, context.account()))?;
        all.retain(|role| wanted.iter().all(|tag| role.tags.contains(tag)));
        let total_num = all.len() as u64;
        let list = all.into_iter().skip(skip).take(take).map(|role| view::role(app, role)).collect();
        Ok(DescribeRoleListResponse { list, total_num })
    }
}
