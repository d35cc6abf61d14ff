//! Every request type against the facts: wire names, types, and what may be absent.

use api::{Call, Visitor};
use serde_json::{Value, json};

use crate::facts;

type Checked = Result<Value, serde_json::Error>;

fn reparse<C: Call>(value: Value) -> Checked {
    serde_json::to_value(serde_json::from_value::<C::Request>(value)?)
}

/// A check that runs for every action with the facts of its service, its request's name and its types' round trip.
struct Each(fn(&Value, &str, fn(Value) -> Checked), usize);

impl Visitor for Each {
    fn visit<C: Call>(&mut self) {
        (self.0)(facts::of(C::INFO.service), C::INFO.request.name, reparse::<C>);
        self.1 += 1;
    }
}

fn each(check: fn(&Value, &str, fn(Value) -> Checked)) {
    let mut each = Each(check, 0);
    api::visit(&mut each);
    assert_eq!(each.1, api::actions().len());
}

#[test]
fn a_full_request_comes_back_equal() {
    each(|facts, object, reparse| {
        let full = facts::filled(facts, object, "", |_| true);
        assert_eq!(reparse(full.clone()).unwrap(), full, "{object}");
    });
}

#[test]
fn optional_fields_may_be_absent_or_null() {
    each(|facts, object, reparse| {
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
    each(|facts, object, reparse| {
        let mut lists = facts::filled(facts, object, "", |field| field.required);
        for field in facts::fields(facts, object).unwrap().iter().filter(|field| field.kind == "list") {
            lists[&field.name] = json!([]);
        }
        assert_eq!(reparse(lists.clone()).unwrap(), lists, "{object}");
    });
}

#[test]
fn a_missing_required_field_is_an_error_that_names_it() {
    each(|facts, object, reparse| {
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
    each(|facts, object, reparse| {
        let full = facts::filled(facts, object, "", |_| true);
        let tolerated = facts::tolerated(facts, object, &full, |value| reparse(value).is_ok());
        assert!(tolerated.is_empty(), "{tolerated:#?}");
    });
}
