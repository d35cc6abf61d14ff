//! How parameters of queries are read: what counts as absent, how pages are asked for, what a word may be.

use std::fmt::Display;

use crate::error::{Error, gateway};

/// The most values that one list may name, unless its page says less.
pub(super) const LONGEST: usize = 1000;

/// Which page: `(limit, offset)`.
pub(super) type Page = (i64, i64);

/// Reads `Limit` and `Offset`. An offset that is no multiple of the limit is as good as any other.
///
/// # Errors
/// `InvalidParameterValue`: a page of none, which a client that walks the pages would never get past, one larger than
/// `most`, or a negative offset.
pub(super) fn page<N>(limit: Option<N>, offset: Option<N>, default: i64, most: i64) -> Result<Page, Error>
where
    N: TryInto<i64> + Display + Copy,
{
    let read = |path: &str, given: Option<N>, default, low, high| {
        let Some(given) = given else { return Ok(default) };
        let inside = given.try_into().ok().filter(|value| (low..=high).contains(value));
        inside.ok_or_else(|| out_of_range(path, given, low, high))
    };
    Ok((read("Limit", limit, default, 1, most)?, read("Offset", offset, 0, 0, i64::MAX)?))
}

fn out_of_range(path: &str, value: impl Display, low: i64, high: i64) -> Error {
    let (rule, rule_zh) = if high == i64::MAX {
        (format!("it must be at least {low}"), format!("不能小于 {low}"))
    } else {
        (format!("it must be from {low} to {high}"), format!("应为 {low} 至 {high}"))
    };
    gateway::invalid_value(path, value, &rule, &rule_zh)
}

/// A text that says something; an empty one is what some clients send instead of none.
pub(super) fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// A list that says something; an empty one is what some clients send instead of none.
///
/// # Errors
/// `InvalidParameterValue` when it is longer than `most`.
pub(super) fn listed<'a, T>(path: &str, list: Option<&'a Vec<T>>, most: usize) -> Result<Option<&'a [T]>, Error> {
    match list {
        Some(list) if list.len() > most => Err(gateway::invalid_value(
            path,
            format_args!("{} elements", list.len()),
            &format!("it must have at most {most}"),
            &format!("最多 {most} 个元素"),
        )),
        list => Ok(list.map(Vec::as_slice).filter(|list| !list.is_empty())),
    }
}

/// What `value` stands for among `choices`.
///
/// # Errors
/// `InvalidParameterValue` that lists them.
pub(super) fn choice<V, T>(path: &str, value: &V, choices: &[(V, T)]) -> Result<T, Error>
where
    V: PartialEq + Display,
    T: Copy,
{
    let found = choices.iter().find(|(choice, _)| choice == value);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let all = choices.iter().map(|(choice, _)| choice.to_string()).collect::<Vec<_>>().join(", ");
        gateway::invalid_value(path, value, &format!("it must be one of {all}"), &format!("可选值为 {all}"))
    })
}

/// As [`choice`] for each element of a list, which the message names by its index.
///
/// # Errors
/// `InvalidParameterValue` that lists the choices.
pub(super) fn choices<V, T>(path: &str, values: &[V], choices: &[(V, T)]) -> Result<Vec<T>, Error>
where
    V: PartialEq + Display,
    T: Copy,
{
    values.iter().enumerate().map(|(index, value)| choice(&format!("{path}.{index}"), value, choices)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_defaults_and_bounds() {
        assert_eq!(page::<u64>(None, None, 20, 1000).unwrap(), (20, 0));
        assert_eq!(page(Some(2_u64), Some(3), 20, 1000).unwrap(), (2, 3));
        assert_eq!(page(Some(1000_i64), None, 20, 1000).unwrap(), (1000, 0));
        for (limit, offset, named) in [(0, 0, "Limit"), (1001, 0, "Limit"), (-1, 0, "Limit"), (1, -1, "Offset")] {
            let error = page(Some(limit), Some(offset), 20, 1000).unwrap_err();
            assert!(error.code == "InvalidParameterValue" && error.message.en.contains(named), "{error}");
        }
        assert!(page(None, Some(u64::MAX), 20, 1000).is_err());
    }

    #[test]
    fn a_wrong_word_is_told_the_right_ones() {
        let words = [("asc", 1), ("desc", 2)];
        assert_eq!(choice("Way", &"desc", &words).unwrap(), 2);
        let error = choices("Ways", &["asc", "up"], &words).unwrap_err();
        assert!(error.message.en.contains("`up` of parameter `Ways.1`") && error.message.en.contains("asc, desc"));
    }

    #[test]
    fn nothing_said_is_nothing_asked() {
        assert_eq!(given(Some(&String::new())), None);
        assert_eq!(listed("L", Some(&Vec::<i64>::new()), 3).unwrap(), None);
        assert!(listed("L", Some(&vec![0; 4]), 3).is_err());
    }
}
