//! Health checks and metrics: they tell what is so.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::admin::Operators;
use crate::harness::Cinnabar;
use crate::stories::{PASSWORD, create};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_can_work_is_ready_and_one_that_cannot_names_what_is_missing() {
    let server = Cinnabar::start().await;
    let operators = Operators::of(&server);
    let (status, alive) = operators.get("/healthz").await;
    assert_eq!((status, &alive["status"]), (200, &json!("ok")));
    let (status, ready) = operators.get("/readyz").await;
    let names: Vec<_> = ready["parts"].as_array().unwrap().iter().map(|part| part["name"].clone()).collect();
    assert_eq!(
        (status, &ready["ready"], names),
        (200, &json!(true), vec!["state".into(), "engine".into(), "nodes".into()]),
        "{ready}"
    );
    // The nodes' folder goes away; nothing else does.
    let nodes = server.folder.path().join("instances");
    std::fs::rename(&nodes, server.folder.path().join("away")).unwrap();
    std::fs::write(&nodes, "in the way").unwrap();
    let ready = until_status(&operators, 503).await;
    let state = |name: &str| {
        let part = ready["parts"].as_array().unwrap().iter().find(|part| part["name"] == name).unwrap().clone();
        (part["ready"] == true, part["why"].as_str().unwrap().to_owned())
    };
    assert_eq!((ready["ready"].clone(), state("state").0, state("engine").0), (json!(false), true, true), "{ready}");
    assert!(!state("nodes").0 && state("nodes").1.contains("instances"), "{ready}");
    assert_eq!(operators.get("/healthz").await.0, 200, "it is alive all the same");
    std::fs::remove_file(&nodes).unwrap();
    std::fs::rename(server.folder.path().join("away"), &nodes).unwrap();
    until_status(&operators, 200).await;
}

/// An answer is kept for a second.
async fn until_status(operators: &Operators, wanted: u16) -> Value {
    for _ in 0..200 {
        let (status, body) = operators.get("/readyz").await;
        if status == wanted {
            return body;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never {wanted}");
}

/// Each sample by its name and labels, which are sorted as they stand.
async fn metrics(operators: &Operators) -> BTreeMap<String, f64> {
    let answer = operators.raw("/metrics").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(server::metrics::CONTENT_TYPE)));
    assert!(answer.body.ends_with("# EOF\n"), "{}", answer.body);
    let mut samples = BTreeMap::new();
    for line in answer.body.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let known = samples.insert(sorted(name), value.parse().unwrap_or_else(|_| panic!("{line}")));
        assert!(known.is_none(), "{name} is there twice");
        let family = name.split('{').next().unwrap();
        let described =
            ["_total", "_bucket", "_sum", "_count"].iter().fold(family, |name, end| name.trim_end_matches(end));
        assert!(answer.body.contains(&format!("# HELP {described} ")), "{family} is not explained");
        assert!(documented().contains(&format!("`{described}`")), "docs/operating.md does not name {described}");
    }
    samples
}

/// A sample's name with its labels in the order of the alphabet; no value of ours has a comma in it.
fn sorted(name: &str) -> String {
    let Some((family, labels)) = name.trim_end_matches('}').split_once('{') else { return name.to_owned() };
    let mut labels: Vec<_> = labels.split(',').collect();
    labels.sort_unstable();
    format!("{family}{{{}}}", labels.join(","))
}

fn documented() -> String {
    std::fs::read_to_string(crate::structure::root().join("docs/operating.md")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted() {
    let server = Cinnabar::start().await;
    let operators = Operators::of(&server);
    let id = create(&server.client).await;
    let cleared = server.client.ok("ClearInstance", json!({"InstanceId": id, "Password": PASSWORD})).await;
    server.client.wait_for_task(&cleared["TaskId"]).await;
    for _ in 0..3 {
        server.client.refused("ClearInstance", json!({"InstanceId": "crs-none", "Password": PASSWORD})).await;
    }
    server.client.refused("NoSuchAction", json!({})).await;
    // What the state knows is at most a second old; nodes are seen by the observer.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let mut seen = metrics(&operators).await;
    while seen.get(&sorted("cinnabar_nodes{state=\"running\",role=\"replica\"}")) != Some(&1.0) {
        assert!(tokio::time::Instant::now() < deadline, "{seen:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        seen = metrics(&operators).await;
    }
    let value = |name: &str| *seen.get(&sorted(name)).unwrap_or_else(|| panic!("{name} is not there: {seen:#?}"));
    let clear = "service=\"redis\",action=\"ClearInstance\"";
    assert_eq!(value(&format!("cinnabar_requests_total{{{clear},code=\"ok\"}}")) as u64, 1);
    let missing = format!("cinnabar_requests_total{{{clear},code=\"ResourceNotFound.InstanceNotExists\"}}");
    assert_eq!(value(&missing) as u64, 3);
    assert_eq!(value("cinnabar_requests_total{service=\"\",action=\"unknown\",code=\"InvalidAction\"}") as u64, 1);
    assert_eq!(value(&format!("cinnabar_request_duration_seconds_count{{{clear}}}")) as u64, 4);
    assert_eq!(value(&format!("cinnabar_request_duration_seconds_bucket{{{clear},le=\"+Inf\"}}")) as u64, 4);
    assert!(value(&format!("cinnabar_request_duration_seconds_sum{{{clear}}}")) > 0.0);
    assert_eq!(value("cinnabar_tasks_ended_total{kind=\"ClearInstance\",status=\"succeed\"}") as u64, 1);
    assert_eq!(value("cinnabar_tasks_ended_total{kind=\"ClearInstance\",status=\"error\"}") as u64, 0);
    let purge = "kind=\"ClearInstance\",step=\"purge\",deed=\"run\"";
    assert!(value(&format!("cinnabar_step_duration_seconds_count{{{purge}}}")) >= 1.0);
    assert_eq!(value("cinnabar_instances{state=\"running\"}") as u64, 1);
    assert_eq!(value("cinnabar_nodes{state=\"running\",role=\"master\"}") as u64, 1);
    assert_eq!(value("cinnabar_processes{role=\"all\",state=\"alive\"}") as u64, 1);
    assert_eq!((value("cinnabar_state_readable") as u64, value("cinnabar_queue_age_seconds") as u64), (1, 0));
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert_eq!(value(&format!("cinnabar_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))) as u64, 1);
    assert!(!seen.keys().any(|name| name.starts_with("cinnabar_tasks{")), "nothing is alive: {seen:#?}");
}
