//! The structs of one service.

use crate::facts::{Member, Of, Service};
use crate::names;
use crate::usage::{Form, Usage};

/// Every object of the service, in each form that it has.
pub(crate) fn structs(service: &Service, usage: &Usage<'_>) -> String {
    let mut text = String::new();
    for object in service.objects.keys() {
        for form in usage.forms(object) {
            text += &one_struct(service, usage, object, form);
        }
        if usage.is_split(object) {
            text += &conversion(service, usage, object);
        }
    }
    text
}

fn one_struct(service: &Service, usage: &Usage<'_>, object: &str, form: Form) -> String {
    let members = members(service, object);
    let names = names::distinct(members.iter().map(|m| m.name.as_str()));
    let fields: String =
        members.iter().zip(&names).map(|(member, name)| one_field(usage, member, &names::ident(name), form)).collect();
    let default = if form == Form::Response && !fields.is_empty() { "#[serde(default)]\n" } else { "" };
    format!(
        "#[doc = \"{doc}\"]\n#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]\n{default}pub struct {name} {{\n{fields}}}\n",
        doc = describe(service, usage, object, form),
        name = usage.type_name(object, form),
    )
}

/// The object's fields. The envelope adds `RequestId` to every response, so the structs of responses leave it out.
fn members<'a>(service: &'a Service, object: &str) -> Vec<&'a Member> {
    let response = service.actions.values().any(|action| action.response == object);
    service.objects.get(object).into_iter().flatten().filter(|m| !(response && m.name == "RequestId")).collect()
}

fn one_field(usage: &Usage<'_>, member: &Member, name: &str, form: Form) -> String {
    let skip = if optional(member, form) && form == Form::Request {
        ", skip_serializing_if = \"Option::is_none\""
    } else {
        ""
    };
    let notes = [(member.required && form == Form::Request, ", required"), (member.nullable, ", nullable")];
    let notes: String = notes.iter().filter(|(is, _)| *is).map(|(_, note)| *note).collect();
    let list = if member.is_list() { "list of " } else { "" };
    format!(
        "#[doc = \"`{wire}`: {list}{of}{notes}.\"]\n#[serde(rename = \"{wire}\"{skip})]\npub {name}: {ty},\n",
        wire = member.name,
        of = member.of,
        ty = rust_type(usage, member, form),
    )
}

fn optional(member: &Member, form: Form) -> bool {
    match form {
        Form::Request => !member.required,
        Form::Response => member.nullable,
    }
}

fn rust_type(usage: &Usage<'_>, member: &Member, form: Form) -> String {
    let mut ty = match member.of() {
        Of::Int64 => "i64".to_owned(),
        Of::Uint64 => "u64".to_owned(),
        Of::Float => "f64".to_owned(),
        Of::Bool => "bool".to_owned(),
        Of::String if member.is_secret() => "crate::Secret".to_owned(),
        Of::String => "String".to_owned(),
        Of::Object(object) => usage.type_name(object, form),
    };
    if member.is_list() {
        ty = format!("Vec<{ty}>");
    }
    if optional(member, form) { format!("Option<{ty}>") } else { ty }
}

fn describe(service: &Service, usage: &Usage<'_>, object: &str, form: Form) -> String {
    let place = match (usage.requests.contains(object), usage.responses.contains(object)) {
        (true, true) if !usage.is_split(object) => "requests and responses",
        _ if form == Form::Request => "requests",
        _ => "responses",
    };
    let request = service.actions.iter().find(|(_, action)| action.request == object);
    let response = service.actions.iter().find(|(_, action)| action.response == object);
    match (request, response) {
        (Some((action, _)), _) => format!("The request of [`{action}`](actions::{action})."),
        (_, Some((action, _))) => format!("The response of [`{action}`](actions::{action}), without `RequestId`."),
        _ => format!("`{object}`, as it is nested in {place}."),
    }
}

/// What was asked for, as it is shown: an absent field becomes its typed zero.
fn conversion(service: &Service, usage: &Usage<'_>, object: &str) -> String {
    let members = members(service, object);
    let names = names::distinct(members.iter().map(|m| m.name.as_str()));
    let fields: String = members
        .iter()
        .zip(&names)
        .map(|(member, name)| {
            let name = names::ident(name);
            format!("{name}: {},\n", converted(usage, member, &name))
        })
        .collect();
    format!(
        "impl From<{input}> for {object} {{\nfn from(from: {input}) -> Self {{\nSelf {{\n{fields}}}\n}}\n}}\n",
        input = usage.type_name(object, Form::Request),
    )
}

fn converted(usage: &Usage<'_>, member: &Member, name: &str) -> String {
    let split = matches!(member.of(), Of::Object(inner) if usage.is_split(inner));
    let each = match (split, member.is_list()) {
        (false, _) => None,
        (true, false) => Some("Into::into"),
        (true, true) => Some("|list| list.into_iter().map(Into::into).collect()"),
    };
    let value = match (each, member.required) {
        (None, _) => format!("from.{name}"),
        (Some(each), true) => format!("Some(from.{name}).map({each})"),
        (Some(each), false) => format!("from.{name}.map({each})"),
    };
    let is_option = !member.required || each.is_some();
    match (is_option, member.nullable) {
        (true, false) => format!("{value}.unwrap_or_default()"),
        (false, true) => format!("Some({value})"),
        _ => value,
    }
}
