//! What holds for every action there is, by iteration over the table.

use api::{ActionInfo, Field, Shape, Type};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::harness::Cinnabar;

fn client(server: &Cinnabar, info: &ActionInfo) -> Client {
    server.client.for_service(info.service, info.version)
}

/// The smallest parameters of the right form.
pub(crate) fn minimal(shape: &Shape) -> Map<String, Value> {
    shape.fields.iter().filter(|field| field.required).map(|field| (field.name.to_owned(), example(field.ty))).collect()
}

fn example(ty: Type) -> Value {
    match ty {
        Type::Int64 | Type::Uint64 => json!(1),
        Type::Float => json!(1.5),
        Type::Bool => json!(true),
        Type::String => json!("x"),
        Type::Object(shape) => Value::Object(minimal(shape)),
        Type::List(element) => json!([example(*element)]),
    }
}

/// A value that is never of the type.
fn wrong(ty: Type) -> Value {
    match ty {
        Type::String => json!(1),
        _ => json!("x y"),
    }
}

#[tokio::test]
async fn without_a_signature_no_action_is_reached() {
    let server = Cinnabar::start().await;
    for info in api::actions() {
        let body = Value::Object(minimal(info.request)).to_string();
        let request = client(&server, info).tc3_post(info.name, body.as_bytes()).without("Authorization");
        assert_eq!(
            request.send(server.client.address).await.code(),
            "AuthFailure.InvalidAuthorization",
            "{}",
            info.name
        );
    }
}

#[tokio::test]
async fn with_a_wrong_key_no_action_is_reached() {
    let server = Cinnabar::start().await;
    for info in api::actions() {
        let body = Value::Object(minimal(info.request));
        let forger = Client { secret_key: "guessed".to_owned(), ..client(&server, info) };
        assert_eq!(forger.refused(info.name, body.clone()).await.0, "AuthFailure.SignatureFailure", "{}", info.name);
        let stranger = Client { secret_id: "AKIDstranger".to_owned(), ..client(&server, info) };
        assert_eq!(stranger.refused(info.name, body).await.0, "AuthFailure.SecretIdNotFound", "{}", info.name);
        let late = Client { skew: -400, ..client(&server, info) };
        assert_eq!(late.refused(info.name, json!({})).await.0, "AuthFailure.SignatureExpire", "{}", info.name);
    }
}

#[tokio::test]
async fn every_parameter_of_every_action_is_checked_by_name() {
    let server = Cinnabar::start().await;
    for info in api::actions() {
        let client = client(&server, info);
        for field in info.request.fields {
            mistyped(&client, info, field).await;
        }
        let mut extra = minimal(info.request);
        extra.insert("NoSuchParameter".to_owned(), json!(1));
        let (code, message) = client.refused(info.name, Value::Object(extra)).await;
        assert_eq!(
            (code.as_str(), message.contains("`NoSuchParameter`")),
            ("UnknownParameter", true),
            "{}: {message}",
            info.name
        );
    }
}

async fn mistyped(client: &Client, info: &ActionInfo, field: &Field) {
    let mut params = minimal(info.request);
    params.insert(field.name.to_owned(), wrong(field.ty));
    let (code, message) = client.refused(info.name, Value::Object(params)).await;
    let named = message.contains(&format!("`{}`", field.name));
    assert_eq!((code.as_str(), named), ("InvalidParameter", true), "{} {}: {message}", info.name, field.name);
}

#[tokio::test]
async fn every_required_parameter_is_missed_by_name() {
    // Required by the contract, left out by clients in practice.
    let lenient = ["BillingMode", "Period", "Operation"];
    let server = Cinnabar::start().await;
    for info in api::actions() {
        let required = info.request.fields.iter().filter(|field| field.required && !lenient.contains(&field.name));
        for field in required {
            let mut params = minimal(info.request);
            params.remove(field.name);
            let (code, message) = client(&server, info).refused(info.name, Value::Object(params)).await;
            let named = message.contains(&format!("`{}`", field.name));
            assert_eq!((code.as_str(), named), ("MissingParameter", true), "{} {}: {message}", info.name, field.name);
        }
    }
}

#[tokio::test]
async fn an_action_without_a_handler_says_so_and_names_itself() {
    let server = Cinnabar::start().await;
    for info in api::actions().iter().filter(|info| server.service().app.actions.find(info).is_none()) {
        let (code, message) = client(&server, info).refused(info.name, Value::Object(minimal(info.request))).await;
        assert_eq!(
            (code.as_str(), message.contains(&format!("`{}`", info.name))),
            ("UnsupportedOperation", true),
            "{message}"
        );
    }
}

#[tokio::test]
async fn every_action_there_is_answers_minimal_parameters_without_an_internal_error() {
    let server = Cinnabar::start().await;
    for info in api::actions().iter().filter(|info| server.service().app.actions.find(info).is_some()) {
        let answer = client(&server, info).call(info.name, Value::Object(minimal(info.request))).await;
        if let Err(refusal) = answer {
            assert!(!refusal.code.starts_with("InternalError"), "{}: {refusal:?}", info.name);
        }
    }
}
