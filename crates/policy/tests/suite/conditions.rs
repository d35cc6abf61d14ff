//! Each operator, each key, and requests that have nothing for a key.

use crate::common::{HERE, ask, facts};
use policy::{Decision, Facts, Policy, Purpose};
use serde_json::{Value, json};

fn holds(operator: &str, key: &str, values: &Value, facts: &Facts<'_>) -> bool {
    let document = json!({"version": "2.0", "statement": {"effect": "allow", "action": "*", "resource": "*",
        "condition": {operator: {key: values}}}});
    let policy = Policy::parse(&document.to_string(), Purpose::Identity).unwrap();
    ask(&[&policy], "DescribeInstances", HERE, facts) == Decision::Allowed
}

fn from(ip: &str) -> Facts<'static> {
    Facts { ip: Some(ip.parse().unwrap()), ..facts() }
}

#[test]
fn addresses() {
    for (nets, ip, expected) in [
        (json!("10.0.0.1"), "10.0.0.1", true),
        (json!("10.0.0.9/24"), "10.0.0.1", true),
        (json!(["1.2.3.4", "10.0.0.0/8"]), "10.9.9.9", true),
        (json!("10.0.0.0/8"), "::ffff:10.1.1.1", true),
        (json!("2001:db8::/32"), "2001:db8::1", true),
        (json!("10.0.0.0/8"), "11.0.0.1", false),
        (json!("0.0.0.0/0"), "2001:db8::1", false),
    ] {
        assert_eq!(holds("ip_equal", "qcs:ip", &nets, &from(ip)), expected, "{nets} {ip}");
        assert_eq!(holds("ip_not_equal", "qcs:ip", &nets, &from(ip)), !expected, "{nets} {ip}");
    }
}

#[test]
fn times() {
    let at = Facts { now_ms: 1_769_846_400_999, ..facts() };
    let (same, later) = (json!("2026-01-31T16:00:00+08:00"), json!("2026-01-31T08:00:01Z"));
    for (operator, with_same, with_later) in [
        ("date_equal", true, false),
        ("date_not_equal", false, true),
        ("date_less_than", false, true),
        ("date_less_than_equal", true, true),
        ("date_greater_than", false, false),
        ("date_greater_than_equal", true, false),
    ] {
        assert_eq!(holds(operator, "qcs:current_time", &same, &at), with_same, "{operator}");
        assert_eq!(holds(operator, "qcs:current_time", &later, &at), with_later, "{operator}");
    }
}

#[test]
fn texts_and_numbers() {
    for (operator, value, expected) in [
        ("string_equal", json!("200"), true),
        ("string_equal", json!(["1", "200"]), true),
        ("string_not_equal", json!(["1", "200"]), false),
        ("string_like", json!("2*"), true),
        ("string_not_like", json!("2*"), false),
        ("string_equal", json!("2*"), false),
        ("numeric_equal", json!(200), true),
        ("numeric_not_equal", json!("200.0"), false),
        ("numeric_less_than", json!(200), false),
        ("numeric_less_than_equal", json!(200), true),
        ("numeric_greater_than", json!("199"), true),
        ("numeric_greater_than_equal", json!([201, 202]), false),
    ] {
        assert_eq!(holds(operator, "qcs:uin", &value, &facts()), expected, "{operator} {value}");
    }
}

#[test]
fn tags_and_requests_without_them() {
    let tags = [("env".to_owned(), "Prod".to_owned()), ("safe".to_owned(), "true".to_owned())];
    let tagged = Facts { resource_tags: &tags, ..facts() };
    let request = Facts { request_tags: &tags, ..facts() };
    for (operator, key, value, with, without) in [
        ("string_equal", "qcs:resource_tag", "env&Prod", true, false),
        ("string_not_equal", "qcs:resource_tag", "env&Prod", false, true),
        ("string_equal_ignore_case", "qcs:resource_tag", "ENV&prod", true, false),
        ("string_like", "qcs:resource_tag", "env&*", true, false),
        ("string_like_ignore_case", "qcs:resource_tag/env", "p*D", true, false),
        ("string_not_like_ignore_case", "qcs:resource_tag/env", "p*D", false, true),
        ("for_any_value:string_equal", "qcs:resource_tag", "env&Prod", true, false),
        ("for_any_value:string_not_equal", "qcs:resource_tag", "env&Prod", true, false),
        ("for_all_value:string_equal", "qcs:resource_tag", "env&Prod", false, true),
        ("for_all_value:string_not_equal", "qcs:resource_tag", "env&Test", true, true),
        ("string_equal_if_exist", "qcs:resource_tag/env", "Test", false, true),
        ("for_any_value:string_equal_if_exist", "qcs:resource_tag", "env&Prod", true, true),
        ("bool_equal", "qcs:resource_tag/safe", "true", true, false),
        ("null_equal", "qcs:resource_tag/env", "true", false, true),
        ("null_equal", "qcs:resource_tag/env", "false", true, false),
    ] {
        let name = format!("{operator} {key} {value}");
        assert_eq!(holds(operator, key, &json!(value), &tagged), with, "{name}");
        assert_eq!(holds(operator, key, &json!(value), &facts()), without, "{name}, no tags");
        let key = key.replace("resource", "request");
        assert_eq!(holds(operator, &key, &json!(value), &request), with, "{name}, of the request");
        assert_eq!(holds(operator, &key, &json!(value), &tagged), without, "{name}, not of the request");
    }
}

#[test]
fn all_conditions_must_hold() {
    let document = json!({"version": "2.0", "statement": {"effect": "allow", "action": "*", "resource": "*", "condition": {
        "ip_equal": {"qcs:ip": "10.0.0.0/8"}, "string_equal": {"qcs:uin": ["200", "201"]}}}});
    let policy = Policy::parse(&document.to_string(), Purpose::Identity).unwrap();
    let decision = |facts: &Facts<'_>| ask(&[&policy], "DescribeInstances", HERE, facts);
    assert_eq!(decision(&from("10.0.0.1")), Decision::Allowed);
    assert_eq!(decision(&from("11.0.0.1")), Decision::Silent);
    assert_eq!(decision(&Facts { uin: "202", ..from("10.0.0.1") }), Decision::Silent);
    assert_eq!(decision(&facts()), Decision::Silent);
}
