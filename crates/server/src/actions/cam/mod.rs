//! The CAM service: users, access keys, policies, roles, and which policy is attached to whom.

mod add_user;
mod attach;
mod attach_role_policy;
mod attach_user_policy;
mod change;
mod create_access_key;
mod create_policy;
mod create_role;
mod delete_access_key;
mod delete_policy;
mod delete_role;
mod delete_user;
mod describe_role_list;
mod detach_role_policy;
mod detach_user_policy;
mod get_policy;
mod get_role;
mod get_user;
mod get_user_app_id;
mod given;
mod list_access_keys;
mod list_attached_role_policies;
mod list_attached_user_policies;
mod list_policies;
mod list_users;
mod make_key;
mod update_access_key;
mod update_policy;
mod update_user;
mod view;

use api::cam::actions as cam;

use crate::action::Actions;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<cam::AddUser>();
    table.add::<cam::AttachRolePolicy>();
    table.add::<cam::AttachUserPolicy>();
    table.add::<cam::CreateAccessKey>();
    table.add::<cam::CreatePolicy>();
    table.add::<cam::CreateRole>();
    table.add::<cam::DeleteAccessKey>();
    table.add::<cam::DeletePolicy>();
    table.add::<cam::DeleteRole>();
    table.add::<cam::DeleteUser>();
    table.add::<cam::DescribeRoleList>();
    table.add::<cam::DetachRolePolicy>();
    table.add::<cam::DetachUserPolicy>();
    table.add::<cam::GetPolicy>();
    table.add::<cam::GetRole>();
    table.add::<cam::GetUser>();
    table.add::<cam::GetUserAppId>();
    table.add::<cam::ListAccessKeys>();
    table.add::<cam::ListAttachedRolePolicies>();
    table.add::<cam::ListAttachedUserPolicies>();
    table.add::<cam::ListPolicies>();
    table.add::<cam::ListUsers>();
    table.add::<cam::UpdateAccessKey>();
    table.add::<cam::UpdatePolicy>();
    table.add::<cam::UpdateUser>();
}
