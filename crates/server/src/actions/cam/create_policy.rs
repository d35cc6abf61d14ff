//! CreatePolicy: a policy, read and checked before it is kept: what is stored means what it says.

use api::cam::actions::CreatePolicy;
use api::cam::{CreatePolicyRequest, CreatePolicyResponse};
use db::Tx;
use policy::Purpose;

use super::change::{change, free, unless_in_use};
use super::{given, view};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, cam};
use crate::ids;
use crate::model::identity::{self, MOST_POLICIES};
use crate::store;
use crate::store::policy::StoredPolicy;

impl Action for CreatePolicy {
    async fn handle(context: &Context, app: &App, request: CreatePolicyRequest) -> Result<CreatePolicyResponse, Error> {
        let policy = StoredPolicy {
            id: 0,
            account: context.account().to_owned(),
            name: request.policy_name,
            description: request.description.unwrap_or_default(),
            document: request.policy_document,
            tags: given::tags(request.tags, |tag| (tag.key, tag.value))?,
            created_at: context.now,
            updated_at: context.now,
        };
        identity::check_policy_name(&policy.name)?;
        identity::check_description(&policy.description)?;
        identity::check_document(&policy.document, Purpose::Identity)?;
        let id = change(app, move |tx| add(tx, policy)).await?;
        Ok(CreatePolicyResponse { policy_id: view::unsigned(id) })
    }
}

fn add(tx: &Tx<'_>, mut policy: StoredPolicy) -> Result<i64, Error> {
    if store::policy::named(tx, &policy.account, &policy.name)?.is_some() {
        return Err(cam::policy_name_in_use(&policy.name));
    }
    if store::policy::count(tx, &policy.account)? >= MOST_POLICIES {
        return Err(cam::too_many_policies(MOST_POLICIES));
    }
    policy.id = free(ids::policy_id, |id| store::policy::is_taken(tx, *id))?;
    store::policy::add(tx, &policy).map_err(|error| unless_in_use(error, || cam::policy_name_in_use(&policy.name)))?;
    Ok(policy.id)
}
