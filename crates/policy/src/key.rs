//! What a condition asks about.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::error::{ParseError, shown, wrong};
use crate::query::Facts;

/// The key of a condition.
#[derive(Debug)]
pub(crate) enum Key {
    Ip,
    CurrentTime,
    Uin,
    /// All tags of one side, each as `key&value`.
    Tags(Side),
    /// The value of one tag.
    Tag(Side, String),
}

/// Whose tags.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Side {
    Resource,
    Request,
}

/// A value that a request has for a key.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Text(Cow<'a, str>),
    Ip(IpAddr),
    /// Seconds since 1970.
    Time(i64),
}

impl Key {
    pub(crate) fn parse(name: &str, at: &str) -> Result<Self, ParseError> {
        let tag = |side, prefix| name.strip_prefix(prefix).filter(|key| !key.is_empty()).map(|key| (side, key));
        match name {
            "qcs:ip" => Ok(Self::Ip),
            "qcs:current_time" => Ok(Self::CurrentTime),
            "qcs:uin" => Ok(Self::Uin),
            "qcs:resource_tag" => Ok(Self::Tags(Side::Resource)),
            "qcs:request_tag" => Ok(Self::Tags(Side::Request)),
            _ => tag(Side::Resource, "qcs:resource_tag/")
                .or_else(|| tag(Side::Request, "qcs:request_tag/"))
                .map(|(side, key)| Self::Tag(side, key.to_owned()))
                .ok_or_else(|| {
                    let known = "qcs:ip, qcs:current_time, qcs:uin, qcs:resource_tag and qcs:request_tag";
                    wrong(at, format!("has the key {}, which is not known here; known are {known}", shown(name)))
                }),
        }
    }

    /// What the request has for it: nothing, one value, or one for each tag.
    pub(crate) fn values<'a>(&'a self, facts: &'a Facts<'_>) -> Vec<Value<'a>> {
        match self {
            Self::Ip => facts.ip.map(|ip| Value::Ip(ip.to_canonical())).into_iter().collect(),
            Self::CurrentTime => vec![Value::Time(facts.now_ms.div_euclid(1000))],
            Self::Uin => vec![Value::Text(facts.uin.into())],
            Self::Tags(side) => {
                side.tags(facts).iter().map(|(key, value)| Value::Text(format!("{key}&{value}").into())).collect()
            }
            Self::Tag(side, wanted) => side
                .tags(facts)
                .iter()
                .filter(|(key, _)| key == wanted)
                .map(|(_, value)| Value::Text(value.into()))
                .collect(),
        }
    }
}

impl Side {
    fn tags<'a>(self, facts: &'a Facts<'_>) -> &'a [(String, String)] {
        match self {
            Self::Resource => facts.resource_tags,
            Self::Request => facts.request_tags,
        }
    }
}
