//! A slow, plain reading of the rules, straight from the JSON: shares nothing with the crate but the question.

use policy::{Decision, Query};
use serde_json::Value;

/// What documents say of a request.
pub(crate) fn decide(documents: &[Value], query: &Query<'_>) -> Decision {
    let effects: Vec<&str> = documents
        .iter()
        .flat_map(|document| list(&document["statement"]))
        .filter(|statement| applies(statement, query))
        .filter_map(|statement| statement["effect"].as_str())
        .collect();
    match (effects.contains(&"deny"), effects.contains(&"allow")) {
        (true, _) => Decision::Denied,
        (false, true) => Decision::Allowed,
        (false, false) => Decision::Silent,
    }
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// Tries every length that a `*` may stand for.
fn wild(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|length| wild(rest, &text[length..])),
        Some((first, rest)) => text.first() == Some(first) && wild(rest, &text[1..]),
    }
}

fn like(pattern: &str, text: &str) -> bool {
    wild(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

fn applies(statement: &Value, query: &Query<'_>) -> bool {
    let action = format!("{}:{}", query.service, query.action).to_lowercase();
    list(&statement["action"]).iter().any(|wanted| {
        let wanted = wanted.as_str().unwrap().to_lowercase();
        like(wanted.trim_start_matches("name/"), &action)
    }) && list(&statement["resource"]).iter().any(|wanted| is_meant(wanted.as_str().unwrap(), query))
        && statement.get("condition").is_none_or(|condition| {
            condition.as_object().unwrap().iter().all(|(operator, keys)| {
                keys.as_object().unwrap().iter().all(|(key, wanted)| holds(operator, key, &list(wanted), query))
            })
        })
}

fn is_meant(wanted: &str, query: &Query<'_>) -> bool {
    if wanted == "*" {
        return true;
    }
    let resource = query.resource;
    let parts: Vec<&str> = wanted.split(':').collect();
    let account = format!("uin/{}", resource.account);
    let any_or = |part: &str, text: &str| part.is_empty() || like(part, text);
    like(parts[2], resource.service)
        && any_or(parts[3], resource.region)
        && any_or(parts[4], &account)
        && like(&parts[5..].join(":").replace("instanceId/", "instance/"), resource.path)
}

/// What the request has for a key, as text; addresses and times are compared by their own means.
fn has(key: &str, query: &Query<'_>) -> Vec<String> {
    let facts = query.facts;
    let (side, name) = key.split_once('/').unwrap_or((key, ""));
    let tags = if side == "qcs:request_tag" { facts.request_tags } else { facts.resource_tags };
    match side {
        "qcs:ip" => facts.ip.iter().map(ToString::to_string).collect(),
        "qcs:current_time" => vec![(facts.now_ms / 1000).to_string()],
        "qcs:uin" => vec![facts.uin.to_owned()],
        _ if name.is_empty() => tags.iter().map(|(key, value)| format!("{key}&{value}")).collect(),
        _ => tags.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect(),
    }
}

fn holds(operator: &str, key: &str, wanted: &[&Value], query: &Query<'_>) -> bool {
    let has = has(key, query);
    let (set, operator) = operator.split_once(':').unwrap_or(("", operator));
    let exists = operator.replace("_if_exist", "");
    if exists != operator && has.is_empty() {
        return true;
    }
    if exists == "null_equal" {
        return has.is_empty() == (wanted[0] == "true");
    }
    let negated = exists.contains("_not_");
    let positive = exists.replace("_not_", "_");
    let fits = |value: &String| wanted.iter().any(|it| compare(&positive, value, it.as_str().unwrap()));
    match (set, negated) {
        ("", false) | ("for_any_value", false) => has.iter().any(fits),
        ("", true) => !has.iter().any(fits),
        ("for_any_value", true) => has.iter().any(|value| !fits(value)),
        (_, false) => has.iter().all(fits),
        (_, true) => has.iter().all(|value| !fits(value)),
    }
}

fn compare(operator: &str, value: &str, wanted: &str) -> bool {
    if let Some(relation) = operator.strip_prefix("numeric_").or_else(|| operator.strip_prefix("date_")) {
        let seconds = |day: &str| day[8..10].parse::<f64>().map(|day| (day - 1.0) * 86400.0).ok();
        let bound = if wanted.ends_with('Z') { seconds(wanted) } else { wanted.parse::<f64>().ok() };
        let order = value.parse::<f64>().ok().and_then(|value| value.partial_cmp(&bound?));
        return order.is_some_and(|order| match relation {
            "equal" => order.is_eq(),
            "less_than" => order.is_lt(),
            "less_than_equal" => order.is_le(),
            "greater_than" => order.is_gt(),
            _ => order.is_ge(),
        });
    }
    match operator {
        "string_equal" | "bool_equal" => value == wanted,
        "string_equal_ignore_case" => value.to_lowercase() == wanted.to_lowercase(),
        "string_like" => like(wanted, value),
        "string_like_ignore_case" => like(&wanted.to_lowercase(), &value.to_lowercase()),
        // The generated nets are of 8 bits.
        _ => wanted.split('.').next() == value.split('.').next() && !value.contains(':'),
    }
}
