//! The static description: a shape for every object, a marker for every action, and the table of all actions.

use crate::facts::{Action, Member, Of, Service};
use crate::names;

/// `pub mod actions`: one marker type an action, tied to its types and to its line in the table, the first of which is
/// at `first`.
pub(crate) fn markers(service: &Service, first: usize) -> String {
    let mut text = "/// One marker type an action.\npub mod actions {\n".to_owned();
    for (line, (name, action)) in service.actions.iter().enumerate() {
        text += &format!(
            "#[doc = \"The action `{service}:{name}`: [`{request}`](super::{request}) → [`{response}`](super::{response}).\"]\n\
             pub struct {name};\n\
             impl crate::Call for {name} {{\n\
             type Request = super::{request};\n\
             type Response = super::{response};\n\
             const INFO: &'static crate::ActionInfo = &crate::ACTIONS[{line}];\n}}\n",
            service = service.service,
            request = action.request,
            response = action.response,
            line = first + line,
        );
    }
    text + "}\n"
}

/// `mod shapes`: one static an object.
pub(crate) fn shapes(service: &Service) -> String {
    let mut text = "pub(crate) mod shapes {\nuse crate::shape::{Field, Shape, Type};\n".to_owned();
    for (object, members) in &service.objects {
        let fields: String = members.iter().map(field).collect();
        text += &format!(
            "pub(crate) static {}: Shape = Shape {{ name: \"{object}\", fields: &[{fields}] }};\n",
            constant(object)
        );
    }
    text + "}\n"
}

fn field(member: &Member) -> String {
    let Member { name, required, nullable, .. } = member;
    let secret = member.is_secret();
    let of = match member.of() {
        Of::Int64 => "Type::Int64".to_owned(),
        Of::Uint64 => "Type::Uint64".to_owned(),
        Of::Float => "Type::Float".to_owned(),
        Of::Bool => "Type::Bool".to_owned(),
        Of::String => "Type::String".to_owned(),
        Of::Object(object) => format!("Type::Object(&{})", constant(object)),
    };
    let ty = if member.is_list() { format!("Type::List(&{of})") } else { of };
    format!("Field {{ name: \"{name}\", ty: {ty}, required: {required}, nullable: {nullable}, secret: {secret} }},\n")
}

/// The table over all services in the order of service, version and name, and the walk over the markers.
pub(crate) fn actions(services: &[Service]) -> String {
    let [mut rows, mut visits, mut versions] = <[String; 3]>::default();
    let mut count = 0;
    for service in services {
        versions += &format!("(\"{}\", \"{}\"),", service.service, service.version);
        for (name, action) in &service.actions {
            rows += &row(service, name, action, count);
            count += 1;
            visits += &format!("visitor.visit::<{}::actions::{name}>();\n", service.service);
        }
    }
    format!(
        "static ACTIONS: [ActionInfo; {count}] = [\n{rows}];\n\
         static SERVICES: &[(&str, &str)] = &[{versions}];\n\
         /// Shows every action's marker to the visitor, in the order of [`actions`].\n\
         pub fn visit<V: Visitor>(visitor: &mut V) {{\n{visits}}}\n"
    )
}

fn row(service: &Service, name: &str, action: &Action, line: usize) -> String {
    let Service { service, version, .. } = service;
    format!(
        "ActionInfo {{ line: {line}, service: \"{service}\", version: \"{version}\", name: \"{name}\", \
         request: &{service}::shapes::{}, response: &{service}::shapes::{} }},\n",
        constant(&action.request),
        constant(&action.response),
    )
}

fn constant(object: &str) -> String {
    names::snake(object).to_ascii_uppercase()
}
