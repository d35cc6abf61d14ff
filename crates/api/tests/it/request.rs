//! Every request type against the facts: wire names, types, and what may be absent.

use serde_json::{Value, json};

use crate::{each, facts};

#[test]
fn a_full_request_comes_back_equal() {
    each::request(|facts, object, reparse| {
        let full = facts::filled(facts, object, "", |_| true);
        assert_eq!(reparse(full.clone()).unwrap(), full, "{object}");
    });
}

#[test]
fn optional_fields_may_be_absent_or_null() {
    each::request(|facts, object, reparse| {
        let bare = facts::filled(facts, object, "", |field| field.required);
        assert_eq!(reparse(bare.clone()).unwrap(), bare, "{object}");
        let mut nulls = bare.clone();
        for field in facts::fields(facts, object).unwrap().iter().filter(|field| !field.required) {
            nulls[&field.name] = Value::Null;
        }
        assert_eq!(reparse(nulls).unwrap(), bare, "{object}");
    });
}

#[test]
fn an_empty_list_is_not_an_absent_one() {
    each::request(|facts, object, reparse| {
        let mut lists = facts::filled(facts, object, "", |field| field.required);
        for field in facts::fields(facts, object).unwrap().iter().filter(|field| field.kind == "list") {
            lists[&field.name] = json!([]);
        }
        assert_eq!(reparse(lists.clone()).unwrap(), lists, "{object}");
    });
}

#[test]
fn a_missing_required_field_is_an_error_that_names_it() {
    each::request(|facts, object, reparse| {
        let full = facts::filled(facts, object, "", |_| true);
        for field in facts::fields(facts, object).unwrap().iter().filter(|field| field.required) {
            let mut value = full.clone();
            value.as_object_mut().unwrap().remove(&field.name);
            let error = reparse(value).unwrap_err().to_string();
            assert_eq!(error, format!("missing field `{}`", field.name), "{object}");
        }
    });
}

#[test]
fn every_place_refuses_a_wrong_type() {
    each::request(|facts, object, reparse| {
        let full = facts::filled(facts, object, "", |_| true);
        let tolerated = facts::tolerated(facts, object, &full, |value| reparse(value).is_ok());
        assert!(tolerated.is_empty(), "{tolerated:#?}");
    });
}
