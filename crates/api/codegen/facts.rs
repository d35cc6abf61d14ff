//! The facts as they stand in `api/*.json`, read and checked.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use serde::Deserialize;

/// One file: one service in one version.
#[derive(Deserialize)]
pub(crate) struct Service {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) actions: BTreeMap<String, Action>,
    pub(crate) objects: BTreeMap<String, Vec<Member>>,
}

/// The names of an action's request and response objects.
#[derive(Deserialize)]
pub(crate) struct Action {
    pub(crate) request: String,
    pub(crate) response: String,
}

/// One field of an object.
#[derive(Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) of: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) nullable: bool,
}

/// The type of a scalar or of a list's elements.
#[derive(Clone, Copy)]
pub(crate) enum Of<'a> {
    Int64,
    Uint64,
    Float,
    Bool,
    String,
    Object(&'a str),
}

impl Member {
    pub(crate) fn is_list(&self) -> bool {
        self.kind == "list"
    }

    /// What `of` names. A `date` and a `datetime` are strings on the wire.
    pub(crate) fn of(&self) -> Of<'_> {
        match self.of.as_str() {
            "int64" => Of::Int64,
            "uint64" => Of::Uint64,
            "float" => Of::Float,
            "bool" => Of::Bool,
            "string" | "date" | "datetime" => Of::String,
            object => Of::Object(object),
        }
    }

    /// Whether the value must not reach a log: it becomes a `Secret`.
    pub(crate) fn is_secret(&self) -> bool {
        const SECRET: [&str; 8] = [
            "AccountPassword",
            "OldPassword",
            "Password",
            "SecretAccessKey",
            "SecretKey",
            "TmpSecretKey",
            "Token",
            "TokenCode",
        ];
        !self.is_list() && matches!(self.of(), Of::String) && SECRET.contains(&self.name.as_str())
    }
}

/// Reads every `*.json` of the folder, in the order of service and version.
pub(crate) fn read_all(folder: &Path) -> Result<Vec<Service>, Box<dyn Error>> {
    let mut services: Vec<Service> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let service: Service = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        check(&service).map_err(|e| format!("{}: {e}", path.display()))?;
        if let Some(other) = services.iter().find(|s| s.service == service.service) {
            let (name, one, two) = (&service.service, &other.version, &service.version);
            return Err(format!("{name} is there as {one} and as {two}: one module holds one version").into());
        }
        services.push(service);
    }
    services.sort_by(|a, b| a.service.cmp(&b.service));
    Ok(services)
}

/// Every name that is used must be there, and every type must be known.
fn check(service: &Service) -> Result<(), String> {
    for (name, action) in &service.actions {
        for object in [&action.request, &action.response] {
            if !service.objects.contains_key(object) {
                return Err(format!("action {name} names the object {object}, which is not there"));
            }
        }
    }
    for (object, members) in &service.objects {
        for member in members {
            let fits = match (member.kind.as_str(), member.of()) {
                ("int", Of::Int64 | Of::Uint64) | ("float", Of::Float) | ("bool", Of::Bool) => true,
                ("string", Of::String) => true,
                ("object", Of::Object(inner)) => service.objects.contains_key(inner),
                ("list", Of::Object(inner)) => service.objects.contains_key(inner),
                ("list", _) => true,
                _ => false,
            };
            if !fits {
                let Member { name, kind, of, .. } = member;
                return Err(format!("{object}.{name} has the unknown type {kind} of {of}"));
            }
        }
    }
    Ok(())
}
