//! The operator's side: reached with the token alone, on its own port alone, and what it shows and does.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use server::admin::access::Access;
use server::config::AdminListen;
use server::service::{Service, StartError};

use crate::client::{Answer, Raw};
use crate::harness::{Cinnabar, config};
use crate::stories::{PASSWORD, create};

/// A client of operators.
pub(crate) struct Operators {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Operators {
    pub(crate) fn of(server: &Cinnabar) -> Self {
        let access = Access::read(server.folder.path()).unwrap();
        let address = server.service().admin.unwrap();
        assert_eq!(access.endpoint, format!("http://{address}"));
        Self { address, token: access.token.expose().to_owned() }
    }

    /// The answer as it came.
    pub(crate) async fn raw(&self, path: &str) -> Answer {
        self.with_token(request("GET", path, "")).send(self.address).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        body(&self.with_token(request("GET", path, "")).send(self.address).await)
    }

    pub(crate) async fn post(&self, path: &str, json: Value) -> (u16, Value) {
        body(&self.with_token(request("POST", path, &json.to_string())).send(self.address).await)
    }

    fn with_token(&self, request: Raw) -> Raw {
        request.header("Authorization", &format!("Bearer {}", self.token))
    }
}

fn request(method: &str, path: &str, body: &str) -> Raw {
    let raw = Raw { method: method.to_owned(), target: path.to_owned(), headers: Vec::new(), body: body.into() };
    raw.header("Host", "127.0.0.1").header("Content-Type", "application/json")
}

fn body(answer: &Answer) -> (u16, Value) {
    let text = serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    (answer.status, text)
}

/// Method, path with example values, and whether the document says that the token is asked for.
fn routes() -> Vec<(String, String, bool)> {
    let document = serde_json::to_value(server::admin::document()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let open = operation["security"] == json!([{}]);
            assert!(operation["description"].is_string() || operation["summary"].is_string(), "{path} says nothing");
            routes.push((method.to_uppercase(), path.replace("{id}", "10001").replace("{uin}", "10001"), !open));
        }
    }
    routes
}

#[tokio::test]
async fn the_document_has_every_route_and_each_asks_for_the_token() {
    let server = Cinnabar::start().await;
    let operators = Operators::of(&server);
    let mut seen: Vec<_> = routes().into_iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    seen.sort();
    let expected = [
        "GET /accounts",
        "GET /audit",
        "GET /healthz",
        "GET /metrics",
        "GET /readyz",
        "GET /tasks",
        "GET /tasks/10001",
        "GET /tasks/10001/steps",
        "POST /accounts",
        "POST /accounts/10001/keys",
        "POST /doctor",
        "POST /tasks/10001/abandon",
        "POST /tasks/10001/cancel",
        "POST /tasks/10001/retry",
    ];
    assert_eq!(seen, expected);
    assert_eq!(operators.get("/openapi.json").await.1, serde_json::to_value(server::admin::document()).unwrap());
    let document = ("GET".to_owned(), "/openapi.json".to_owned(), true);
    for (method, path, guarded) in routes().into_iter().chain([document]) {
        let bare = request(&method, &path, "");
        for without in [bare.clone(), bare.header("Authorization", "Bearer guessed")] {
            let answer = without.send(operators.address).await;
            assert_eq!(answer.status == 401, guarded, "{method} {path}: {answer:?}");
            if guarded {
                assert_eq!(body(&answer).1["error"]["code"], "unauthorized", "{method} {path}");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
                assert!(!answer.body.contains(&operators.token));
            }
        }
    }
    assert_eq!(operators.get("/nothing").await.0, 404);
    assert_eq!(operators.post("/tasks", json!({})).await.0, 405);
}

/// Whatever is asked there is answered, or refused, in the API's own words.
#[tokio::test]
async fn nothing_of_it_is_on_the_public_port() {
    let server = Cinnabar::start().await;
    let operators = Operators::of(&server);
    let document = ("GET".to_owned(), "/openapi.json".to_owned(), true);
    for (method, path, _) in routes().into_iter().chain([document]) {
        let answer = operators.with_token(request(&method, &path, "{}")).send(server.client.address).await;
        assert!(answer.result().is_err(), "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn it_listens_as_the_settings_say() {
    let folder = tempfile::tempdir().unwrap();
    let start = async |listen: AdminListen| {
        let mut config = config(folder.path());
        config.admin.listen = listen;
        Service::start(config, None).await
    };
    // Two on one machine that say nothing do not get in each other's way.
    let first = start(AdminListen::Auto).await.unwrap();
    let address = first.admin.unwrap();
    let other = tempfile::tempdir().unwrap();
    let mut second = config(other.path());
    second.admin.listen = AdminListen::Auto;
    let second = Service::start(second, None).await.unwrap();
    assert_ne!(second.admin, Some(address));
    let another = tempfile::tempdir().unwrap();
    let mut third = config(another.path());
    third.admin.listen = AdminListen::At(address);
    let refused = Service::start(third, None).await.err().unwrap();
    assert!(matches!(&refused, StartError::Admin(_)) && refused.to_string().contains("--admin"), "{refused}");
    first.stop().await;
    second.stop().await;
    let token = |folder: &Path| Access::read(folder).unwrap().token.expose().to_owned();
    let before = token(folder.path());
    start(AdminListen::At(([127, 0, 0, 1], 0).into())).await.unwrap().stop().await;
    assert_eq!(token(folder.path()), before, "the token stays");
    let off = start(AdminListen::Off).await.unwrap();
    assert!(off.admin.is_none() && Access::read(folder.path()).is_err());
    off.stop().await;
    let exposed = start(AdminListen::At(([0, 0, 0, 0], 0).into())).await.err().unwrap();
    assert!(exposed.to_string().contains("admin.exposed = true"), "{exposed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_shown_with_its_steps_and_the_request_that_caused_it() {
    let server = Cinnabar::start().await;
    let operators = Operators::of(&server);
    let id = create(&server.client).await;
    let cleared = server.client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    server.client.wait_for_task(&cleared["TaskId"]).await;
    let (status, task) = operators.get(&format!("/tasks/{}", cleared["TaskId"])).await;
    assert_eq!((status, &task["kind"], &task["status"]), (200, &json!("ClearInstance"), &json!("succeed")));
    assert_eq!((&task["instance"], &task["account"]), (&json!(id), &json!(server::service::ROOT_UIN)));
    assert_eq!(task["progress"], json!({"done": 1, "total": 1}));
    assert_eq!(task["request"]["request_id"], cleared["RequestId"]);
    assert_eq!(task["request"]["who"], server::service::ROOT_UIN);
    assert!(task["request"]["client"].as_str().unwrap().starts_with("127.0.0.1:"), "{task}");
    assert!(task["deadline"].as_str() > task["created"].as_str(), "{task}");
    let (_, created) = operators.get("/tasks/10001/steps").await;
    let steps: Vec<_> = created["steps"].as_array().unwrap().iter().map(|step| &step["name"]).collect();
    assert_eq!(steps, ["reserve_ports", "start_nodes", "follow_master"]);
    for step in created["steps"].as_array().unwrap() {
        assert_eq!((&step["state"], &step["error"]), (&json!("done"), &Value::Null));
        assert!(step["started"].as_str().unwrap() <= step["ended"].as_str().unwrap(), "{step}");
    }
    assert!(created["steps"][0]["output"].to_string().contains("6379"), "{created}");
    assert_eq!(operators.get("/tasks/7").await.1["error"]["message"], "there is no task 7");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_listed_by_what_is_asked_for() {
    let server = Cinnabar::start().await;
    let operators = Operators::of(&server);
    let id = create(&server.client).await;
    in_error(&server, &id).await;
    let ids = async |query: &str| {
        let (status, page) = operators.get(&format!("/tasks{query}")).await;
        assert_eq!(status, 200, "{page}");
        let ids: Vec<_> = page["tasks"].as_array().unwrap().iter().map(|task| task["id"].as_i64().unwrap()).collect();
        (ids, page["more"] == true)
    };
    assert_eq!(ids("").await, (vec![10_002, 10_001], false));
    assert_eq!(ids("?limit=1").await, (vec![10_002], true));
    assert_eq!(ids("?limit=1&offset=1").await, (vec![10_001], false));
    assert_eq!(ids("?status=error").await.0, [10_002]);
    assert_eq!(ids("?status=succeed").await.0, [10_001]);
    assert_eq!(ids("?status=failed").await.0, [0; 0]);
    assert_eq!(ids("?kind=CreateInstances").await.0, [10_001]);
    assert_eq!(ids(&format!("?instance={id}&status=error")).await.0, [10_002]);
    assert_eq!(ids("?instance=crs-none").await.0, [0; 0]);
    assert_eq!(ids(&format!("?account={}", server::service::ROOT_UIN)).await.0.len(), 2);
    assert_eq!(ids("?account=7").await.0, [0; 0]);
    for (wrong, says) in [("status=odd", "preparing"), ("limit=0", "1 to 1000"), ("colour=red", "colour")] {
        let (status, problem) = operators.get(&format!("/tasks?{wrong}")).await;
        assert!(status == 400 && problem["error"]["message"].as_str().unwrap().contains(says), "{problem}");
    }
}

/// A purge of this instance that ended in `error`, and could be tried again; its number.
async fn in_error(server: &Cinnabar, instance: &str) -> i64 {
    let instance = instance.to_owned();
    let sql = "INSERT INTO task (kind, tenant, region, subject, status, params, steps, run_at, time_limit, total_steps, \
               request_id, operator, client, created_at, message) VALUES ('ClearInstance', $1, 'ap-guangzhou', $2, 'error', 'null', \
               '[\"purge\"]', 0, 60000, 1, '', 'system', '', $3, 'stuck') RETURNING id";
    let now = server.service().app.clock.now_ms();
    let add = move |tx: &db::Tx<'_>| {
        tx.query_opt(sql, db::params![server::service::ROOT_UIN, &instance, now], |row| row.int(0))
    };
    let id: Result<_, db::Error> = server.service().app.db.write(add).await;
    id.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_in_error_is_retried_or_abandoned_and_its_log_keeps_who_and_why() {
    let server = Cinnabar::start().await;
    let operators = Operators::of(&server);
    let instance = create(&server.client).await;
    let id = in_error(&server, &instance).await;
    let (status, problem) = operators.post(&format!("/tasks/{id}/retry"), json!({"reason": " "})).await;
    assert!(status == 400 && problem["error"]["message"].as_str().unwrap().contains("`reason`"), "{problem}");
    assert_eq!(operators.post(&format!("/tasks/{id}/retry"), json!({})).await.0, 400);
    let why = json!({"reason": "the disk is back", "by": "ann"});
    let (status, task) = operators.post(&format!("/tasks/{id}/retry"), why.clone()).await;
    assert_eq!((status, &task["status"]), (200, &json!("running")), "{task}");
    let act = &task["operators"][0];
    assert_eq!((&act["what"], &act["by"]), (&json!("retried"), &json!("ann from 127.0.0.1")));
    assert_eq!(act["reason"], "the disk is back");
    assert_eq!(server.client.wait_for_task(&json!(id)).await["Status"], "succeed");
    let (status, problem) = operators.post(&format!("/tasks/{id}/retry"), why.clone()).await;
    let message = format!("task {id} is succeed; only one in error can be retried");
    assert_eq!((status, &problem["error"]["message"]), (409, &json!(message)));
    let id = in_error(&server, &instance).await;
    let (status, task) = operators.post(&format!("/tasks/{id}/abandon"), why.clone()).await;
    assert_eq!((status, &task["status"], &task["operators"][0]["what"]), (200, &json!("failed"), &json!("abandoned")));
    assert_eq!(operators.post("/tasks/7/abandon", why).await.0, 404);
    // The instance is free again.
    let cleared = server.client.ok("ClearInstance", json!({"InstanceId": instance, "Password": PASSWORD})).await;
    assert_eq!(server.client.wait_for_task(&cleared["TaskId"]).await["Status"], "succeed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_creation_is_cancelled_and_leaves_nothing() {
    let server = Cinnabar::start_with(|config| config.engines.start_timeout = 60).await;
    let operators = Operators::of(&server);
    let order = json!({"TypeId": 17, "MemSize": 1024, "GoodsNum": 1, "Period": 1, "BillingMode": 0, "RedisReplicasNum": 1, "Password": PASSWORD});
    let why = json!({"reason": "ordered by mistake", "by": "ann"});
    let mut cancelled = 0;
    // How far each is when the cancel comes is chance; that it is whole or gone is not.
    for task in 10_001..10_006 {
        let bought = server.client.ok("CreateInstances", order.clone()).await;
        let id = bought["InstanceIds"][0].as_str().unwrap().to_owned();
        let (status, answer) = operators.post(&format!("/tasks/{task}/cancel"), why.clone()).await;
        let seen = server.client.wait_for_task(&json!(task)).await;
        let folder = server.folder.path().join("instances").join(&id);
        if status == 200 {
            cancelled += 1;
            assert_eq!(seen["Status"], "failed");
            assert_eq!(seen["TaskMessage"], "the task was cancelled by an operator");
            assert!(!folder.exists(), "{answer}");
            let act = &answer["operators"][0];
            assert_eq!((&act["what"], &act["reason"]), (&json!("cancelled"), &json!("ordered by mistake")));
        } else {
            assert_eq!((status, &seen["Status"]), (409, &json!("succeed")), "{answer}");
            assert!(folder.exists());
        }
    }
    assert!(cancelled > 0, "none of five was caught on its way");
    let (status, problem) = operators.post("/tasks/7/cancel", why).await;
    assert_eq!((status, &problem["error"]["message"]), (404, &json!("there is no task 7")));
}
