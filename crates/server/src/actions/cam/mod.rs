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
mod get_security_last_used;
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
    table.add::<cam::GetSecurityLastUsed>();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::testing::{House, ME, OTHER, context};
    use crate::{auth::keys::Caller, context::Context};
    use serde_json::{Value, json};

    const ALL: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;
    const TRUST: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"name/sts:AssumeRole","principal":{"qcs":["qcs::cam::uin/100000000001:root"]}}]}"#;

    async fn user(house: &House, name: &str) -> u64 {
        house.call::<cam::AddUser>(json!({ "Name": name })).await.unwrap()["Uin"].as_u64().unwrap()
    }

    async fn policy(house: &House, name: &str) -> u64 {
        let params = json!({"PolicyName": name, "PolicyDocument": ALL});
        house.call::<cam::CreatePolicy>(params).await.unwrap()["PolicyId"].as_u64().unwrap()
    }

    async fn role(house: &House, name: &str) -> String {
        let params = json!({"RoleName": name, "PolicyDocument": TRUST});
        house.call::<cam::CreateRole>(params).await.unwrap()["RoleId"].as_str().unwrap().to_owned()
    }

    /// A request of this user of this account.
    fn by(account: &str, uin: &str) -> Context {
        Context { caller: Caller::user(account, uin, 1), ..context() }
    }

    fn code(answer: Result<Value, Error>) -> &'static str {
        answer.map_or_else(|error| error.code, |answer| panic!("{answer}"))
    }

    fn names(list: &Value, field: &str) -> Vec<String> {
        list.as_array().unwrap().iter().map(|line| line[field].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn a_user_is_added_shown_changed_and_deleted() {
        let house = House::new().await;
        let params = json!({"Name": "ops", "Remark": "of the night", "UseApi": 1, "PhoneNum": "123", "CountryCode": "86", "Email": "a@b"});
        let added = house.call::<cam::AddUser>(params).await.unwrap();
        assert_eq!(added["Uin"].to_string().len(), 12);
        assert!(added["SecretId"].as_str().unwrap().starts_with("AKID") && added["SecretKey"] != "");
        let shown = house.call::<cam::GetUser>(json!({"Name": "ops"})).await.unwrap();
        assert_eq!(
            (&shown["Uin"], &shown["Uid"], &shown["Remark"]),
            (&added["Uin"], &added["Uid"], &json!("of the night"))
        );
        house.call::<cam::UpdateUser>(json!({"Name": "ops", "Email": "", "Remark": "day"})).await.unwrap();
        let listed = house.call::<cam::ListUsers>(json!({})).await.unwrap()["Data"][0].clone();
        assert_eq!(
            (&listed["Remark"], &listed["Email"], &listed["PhoneNum"]),
            (&json!("day"), &json!(""), &json!("123"))
        );
        assert_eq!(listed["CreateTime"], "2026-11-24 10:00:00");
        assert_eq!(code(house.call::<cam::AddUser>(json!({"Name": "ops"})).await), "InvalidParameter.SubUserNameInUse");
        assert_eq!(code(house.call::<cam::AddUser>(json!({"Name": "o p"})).await), "InvalidParameter.UserNameIllegal");
        let login = json!({"Name": "x", "ConsoleLogin": 1});
        assert_eq!(code(house.call::<cam::AddUser>(login).await), "UnsupportedOperation");
        assert_eq!(code(house.call::<cam::DeleteUser>(json!({"Name": "ops"})).await), "OperationDenied.HaveKeys");
        house.call::<cam::DeleteUser>(json!({"Name": "ops", "Force": 1})).await.unwrap();
        assert_eq!(code(house.call::<cam::GetUser>(json!({"Name": "ops"})).await), "ResourceNotFound.UserNotExist");
        let none = house.app.db.read(|tx| crate::store::account::key(tx, added["SecretId"].as_str().unwrap())).unwrap();
        assert!(none.is_none(), "its key is gone");
    }

    #[tokio::test]
    async fn a_key_is_made_disabled_and_deleted() {
        let house = House::new().await;
        let uin = user(&house, "ops").await;
        let of = |key: &Value| json!({"TargetUin": uin, "AccessKeyId": key["AccessKeyId"]});
        let make = json!({"TargetUin": uin, "Description": "of_ops"});
        let key = house.call::<cam::CreateAccessKey>(make.clone()).await.unwrap()["AccessKey"].clone();
        assert_eq!(key["SecretAccessKey"].as_str().unwrap().len(), 32);
        house.call::<cam::CreateAccessKey>(make.clone()).await.unwrap();
        assert_eq!(code(house.call::<cam::CreateAccessKey>(make).await), "OperationDenied.AccessKeyOverLimit");
        let usable = || {
            let id = key["AccessKeyId"].as_str().unwrap();
            house.app.db.read(|tx| crate::store::account::key(tx, id)).unwrap().is_some()
        };
        let mut change = of(&key);
        for (status, expected) in [("Inactive", false), ("Active", true), ("Inactive", false)] {
            change["Status"] = json!(status);
            house.call::<cam::UpdateAccessKey>(change.clone()).await.unwrap();
            assert_eq!(usable(), expected);
        }
        change["Status"] = json!("Off");
        assert_eq!(code(house.call::<cam::UpdateAccessKey>(change).await), "InvalidParameter.ParamError");
        let listed = house.call::<cam::ListAccessKeys>(json!({"TargetUin": uin})).await.unwrap()["AccessKeys"].clone();
        let shown = listed.as_array().unwrap().iter().find(|one| one["AccessKeyId"] == key["AccessKeyId"]).unwrap();
        assert_eq!((&shown["Status"], &shown["Description"]), (&json!("Inactive"), &json!("of_ops")));
        assert!(!listed.to_string().contains(key["SecretAccessKey"].as_str().unwrap()));
        let mine = json!({"AccessKeyId": key["AccessKeyId"]});
        assert_eq!(code(house.call::<cam::DeleteAccessKey>(mine).await), "OperationDenied.UinNotMatch");
        house.call::<cam::DeleteAccessKey>(of(&key)).await.unwrap();
        assert_eq!(code(house.call::<cam::DeleteAccessKey>(of(&key)).await), "ResourceNotFound.SecretNotExist");
    }

    #[tokio::test]
    async fn the_last_use_of_a_key_is_told() {
        let house = House::new().await;
        let added = house.call::<cam::AddUser>(json!({"Name": "ops", "UseApi": 1})).await.unwrap();
        let asked = json!({"SecretIdList": [added["SecretId"]]});
        let told = async || {
            let answer = house.call::<cam::GetSecurityLastUsed>(asked.clone()).await.unwrap();
            answer["SecretIdLastUsedRows"][0].clone()
        };
        assert_eq!(told().await["LastUsedDate"], json!(null));
        let id = added["SecretId"].as_str().unwrap().to_owned();
        let used = move |tx: &db::Tx<'_>| crate::store::key::used(tx, &id, crate::testing::NOW);
        house.app.db.write(used).await.unwrap();
        let row = told().await;
        assert_eq!(
            (&row["LastUsedDate"], &row["LastSecretUsedDate"]),
            (&json!("2026-11-24"), &json!(crate::testing::NOW))
        );
        let theirs = house.call_as::<cam::GetSecurityLastUsed>(&by(OTHER, OTHER), asked.clone()).await;
        assert_eq!(code(theirs), "ResourceNotFound.SecretNotExist");
        let root = json!({"SecretIdList": ["AKIDnobody"]});
        assert_eq!(code(house.call::<cam::GetSecurityLastUsed>(root).await), "ResourceNotFound.SecretNotExist");
    }

    #[tokio::test]
    async fn the_account_s_own_keys_are_nobody_else_s_matter() {
        let house = House::new().await;
        let uin = user(&house, "ops").await.to_string();
        let mine = json!({"TargetUin": ME.parse::<u64>().unwrap()});
        let ops = by(ME, &uin);
        assert_eq!(code(house.call_as::<cam::CreateAccessKey>(&ops, mine.clone()).await), "OperationDenied.SubUin");
        assert_eq!(code(house.call_as::<cam::ListAccessKeys>(&ops, mine.clone()).await), "OperationDenied.SubUin");
        house.call::<cam::CreateAccessKey>(mine).await.unwrap();
        let own = house.call_as::<cam::CreateAccessKey>(&ops, json!({})).await.unwrap();
        let listed = house.call_as::<cam::ListAccessKeys>(&ops, json!({})).await.unwrap();
        assert_eq!(listed["AccessKeys"][0]["AccessKeyId"], own["AccessKey"]["AccessKeyId"]);
    }

    #[tokio::test]
    async fn a_policy_is_checked_kept_listed_and_changed() {
        let house = House::new().await;
        let id = policy(&house, "all-of-it").await;
        let shown = house.call::<cam::GetPolicy>(json!({ "PolicyId": id })).await.unwrap();
        assert_eq!((&shown["PolicyDocument"], &shown["Type"]), (&json!(ALL), &json!(1)));
        for (name, document, expected) in [
            ("all-of-it", ALL, "FailedOperation.PolicyNameInUse"),
            ("QcloudRedisFullAccess", ALL, "FailedOperation.PolicyNameInUse"),
            ("a b", ALL, "InvalidParameter.PolicyNameError"),
            ("x", "{}", "InvalidParameter.VersionError"),
            ("x", TRUST, "InvalidParameter.PrincipalError"),
        ] {
            let params = json!({"PolicyName": name, "PolicyDocument": document});
            assert_eq!(code(house.call::<cam::CreatePolicy>(params).await), expected, "{name} {document}");
        }
        house.call::<cam::UpdatePolicy>(json!({"PolicyName": "all-of-it", "Description": "more"})).await.unwrap();
        let bad = json!({"PolicyId": id, "PolicyDocument": "{"});
        assert_eq!(code(house.call::<cam::UpdatePolicy>(bad).await), "InvalidParameter.PolicyDocumentError");
        let preset = json!({"PolicyId": 1, "Description": "mine now"});
        assert_eq!(code(house.call::<cam::UpdatePolicy>(preset).await), "InvalidParameter.ParamError");
        let listed = house.call::<cam::ListPolicies>(json!({})).await.unwrap();
        assert_eq!((&listed["TotalNum"], &listed["List"][0]["Description"]), (&json!(6), &json!("more")));
        for (params, expected) in [
            (json!({"Scope": "Local"}), "all-of-it"),
            (json!({"Scope": "QCS", "Keyword": "redisfull"}), "QcloudRedisFullAccess"),
            (json!({"Page": 6, "Rp": 1}), "QcloudRedisReadOnlyAccess"),
        ] {
            let list = house.call::<cam::ListPolicies>(params).await.unwrap()["List"].clone();
            assert_eq!(names(&list, "PolicyName"), [expected]);
        }
        assert_eq!(code(house.call::<cam::ListPolicies>(json!({"Scope": "x"})).await), "InvalidParameter.ScopeError");
        // All or none.
        let some = json!({"PolicyId": [id, 1]});
        assert_eq!(code(house.call::<cam::DeletePolicy>(some).await), "InvalidParameter.ParamError");
        house.call::<cam::DeletePolicy>(json!({"PolicyId": [id]})).await.unwrap();
        let gone = house.call::<cam::GetPolicy>(json!({ "PolicyId": id })).await;
        assert_eq!(code(gone), "ResourceNotFound.PolicyIdNotFound");
    }

    #[tokio::test]
    async fn policies_are_attached_to_users_and_detached() {
        let house = House::new().await;
        let (uin, id) = (user(&house, "ops").await, policy(&house, "all-of-it").await);
        for policy in [id, 5, id] {
            house.call::<cam::AttachUserPolicy>(json!({"AttachUin": uin, "PolicyId": policy})).await.unwrap();
        }
        let listed = house.call::<cam::ListAttachedUserPolicies>(json!({"TargetUin": uin})).await.unwrap();
        assert_eq!(listed["TotalNum"], 2);
        let line = listed["List"].as_array().unwrap().iter().find(|line| line["PolicyType"] == "User").unwrap();
        assert_eq!((&line["PolicyName"], &line["OperateUin"]), (&json!("all-of-it"), &json!(ME)));
        let texts = house.app.db.read(|tx| crate::store::grants::of_user(tx, ME, &uin.to_string())).unwrap().unwrap();
        assert_eq!(texts.len(), 2);
        assert!(texts.iter().all(|text| policy::Policy::parse(text, policy::Purpose::Identity).is_ok()));
        let counted = house.call::<cam::ListPolicies>(json!({"Keyword": "all-of"})).await.unwrap();
        assert_eq!(
            (&counted["List"][0]["Attachments"], &counted["List"][0]["AttachEntityCount"]),
            (&json!(1), &json!(1))
        );
        house.call::<cam::DetachUserPolicy>(json!({"DetachUin": uin, "PolicyId": 5})).await.unwrap();
        house.call::<cam::DeletePolicy>(json!({"PolicyId": [id]})).await.unwrap();
        let listed = house.call::<cam::ListAttachedUserPolicies>(json!({"TargetUin": uin})).await.unwrap();
        assert_eq!(listed["TotalNum"], 0, "a deleted policy is attached to nobody");
        let nobody = json!({"AttachUin": 7, "PolicyId": 5});
        assert_eq!(code(house.call::<cam::AttachUserPolicy>(nobody).await), "ResourceNotFound.UserNotExist");
        let nothing = json!({"AttachUin": uin, "PolicyId": id});
        assert_eq!(code(house.call::<cam::AttachUserPolicy>(nothing).await), "ResourceNotFound.PolicyIdNotFound");
    }

    #[tokio::test]
    async fn a_role_is_made_given_policies_and_deleted() {
        let house = House::new().await;
        let id = role(&house, "keeper").await;
        let tagged = json!({"RoleName": "tagged", "PolicyDocument": TRUST, "SessionDuration": 60, "Tags": [{"Key": "a", "Value": "b"}]});
        house.call::<cam::CreateRole>(tagged).await.unwrap();
        let shown = house.call::<cam::GetRole>(json!({"RoleName": "keeper"})).await.unwrap()["RoleInfo"].clone();
        assert_eq!((&shown["RoleId"], &shown["SessionDuration"]), (&json!(id), &json!(7200)));
        assert_eq!(shown["RoleArn"], format!("qcs::cam::uin/{ME}:roleName/keeper"));
        house.call::<cam::AttachRolePolicy>(json!({"AttachRoleId": id, "PolicyId": 5})).await.unwrap();
        let by_name = json!({"AttachRoleName": "keeper", "PolicyName": "QcloudRedisFullAccess"});
        house.call::<cam::AttachRolePolicy>(by_name).await.unwrap();
        for (filter, expected) in [(json!({}), 2), (json!({"PolicyType": "User"}), 0), (json!({"Keyword": "full"}), 1)]
        {
            let mut params = json!({"Page": 1, "Rp": 10, "RoleId": id});
            params.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
            let listed = house.call::<cam::ListAttachedRolePolicies>(params).await.unwrap();
            assert_eq!(listed["TotalNum"], expected, "{filter}");
        }
        house.call::<cam::DetachRolePolicy>(json!({"DetachRoleName": "keeper", "PolicyId": 5})).await.unwrap();
        assert_eq!(house.app.db.read(|tx| crate::store::grants::of_role(tx, ME, &id)).unwrap().unwrap().len(), 1);
        let all = house.call::<cam::DescribeRoleList>(json!({"Page": 1, "Rp": 10})).await.unwrap();
        assert_eq!(all["TotalNum"], 2);
        let some = json!({"Page": 1, "Rp": 10, "Tags": [{"Key": "a", "Value": "b"}]});
        assert_eq!(names(&house.call::<cam::DescribeRoleList>(some).await.unwrap()["List"], "RoleName"), ["tagged"]);
        for (params, expected) in [
            (json!({"RoleName": "keeper", "PolicyDocument": TRUST}), "InvalidParameter.RoleNameInUse"),
            (json!({"RoleName": "x", "PolicyDocument": ALL}), "InvalidParameter.ResourceError"),
            (
                json!({"RoleName": "x", "PolicyDocument": TRUST, "SessionDuration": 43_201}),
                "InvalidParameter.ParamError",
            ),
        ] {
            assert_eq!(code(house.call::<cam::CreateRole>(params).await), expected);
        }
        house.call::<cam::DeleteRole>(json!({ "RoleId": id })).await.unwrap();
        assert!(house.app.db.read(|tx| crate::store::grants::of_role(tx, ME, &id)).unwrap().is_none());
        assert_eq!(code(house.call::<cam::GetRole>(json!({ "RoleId": id })).await), "InvalidParameter.RoleNotExist");
    }

    #[tokio::test]
    async fn names_are_an_account_s_own() {
        let house = House::new().await;
        user(&house, "ops").await;
        let theirs = house.call_as::<cam::AddUser>(&by(OTHER, OTHER), json!({"Name": "ops"})).await.unwrap();
        let listed = house.call_as::<cam::ListUsers>(&by(OTHER, OTHER), json!({})).await.unwrap();
        assert_eq!((names(&listed["Data"], "Name").len(), &listed["Data"][0]["Uin"]), (1, &theirs["Uin"]));
        let id = policy(&house, "mine").await;
        let attach = json!({"AttachUin": theirs["Uin"], "PolicyId": id});
        let refused = house.call_as::<cam::AttachUserPolicy>(&by(OTHER, OTHER), attach.clone()).await;
        assert_eq!(code(refused), "ResourceNotFound.PolicyIdNotFound");
        assert_eq!(code(house.call::<cam::AttachUserPolicy>(attach).await), "ResourceNotFound.UserNotExist");
    }

    #[tokio::test]
    async fn each_change_is_counted_and_a_refused_one_is_not() {
        let house = House::new().await;
        let version = || house.app.db.read(crate::store::identity::version).unwrap();
        let before = version();
        user(&house, "ops").await;
        assert_eq!(version(), before + 1);
        house.call::<cam::AddUser>(json!({"Name": "ops"})).await.unwrap_err();
        assert_eq!(version(), before + 1);
    }

    #[tokio::test]
    async fn who_asks_for_the_app_id_learns_its_own() {
        let house = House::new().await;
        let answer = house.call_as::<cam::GetUserAppId>(&by(ME, "100000000777"), json!({})).await.unwrap();
        assert_eq!((&answer["Uin"], &answer["OwnerUin"]), (&json!("100000000777"), &json!(ME)));
    }
}
