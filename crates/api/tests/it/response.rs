//! Every response type against the facts: wire names, types, and the typed zeros.

use api::redis;
use serde_json::{Map, Value, json};

use crate::{each, facts};

/// All fields but the one that the envelope adds.
fn full(facts: &Value, object: &str) -> Value {
    let mut full = facts::filled(facts, object, "", |_| true);
    full.as_object_mut().unwrap().remove("RequestId").unwrap();
    full
}

/// What a default is written as: every field, as its typed zero or as null.
fn zero(facts: &Value, object: &str) -> Value {
    let mut map = Map::new();
    for field in facts::fields(facts, object).unwrap() {
        let value = match (field.nullable, field.kind.as_str(), field.of.as_str()) {
            (true, ..) => Value::Null,
            (_, "list", _) => json!([]),
            (_, _, "int64" | "uint64") => json!(0),
            (_, _, "float") => json!(0.0),
            (_, _, "bool") => json!(false),
            (_, _, "string" | "date" | "datetime") => json!(""),
            (_, _, inner) => zero(facts, inner),
        };
        map.insert(field.name, value);
    }
    Value::Object(map)
}

#[test]
fn a_full_response_comes_back_equal() {
    each::response(|facts, object, reparse| {
        let full = full(facts, object);
        assert_eq!(reparse(full.clone()).unwrap(), full, "{object}");
    });
}

#[test]
fn a_default_response_holds_every_field_as_its_typed_zero() {
    each::response(|facts, object, reparse| {
        let mut zero = zero(facts, object);
        zero.as_object_mut().unwrap().remove("RequestId").unwrap();
        assert_eq!(reparse(json!({})).unwrap(), zero, "{object}");
    });
}

#[test]
fn the_request_id_is_left_to_the_envelope() {
    each::response(|facts, object, reparse| {
        let with = facts::filled(facts, object, "", |_| true);
        assert_eq!(reparse(with).unwrap(), full(facts, object));
    });
}

#[test]
fn every_place_refuses_a_wrong_type() {
    each::response(|facts, object, reparse| {
        let tolerated = facts::tolerated(facts, object, &full(facts, object), |value| reparse(value).is_ok());
        assert!(tolerated.is_empty(), "{tolerated:#?}");
    });
}

#[test]
fn null_is_for_nullable_fields_alone() {
    each::response(|facts, object, reparse| {
        let full = full(facts, object);
        for field in facts::fields(facts, object).unwrap().iter().filter(|field| field.name != "RequestId") {
            let mut value = full.clone();
            value[&field.name] = Value::Null;
            let back = reparse(value.clone()).ok();
            assert_eq!(back, field.nullable.then_some(value), "{object}.{}", field.name);
        }
    });
}

#[test]
fn what_was_asked_for_is_shown_with_typed_zeros() {
    let asked: redis::RedisNodeInfoInput = serde_json::from_value(json!({ "NodeType": 1, "ZoneId": 100003 })).unwrap();
    assert_eq!(asked.node_id, None);
    let shown = serde_json::to_value(redis::RedisNodeInfo::from(asked)).unwrap();
    assert_eq!(shown, json!({ "NodeType": 1, "NodeId": 0, "ZoneId": 100003, "ZoneName": "" }));
}
