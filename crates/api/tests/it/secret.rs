//! Secrets stay out of `Debug` and out of errors.

use api::{Call, Secret, Shape, Type, Visitor, redis};
use serde_json::json;

use crate::facts;

/// Fills both types of every action and looks for each string in their `Debug`.
#[derive(Default)]
struct Look {
    hidden: usize,
    shown: usize,
}

impl Look {
    fn look(&mut self, debug: &str, shape: &'static Shape, at: &str) {
        for field in shape.fields.iter().filter(|field| field.name != "RequestId") {
            let mut at = format!("{at}/{}", field.name);
            let mut ty = &field.ty;
            if let Type::List(element) = ty {
                at += "/1";
                ty = element;
            }
            match ty {
                Type::Object(inner) => self.look(debug, inner, &at),
                Type::String => {
                    let shows = debug.contains(&format!("<{at}>"));
                    assert_eq!(shows, !field.secret, "{at}");
                    self.hidden += usize::from(!shows);
                    self.shown += usize::from(shows);
                }
                _ => {}
            }
        }
    }
}

impl Visitor for Look {
    fn visit<C: Call>(&mut self) {
        let (facts, info) = (facts::of(C::INFO.service), C::INFO);
        let request = facts::filled(facts, info.request.name, "", |_| true);
        let request: C::Request = serde_json::from_value(request).unwrap();
        self.look(&format!("{request:?}"), info.request, "");
        let response = facts::filled(facts, info.response.name, "", |_| true);
        let response: C::Response = serde_json::from_value(response).unwrap();
        self.look(&format!("{response:?}"), info.response, "");
    }
}

#[test]
fn debug_shows_every_string_but_the_secrets() {
    let mut look = Look::default();
    api::visit(&mut look);
    assert!(look.hidden > 20 && look.shown > 1000, "{} hidden, {} shown", look.hidden, look.shown);
}

#[test]
fn the_names_of_secrets_are_secret_in_every_object() {
    let names = ["Password", "OldPassword", "AccountPassword", "SecretKey", "Token", "TmpSecretKey"];
    let mut found = std::collections::BTreeSet::new();
    for action in api::actions() {
        for field in action.request.fields.iter().chain(action.response.fields) {
            if names.contains(&field.name) {
                assert!(field.secret, "{}.{}", action.name, field.name);
                found.insert(field.name);
            }
        }
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["AccountPassword", "OldPassword", "Password", "SecretKey"]);
    let action = api::find("sts", "2018-08-13", "AssumeRole").unwrap();
    let Some(Type::Object(credentials)) = action.response.field("Credentials").map(|field| field.ty) else {
        panic!("Credentials is an object");
    };
    let secret: Vec<_> = credentials.fields.iter().filter(|field| field.secret).map(|field| field.name).collect();
    assert_eq!(secret, ["Token", "TmpSecretKey"]);
}

#[test]
fn a_secret_is_a_plain_string_on_the_wire() {
    let request: redis::ResetPasswordRequest =
        serde_json::from_value(json!({ "InstanceId": "crs-1", "Password": "hunter2" })).unwrap();
    assert_eq!(request.password.as_ref().map(Secret::expose), Some("hunter2"));
    assert_eq!(serde_json::to_value(&request).unwrap()["Password"], "hunter2");
    let debug = format!("{request:?} {request:#?}");
    assert!(debug.contains("***") && !debug.contains("hunter2"), "{debug}");
}

#[test]
fn an_error_does_not_quote_a_secret_of_the_wrong_type() {
    for wrong in ["31337", "-31337", "3133.7"] {
        let text = format!(r#"{{ "InstanceId": "crs-1", "Password": {wrong} }}"#);
        let error = serde_json::from_str::<redis::ResetPasswordRequest>(&text).unwrap_err().to_string();
        assert!(error.starts_with("invalid type: number, expected a string at"), "{error}");
    }
}
