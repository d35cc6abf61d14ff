//! The comparisons of conditions.

use ipnet::IpNet;
use std::net::IpAddr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{ParseError, shown, wrong};
use crate::json::Json;
use crate::key::Value;
use crate::pattern::Pattern;

/// What kind of comparison an operator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Text { like: bool, ignore_case: bool },
    Numeric(Relation),
    Date(Relation),
    Bool,
    Ip,
    Null,
}

/// How the request's value stands to the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// The comparison that an operator's name means, and whether it is the opposite of it.
pub(crate) fn operator(name: &str) -> Option<(Family, bool)> {
    let (kind, rest) = name.split_once('_')?;
    let (rest, negated) = rest.strip_prefix("not_").map_or((rest, false), |rest| (rest, true));
    let family = match (kind, rest) {
        ("string", "equal") => Family::Text { like: false, ignore_case: false },
        ("string", "equal_ignore_case") => Family::Text { like: false, ignore_case: true },
        ("string", "like") => Family::Text { like: true, ignore_case: false },
        ("string", "like_ignore_case") => Family::Text { like: true, ignore_case: true },
        ("bool", "equal") if !negated => Family::Bool,
        ("ip", "equal") => Family::Ip,
        ("null", "equal") if !negated => Family::Null,
        ("numeric", _) => Family::Numeric(relation(rest, negated)?),
        ("date", _) => Family::Date(relation(rest, negated)?),
        _ => return None,
    };
    Some((family, negated))
}

fn relation(name: &str, negated: bool) -> Option<Relation> {
    match name {
        "equal" => Some(Relation::Equal),
        // Only `equal` has an opposite by name.
        _ if negated => None,
        "less_than" => Some(Relation::Less),
        "less_than_equal" => Some(Relation::LessEqual),
        "greater_than" => Some(Relation::Greater),
        "greater_than_equal" => Some(Relation::GreaterEqual),
        _ => None,
    }
}

impl Relation {
    fn holds<T: PartialOrd>(self, value: &T, bound: &T) -> bool {
        match self {
            Self::Equal => value == bound,
            Self::Less => value < bound,
            Self::LessEqual => value <= bound,
            Self::Greater => value > bound,
            Self::GreaterEqual => value >= bound,
        }
    }
}

/// A comparison with the values of the policy, of which one must fit.
#[derive(Debug)]
pub(crate) enum Test {
    Equal(Vec<String>),
    EqualIgnoreCase(Vec<String>),
    Like(Vec<Pattern>),
    LikeIgnoreCase(Vec<Pattern>),
    Numeric(Relation, Vec<f64>),
    /// In whole seconds since 1970.
    Date(Relation, Vec<i64>),
    Bool(Vec<bool>),
    Ip(Vec<IpNet>),
}

impl Test {
    /// Reads the values, each with its place.
    pub(crate) fn parse(family: Family, items: &[(String, &Json)]) -> Result<Self, ParseError> {
        Ok(match family {
            Family::Text { like: false, ignore_case: false } => Self::Equal(each(items, text)?),
            Family::Text { like: false, ignore_case: true } => Self::EqualIgnoreCase(each(items, lower)?),
            Family::Text { like: true, ignore_case: false } => Self::Like(patterns(&each(items, text)?)),
            Family::Text { like: true, ignore_case: true } => Self::LikeIgnoreCase(patterns(&each(items, lower)?)),
            Family::Numeric(relation) => Self::Numeric(relation, each(items, number)?),
            Family::Date(relation) => Self::Date(relation, each(items, date)?),
            Family::Bool | Family::Null => Self::Bool(each(items, truth)?),
            Family::Ip => Self::Ip(each(items, net)?),
        })
    }

    /// Whether one of its values fits. A value of another kind, or one that is no number, does not.
    pub(crate) fn fits(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Equal(wanted), Value::Text(text)) => wanted.iter().any(|it| it == text),
            (Self::EqualIgnoreCase(wanted), Value::Text(text)) => wanted.contains(&text.to_lowercase()),
            (Self::Like(patterns), Value::Text(text)) => patterns.iter().any(|it| it.matches(text)),
            (Self::LikeIgnoreCase(patterns), Value::Text(text)) => {
                let text = text.to_lowercase();
                patterns.iter().any(|it| it.matches(&text))
            }
            (Self::Numeric(relation, bounds), Value::Text(text)) => {
                text.parse::<f64>().is_ok_and(|number| bounds.iter().any(|bound| relation.holds(&number, bound)))
            }
            (Self::Bool(wanted), Value::Text(text)) => {
                wanted.iter().any(|it| text.eq_ignore_ascii_case(if *it { "true" } else { "false" }))
            }
            (Self::Date(relation, bounds), Value::Time(time)) => bounds.iter().any(|it| relation.holds(time, it)),
            (Self::Ip(nets), Value::Ip(ip)) => nets.iter().any(|net| net.contains(ip)),
            _ => false,
        }
    }
}

fn each<T>(items: &[(String, &Json)], read: fn(&Json, &str) -> Result<T, ParseError>) -> Result<Vec<T>, ParseError> {
    items.iter().map(|(at, item)| read(item, at)).collect()
}

fn patterns(texts: &[String]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(text)).collect()
}

fn text(json: &Json, at: &str) -> Result<String, ParseError> {
    json.text(at).map(str::to_owned)
}

fn lower(json: &Json, at: &str) -> Result<String, ParseError> {
    json.text(at).map(str::to_lowercase)
}

fn number(json: &Json, at: &str) -> Result<f64, ParseError> {
    let number = match json {
        Json::Number(number) => Some(*number),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite()).ok_or_else(|| wrong(at, "must be a number"))
}

/// A truth value, also as a string.
pub(crate) fn truth(json: &Json, at: &str) -> Result<bool, ParseError> {
    match json {
        Json::Bool(value) => Ok(*value),
        Json::Text(text) if text == "true" => Ok(true),
        Json::Text(text) if text == "false" => Ok(false),
        _ => Err(wrong(at, "must be true or false")),
    }
}

fn date(json: &Json, at: &str) -> Result<i64, ParseError> {
    let text = json.text(at)?;
    OffsetDateTime::parse(text, &Rfc3339).map(OffsetDateTime::unix_timestamp).map_err(|_| {
        let right = "write it like 2026-01-31T08:00:00Z or 2026-01-31T08:00:00+08:00";
        wrong(at, format!("{} is not a time; {right}", shown(text)))
    })
}

fn net(json: &Json, at: &str) -> Result<IpNet, ParseError> {
    let text = json.text(at)?;
    let single = text.parse::<IpAddr>().map(|ip| IpNet::from(ip.to_canonical()));
    single.or_else(|_| text.parse()).map_err(|_| {
        wrong(at, format!("{} is not an address; write it like 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32", shown(text)))
    })
}
