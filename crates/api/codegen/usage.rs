//! Which form an object takes in Rust.
//!
//! In a request a field that is not required may be absent (`Option`); in a response it is always sent, as its value or
//! as its typed zero (a plain type), and only a nullable field may be null (`Option`). An object that is nested in both
//! directions and differs between the two forms gets two structs: `X` for responses and `XInput` for requests.

use std::collections::BTreeSet;

use crate::facts::{Member, Of, Service};

/// The direction that a struct is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Request,
    Response,
}

/// Where every object of one service is used.
pub(crate) struct Usage<'a> {
    service: &'a Service,
    pub(crate) requests: BTreeSet<&'a str>,
    pub(crate) responses: BTreeSet<&'a str>,
}

impl<'a> Usage<'a> {
    pub(crate) fn of(service: &'a Service) -> Self {
        let mut usage = Usage { service, requests: BTreeSet::new(), responses: BTreeSet::new() };
        for action in service.actions.values() {
            reach(service, &action.request, &mut usage.requests);
            reach(service, &action.response, &mut usage.responses);
        }
        usage
    }

    /// The forms that an object is written in: one, or two if it is split.
    pub(crate) fn forms(&self, object: &str) -> Vec<Form> {
        if self.is_split(object) {
            vec![Form::Request, Form::Response]
        } else if self.requests.contains(object) {
            vec![Form::Request]
        } else {
            vec![Form::Response]
        }
    }

    /// Whether the object needs one struct for requests and another one for responses.
    pub(crate) fn is_split(&self, object: &str) -> bool {
        self.requests.contains(object) && self.responses.contains(object) && !self.is_same(object)
    }

    /// Whether both forms of the object come out the same: every field required, none nullable, down to the leaves.
    fn is_same(&self, object: &str) -> bool {
        let plain = |member: &Member| {
            member.required
                && !member.nullable
                && match member.of() {
                    Of::Object(inner) => self.is_same(inner),
                    _ => true,
                }
        };
        self.service.objects.get(object).is_some_and(|members| members.iter().all(plain))
    }

    /// The struct's name.
    pub(crate) fn type_name(&self, object: &str, form: Form) -> String {
        let suffix = if form == Form::Request && self.is_split(object) { "Input" } else { "" };
        format!("{object}{suffix}")
    }
}

fn reach<'a>(service: &'a Service, object: &'a str, found: &mut BTreeSet<&'a str>) {
    if !found.insert(object) {
        return;
    }
    for member in service.objects.get(object).into_iter().flatten() {
        if let Of::Object(inner) = member.of() {
            reach(service, inner, found);
        }
    }
}
