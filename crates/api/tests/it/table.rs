//! The static table against the facts.

use std::collections::BTreeMap;

use api::{ActionInfo, Shape, Type};

use crate::facts;

/// Every shape that the actions of a service reach, by name.
fn shapes(service: &str) -> BTreeMap<&'static str, &'static Shape> {
    fn collect(shape: &'static Shape, found: &mut BTreeMap<&'static str, &'static Shape>) {
        if found.insert(shape.name, shape).is_none() {
            shape.fields.iter().for_each(|field| inner(&field.ty, found));
        }
    }
    fn inner(ty: &Type, found: &mut BTreeMap<&'static str, &'static Shape>) {
        match ty {
            Type::Object(shape) => collect(shape, found),
            Type::List(element) => inner(element, found),
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    for action in api::actions().iter().filter(|action| action.service == service) {
        collect(action.request, &mut found);
        collect(action.response, &mut found);
    }
    found
}

fn display(field: &facts::Field) -> String {
    let of = if matches!(field.of.as_str(), "date" | "datetime") { "string" } else { &field.of };
    if field.kind == "list" { format!("list of {of}") } else { of.to_owned() }
}

#[test]
fn redis_has_124_actions_and_312_objects() {
    assert_eq!(api::actions().iter().filter(|action| action.service == "redis").count(), 124);
    assert_eq!(shapes("redis").len(), 312);
}

#[test]
fn every_action_is_in_the_table_and_found() {
    let mut expected = Vec::new();
    for facts in facts::all() {
        for (name, action) in facts["actions"].as_object().unwrap() {
            let (service, version) = (facts["service"].as_str().unwrap(), facts["version"].as_str().unwrap());
            let found: &ActionInfo = api::find(service, version, name).unwrap();
            assert_eq!((found.service, found.version, found.name), (service, version, name.as_str()));
            assert_eq!(action["request"], found.request.name);
            assert_eq!(action["response"], found.response.name);
            expected.push((service.to_owned(), version.to_owned(), name.clone()));
        }
    }
    let row = |action: &ActionInfo| (action.service.to_owned(), action.version.to_owned(), action.name.to_owned());
    assert_eq!(api::actions().iter().map(row).collect::<Vec<_>>(), expected);
}

#[test]
fn a_name_that_is_not_there_is_not_found() {
    assert!(api::find("redis", "2018-04-12", "DescribeTaskInfo").is_some());
    assert!(api::find("redis", "2018-04-12", "describetaskinfo").is_none());
    assert!(api::find("redis", "2018-04-12", "").is_none());
    assert!(api::find("redis", "2018-04-13", "DescribeTaskInfo").is_none());
    assert!(api::find("cvm", "2018-04-12", "DescribeTaskInfo").is_none());
}

#[test]
fn the_services_are_those_of_the_files() {
    let versions = |facts: &serde_json::Value| {
        (facts["service"].as_str().unwrap().to_owned(), facts["version"].as_str().unwrap().to_owned())
    };
    let expected: Vec<_> = facts::all().iter().map(versions).collect();
    let services: Vec<_> = api::services().iter().map(|(s, v)| ((*s).to_owned(), (*v).to_owned())).collect();
    assert_eq!(services, expected);
}

#[test]
fn every_field_of_every_object_is_as_in_the_facts() {
    for facts in facts::all() {
        let shapes = shapes(facts["service"].as_str().unwrap());
        let objects = facts["objects"].as_object().unwrap();
        assert_eq!(shapes.keys().collect::<Vec<_>>(), objects.keys().collect::<Vec<_>>());
        for (name, shape) in shapes {
            let expected = facts::fields(facts, name).unwrap();
            assert_eq!(shape.fields.len(), expected.len(), "{name}");
            for (field, fact) in shape.fields.iter().zip(expected) {
                let place = format!("{name}.{}", fact.name);
                assert_eq!(field.name, fact.name, "{place}");
                assert_eq!(field.ty.to_string(), display(&fact), "{place}");
                assert_eq!((field.required, field.nullable), (fact.required, fact.nullable), "{place}");
                assert!(std::ptr::eq(shape.field(&fact.name).unwrap(), field), "{place}");
            }
            assert!(shape.field("NoSuchField").is_none());
        }
    }
}

#[test]
fn visit_shows_every_action_once_and_in_order() {
    struct Infos(Vec<&'static ActionInfo>);
    impl api::Visitor for Infos {
        fn visit<C: api::Call>(&mut self) {
            self.0.push(C::INFO);
        }
    }
    let mut infos = Infos(Vec::new());
    api::visit(&mut infos);
    assert_eq!(infos.0.len(), api::actions().len());
    assert!(infos.0.iter().zip(api::actions()).all(|(info, row)| std::ptr::eq(*info, row)));
}
