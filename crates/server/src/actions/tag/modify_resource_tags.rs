//! ModifyResourceTags: sets and takes away tags of one instance.

use api::tag::actions::ModifyResourceTags;
use api::tag::{ModifyResourceTagsRequest, ModifyResourceTagsResponse};
use db::Tx;

use super::{PREFIX, SERVICE};
use crate::action::Action;
use crate::actions::values::listed;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway, product, tag};
use crate::model::name;
use crate::store;

impl Action for ModifyResourceTags {
    async fn handle(
        context: &Context,
        app: &App,
        request: ModifyResourceTagsRequest,
    ) -> Result<ModifyResourceTagsResponse, Error> {
        let (region, id) = instance_of(&request.resource, context.account())?;
        let change = Change { account: context.account().to_owned(), region, id, ..tags(&request)? };
        app.db.write(move |tx| change.write(tx)).await?;
        Ok(ModifyResourceTagsResponse::default())
    }
}

#[derive(Debug, Default)]
struct Change {
    account: String,
    region: String,
    id: String,
    set: Vec<(String, String)>,
    delete: Vec<String>,
}

impl Change {
    fn write(&self, tx: &Tx<'_>) -> Result<(), Error> {
        let region = store::tag_list::region_of(tx, &self.account, &self.id)?;
        // A resource without a region means the instance wherever it is.
        let found = region.is_some_and(|region| self.region.is_empty() || self.region == region);
        if !found {
            return Err(product::instance_not_found(&self.id));
        }
        for key in &self.delete {
            store::tag::remove(tx, &self.id, key)?;
        }
        for (key, value) in &self.set {
            store::tag::put(tx, &self.account, &self.id, key, value)?;
        }
        let count = store::tag::of_instance(tx, &self.id)?.len();
        if count > name::MOST_TAGS { Err(tag::too_many(count, name::MOST_TAGS)) } else { Ok(()) }
    }
}

fn tags(request: &ModifyResourceTagsRequest) -> Result<Change, Error> {
    let set = listed("ReplaceTags", request.replace_tags.as_ref(), name::MOST_TAGS)?.unwrap_or_default();
    let delete = listed("DeleteTags", request.delete_tags.as_ref(), name::MOST_TAGS)?.unwrap_or_default();
    if set.is_empty() && delete.is_empty() {
        return Err(gateway::missing_parameter("ReplaceTags"));
    }
    for (index, new) in set.iter().enumerate() {
        name::check_tag(&format!("ReplaceTags.{index}"), &new.tag_key, &new.tag_value)?;
        if set.iter().take(index).any(|other| other.tag_key == new.tag_key) {
            return Err(gateway::duplicate_parameter(&format!("ReplaceTags.{index}.TagKey")));
        }
    }
    for (index, old) in delete.iter().enumerate() {
        if set.iter().any(|new| new.tag_key == old.tag_key) {
            return Err(tag::set_and_deleted(&format!("DeleteTags.{index}.TagKey"), &old.tag_key));
        }
    }
    Ok(Change {
        set: set.iter().map(|new| (new.tag_key.clone(), new.tag_value.clone())).collect(),
        delete: delete.iter().map(|old| old.tag_key.clone()).collect(),
        ..Change::default()
    })
}

/// `(region, id)` of `qcs::redis:REGION:uin/UIN:instance/ID`; region and uin may be left out.
fn instance_of(resource: &str, account: &str) -> Result<(String, String), Error> {
    let refuse = |rule, rule_zh| Err(tag::invalid_resource(resource, rule, rule_zh));
    let segments: Vec<_> = resource.split(':').collect();
    let ["qcs", _, service, region, owner, what] = segments[..] else {
        return refuse("it has not six segments beginning with qcs", "应为以 qcs 开头的六段式");
    };
    if service != SERVICE {
        return refuse("only `redis` has resources here", "本服务仅有 `redis` 资源");
    }
    let uin = owner.strip_prefix("uin/").unwrap_or(owner);
    if !uin.is_empty() && uin != account {
        return refuse("the uin is not your account's", "uin 不是您的账号");
    }
    match what.split_once('/') {
        Some((PREFIX, id)) if !id.is_empty() => Ok((region.to_owned(), id.to_owned())),
        _ => refuse("its last segment is not instance/ID", "最后一段应为 instance/实例ID"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_may_leave_out_region_and_owner() {
        for (resource, region) in [
            ("qcs::redis:ap-guangzhou:uin/1:instance/crs-a", "ap-guangzhou"),
            ("qcs::redis:ap-guangzhou:uin/:instance/crs-a", "ap-guangzhou"),
            ("qcs::redis:::instance/crs-a", ""),
            ("qcs:id/0:redis::uin/1:instance/crs-a", ""),
        ] {
            assert_eq!(instance_of(resource, "1").unwrap(), (region.to_owned(), "crs-a".to_owned()));
        }
    }

    #[test]
    fn any_other_resource_is_told_what_is_wrong() {
        for (resource, why) in [
            ("crs-a", "six segments"),
            ("qcs::redis:ap-guangzhou:uin/1:instance/crs-a:x", "six segments"),
            ("qcs::cvm:ap-guangzhou:uin/1:instance/ins-a", "only `redis`"),
            ("qcs::redis:ap-guangzhou:uin/2:instance/crs-a", "the uin"),
            ("qcs::redis:ap-guangzhou:uin/1:instance/", "last segment"),
            ("qcs::redis:ap-guangzhou:uin/1:vpc/crs-a", "last segment"),
        ] {
            let error = instance_of(resource, "1").unwrap_err();
            assert!(error.message.en.contains(why), "{error}");
        }
    }
}
