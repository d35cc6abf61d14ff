//! Does a request have the form that its action declares? Names in messages are dotted, as clients know them: `NodeSet.0.ZoneId`.

use api::{Shape, Type};
use serde_json::{Map, Number, Value};

use crate::error::{Error, gateway};

/// How values were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// JSON: a number is a number.
    Json,
    /// Form or query: everything is text, numbers and truth values too.
    Text,
}

type Default = fn() -> Value;

/// Required by the contract, but left out by clients that people use; the value is what they mean.
const OPTIONAL_IN_PRACTICE: &[(&str, &str, Default)] = &[
    ("CreateInstancesRequest", "BillingMode", || Value::from(0)),
    ("CreateInstancesRequest", "Period", || Value::from(1)),
    ("ModifyInstanceRequest", "Operation", || Value::from("")),
];

/// Checks `params` against `shape` and returns them with text turned into what was declared and without nulls.
///
/// # Errors
/// `UnknownParameter`, `InvalidParameter` (wrong type) or `MissingParameter`, each naming the parameter.
pub fn check(shape: &'static Shape, params: Map<String, Value>, notation: Notation) -> Result<Value, Error> {
    object(shape, params, notation, &Path::Root).map(Value::Object)
}

/// Where we are, without building text before there is something to complain about.
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Element(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn text(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(Path::Root, name) => (*name).to_owned(),
            Self::Member(parent, name) => format!("{}.{name}", parent.text()),
            Self::Element(parent, index) => format!("{}.{index}", parent.text()),
        }
    }
}

fn object(
    shape: &'static Shape,
    mut members: Map<String, Value>,
    notation: Notation,
    path: &Path<'_>,
) -> Result<Map<String, Value>, Error> {
    for (name, value) in &mut members {
        let here = Path::Member(path, name);
        let field = shape.field(name).ok_or_else(|| gateway::unknown_parameter(&here.text()))?;
        if !value.is_null() {
            *value = typed(field.ty, value.take(), notation, &here)?;
        }
    }
    members.retain(|_, value| !value.is_null());
    fill(shape, &mut members, path)?;
    Ok(members)
}

fn fill(shape: &'static Shape, checked: &mut Map<String, Value>, path: &Path<'_>) -> Result<(), Error> {
    for field in shape.fields.iter().filter(|field| field.required) {
        if checked.contains_key(field.name) {
            continue;
        }
        let default =
            OPTIONAL_IN_PRACTICE.iter().find(|(object, name, _)| (*object, *name) == (shape.name, field.name));
        let value = default
            .map(|(_, _, value)| value())
            .ok_or_else(|| gateway::missing_parameter(&Path::Member(path, field.name).text()))?;
        checked.insert(field.name.to_owned(), value);
    }
    Ok(())
}

fn typed(ty: Type, value: Value, notation: Notation, path: &Path<'_>) -> Result<Value, Error> {
    match (ty, value) {
        (Type::Object(shape), Value::Object(members)) => object(shape, members, notation, path).map(Value::Object),
        (Type::List(element), Value::Array(elements)) => list(*element, elements, notation, path),
        (_, Value::String(text)) if notation == Notation::Text => from_text(ty, text, path),
        (ty, value) if fits(ty, &value) => Ok(value),
        (ty, value) => Err(gateway::wrong_type(&path.text(), &ty.to_string(), kind(&value))),
    }
}

fn list(element: Type, elements: Vec<Value>, notation: Notation, path: &Path<'_>) -> Result<Value, Error> {
    let elements = elements.into_iter().enumerate();
    elements
        .map(|(index, value)| typed(element, value, notation, &Path::Element(path, index)))
        .collect::<Result<_, _>>()
        .map(Value::Array)
}

fn fits(ty: Type, value: &Value) -> bool {
    match ty {
        Type::Int64 => value.is_i64(),
        Type::Uint64 => value.is_u64(),
        Type::Float => value.is_number(),
        Type::Bool => value.is_boolean(),
        Type::String => value.is_string(),
        Type::Object(_) | Type::List(_) => false,
    }
}

fn from_text(ty: Type, text: String, path: &Path<'_>) -> Result<Value, Error> {
    let value = match ty {
        Type::String => return Ok(Value::String(text)),
        Type::Int64 => text.parse::<i64>().ok().map(Value::from),
        Type::Uint64 => text.parse::<u64>().ok().map(Value::from),
        Type::Float => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        Type::Bool => truth(&text).map(Value::Bool),
        // Some clients send an empty list or object as an empty text.
        Type::List(_) if text.is_empty() => Some(Value::Array(Vec::new())),
        Type::List(_) | Type::Object(_) => None,
    };
    value.ok_or_else(|| gateway::wrong_type(&path.text(), &ty.to_string(), "the given text"))
}

/// The spellings of the official clients.
fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

/// What a value is, for people.
#[must_use]
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(number) if number.is_f64() => "a number that is not a whole number in range",
        Value::Number(_) => "a number out of range",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(notation: Notation, value: Value) -> Result<Value, Error> {
        let info = api::find("redis", "2018-04-12", "CreateInstances").unwrap();
        let mut whole = json!({"TypeId": 2, "MemSize": 1024, "GoodsNum": 1});
        if notation == Notation::Text {
            whole = json!({"TypeId": "2", "MemSize": "1024", "GoodsNum": "1"});
        }
        let mut params = whole.as_object().unwrap().clone();
        params.extend(value.as_object().unwrap().clone());
        check(info.request, params, notation)
    }

    #[test]
    fn null_is_absent_and_practical_defaults_are_filled_in() {
        let checked = run(Notation::Json, json!({"Password": null})).unwrap();
        assert_eq!(checked, json!({"TypeId": 2, "MemSize": 1024, "GoodsNum": 1, "BillingMode": 0, "Period": 1}));
    }

    #[test]
    fn each_fault_names_its_parameter() {
        let fault = |value| {
            let error = run(Notation::Json, value).unwrap_err();
            (error.code, error.message.en)
        };
        let has = |value, code, text: &str| {
            let (got, message) = fault(value);
            assert_eq!(got, code);
            assert!(message.contains(text), "{message}");
        };
        has(json!({"Colour": 1}), "UnknownParameter", "`Colour` is not recognized");
        has(json!({"NodeSet": [{"ZoneId": "x"}]}), "InvalidParameter", "`NodeSet.0.ZoneId`");
        has(json!({"NodeSet": [{"Zone": 1}]}), "UnknownParameter", "`NodeSet.0.Zone`");
        has(json!({"GoodsNum": 1.0}), "InvalidParameter", "`GoodsNum`");
        has(json!({"GoodsNum": "1"}), "InvalidParameter", "a string");
        has(json!({"GoodsNum": -1}), "InvalidParameter", "`GoodsNum`");
        has(json!({"TypeId": null}), "MissingParameter", "`TypeId`");
        has(json!({"SecurityGroupIdList": [1]}), "InvalidParameter", "`SecurityGroupIdList.0`");
    }

    #[test]
    fn text_becomes_what_is_declared() {
        let checked = run(Notation::Text, json!({"NoAuth": "True", "ResourceTags": "", "ProjectId": "-1"})).unwrap();
        assert_eq!(checked["NoAuth"], json!(true));
        assert_eq!(checked["ProjectId"], json!(-1));
        assert_eq!(checked["ResourceTags"], json!([]));
        for bad in ["9223372036854775808", "1e3", "1.0", "", " 1"] {
            assert!(run(Notation::Text, json!({"ProjectId": bad})).is_err(), "{bad}");
        }
    }
}
