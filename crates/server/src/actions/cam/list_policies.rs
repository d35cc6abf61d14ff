//! ListPolicies: the policies that the account made, the newest first, and after them the presets.

use api::cam::actions::ListPolicies;
use api::cam::{ListPoliciesRequest, ListPoliciesResponse};
use policy::PRESETS;

use super::{given, view};
use crate::action::Action;
use crate::actions::values;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam};
use crate::store;
use crate::store::policy::StoredPolicy;

impl Action for ListPolicies {
    async fn handle(context: &Context, app: &App, request: ListPoliciesRequest) -> Result<ListPoliciesResponse, Error> {
        let (skip, take) = given::page(request.page, request.rp)?;
        let (own, presets) = match values::given(request.scope.as_ref()).unwrap_or("All") {
            "All" => (true, true),
            "Local" => (true, false),
            "QCS" => (false, true),
            other => return Err(cam::bad_scope(other)),
        };
        let (mut all, counts) = app.db.read(|tx| {
            let all = if own { store::policy::all(tx, context.account())? } else { Vec::new() };
            Ok::<_, db::Error>((all, store::attachment::counts(tx, context.account())?))
        })?;
        if presets {
            all.extend(PRESETS.iter().map(StoredPolicy::from));
        }
        let keyword = request.keyword.unwrap_or_default().to_lowercase();
        all.retain(|policy| policy.name.to_lowercase().contains(&keyword));
        let count = |id| counts.iter().find(|count| count.policy_id == id).copied().unwrap_or_default();
        let page = all.iter().skip(skip).take(take);
        Ok(ListPoliciesResponse {
            total_num: all.len() as u64,
            list: page.map(|policy| view::policy(app, policy, count(policy.id))).collect(),
            service_type_list: Vec::new(),
        })
    }
}
