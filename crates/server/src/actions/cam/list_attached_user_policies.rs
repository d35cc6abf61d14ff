//! ListAttachedUserPolicies: what is attached to a user, the latest first.

use api::cam::actions::ListAttachedUserPolicies;
use api::cam::{AttachPolicyInfo, ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse};

use super::attach::attached;
use super::given::{self, user_with_uin};
use super::view;
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::store::attachment::{Attachment, Holder};
use crate::store::policy::StoredPolicy;

impl Action for ListAttachedUserPolicies {
    async fn handle(
        context: &Context,
        app: &App,
        request: ListAttachedUserPoliciesRequest,
    ) -> Result<ListAttachedUserPoliciesResponse, Error> {
        let (skip, take) = given::page(request.page, request.rp)?;
        let (account, uin) = (context.account(), request.target_uin.to_string());
        let all = app.db.read(|tx| {
            let user = user_with_uin(tx, account, "TargetUin", &uin)?;
            attached(tx, account, &Holder::User(user.uin))
        })?;
        let total_num = all.len() as u64;
        let page = all.into_iter().skip(skip).take(take);
        Ok(ListAttachedUserPoliciesResponse {
            total_num,
            list: page.map(|(attachment, policy)| line(app, account, attachment, policy)).collect(),
        })
    }
}

fn line(app: &App, account: &str, attachment: Attachment, policy: StoredPolicy) -> AttachPolicyInfo {
    AttachPolicyInfo {
        policy_id: view::unsigned(policy.id),
        policy_type: view::kind_name(&policy).to_owned(),
        policy_name: policy.name,
        add_time: app.wire_time(attachment.created_at),
        create_mode: view::CREATE_MODE,
        remark: policy.description,
        operate_owner_uin: Some(account.to_owned()),
        operate_uin: Some(attachment.operator),
        operate_uin_type: Some(0),
        ..AttachPolicyInfo::default()
    }
}
