//! JSON with its elements in order, in which no name stands twice: of two `condition`s, neither may be lost.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::{ParseError, shown, wrong};

/// A JSON value.
#[derive(Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text. How deep it may nest is bounded by `serde_json`.
    pub(crate) fn read(text: &str) -> Result<Self, ParseError> {
        serde_json::from_str(text).map_err(|error| wrong("policy", format!("is not the JSON of a policy: {error}")))
    }

    /// What kind of value it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The members of an object.
    pub(crate) fn members(&self, at: &str) -> Result<&[(String, Self)], ParseError> {
        match self {
            Self::Object(members) => Ok(members),
            other => Err(wrong(at, format!("must be an object, not {}", other.kind()))),
        }
    }

    /// The text of a string.
    pub(crate) fn text(&self, at: &str) -> Result<&str, ParseError> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(wrong(at, format!("must be a string, not {}", other.kind()))),
        }
    }

    /// The items of a list with their places, or the one value that stands instead of a list.
    pub(crate) fn items(&self, at: &str) -> Result<Vec<(String, &Self)>, ParseError> {
        match self {
            Self::List(items) if items.is_empty() => Err(wrong(at, "must not be empty")),
            Self::List(items) => {
                Ok(items.iter().enumerate().map(|(index, item)| (format!("{at}[{index}]"), item)).collect())
            }
            single => Ok(vec![(at.to_owned(), single)]),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some((name, value)) = access.next_entry::<String, Json>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("{} stands twice in one object", shown(&name))));
            }
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}
