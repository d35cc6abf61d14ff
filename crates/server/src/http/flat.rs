//! Flattened parameters: `A.0.B=x` is the object member B of the first element of the list A.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Error, gateway};

/// Decoded name and value, as they stand in a query string or a form.
pub type Pairs = Vec<(String, String)>;

/// Decodes a query string or a form body.
///
/// # Errors
/// `InvalidParameter` for bytes that are not UTF-8 and for a repeated name.
pub fn decode(text: &[u8]) -> Result<Pairs, Error> {
    let pairs: Pairs = form_urlencoded::parse(text).into_owned().take(PAIRS + 1).collect();
    if pairs.len() > PAIRS {
        return Err(too_many(PAIRS));
    }
    let mut seen = std::collections::HashSet::new();
    for (name, value) in &pairs {
        // The decoder puts the replacement character where bytes are not UTF-8.
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            return Err(gateway::malformed(
                format!("The parameter `{name}` is not valid UTF-8."),
                format!("参数 `{name}` 不是合法的 UTF-8。"),
            ));
        }
        if !seen.insert(name.as_str()) {
            return Err(gateway::duplicate_parameter(name));
        }
    }
    Ok(pairs)
}

/// Puts the parts of the dotted names together again. All leaves are text; the shape check makes numbers of them.
///
/// # Errors
/// `InvalidParameter` for a name that is both a value and a folder, for gaps in a list and for names that are too deep.
pub fn unflatten(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Map<String, Value>, Error> {
    let mut root = Node::default();
    for (name, value) in pairs {
        let depth = name.split('.').count();
        if depth > MAX_DEPTH {
            return Err(conflict(&name, "is nested too deeply"));
        }
        let node = name.split('.').fold(&mut root, |node, part| node.children.entry(Part::of(part)).or_default());
        node.text = Some((name, value));
    }
    match root.into_value("")? {
        Value::Object(map) => Ok(map),
        _ => Err(gateway::malformed("Parameters must have names, not numbers.", "参数名不能是数字。")),
    }
}

/// The most parameters of one request; a list of a thousand objects fits.
pub const PAIRS: usize = 10_000;

/// There are more.
pub fn too_many(limit: usize) -> Error {
    gateway::malformed(
        format!("There are more than {limit} parameters; send fewer."),
        format!("参数超过 {limit} 个，请减少。"),
    )
}

/// No request type nests deeper than this.
const MAX_DEPTH: usize = 16;

/// Numbers sort as numbers, so that `A.10` comes after `A.9`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Index(usize),
    Name(String),
}

impl Part {
    /// A number in its one spelling is a place in a list: `00` and `+0` would be the place of `0` once more.
    fn of(text: &str) -> Self {
        let index = text.parse().ok().filter(|index: &usize| index.to_string() == text);
        index.map_or_else(|| Self::Name(text.to_owned()), Self::Index)
    }
}

#[derive(Default)]
struct Node {
    text: Option<(String, String)>,
    children: BTreeMap<Part, Node>,
}

impl Node {
    fn into_value(self, path: &str) -> Result<Value, Error> {
        match (self.text, self.children) {
            (Some((name, _)), children) if !children.is_empty() => {
                Err(conflict(&name, "is both a value and a structure"))
            }
            (Some((_, value)), _) => Ok(Value::String(value)),
            (None, children) if children.keys().next().is_some_and(|part| matches!(part, Part::Index(_))) => {
                list(children, path)
            }
            (None, children) => object(children, path),
        }
    }
}

fn list(children: BTreeMap<Part, Node>, path: &str) -> Result<Value, Error> {
    let mut elements = Vec::with_capacity(children.len());
    for (part, node) in children {
        match part {
            Part::Index(index) if index == elements.len() => {
                elements.push(node.into_value(&join(path, &index.to_string()))?)
            }
            _ => return Err(conflict(path, "must have the elements 0, 1, 2 and so on without a gap")),
        }
    }
    Ok(Value::Array(elements))
}

fn object(children: BTreeMap<Part, Node>, path: &str) -> Result<Value, Error> {
    let members = children.into_iter().map(|(part, node)| match part {
        Part::Name(name) => node.into_value(&join(path, &name)).map(|value| (name, value)),
        Part::Index(_) => Err(conflict(path, "mixes names and numbers")),
    });
    members.collect::<Result<_, _>>().map(Value::Object)
}

fn join(path: &str, part: &str) -> String {
    if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") }
}

fn conflict(path: &str, why: &str) -> Error {
    gateway::malformed(format!("The parameter `{path}` {why}."), format!("参数 `{path}` 的扁平化写法有误（{why}）。"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, Error> {
        decode(text.as_bytes()).and_then(unflatten).map(Value::Object)
    }

    #[test]
    fn lists_objects_and_lists_of_objects() {
        let flat = "Ids.0=a&Ids.1=b&NodeSet.0.ZoneId=1&NodeSet.1.ZoneId=2&Name=x+y%26";
        let whole = json!({"Ids": ["a", "b"], "NodeSet": [{"ZoneId": "1"}, {"ZoneId": "2"}], "Name": "x y&"});
        assert_eq!(read(flat).unwrap(), whole);
    }

    #[test]
    fn ten_and_more_elements_keep_their_order() {
        let flat: Vec<_> = (0..12).rev().map(|i| format!("A.{i}={i}")).collect();
        let list: Vec<_> = (0..12).map(|i| i.to_string()).collect();
        assert_eq!(read(&flat.join("&")).unwrap(), json!({ "A": list }));
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let message = |text| read(text).unwrap_err().message.en;
        assert!(message("A=1&A=2").contains("`A` is given more than once"));
        assert!(message("A.0=1&A.2=2").contains("`A` must have the elements"));
        assert!(message("A.0=1&A.B=2").contains("`A`"));
        assert!(message("A.0=1&A.00=2").contains("`A`"), "one place, spelt in two ways");
        assert_eq!(read("A.%2B0=1").unwrap(), json!({"A": {"+0": "1"}}), "no list");
        assert!(message("A=1&A.B=2").contains("`A` is both"));
        assert!(message("A=%ff").contains("`A` is not valid UTF-8"));
        assert!(message(&format!("A{}=1", ".B".repeat(99))).contains("too deeply"));
    }
}
