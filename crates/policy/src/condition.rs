//! Conditions: `{OPERATOR: {KEY: VALUES}}`.
//!
//! All conditions of a statement must hold; of the values of one key, one must fit. An operator with `not` is the
//! opposite of the one without. Where the request has nothing for the key, an operator with `_if_exist` and one with
//! `for_all_value:` hold, one without `not` does not, and its opposite therefore does.

use crate::compare::{self, Family, Test};
use crate::error::{ParseError, shown, wrong};
use crate::json::Json;
use crate::key::{Key, Value};
use crate::query::Facts;

#[derive(Debug)]
pub(crate) struct Condition {
    key: Key,
    rule: Rule,
    /// Holds where the request has nothing for the key.
    if_exist: bool,
}

#[derive(Debug)]
enum Rule {
    /// Whether the request is to have nothing for the key.
    Null(bool),
    Compare {
        test: Test,
        negated: bool,
        quantifier: Quantifier,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    /// The opposite of a comparison is that no value fits.
    Plain,
    ForAny,
    ForAll,
}

/// The conditions of a statement.
pub(crate) fn parse(json: &Json, at: &str) -> Result<Vec<Condition>, ParseError> {
    let mut found = Vec::new();
    for (operator, keys) in json.members(at)? {
        let at = format!("{at}.{}", shown(operator));
        let keys = keys.members(&at)?;
        // It would hold for everybody, which nobody means.
        if keys.is_empty() {
            return Err(wrong(at, "compares nothing; write {KEY: VALUE}"));
        }
        for (key, values) in keys {
            found.push(Condition::parse(operator, key, values, &at)?);
        }
    }
    Ok(found)
}

impl Condition {
    fn parse(operator: &str, key: &str, values: &Json, at: &str) -> Result<Self, ParseError> {
        let (quantifier, rest) =
            match (operator.strip_prefix("for_any_value:"), operator.strip_prefix("for_all_value:")) {
                (Some(rest), _) => (Quantifier::ForAny, rest),
                (_, Some(rest)) => (Quantifier::ForAll, rest),
                _ => (Quantifier::Plain, operator),
            };
        let (name, if_exist) = rest.strip_suffix("_if_exist").map_or((rest, false), |name| (name, true));
        let (family, negated) = compare::operator(name).ok_or_else(|| {
            wrong(at, "is not an operator known here, such as string_equal, ip_equal or date_less_than")
        })?;
        let place = format!("{at}.{}", shown(key));
        let key = Key::parse(key, at)?;
        suits(&key, family, &place)?;
        let items = values.items(&place)?;
        let rule = if family != Family::Null {
            Rule::Compare { test: Test::parse(family, &items)?, negated, quantifier }
        } else if quantifier != Quantifier::Plain || if_exist || items.len() != 1 {
            return Err(wrong(at, "takes one value, and neither `for_any_value:`, `for_all_value:` nor `_if_exist`"));
        } else {
            Rule::Null(compare::truth(items[0].1, &items[0].0)?)
        };
        Ok(Self { key, rule, if_exist })
    }

    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        let values = self.key.values(facts);
        if self.if_exist && values.is_empty() {
            return true;
        }
        match &self.rule {
            Rule::Null(missing) => values.is_empty() == *missing,
            Rule::Compare { test, negated, quantifier } => {
                let fits = |value: &Value<'_>| test.fits(value);
                match quantifier {
                    Quantifier::Plain => values.iter().any(fits) != *negated,
                    Quantifier::ForAny => values.iter().any(|value| fits(value) != *negated),
                    Quantifier::ForAll => values.iter().all(|value| fits(value) != *negated),
                }
            }
        }
    }
}

/// An operator that could never fit its key is a slip, and in a `deny` a dangerous one.
fn suits(key: &Key, family: Family, at: &str) -> Result<(), ParseError> {
    let (suits, right) = match key {
        Key::Ip => (matches!(family, Family::Ip), "ip_equal or ip_not_equal"),
        Key::CurrentTime => (matches!(family, Family::Date(_)), "the date_… operators"),
        Key::Uin => {
            (matches!(family, Family::Text { .. } | Family::Numeric(_)), "the string_… and numeric_… operators")
        }
        Key::Tags(_) => (matches!(family, Family::Text { .. }), "the string_… operators, with `key&value`"),
        Key::Tag(..) => (
            matches!(family, Family::Text { .. } | Family::Numeric(_) | Family::Bool),
            "the string_…, numeric_… and bool_equal operators",
        ),
    };
    match suits || family == Family::Null {
        true => Ok(()),
        false => Err(wrong(at, format!("goes with {right} only, and with null_equal"))),
    }
}
