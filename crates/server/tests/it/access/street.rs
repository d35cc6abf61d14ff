//! Two accounts next door to each other; one of them has an instance.

use api::ActionInfo;
use db::{Param, Tx};
use serde_json::{Value, json};
use server::service::ROOT_APP_ID;
use server::store::account::{self, StoredKey};

use crate::client::Client;
use crate::contract::minimal;
use crate::harness::Cinnabar;
use crate::stories::{PASSWORD, create};

pub(super) const OTHER: &str = "100000000002";
const IDENTITY: &str =
    r#"{"version":"2.0","statement":[{"effect":"allow","action":"redis:DescribeTaskInfo","resource":"*"}]}"#;
const TRUST: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"name/sts:AssumeRole",
    "principal":{"qcs":["qcs::cam::uin/100000000001:root"]}}]}"#;

pub(super) struct Street {
    pub(super) server: Cinnabar,
    /// The root user with the instance.
    pub(super) mine: Client,
    /// The root user of the other account.
    pub(super) other: Client,
    /// What is there.
    pub(super) here: Ids,
    /// What never was.
    pub(super) nowhere: Ids,
}

/// The things that a request can name.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) instance: String,
    pub(super) task: i64,
    pub(super) deal: String,
    pub(super) user: u64,
    pub(super) user_name: String,
    pub(super) key: String,
    pub(super) policy: u64,
    pub(super) role: String,
}

impl Ids {
    /// A text without them.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        let numbers = [self.task.to_string(), self.user.to_string(), self.policy.to_string()];
        let texts = [&self.instance, &self.deal, &self.user_name, &self.key, &self.role];
        texts.into_iter().chain(&numbers).fold(text.to_owned(), |text, id| text.replace(id.as_str(), "…"))
    }
}

impl Ids {
    /// A user with a key, a policy and a role, the policy attached to both.
    async fn identity(mine: &Client) -> Self {
        let cam = mine.for_service("cam", "2019-01-16");
        let user = cam.ok("AddUser", json!({"Name": "the-lodger", "UseApi": 1})).await;
        let new = json!({"PolicyName": "the-lease", "PolicyDocument": IDENTITY});
        let policy = cam.ok("CreatePolicy", new).await["PolicyId"].as_u64().unwrap();
        let role = cam.ok("CreateRole", json!({"RoleName": "the-keeper", "PolicyDocument": TRUST})).await;
        let role = role["RoleId"].as_str().unwrap().to_owned();
        cam.ok("AttachUserPolicy", json!({"AttachUin": user["Uin"], "PolicyId": policy})).await;
        cam.ok("AttachRolePolicy", json!({"AttachRoleId": role, "PolicyId": policy})).await;
        Self {
            instance: String::new(),
            task: 0,
            deal: String::new(),
            user: user["Uin"].as_u64().unwrap(),
            user_name: "the-lodger".to_owned(),
            key: user["SecretId"].as_str().unwrap().to_owned(),
            policy,
            role,
        }
    }
}

impl Street {
    pub(super) async fn new() -> Self {
        let server = Cinnabar::start().await;
        let mine = server.client.clone();
        let instance = create(&mine).await;
        let tasks = mine.ok("DescribeTaskList", json!({})).await;
        let deal = server.service().app.db.read(|tx| tx.query_opt("SELECT name FROM deal", &[], |row| row.text(0)));
        let here = Ids {
            instance,
            task: tasks["Tasks"][0]["TaskId"].as_i64().unwrap(),
            deal: deal.unwrap().unwrap(),
            ..Ids::identity(&mine).await
        };
        let nowhere = Ids {
            instance: "crs-0never00".to_owned(),
            task: 987_654_321,
            deal: "20990101000000000000000".to_owned(),
            user: 199_999_999_999,
            user_name: "nobody-there".to_owned(),
            key: format!("AKID{}", "0".repeat(32)),
            policy: 99_999_999,
            role: "9999999999999999999".to_owned(),
        };
        server.service().app.db.write(|tx| account::add(tx, OTHER, ROOT_APP_ID + 1, 1)).await.unwrap();
        let mut street = Self { other: mine.clone(), mine, server, here, nowhere };
        street.other = street.with_key(OTHER, OTHER).await;
        street
    }

    /// A client with a new key of this user of this account.
    async fn with_key(&self, account: &str, uin: &str) -> Client {
        let key = StoredKey {
            secret_id: format!("AKID{uin:0>32}"),
            secret_key: "secret".into(),
            account: account.to_owned(),
            uin: uin.to_owned(),
            app_id: 0,
        };
        let secret_id = key.secret_id.clone();
        self.server.service().app.db.write(move |tx| account::put_key(tx, &key, 1)).await.unwrap();
        Client { secret_id, secret_key: "secret".to_owned(), ..self.mine.clone() }
    }

    /// A new user of this account, which has these policies.
    pub(super) async fn user_of(&self, root: &Client, name: &str, policies: &[&str]) -> (Client, u64) {
        let cam = root.for_service("cam", "2019-01-16");
        let user = cam.ok("AddUser", json!({"Name": name, "UseApi": 1})).await;
        for (index, document) in policies.iter().enumerate() {
            let id = make_policy(root, &format!("of-{name}-{index}"), document).await;
            cam.ok("AttachUserPolicy", json!({"AttachUin": user["Uin"], "PolicyId": id})).await;
        }
        let text = |name: &str| user[name].as_str().unwrap().to_owned();
        let client = Client { secret_id: text("SecretId"), secret_key: text("SecretKey"), ..self.mine.clone() };
        (client, user["Uin"].as_u64().unwrap())
    }

    /// A new user of the account with the instance, which has these policies.
    pub(super) async fn sub_user(&self, name: &str, policies: &[&str]) -> (Client, u64) {
        self.user_of(&self.mine, name, policies).await
    }

    /// A guest of the root user, with this policy.
    pub(super) async fn federated(&self, policy: &str) -> Client {
        let sts = self.mine.for_service("sts", "2018-08-13");
        let issued = sts.ok("GetFederationToken", json!({"Name": "guest", "Policy": policy})).await;
        self.with_credentials(&issued)
    }

    /// A client with the temporary key out of an answer of STS.
    pub(super) fn with_credentials(&self, issued: &Value) -> Client {
        let text = |name: &str| issued["Credentials"][name].as_str().unwrap().to_owned();
        Client {
            secret_id: text("TmpSecretId"),
            secret_key: text("TmpSecretKey"),
            token: text("Token"),
            ..self.mine.clone()
        }
    }

    /// Everything that a request could change, as text.
    pub(super) fn dump(&self) -> Vec<String> {
        let tables = [
            "SELECT id || name || state || password_sha256 || window_start || CAST(project_id AS TEXT) || '/' ||
                CAST(auto_renew AS TEXT) || '/' || CAST(delete_protection AS TEXT) FROM instance ORDER BY id",
            "SELECT instance_id || name FROM node ORDER BY instance_id, name",
            "SELECT name FROM deal ORDER BY name",
            "SELECT instance_id || key || value FROM tag ORDER BY instance_id, key",
            "SELECT CAST(id AS TEXT) || kind || status FROM task ORDER BY id",
            "SELECT secret_id || secret_key || uin || status || description FROM access_key ORDER BY secret_id",
            "SELECT uin || name || remark || phone || country_code || email FROM cam_user ORDER BY uin",
            "SELECT CAST(id AS TEXT) || name || description || document || tags FROM cam_policy ORDER BY id",
            "SELECT id || name || description || document || tags FROM cam_role ORDER BY id",
            "SELECT kind || holder || CAST(policy_id AS TEXT) FROM cam_attachment ORDER BY kind, holder, policy_id",
            "SELECT uin FROM account ORDER BY uin",
        ];
        let none: &[Param<'_>] = &[];
        let read = |tx: &Tx<'_>| {
            let rows = tables.map(|sql| tx.query(sql, none, |row| row.text(0)));
            rows.into_iter().collect::<Result<Vec<_>, db::Error>>()
        };
        self.server.service().app.db.read(read).unwrap().concat()
    }
}

/// A new policy of this account; answers its id.
pub(super) async fn make_policy(root: &Client, name: &str, document: &str) -> Value {
    let order = json!({"PolicyName": name, "PolicyDocument": document});
    root.for_service("cam", "2019-01-16").ok("CreatePolicy", order).await["PolicyId"].clone()
}

/// Parameters that would work on these things.
pub(super) fn params(info: &ActionInfo, ids: &Ids) -> Value {
    let mut params = minimal(info.request);
    for field in info.request.fields {
        let known = match field.name {
            "InstanceId" | "ResourceId" => json!(ids.instance),
            "InstanceIds" | "ResourceIds" => json!([ids.instance]),
            "InstanceNames" => json!(["new-name"]),
            "TaskId" => json!(ids.task),
            "DealIds" => json!([ids.deal]),
            "Resource" => json!(format!("qcs::redis:::instance/{}", ids.instance)),
            "ReplaceTags" => json!([{"TagKey": "k", "TagValue": "v"}]),
            "ServiceType" => json!("redis"),
            "ResourcePrefix" => json!("instance"),
            "ResourceRegion" => json!("ap-guangzhou"),
            "Operation" => json!("rename"),
            "StartTime" => json!("04:00"),
            "EndTime" => json!("05:00"),
            "Password" | "OldPassword" if info.service != "cam" => json!(PASSWORD),
            "TypeId" => json!(17),
            "MemSize" => json!(1024),
            "GoodsNum" => json!(1),
            "Product" => json!("redis"),
            field if info.service == "cam" => match identity(info, field, ids) {
                Some(known) => known,
                None => continue,
            },
            _ => continue,
        };
        params.insert(field.name.to_owned(), known);
    }
    if info.name == "ModifyInstance" {
        params.remove("InstanceId");
    }
    Value::Object(params)
}

/// What a parameter of CAM would be.
fn identity(info: &ActionInfo, field: &str, ids: &Ids) -> Option<Value> {
    Some(match (info.name, field) {
        ("AddUser", "Name") => json!("new-user"),
        (_, "Name") => json!(ids.user_name),
        ("DeletePolicy", "PolicyId") => json!([ids.policy]),
        (_, "PolicyId") => json!(ids.policy),
        ("CreateRole", "PolicyDocument") => json!(TRUST),
        (_, "PolicyDocument") => json!(IDENTITY),
        (_, "TargetUin" | "AttachUin" | "DetachUin") => json!(ids.user),
        (_, "RoleId" | "AttachRoleId" | "DetachRoleId") => json!(ids.role),
        (_, "AccessKeyId") => json!(ids.key),
        (_, "SecretIdList") => json!([ids.key]),
        (_, "Status") => json!("Inactive"),
        (_, "Force") => json!(1),
        _ => return None,
    })
}

/// Whether an action's parameters can name a thing of an account.
pub(super) fn names_a_thing(info: &ActionInfo) -> bool {
    #[rustfmt::skip]
    let names = [
        "InstanceId", "InstanceIds", "TaskId", "DealIds", "Resource", "ResourceId", "ResourceIds", "PolicyId", "TargetUin",
        "AttachUin", "DetachUin", "RoleId", "AttachRoleId", "DetachRoleId", "AccessKeyId", "SecretIdList",
    ];
    let user = ["GetUser", "UpdateUser", "DeleteUser"].contains(&info.name);
    user || info.request.fields.iter().any(|field| names.contains(&field.name))
}
