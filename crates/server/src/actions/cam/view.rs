//! How users, policies and roles are shown.

use api::cam::{AccessKey, RoleInfo, RoleTags, StrategyInfo, SubAccountInfo, Tag};

use crate::app::App;
use crate::store::attachment::Count;
use crate::store::key::{self, Key};
use crate::store::policy::StoredPolicy;
use crate::store::role::Role;
use crate::store::user::User;

/// A stored number, which is never negative.
pub(super) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// A uin as a number.
pub(super) fn uin(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

/// The short number of a user: the last nine digits of its uin.
pub(super) fn uid(text: &str) -> u64 {
    uin(text) % 1_000_000_000
}

/// 1 for a policy that somebody made, 2 for a preset.
pub(super) fn kind(policy: &StoredPolicy) -> u64 {
    if policy.is_preset() { 2 } else { 1 }
}

/// The same in words.
pub(super) fn kind_name(policy: &StoredPolicy) -> &'static str {
    if policy.is_preset() { "QCS" } else { "User" }
}

/// All policies here are written as texts.
pub(super) const CREATE_MODE: u64 = 2;

pub(super) fn policy_tags(policy: &StoredPolicy) -> Vec<Tag> {
    policy.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

pub(super) fn policy(app: &App, policy: &StoredPolicy, count: Count) -> StrategyInfo {
    StrategyInfo {
        policy_id: unsigned(policy.id),
        policy_name: policy.name.clone(),
        add_time: app.wire_time(policy.created_at),
        r#type: kind(policy),
        description: Some(policy.description.clone()),
        create_mode: CREATE_MODE,
        attachments: unsigned(count.users),
        service_type: Some(String::new()),
        is_attached: None,
        deactived: Some(0),
        deactived_detail: Some(Vec::new()),
        is_service_linked_policy: Some(0),
        attach_entity_count: Some(count.users + count.roles),
        attach_entity_boundary_count: Some(0),
        update_time: Some(app.wire_time(policy.updated_at)),
        tags: policy_tags(policy),
        permission_level: "CloudProduct".to_owned(),
    }
}

pub(super) fn role(app: &App, role: Role) -> RoleInfo {
    let tag = |(key, value)| RoleTags { key, value };
    RoleInfo {
        role_arn: Some(format!("qcs::cam::uin/{}:roleName/{}", role.account, role.name)),
        role_id: role.id,
        role_name: role.name,
        policy_document: role.document,
        description: role.description,
        add_time: app.wire_time(role.created_at),
        update_time: app.wire_time(role.updated_at),
        console_login: 0,
        role_type: Some("user".to_owned()),
        session_duration: Some(unsigned(role.session_duration)),
        deletion_task_id: None,
        tags: Some(role.tags.into_iter().map(tag).collect()),
    }
}

pub(super) fn user(app: &App, user: User) -> SubAccountInfo {
    SubAccountInfo {
        uin: uin(&user.uin),
        uid: uid(&user.uin),
        create_time: app.wire_time(user.created_at),
        name: user.name,
        remark: user.remark,
        phone_num: user.phone,
        country_code: user.country_code,
        email: user.email,
        ..SubAccountInfo::default()
    }
}

pub(super) fn key(app: &App, key: Key) -> AccessKey {
    AccessKey {
        access_key_id: key.secret_id,
        status: key::status(key.active).to_owned(),
        create_time: app.wire_time(key.created_at),
        description: Some(key.description),
    }
}
