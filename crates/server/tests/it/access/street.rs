//! Two accounts next door to each other; one of them has an instance.

use api::{ActionInfo, Shape, Type};
use db::{Param, Tx};
use serde_json::{Map, Value, json};
use server::service::{ROOT_APP_ID, ROOT_UIN};
use server::store::account::{self, StoredKey};

use crate::client::Client;
use crate::harness::Cinnabar;
use crate::stories::{PASSWORD, create};

pub(super) const OTHER: &str = "100000000002";

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
}

impl Ids {
    /// A text without them.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        let task = self.task.to_string();
        text.replace(&self.instance, "…").replace(&self.deal, "…").replace(&task, "…")
    }
}

impl Street {
    pub(super) async fn new() -> Self {
        let server = Cinnabar::start().await;
        let mine = server.client.clone();
        let instance = create(&mine).await;
        let tasks = mine.ok("DescribeTaskList", json!({})).await;
        let deal = server.service().app.db.read(|tx| tx.query_opt("SELECT name FROM deal", &[], |row| row.text(0)));
        let here = Ids { instance, task: tasks["Tasks"][0]["TaskId"].as_i64().unwrap(), deal: deal.unwrap().unwrap() };
        let nowhere =
            Ids { instance: "crs-0never00".to_owned(), task: 987_654_321, deal: "20990101000000000000000".to_owned() };
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

    /// A new user of this account, with these policies.
    pub(super) async fn user_of(&self, root: &Client, name: &str, policies: &[String]) -> Client {
        let cam = root.for_service("cam", "2019-01-16");
        let added = cam.ok("AddUser", json!({"Name": name, "UseApi": 1})).await;
        for (number, policy) in policies.iter().enumerate() {
            let id = make_policy(root, &format!("{name}-{number}"), policy).await;
            cam.ok("AttachUserPolicy", json!({"PolicyId": id, "AttachUin": added["Uin"]})).await;
        }
        let text = |name: &str| added[name].as_str().unwrap().to_owned();
        Client { secret_id: text("SecretId"), secret_key: text("SecretKey"), ..self.mine.clone() }
    }

    /// A user of the account with the instance.
    pub(super) async fn sub_user(&self, name: &str, policies: &[String]) -> Client {
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
            "SELECT secret_id || secret_key || uin FROM access_key ORDER BY secret_id",
            "SELECT uin FROM account ORDER BY uin",
            "SELECT uin || name || remark FROM cam_user ORDER BY uin",
            "SELECT name || document FROM cam_policy ORDER BY id",
            "SELECT name || document FROM cam_role ORDER BY id",
            "SELECT kind || holder || CAST(policy_id AS TEXT) FROM cam_attachment ORDER BY kind, holder, policy_id",
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
    let mut params = required(info.request);
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
            "Password" | "OldPassword" => json!(PASSWORD),
            "TypeId" => json!(17),
            "MemSize" => json!(1024),
            "GoodsNum" => json!(1),
            "Product" => json!("redis"),
            _ => continue,
        };
        params.insert(field.name.to_owned(), known);
    }
    if info.name == "ModifyInstance" {
        params.remove("InstanceId");
    }
    Value::Object(params)
}

/// The smallest parameters of the right form.
fn required(shape: &Shape) -> Map<String, Value> {
    shape.fields.iter().filter(|field| field.required).map(|field| (field.name.to_owned(), example(field.ty))).collect()
}

fn example(ty: Type) -> Value {
    match ty {
        Type::Int64 | Type::Uint64 => json!(1),
        Type::Float => json!(1.5),
        Type::Bool => json!(true),
        Type::String => json!("x"),
        Type::Object(shape) => Value::Object(required(shape)),
        Type::List(element) => json!([example(*element)]),
    }
}

/// Whether an action's parameters can name a thing of an account.
pub(super) fn names_a_thing(info: &ActionInfo) -> bool {
    let names = ["InstanceId", "InstanceIds", "TaskId", "DealIds", "Resource", "ResourceId", "ResourceIds"];
    info.request.fields.iter().any(|field| names.contains(&field.name))
}
