//! When no resource need be looked at.

use policy::{About, Policy, Purpose};

fn statement(effect: &str, action: &str, rest: &str) -> String {
    format!(r#"{{"effect": "{effect}", "action": "{action}", {rest}}}"#)
}

#[test]
fn only_an_allow_of_everything_without_a_condition_and_no_deny_at_all_is_everywhere() {
    let all = r#""resource": "*""#;
    let one = r#""resource": "qcs::redis:::instance/*""#;
    let sometimes = r#""resource": "*", "condition": {"string_equal": {"qcs:uin": "1"}}"#;
    let allow = |action, rest| statement("allow", action, rest);
    let cases = [
        (vec![allow("redis:*", all)], true),
        (vec![allow("redis:Describe*", one), allow("*", all)], true),
        (vec![allow("redis:DescribeInstances", all), statement("deny", "redis:ClearInstance", all)], true),
        (vec![allow("redis:DescribeInstances", all), statement("deny", "redis:Describe*", one)], false),
        (vec![statement("deny", "redis:Describe*", sometimes), allow("redis:DescribeInstances", all)], false),
        (vec![allow("redis:DescribeTaskInfo", all)], false),
        (vec![allow("redis:*", one)], false),
        (vec![allow("redis:*", sometimes)], false),
        (vec![], false),
    ];
    for (statements, expected) in cases {
        let text = format!(r#"{{"version": "2.0", "statement": [{}]}}"#, statements.join(","));
        let policies: Vec<_> = statements
            .iter()
            .map(|one| format!(r#"{{"version": "2.0", "statement": [{one}]}}"#))
            .map(|text| Policy::parse(&text, Purpose::Identity).unwrap())
            .collect();
        assert_eq!(About::of(&policies, "redis", "DescribeInstances").everywhere(), expected, "{text}");
    }
}
