//! What a decision costs: a bound wide enough for a slow machine and an unoptimised build.

use crate::common::{HERE, ask, facts, policy, statement};
use policy::{Decision, Policy};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn twenty_policies_are_asked_quickly() {
    let mut policies: Vec<Policy> = (0..19)
        .map(|number| {
            let actions: Vec<String> = (0..50).map(|action| format!("redis:Other{number}x{action}")).collect();
            policy(&statement("allow", &json!(actions), &json!(format!("qcs::redis:::instance/crs-{number}"))))
        })
        .collect();
    policies.push(policy(&statement("allow", &json!("redis:DescribeTaskInfo"), &json!("*"))));
    let policies: Vec<&Policy> = policies.iter().collect();
    let facts = facts();
    let rounds = 10_000;
    let start = Instant::now();
    for _ in 0..rounds {
        assert_eq!(ask(&policies, "DescribeTaskInfo", HERE, &facts), Decision::Allowed);
    }
    let each = start.elapsed() / rounds;
    // Shown by `cargo test -- --nocapture`.
    println!("20 policies of 50 actions: {each:?} a decision");
    assert!(each < Duration::from_micros(500), "{each:?}");
}
