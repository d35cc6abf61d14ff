//! A policy and its statements.

use std::sync::Arc;

use crate::action::Actions;
use crate::condition::{self, Condition};
use crate::error::{ParseError, shown, wrong};
use crate::json::Json;
use crate::principal::{self, Principal};
use crate::query::Query;
use crate::resource::{self, Target};

/// The longest policy, in characters; CAM's own limit.
pub const MAX_CHARS: usize = 6144;

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// What its holder may do: names resources.
    Identity,
    /// Who may take on a role: names principals.
    Trust,
}

/// A policy that was read and is ready to decide.
#[derive(Debug)]
pub struct Policy {
    statements: Vec<Arc<Statement>>,
}

#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) denies: bool,
    actions: Actions,
    who_or_what: Scope,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
enum Scope {
    Resources(Vec<Target>),
    Principals(Vec<Principal>),
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Which element is wrong, and what would be right.
    pub fn parse(text: &str, purpose: Purpose) -> Result<Self, ParseError> {
        if text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS {
            return Err(wrong("policy", format!("is longer than {MAX_CHARS} characters")));
        }
        let json = Json::read(text)?;
        let mut version = None;
        let mut statements = None;
        for (name, value) in json.members("policy")? {
            match name.as_str() {
                "version" => version = Some(value),
                "statement" => statements = Some(value),
                _ => return Err(unknown("", name, "`version` and `statement`")),
            }
        }
        match version {
            Some(Json::Text(version)) if version == "2.0" => {}
            Some(_) => return Err(wrong("version", "must be \"2.0\"")),
            None => return Err(wrong("version", "is missing; write \"version\": \"2.0\"")),
        }
        let statements = statements.ok_or_else(|| wrong("statement", "is missing"))?;
        let read = |(at, item): (String, &Json)| Statement::parse(item, &at, purpose).map(Arc::new);
        Ok(Self { statements: statements.items("statement")?.into_iter().map(read).collect::<Result<_, _>>()? })
    }

    pub(crate) fn statements(&self) -> &[Arc<Statement>] {
        &self.statements
    }
}

/// The elements of a statement, as they were found.
#[derive(Default)]
struct Elements<'j> {
    effect: Option<&'j Json>,
    action: Option<&'j Json>,
    resource: Option<&'j Json>,
    principal: Option<&'j Json>,
    condition: Option<&'j Json>,
}

impl<'j> Elements<'j> {
    fn find(json: &'j Json, at: &str) -> Result<Self, ParseError> {
        let mut found = Self::default();
        for (name, value) in json.members(at)? {
            let place = match name.as_str() {
                "effect" => &mut found.effect,
                "action" => &mut found.action,
                "resource" => &mut found.resource,
                "principal" => &mut found.principal,
                "condition" => &mut found.condition,
                _ => {
                    let known = "`effect`, `action`, `resource`, `principal` and `condition`, in lower case";
                    return Err(unknown(&format!("{at}."), name, known));
                }
            };
            *place = Some(value);
        }
        Ok(found)
    }
}

impl Statement {
    fn parse(json: &Json, at: &str, purpose: Purpose) -> Result<Self, ParseError> {
        let found = Elements::find(json, at)?;
        let part = |name: &str| format!("{at}.{name}");
        let missing = |name: &str| wrong(part(name), "is missing");
        Ok(Self {
            denies: denies(found.effect.ok_or_else(|| missing("effect"))?, &part("effect"))?,
            actions: Actions::parse(found.action.ok_or_else(|| missing("action"))?, &part("action"))?,
            who_or_what: match (purpose, found.resource, found.principal) {
                (Purpose::Identity, _, Some(_)) => {
                    return Err(wrong(part("principal"), "stands in a role's trust policy only; leave it out"));
                }
                (Purpose::Trust, Some(_), _) => {
                    return Err(wrong(part("resource"), "does not stand in a trust policy; leave it out"));
                }
                (Purpose::Identity, resource, None) => {
                    Scope::Resources(resource::parse(resource.ok_or_else(|| missing("resource"))?, &part("resource"))?)
                }
                (Purpose::Trust, None, principal) => Scope::Principals(principal::parse(
                    principal.ok_or_else(|| missing("principal"))?,
                    &part("principal"),
                )?),
            },
            conditions: found.condition.map_or(Ok(Vec::new()), |json| condition::parse(json, &part("condition")))?,
        })
    }

    /// Whether the action, `service:action` in lower case, is one of its own.
    pub(crate) fn speaks_of(&self, action: &str) -> bool {
        self.actions.contain(action)
    }

    /// Whether it is about all resources, whatever else is so.
    pub(crate) fn is_unconditional(&self) -> bool {
        let all = |targets: &[Target]| targets.iter().any(|target| matches!(target, Target::All));
        self.conditions.is_empty() && matches!(&self.who_or_what, Scope::Resources(targets) if all(targets))
    }

    /// Whether it speaks of this request, if it does of the action.
    pub(crate) fn applies(&self, query: &Query<'_>) -> bool {
        let meant = match &self.who_or_what {
            Scope::Resources(targets) => targets.iter().any(|target| target.covers(&query.resource)),
            Scope::Principals(principals) => {
                query.principal.is_some_and(|who| principals.iter().any(|it| it.covers(who)))
            }
        };
        meant && self.conditions.iter().all(|condition| condition.holds(query.facts))
    }
}

fn denies(json: &Json, at: &str) -> Result<bool, ParseError> {
    match json.text(at)? {
        "allow" => Ok(false),
        "deny" => Ok(true),
        other => Err(wrong(at, format!("must be `allow` or `deny`, not {}", shown(other)))),
    }
}

fn unknown(at: &str, name: &str, known: &str) -> ParseError {
    let short: String = name.chars().take(80).flat_map(char::escape_debug).collect();
    wrong(format!("{at}{short}"), format!("is not an element of a policy; known here are {known}"))
}
