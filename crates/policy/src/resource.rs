//! Resources of a statement: six parts, or `*`.

use crate::error::{ParseError, shown, wrong};
use crate::json::Json;
use crate::pattern::Pattern;
use crate::query::Resource;

const RIGHT: &str = "write `*` or `qcs::redis:ap-guangzhou:uin/ACCOUNT:instance/crs-xxxxxxxx`, \
                     where region and account may be empty or `*`";

/// Old short names of regions that policies still carry.
const SHORT_REGIONS: [(&str, &str); 8] = [
    ("bj", "ap-beijing"),
    ("cd", "ap-chengdu"),
    ("cq", "ap-chongqing"),
    ("gz", "ap-guangzhou"),
    ("hk", "ap-hongkong"),
    ("sg", "ap-singapore"),
    ("sh", "ap-shanghai"),
    ("nj", "ap-nanjing"),
];

/// What a statement is about.
#[derive(Debug)]
pub(crate) enum Target {
    /// `*`.
    All,
    /// Six parts.
    Parts(Box<Parts>),
}

/// What stands between the colons; `None` stands for any.
#[derive(Debug)]
pub(crate) struct Parts {
    service: Pattern,
    region: Option<Pattern>,
    account: Option<Pattern>,
    path: Pattern,
}

/// The resources of a statement.
pub(crate) fn parse(json: &Json, at: &str) -> Result<Vec<Target>, ParseError> {
    json.items(at)?.into_iter().map(|(at, item)| Target::parse(item.text(&at)?, &at)).collect()
}

impl Target {
    fn parse(text: &str, at: &str) -> Result<Self, ParseError> {
        if text == "*" {
            return Ok(Self::All);
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [qcs, project, service, region, account, path] = parts[..] else {
            return Err(wrong(at, format!("{} does not have six parts; {RIGHT}", shown(text))));
        };
        if qcs != "qcs" || !["", "*"].contains(&project) {
            return Err(wrong(at, format!("{} must begin with `qcs::`; {RIGHT}", shown(text))));
        }
        if service.is_empty() || path.is_empty() {
            return Err(wrong(at, format!("{} lacks its service or what is meant of it; {RIGHT}", shown(text))));
        }
        let region = SHORT_REGIONS.iter().find(|(short, _)| *short == region).map_or(region, |(_, long)| long);
        Ok(Self::Parts(Box::new(Parts {
            service: Pattern::new(&service.to_ascii_lowercase()),
            region: part(region),
            account: part(account_digits(account, at)?),
            path: Pattern::new(&today(path)),
        })))
    }

    /// Whether this resource is meant.
    pub(crate) fn covers(&self, resource: &Resource<'_>) -> bool {
        let fits = |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|it| it.matches(text));
        match self {
            Self::All => true,
            Self::Parts(parts) => {
                parts.path.matches(resource.path)
                    && parts.service.matches(resource.service)
                    && fits(&parts.region, resource.region)
                    && fits(&parts.account, resource.account)
            }
        }
    }
}

fn part(text: &str) -> Option<Pattern> {
    (!["", "*"].contains(&text)).then(|| Pattern::new(text))
}

/// The account's digits out of `uin/N`. An AppId (`uid/N`) is refused: nothing would ever match it.
fn account_digits<'t>(account: &'t str, at: &str) -> Result<&'t str, ParseError> {
    if ["", "*"].contains(&account) {
        return Ok(account);
    }
    match account.strip_prefix("uin/") {
        Some(uin) if !uin.is_empty() && uin.chars().all(|c| c.is_ascii_digit() || c == '*') => Ok(uin),
        _ => Err(wrong(
            at,
            format!("{} is not an account; write `uin/` and its digits, or leave it empty", shown(account)),
        )),
    }
}

/// The path as it is spelled today: an instance was once `instanceId/…`.
fn today(path: &str) -> String {
    path.strip_prefix("instanceId/").map_or_else(|| path.to_owned(), |id| format!("instance/{id}"))
}
