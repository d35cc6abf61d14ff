//! What is refused, and whether the message says where and what would be right.

use policy::{MAX_CHARS, Policy, Purpose};

const ALLOW: &str = r#""effect":"allow","action":"*","resource":"*""#;

fn refusal(statement: &str, purpose: Purpose) -> String {
    let text = format!(r#"{{"version":"2.0","statement":[{{{statement}}}]}}"#);
    Policy::parse(&text, purpose).map(drop).unwrap_err().to_string()
}

#[test]
fn statements_that_would_not_be_honoured() {
    for (statement, at, says) in [
        (r#""action":"*","resource":"*""#, "statement[0].effect", "is missing"),
        (r#""effect":"Allow","action":"*","resource":"*""#, "statement[0].effect", "`allow` or `deny`"),
        (r#""effect":"allow","resource":"*""#, "statement[0].action", "is missing"),
        (r#""effect":"allow","action":"*""#, "statement[0].resource", "is missing"),
        (r#""effect":"allow","Action":"*","resource":"*""#, "statement[0].Action", "lower case"),
        (r#""effect":"allow","action":["*","redis"],"resource":"*""#, "statement[0].action[1]", "redis:Describe*"),
        (r#""effect":"allow","action":"permid/280649","resource":"*""#, "statement[0].action", "not known here"),
        (r#""effect":"allow","action":[],"resource":"*""#, "statement[0].action", "empty"),
        (r#""effect":"allow","action":"*","resource":7"#, "statement[0].resource", "a string, not a number"),
        (r#""effect":"allow","action":"*","resource":"qcs::redis:*""#, "statement[0].resource", "six parts"),
        (r#""effect":"allow","action":"*","resource":"qcs::redis::uid/1:*""#, "statement[0].resource", "`uin/`"),
        (r#""effect":"allow","action":"*","resource":"*","effect":"deny""#, "policy", "stands twice"),
        (
            r#""effect":"allow","action":"*","resource":"*","principal":{"qcs":"x"}"#,
            "statement[0].principal",
            "leave it out",
        ),
    ] {
        let message = refusal(statement, Purpose::Identity);
        assert!(message.starts_with(&format!("{at}: ")) && message.contains(says), "{statement}\n{message}");
    }
}

#[test]
fn conditions_that_could_not_fit() {
    for (condition, says) in [
        (r#"{"string_equals":{"qcs:uin":"1"}}"#, "not an operator"),
        (r#"{"bool_not_equal":{"qcs:resource_tag/a":"true"}}"#, "not an operator"),
        (r#"{"date_not_less_than":{"qcs:current_time":"2026-01-01T00:00:00Z"}}"#, "not an operator"),
        (r#"{"string_equal":{"qcs:vpc":"1"}}"#, "known are qcs:ip"),
        (r#"{"string_equal":{"qcs:ip":"10.0.0.1"}}"#, "ip_equal"),
        (r#"{"ip_equal":{"qcs:ip":"10.0.0.1/33"}}"#, "10.0.0.0/8"),
        (r#"{"ip_equal":{"qcs:ip":[]}}"#, "empty"),
        (r#"{"date_less_than":{"qcs:current_time":"2026-01-01"}}"#, "2026-01-31T08:00:00Z"),
        (r#"{"numeric_equal":{"qcs:uin":"NaN"}}"#, "number"),
        (r#"{"null_equal":{"qcs:uin":"yes"}}"#, "true or false"),
        (r#"{"null_equal_if_exist":{"qcs:uin":"true"}}"#, "neither"),
        (r#"{"string_equal":"x"}"#, "an object, not a string"),
        (r#""x""#, "an object, not a string"),
    ] {
        let message = refusal(&format!(r#"{ALLOW},"condition":{condition}"#), Purpose::Identity);
        assert!(message.starts_with("statement[0].condition") && message.contains(says), "{condition}\n{message}");
    }
}

#[test]
fn trust_that_names_nobody_or_everybody() {
    for (statement, says) in [
        (r#""effect":"allow","action":"*""#, "principal: is missing"),
        (r#""effect":"allow","action":"*","resource":"*","principal":{"qcs":"qcs::cam::uin/1:root"}"#, "leave it out"),
        (r#""effect":"allow","action":"*","principal":{}"#, "trusts nobody"),
        (r#""effect":"allow","action":"*","principal":{"qcs":"*"}"#, "not a principal"),
        (r#""effect":"allow","action":"*","principal":{"qcs":"qcs::cam::uin/*:root"}"#, "not a principal"),
        (r#""effect":"allow","action":"*","principal":{"service":"*"}"#, "without a wildcard"),
        (r#""effect":"allow","action":"*","principal":{"aws":"x"}"#, "`qcs`"),
    ] {
        let message = refusal(statement, Purpose::Trust);
        assert!(message.contains(says), "{statement}\n{message}");
    }
}

#[test]
fn whole_texts() {
    let parse = |text: &str| Policy::parse(text, Purpose::Identity).map(drop).map_err(|error| error.to_string());
    let good = format!(r#"{{"version":"2.0","statement":{{{ALLOW}}}}}"#);
    assert_eq!(parse(&good), Ok(()));
    let padded = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    assert_eq!(parse(&padded(MAX_CHARS)), Ok(()));
    assert!(parse(&padded(MAX_CHARS + 1)).unwrap_err().contains("6144"));
    for (text, says) in [
        ("", "not the JSON"),
        ("[]", "an object, not a list"),
        (r#"{"version":"2.0","statement":[}"#, "line 1 column"),
        (r#"{"statement":[]}"#, "version: is missing"),
        (r#"{"version":"1.0","statement":[]}"#, "must be \"2.0\""),
        (r#"{"version":"2.0"}"#, "statement: is missing"),
        (r#"{"version":"2.0","statement":[]}"#, "must not be empty"),
        (r#"{"version":"2.0","statements":[]}"#, "statements: is not an element"),
    ] {
        let message = parse(text).unwrap_err();
        assert!(message.contains(says), "{text}\n{message}");
    }
    assert!(parse(&"[".repeat(MAX_CHARS)).is_err(), "depth is bounded");
    assert!(parse(&"{\"a\":".repeat(1200)).is_err());
}

#[test]
fn a_message_carries_no_control_characters_and_stays_short() {
    let message = refusal(r#""effect":"allow","action":"*","resource":"a\nb\u0007""#, Purpose::Identity);
    assert!(!message.contains(char::is_control), "{message}");
    let long = "x".repeat(5000);
    assert!(refusal(&format!(r#""effect":"{long}""#), Purpose::Identity).len() < 300);
    assert!(refusal(&format!(r#""{long}":"a""#), Purpose::Identity).len() < 300);
}
