//! `Key=Value` arguments as the parameters of an action, typed by the contract.
//!
//! A key may be dotted, as in v1 requests: `InstanceIds.0=crs-…`, `NodeSet.0.ZoneId=100003`. A list or an object may also be
//! given whole, as JSON. What does not fit its type stays text, and a name that the contract does not know is sent as it
//! is: the server's message says what is wrong, and says it better.

use api::{Shape, Type};
use serde_json::{Map, Value};

/// The parameters of a request; without a shape everything is text.
///
/// # Errors
/// One line for an argument without `=`, a key given twice, or a gap in a list.
pub(crate) fn typed(shape: Option<&'static Shape>, arguments: &[String]) -> Result<Value, String> {
    let mut root = Value::Object(Map::new());
    for argument in arguments {
        let Some((key, text)) = argument.split_once('=') else {
            return Err(format!("`{argument}` must look like Key=Value"));
        };
        let path: Vec<&str> = key.split('.').collect();
        put(&mut root, shape.map(Type::Object), &path, text).map_err(|what| format!("{key}: {what}"))?;
    }
    Ok(root)
}

fn put(place: &mut Value, ty: Option<Type>, path: &[&str], text: &str) -> Result<(), &'static str> {
    let Some((part, rest)) = path.split_first() else {
        if !place.is_null() {
            return Err("is given twice");
        }
        *place = leaf(ty, text);
        return Ok(());
    };
    if place.is_null() {
        *place = if part.parse::<usize>().is_ok() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
    }
    match place {
        Value::Array(list) => put(element(list, part)?, element_type(ty), rest, text),
        Value::Object(map) => put(map.entry(*part).or_insert(Value::Null), member_type(ty, part), rest, text),
        _ => Err("is given twice, whole and in parts"),
    }
}

fn element<'a>(list: &'a mut Vec<Value>, part: &str) -> Result<&'a mut Value, &'static str> {
    let index: usize = part.parse().map_err(|_| "the parts of a list have numbers")?;
    if index == list.len() {
        list.push(Value::Null);
    }
    list.get_mut(index).ok_or("lists count from 0, in order and without a gap")
}

fn element_type(ty: Option<Type>) -> Option<Type> {
    match ty {
        Some(Type::List(element)) => Some(*element),
        _ => None,
    }
}

fn member_type(ty: Option<Type>, name: &str) -> Option<Type> {
    match ty {
        Some(Type::Object(shape)) => shape.field(name).map(|field| field.ty),
        _ => None,
    }
}

fn leaf(ty: Option<Type>, text: &str) -> Value {
    let read = match ty {
        Some(Type::String) | None => None,
        Some(Type::Int64 | Type::Uint64 | Type::Float) => serde_json::from_str(text).ok().filter(Value::is_number),
        Some(Type::Bool) => text.parse().ok().map(Value::Bool),
        Some(Type::List(_)) => serde_json::from_str(text).ok().filter(Value::is_array),
        Some(Type::Object(_)) => serde_json::from_str(text).ok().filter(Value::is_object),
    };
    read.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::redis::actions::CreateInstances;
    use api::{Call, redis::actions::DescribeInstances};
    use serde_json::json;

    fn create(arguments: &[&str]) -> Result<Value, String> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        typed(Some(CreateInstances::INFO.request), &arguments)
    }

    #[test]
    fn the_contract_gives_the_types() {
        let made = create(&["TypeId=15", "NoAuth=true", "Password=12345", "InstanceName=a=b", "NodeSet.0.NodeType=0"]);
        let expected = json!({"TypeId": 15, "NoAuth": true, "Password": "12345", "InstanceName": "a=b", "NodeSet": [{"NodeType": 0}]});
        assert_eq!(made.unwrap(), expected);
    }

    #[test]
    fn lists_come_in_parts_or_whole() {
        let shape = Some(DescribeInstances::INFO.request);
        let parts = typed(shape, &["Status.0=2".to_owned(), "Status.1=-2".to_owned()]).unwrap();
        let whole = typed(shape, &["Status=[2,-2]".to_owned()]).unwrap();
        assert_eq!((parts, whole), (json!({"Status": [2, -2]}), json!({"Status": [2, -2]})));
    }

    #[test]
    fn what_does_not_fit_stays_text_for_the_server_to_judge() {
        let made = create(&["TypeId=many", "NoAuth=perhaps", "Nonsense=1", "NodeSet=here"]).unwrap();
        assert_eq!(made, json!({"TypeId": "many", "NoAuth": "perhaps", "Nonsense": "1", "NodeSet": "here"}));
    }

    #[test]
    fn mistakes_name_their_key() {
        assert!(create(&["TypeId"]).unwrap_err().contains("`TypeId`"));
        assert!(create(&["TypeId=1", "TypeId=2"]).unwrap_err().contains("TypeId: is given twice"));
        assert!(create(&["NodeSet.1.ZoneId=1"]).unwrap_err().contains("NodeSet.1.ZoneId: lists count from 0"));
        assert!(create(&["NodeSet.0.ZoneId=1", "NodeSet.x=1"]).unwrap_err().contains("NodeSet.x"));
        assert!(create(&["TypeId=1", "TypeId.x=1"]).unwrap_err().contains("TypeId.x"));
    }
}
