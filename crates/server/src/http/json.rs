//! A JSON body, strictly: one object, no name twice.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Error, gateway};

/// Reads a body. An empty one is an empty object, as clients of actions without parameters send.
///
/// # Errors
/// `InvalidParameter` that says where the text stops being JSON, or which name is there twice.
pub fn parse(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match value(body)? {
        Value::Object(map) => Ok(map),
        other => Err(gateway::malformed(
            format!("The body must be a JSON object, but it is {}.", super::shape::kind(&other)),
            "请求体必须是 JSON 对象。",
        )),
    }
}

/// Reads any JSON value.
///
/// # Errors
/// As [`parse`].
pub fn value(text: &[u8]) -> Result<Value, Error> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    let left = Cell::new(VALUES);
    Unique(&left).deserialize(&mut parser).and_then(|value| parser.end().map(|()| value)).map_err(refusal)
}

fn refusal(error: serde_json::Error) -> Error {
    match error.to_string().split_once(DUPLICATE).and_then(|(_, rest)| rest.split('`').next()) {
        Some(name) => gateway::duplicate_parameter(name),
        None => gateway::malformed(
            format!("The body is not valid JSON: {error}."),
            format!("请求体不是合法的 JSON：{error}。"),
        ),
    }
}

const DUPLICATE: &str = "duplicate name `";

/// The most values in one body. In memory each takes many times what it takes in the text, and no request has need of
/// even a tenth.
const VALUES: usize = 100_000;

/// `Value`, but a repeated name is an error: which of the two was meant cannot be known. It counts down.
#[derive(Clone, Copy)]
struct Unique<'c>(&'c Cell<usize>);

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1);
        self.0.set(left.ok_or_else(|| de::Error::custom(format_args!("there are more than {VALUES} values")))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(de::Error::custom(format_args!("{DUPLICATE}{name}`")));
            }
            map.insert(name, entries.next_value_seed(self)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_object_and_an_empty_body() {
        assert_eq!(parse(b"{\"A\": [1, {\"B\": null}]}").unwrap().len(), 1);
        assert!(parse(b" \n").unwrap().is_empty());
    }

    #[test]
    fn refuses_garbage_repetition_depth_and_bad_utf8() {
        let code = |body: &[u8]| parse(body).unwrap_err().message.en;
        assert!(code(b"{\"A\":1,\"A\":2}").contains("`A` is given more than once"));
        assert!(code(b"{\"A\":{\"B\":1,\"B\":2}}").contains("`B`"));
        assert!(code(b"[1]").contains("object"));
        assert!(code(b"{\"A\":\"\xff\"}").contains("JSON"));
        assert!(code(b"{} x").contains("JSON"));
        let deep = format!("{{\"A\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(code(deep.as_bytes()).contains("recursion"));
        let long = format!("{{\"A\":[{}1]}}", "1,".repeat(200_000));
        assert!(code(long.as_bytes()).contains("more than 100000 values"));
    }
}
