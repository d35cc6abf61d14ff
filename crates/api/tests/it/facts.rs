//! The facts as plain JSON, and values that are built from them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

static FACTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../api");
    let mut services: Vec<Value> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    services.sort_by_key(|facts: &Value| facts["service"].to_string());
    services
});

/// Every file, parsed, in the order of the services.
pub(crate) fn all() -> &'static [Value] {
    &FACTS
}

/// The file of one service.
pub(crate) fn of(service: &str) -> &'static Value {
    FACTS.iter().find(|facts| facts["service"] == service).unwrap()
}

/// One field, as the facts have it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) of: String,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
}

/// The fields of an object, or none if the name is that of a scalar type.
pub(crate) fn fields(facts: &Value, object: &str) -> Option<Vec<Field>> {
    let flag = |field: &Value, name: &str| field.get(name).is_some_and(|flag| flag.as_bool().unwrap());
    let text = |field: &Value, name: &str| field[name].as_str().unwrap().to_owned();
    let read = |field: &Value| Field {
        name: text(field, "name"),
        kind: text(field, "type"),
        of: text(field, "of"),
        required: flag(field, "required"),
        nullable: flag(field, "nullable"),
    };
    Some(facts["objects"].get(object)?.as_array().unwrap().iter().map(read).collect())
}

/// An object that holds every field that is kept, each with a value that only its own type can hold. `at` is the
/// place, which every string repeats.
pub(crate) fn filled(facts: &Value, object: &str, at: &str, keep: fn(&Field) -> bool) -> Value {
    let value = |of: &str, at: &str| match of {
        "int64" => json!(i64::MIN),
        "uint64" => json!(u64::MAX),
        "float" => json!(0.5),
        "bool" => json!(true),
        "string" | "datetime" | "date" => json!(format!("<{at}>")),
        object => filled(facts, object, at, keep),
    };
    let mut map = Map::new();
    for field in fields(facts, object).unwrap().iter().filter(|field| keep(field)) {
        let at = format!("{at}/{}", field.name);
        let value = match field.kind.as_str() {
            "list" => json!([value(&field.of, &format!("{at}/0")), value(&field.of, &format!("{at}/1"))]),
            _ => value(&field.of, &at),
        };
        map.insert(field.name.clone(), value);
    }
    Value::Object(map)
}

/// The places (JSON pointers) of everything in a filled object, with the wire type there: `list`, `object` or a scalar.
pub(crate) fn places(facts: &Value, object: &str, at: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for field in fields(facts, object).unwrap() {
        let mut at = format!("{at}/{}", field.name);
        if field.kind == "list" {
            found.push((at.clone(), "list".to_owned()));
            at += "/1";
        }
        match fields(facts, &field.of) {
            Some(_) => {
                found.push((at.clone(), "object".to_owned()));
                found.extend(places(facts, &field.of, &at));
            }
            None => found.push((at, field.of)),
        }
    }
    found
}

/// Values that a type must refuse.
pub(crate) fn wrong(of: &str) -> Vec<Value> {
    match of {
        "int64" => vec![json!(1.0), json!("1"), json!(true), json!(1u64 << 63)],
        "uint64" => vec![json!(1.0), json!("1"), json!(true), json!(-1)],
        "float" => vec![json!("1.5"), json!(true)],
        "bool" => vec![json!("true"), json!(1)],
        "string" | "date" | "datetime" => vec![json!(1), json!(true), json!([])],
        "list" => vec![json!({}), json!("x"), json!(0)],
        _ => vec![json!("x"), json!(0)],
    }
}

/// Puts a value of a wrong type in every place in turn and gives the ones that `parse` took.
pub(crate) fn tolerated(facts: &Value, object: &str, full: &Value, parses: impl Fn(Value) -> bool) -> Vec<String> {
    let mut tolerated = Vec::new();
    for (place, of) in places(facts, object, "") {
        for bad in wrong(&of) {
            let mut value = full.clone();
            let Some(spot) = value.pointer_mut(&place) else { continue };
            *spot = bad.clone();
            if parses(value) {
                tolerated.push(format!("{object}{place}: {of} took {bad}"));
            }
        }
    }
    tolerated
}
