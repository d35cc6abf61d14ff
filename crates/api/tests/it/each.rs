//! Runs a check for the request or the response type of every action.

use api::{Call, Visitor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::facts;

/// From JSON into the type and back.
pub(crate) type Reparse = fn(Value) -> Result<Value, serde_json::Error>;

/// A check: the facts of the service, the name of the object, and the round trip through its type.
pub(crate) type Check = fn(&Value, &str, Reparse);

fn reparse<T: Serialize + DeserializeOwned>(value: Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(value)?)
}

struct Requests(Check, usize);

impl Visitor for Requests {
    fn visit<C: Call>(&mut self) {
        (self.0)(facts::of(C::INFO.service), C::INFO.request.name, reparse::<C::Request>);
        self.1 += 1;
    }
}

struct Responses(Check, usize);

impl Visitor for Responses {
    fn visit<C: Call>(&mut self) {
        (self.0)(facts::of(C::INFO.service), C::INFO.response.name, reparse::<C::Response>);
        self.1 += 1;
    }
}

pub(crate) fn request(check: Check) {
    let mut requests = Requests(check, 0);
    api::visit(&mut requests);
    assert_eq!(requests.1, api::actions().len());
}

pub(crate) fn response(check: Check) {
    let mut responses = Responses(check, 0);
    api::visit(&mut responses);
    assert_eq!(responses.1, api::actions().len());
}
