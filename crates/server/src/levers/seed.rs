//! The seed file: the instances that are there from the start, in TOML or JSON.
//!
//! An entry has the parameters of CreateInstances by their own names, and in small letters what that action does not
//! have: `region`, `tags` (a table, short for `ResourceTags`), `keys` (a table of texts) and `fill` (so many keys `key:0` …).

use std::collections::BTreeMap;
use std::path::Path;

use api::Call;
use api::redis::CreateInstancesRequest;
use api::redis::actions::CreateInstances;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::error::Error;
use crate::http::shape;
use crate::model::order;
use crate::model::region::{self, Region};

/// What a seed file says.
#[derive(Debug)]
pub struct Seed {
    /// In the order of the file.
    pub instances: Vec<Planned>,
}

/// One instance.
#[derive(Debug)]
pub struct Planned {
    /// Its name, which no other of the file has.
    pub name: String,
    /// Where it is.
    pub region: &'static Region,
    /// The order.
    pub request: CreateInstancesRequest,
    /// What is written into it.
    pub keys: BTreeMap<String, String>,
}

/// A seed file that cannot be used, in one line that names the file and the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the seed file {file}: {problem}")]
pub struct BadSeed {
    file: String,
    problem: String,
}

/// More keys than that are no seed.
const MOST_KEYS: usize = 1_000_000;

impl Seed {
    /// Reads the file and checks all that can be checked without making anything.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn read(path: &Path, app: &App) -> Result<Self, BadSeed> {
        let bad = |problem: String| BadSeed { file: path.display().to_string(), problem: one_line(&problem) };
        let text = std::fs::read_to_string(path).map_err(|error| bad(format!("it cannot be read: {error}")))?;
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let whole = parse(&text, is_json).map_err(bad)?;
        Self::of(whole, app).map_err(bad)
    }

    fn of(whole: Map<String, Value>, app: &App) -> Result<Self, String> {
        let mut entries = Vec::new();
        for (field, value) in whole {
            match (field.as_str(), value) {
                ("instances", Value::Array(list)) => entries = list,
                ("instances", _) => return Err("`instances` must be a list of tables".to_owned()),
                _ => return Err(format!("`{field}` is unknown; there is only `instances`")),
            }
        }
        let mut instances: Vec<Planned> = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let planned = planned(entry, app).map_err(|problem| format!("instances.{index}: {problem}"))?;
            if instances.iter().any(|other| other.name == planned.name) {
                return Err(format!("instances.{index}: `InstanceName` `{}` is there twice", planned.name));
            }
            instances.push(planned);
        }
        Ok(Self { instances })
    }
}

fn parse(text: &str, is_json: bool) -> Result<Map<String, Value>, String> {
    if is_json {
        serde_json::from_str(text).map_err(|error| format!("it is not JSON with an object: {error}"))
    } else {
        toml::from_str(text).map_err(|error| format!("it is not TOML: {error}"))
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn planned(entry: Value, app: &App) -> Result<Planned, String> {
    let Value::Object(mut fields) = entry else { return Err("it must be a table".to_owned()) };
    let region = region(fields.remove("region"), app)?;
    let keys = keys(fields.remove("keys"), fields.remove("fill"))?;
    if let Some(tags) = fields.remove("tags") {
        let tags = texts("tags", tags)?.into_iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value}));
        let tags = tags.collect();
        if fields.insert("ResourceTags".to_owned(), tags).is_some() {
            return Err("`tags` stands beside `ResourceTags`; give one of the two".to_owned());
        }
    }
    let Some(name) = fields.get("InstanceName").and_then(Value::as_str).map(str::to_owned) else {
        return Err("`InstanceName` is missing; a text by which the instance is known".to_owned());
    };
    let in_it = |error: Error| format!("({name}) {}", error.message.en);
    let request = order(fields).map_err(in_it)?;
    order::check(&request, region, &app.engines, &app.config).map_err(in_it)?;
    if request.goods_num != 1 || request.dry_run == Some(true) {
        return Err(format!("({name}) `GoodsNum` must be 1, which it is when it is left out, and `DryRun` false"));
    }
    if request.no_auth == Some(true) && !keys.is_empty() || request.password.is_some() || keys.is_empty() {
        return Ok(Planned { name, region, request, keys });
    }
    Err(format!("({name}) `keys` and `fill` need a `Password`"))
}

/// The order, with what is left out filled in.
fn order(mut fields: Map<String, Value>) -> Result<CreateInstancesRequest, Error> {
    fields.entry("GoodsNum").or_insert_with(|| Value::from(1));
    let checked = shape::check(CreateInstances::INFO.request, fields, shape::Notation::Json)?;
    serde_json::from_value(checked).map_err(crate::error::gateway::internal)
}

fn region(given: Option<Value>, app: &App) -> Result<&'static Region, String> {
    let name = match &given {
        None => app.config.regions.default.as_str(),
        Some(Value::String(name)) => name,
        Some(_) => return Err("`region` must be a text".to_owned()),
    };
    region::find(name).ok_or_else(|| format!("`region` is no region: `{name}`; one such as ap-guangzhou is meant"))
}

fn keys(keys: Option<Value>, fill: Option<Value>) -> Result<BTreeMap<String, String>, String> {
    let mut all = keys.map_or(Ok(BTreeMap::new()), |keys| texts("keys", keys))?;
    let wanted = fill.map_or(Some(0), |fill| fill.as_u64());
    let count = wanted.and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= MOST_KEYS);
    let count = count.ok_or_else(|| format!("`fill` must be a number from 0 to {MOST_KEYS}"))?;
    all.extend((0..count).map(|key| (format!("key:{key}"), key.to_string())));
    Ok(all)
}

fn texts(field: &str, value: Value) -> Result<BTreeMap<String, String>, String> {
    serde_json::from_value(value).map_err(|error| format!("`{field}` must be a table of texts: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    fn read(name: &str, text: &str) -> Result<Seed, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Seed::read(&path, &House::empty().app).map_err(|error| error.to_string())
    }

    const GOOD: &str = r#"
        [[instances]]
        InstanceName = "cache"
        TypeId = 17
        MemSize = 1024
        RedisReplicasNum = 1
        Password = "Passw0rd!"
        SecurityGroupIdList = ["sg-1"]
        tags = { team = "a" }
        keys = { "user:1" = "Ada" }
        fill = 2
        [[instances]]
        InstanceName = "other"
        region = "ap-shanghai"
        TypeId = 17
        MemSize = 1024
        Password = "Passw0rd!"
    "#;

    #[test]
    fn toml_and_json_say_the_same() {
        let seed = read("seed.toml", GOOD).unwrap();
        let cache = &seed.instances[0];
        assert_eq!((cache.name.as_str(), cache.region.name, cache.request.goods_num), ("cache", "ap-guangzhou", 1));
        assert_eq!(cache.request.resource_tags.as_ref().unwrap()[0].tag_key, "team");
        assert_eq!(cache.request.security_group_id_list.as_deref(), Some(&["sg-1".to_owned()][..]));
        let keys: Vec<_> = cache.keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(keys, ["key:0=0", "key:1=1", "user:1=Ada"]);
        assert_eq!(seed.instances[1].region.name, "ap-shanghai");
        let json: Value = toml::from_str(GOOD).unwrap();
        assert_eq!(read("seed.json", &json.to_string()).unwrap().instances.len(), 2);
        assert!(read("seed.toml", "").unwrap().instances.is_empty());
    }

    #[test]
    fn a_bad_file_is_one_line_that_names_the_field() {
        let entry = |more: &str| format!("[[instances]]\nInstanceName = \"a\"\nTypeId = 17\nMemSize = 1024\n{more}\n");
        let sound = entry("Password = \"Passw0rd!\"");
        let cases = [
            ("machines = 1".to_owned(), "`machines` is unknown"),
            ("instances = 1".to_owned(), "`instances` must be a list"),
            ("instances = [1]".to_owned(), "instances.0: it must be a table"),
            ("[[instances]]\nTypeId = 17".to_owned(), "instances.0: `InstanceName` is missing"),
            ("[[instances]]\nInstanceName = \"a\"\nTypeId = 17".to_owned(), "MemSize"),
            (entry("Pasword = \"x\""), "Pasword"),
            (entry("MemSise = 1"), "MemSise"),
            (entry("Password = 5"), "Password"),
            (entry("Password = \"short\""), "Password"),
            (entry("Password = \"Passw0rd!\"\nRedisReplicasNum = 99"), "RedisReplicasNum"),
            (entry("Password = \"Passw0rd!\"\nGoodsNum = 2"), "`GoodsNum` must be 1"),
            (entry("Password = \"Passw0rd!\"\nfill = -1"), "`fill` must be a number"),
            (entry("Password = \"Passw0rd!\"\nkeys = { a = 1 }"), "`keys` must be a table of texts"),
            (entry("Password = \"Passw0rd!\"\nregion = \"mars\""), "`region` is no region: `mars`"),
            (entry("Password = \"Passw0rd!\"\ntags = {a = \"b\"}\nResourceTags = []"), "`tags` stands beside"),
            (format!("{sound}{sound}"), "instances.1: `InstanceName` `a` is there twice"),
            ("[[instances".to_owned(), "it is not TOML"),
        ];
        for (text, expected) in cases {
            let told = read("seed.toml", &text).unwrap_err();
            assert!(told.contains(expected) && told.contains("seed.toml") && !told.contains('\n'), "{text}: {told}");
        }
        assert!(read("seed.json", "[]").unwrap_err().contains("it is not JSON"));
    }
}
