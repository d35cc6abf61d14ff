//! Random policies and questions: the crate and the plain reading agree; random texts never bring it down.

use crate::reference;
use policy::{Facts, Policy, Purpose, Query, Resource, decide};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Few letters and many stars, so that questions often match.
fn action() -> impl Strategy<Value = String> {
    (select(vec!["", "name/"]), select(vec!["redis", "cam", "*", "r*"]), "[abAB*]{1,5}")
        .prop_map(|(prefix, service, action)| format!("{prefix}{service}:{action}"))
}

fn resource() -> impl Strategy<Value = String> {
    let parts = (
        select(vec!["redis", "cam", "*"]),
        select(vec!["", "*", "ap-a", "ap-b", "ap-*"]),
        select(vec!["", "*", "uin/100", "uin/101", "uin/*", "uin/10*"]),
        prop_oneof!["[ab*]{1,5}", "instance/[ab*]{1,3}", "instanceId/[ab*]{1,3}"],
    );
    prop_oneof![
        1 => Just("*".to_owned()),
        4 => parts.prop_map(|(service, region, account, path)| format!("qcs::{service}:{region}:{account}:{path}")),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    let texts =
        ["equal", "not_equal", "like", "not_like", "equal_ignore_case", "like_ignore_case", "not_like_ignore_case"];
    let numbers = ["equal", "not_equal", "less_than", "less_than_equal", "greater_than", "greater_than_equal"];
    let tag = select(vec!["qcs:resource_tag", "qcs:request_tag", "qcs:resource_tag/a", "qcs:request_tag/b"]);
    let set = || (select(vec!["", "for_any_value:", "for_all_value:"]), select(vec!["", "_if_exist"]));
    let make = |kind: &'static str| {
        move |((set, exist), operator, key, wanted): ((&str, &str), &str, &str, Vec<String>)| json!({format!("{set}{kind}_{operator}{exist}"): {key: wanted}})
    };
    let numeric_keys = select(vec!["qcs:uin", "qcs:resource_tag/a"]);
    prop_oneof![
        (set(), select(texts.to_vec()), tag.clone(), vec("[abAB&*]{0,4}", 1..3)).prop_map(make("string")),
        (set(), select(numbers.to_vec()), numeric_keys, vec("[0-3]", 1..3)).prop_map(make("numeric")),
        (set(), select(numbers.to_vec()), Just("qcs:current_time"), vec("1970-01-0[1-4]T00:00:00Z", 1..3))
            .prop_map(make("date")),
        (set(), select(vec!["equal", "not_equal"]), Just("qcs:ip"), vec("1[0-2]\\.0\\.0\\.0/8", 1..3))
            .prop_map(make("ip")),
        (tag, select(vec!["true", "false"])).prop_map(|(key, wanted)| json!({"null_equal": {key: wanted}})),
    ]
}

fn one_or_many(items: Vec<String>) -> Value {
    if items.len() == 1 { json!(items[0]) } else { json!(items) }
}

fn document() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![3 => Just("allow"), 1 => Just("deny")];
    let statement = (effect, vec(action(), 1..3), vec(resource(), 1..3), option::of(condition())).prop_map(
        |(effect, actions, resources, condition)| {
            let mut statement =
                json!({"effect": effect, "action": one_or_many(actions), "resource": one_or_many(resources)});
            if let Some(condition) = condition {
                statement["condition"] = condition;
            }
            statement
        },
    );
    vec(statement, 1..4).prop_map(|statements| json!({"version": "2.0", "statement": statements}))
}

fn tags() -> impl Strategy<Value = Vec<(String, String)>> {
    vec(("[ab]", "[abAB0-3]{0,2}"), 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_crate_agrees_with_the_plain_reading(
        documents in vec(document(), 0..4),
        service in select(vec!["redis", "cam"]),
        action in "[abAB]{1,4}",
        region in select(vec!["ap-a", "ap-b", ""]),
        account in select(vec!["100", "101"]),
        path in prop_oneof![Just("*".to_owned()), "[ab]{1,4}", "instance/[ab]{1,3}"],
        ip in option::of(select(vec!["10.1.1.1", "11.2.2.2", "2001:db8::1"])),
        (day, uin) in (0_i64..5, "[0-3]"),
        (resource_tags, request_tags) in (tags(), tags()),
    ) {
        let facts = Facts {
            ip: ip.map(|ip| ip.parse().unwrap()),
            now_ms: day * 86_400_000,
            uin: &uin,
            resource_tags: &resource_tags,
            request_tags: &request_tags,
        };
        let resource = Resource { service, region, account, path: &path };
        let query = Query { service, action: &action, resource, facts: &facts, principal: None };
        let policies: Vec<Policy> = documents
            .iter()
            .map(|document| Policy::parse(&document.to_string(), Purpose::Identity).unwrap())
            .collect();
        prop_assert_eq!(decide(&policies, &query), reference::decide(&documents, &query));
    }

    #[test]
    fn no_text_brings_the_parser_down(text in ".{0,300}", at in 0_usize..200, document in document()) {
        let _ = Policy::parse(&text, Purpose::Identity);
        let broken: String = document.to_string().chars().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
        let _ = Policy::parse(&broken, Purpose::Trust);
        let _ = Policy::parse(&broken, Purpose::Identity);
    }
}
