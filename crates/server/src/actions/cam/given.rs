//! How parameters of CAM are read: whom and what they name, pages, tags, and what there is none of here.

use api::Secret;
use db::Tx;

use crate::context::Context;
use crate::error::{Error, cam, gateway};
use crate::model::identity;
use crate::store;
use crate::store::policy::StoredPolicy;
use crate::store::role::Role;
use crate::store::user::User;

/// The most lines of a page.
const MOST_LINES: u64 = 200;

/// A flag that is written 0 or 1.
///
/// # Errors
/// `InvalidParameter.ParamError`.
pub(super) fn flag(path: &str, value: Option<u64>) -> Result<bool, Error> {
    match value {
        None | Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(other) => Err(cam::bad_parameter(path, other, "it must be 0 or 1", "应为 0 或 1")),
    }
}

/// Refuses what is for people who log in to a console: there is none.
///
/// # Errors
/// `UnsupportedOperation`, `InvalidParameter.ParamError`.
pub(super) fn no_console(login: Option<u64>, password: Option<&Secret>, reset: Option<u64>) -> Result<(), Error> {
    let password = password.is_some_and(|password| !password.expose().is_empty());
    let wanted = [
        ("ConsoleLogin", flag("ConsoleLogin", login)?),
        ("Password", password),
        ("NeedResetPassword", flag("NeedResetPassword", reset)?),
    ];
    match wanted.into_iter().find(|(_, wanted)| *wanted) {
        Some((path, _)) => {
            Err(gateway::unsupported_parameter(path, "there is no console to log in to", "本服务没有可登录的控制台"))
        }
        None => Ok(()),
    }
}

/// Which lines of a list: how many to leave out, how many to show at most. Pages are counted from 1.
///
/// # Errors
/// `InvalidParameter.ParamError`.
pub(super) fn page(page: Option<u64>, lines: Option<u64>) -> Result<(usize, usize), Error> {
    let (page, lines) = (page.unwrap_or(1), lines.unwrap_or(20));
    if page == 0 {
        return Err(cam::bad_parameter("Page", page, "pages are counted from 1", "页码从 1 开始"));
    }
    if !(1..=MOST_LINES).contains(&lines) {
        return Err(identity::out_of_range("Rp", lines, 1, 200));
    }
    let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    Ok((size((page - 1).saturating_mul(lines)), size(lines)))
}

/// One of two ways to name a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pick<T> {
    Id(T),
    Name(String),
}

/// By the parameters with these names, of which one must be given.
///
/// # Errors
/// `MissingParameter`, `InvalidParameter.ParamError`.
pub(super) fn pick<T>(
    (id_path, id): (&str, Option<T>),
    (name_path, name): (&str, Option<String>),
) -> Result<Pick<T>, Error> {
    match (id, name.filter(|name| !name.is_empty())) {
        (Some(id), None) => Ok(Pick::Id(id)),
        (None, Some(name)) => Ok(Pick::Name(name)),
        (None, None) => Err(gateway::missing_parameter(id_path)),
        (Some(_), Some(name)) => {
            let (rule, rule_zh) = (format!("give this or `{id_path}`, not both"), format!("与 `{id_path}` 只能二选一"));
            Err(cam::bad_parameter(name_path, name.escape_debug(), &rule, &rule_zh))
        }
    }
}

/// A role by its id or its name; an empty id is none.
///
/// # Errors
/// As [`pick`].
pub(super) fn pick_role(
    (id_path, id): (&str, Option<String>),
    name: (&str, Option<String>),
) -> Result<Pick<String>, Error> {
    pick((id_path, id.filter(|id| !id.is_empty())), name)
}

/// The account's role.
///
/// # Errors
/// `InvalidParameter.RoleNotExist`; the database's.
pub(super) fn role(tx: &Tx<'_>, account: &str, paths: (&str, &str), pick: &Pick<String>) -> Result<Role, Error> {
    let (found, path, text) = match pick {
        Pick::Id(id) => (store::role::with_id(tx, account, id)?, paths.0, id),
        Pick::Name(name) => (store::role::named(tx, account, name)?, paths.1, name),
    };
    found.ok_or_else(|| cam::role_not_found(path, text.escape_debug()))
}

/// The preset or the account's policy.
///
/// # Errors
/// `ResourceNotFound.PolicyIdNotFound`; the database's.
pub(super) fn policy(tx: &Tx<'_>, account: &str, pick: &Pick<u64>) -> Result<StoredPolicy, Error> {
    match pick {
        Pick::Id(id) => {
            let found = store::policy::with_id(tx, account, number(*id))?;
            found.ok_or_else(|| cam::policy_not_found("PolicyId", id))
        }
        Pick::Name(name) => {
            let found = store::policy::named(tx, account, name)?;
            found.ok_or_else(|| cam::policy_not_found("PolicyName", name.escape_debug()))
        }
    }
}

/// The account's user of this name.
///
/// # Errors
/// `ResourceNotFound.UserNotExist`; the database's.
pub(super) fn user(tx: &Tx<'_>, account: &str, name: &str) -> Result<User, Error> {
    store::user::named(tx, account, name)?.ok_or_else(|| cam::user_not_found("Name", name.escape_debug()))
}

/// The account's user with this uin.
///
/// # Errors
/// `ResourceNotFound.UserNotExist`; the database's.
pub(super) fn user_with_uin(tx: &Tx<'_>, account: &str, path: &str, uin: &str) -> Result<User, Error> {
    store::user::with_uin(tx, account, uin)?.ok_or_else(|| cam::user_not_found(path, uin))
}

/// Whose access keys are meant: those of `TargetUin`, else the caller's own.
///
/// # Errors
/// `MissingParameter` for temporary keys, which are no user's own; `OperationDenied.SubUin` when they are the main account's and
/// somebody else asks.
pub(super) fn key_holder(context: &Context, target: Option<u64>) -> Result<String, Error> {
    let caller = &context.caller;
    let uin = match target {
        Some(uin) => uin.to_string(),
        None if caller.session.is_some() => return Err(gateway::missing_parameter("TargetUin")),
        None => caller.uin.to_string(),
    };
    if *uin == *caller.account && !caller.is_root() {
        return Err(cam::root_key_denied());
    }
    Ok(uin)
}

/// That the account has this user, or is it.
///
/// # Errors
/// `ResourceNotFound.UserNotExist`; the database's.
pub(super) fn check_holder(tx: &Tx<'_>, account: &str, uin: &str) -> Result<(), Error> {
    if uin == account { Ok(()) } else { user_with_uin(tx, account, "TargetUin", uin).map(drop) }
}

/// A number out of a request; too large a one is nobody's.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(-1)
}

/// Tags, checked.
///
/// # Errors
/// `InvalidParameter.TagLimitExceeded` and `.TagParamError`.
pub(super) fn tags<T>(given: Option<Vec<T>>, pair: fn(T) -> (String, String)) -> Result<Vec<(String, String)>, Error> {
    let tags: Vec<_> = given.unwrap_or_default().into_iter().map(pair).collect();
    identity::check_tags(&tags)?;
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_from_one() {
        assert_eq!(page(None, None).unwrap(), (0, 20));
        assert_eq!(page(Some(3), Some(200)).unwrap(), (400, 200));
        assert!(page(Some(u64::MAX), Some(2)).unwrap().0 > 1000);
        for wrong in [page(Some(0), None), page(None, Some(0)), page(None, Some(201))] {
            assert_eq!(wrong.unwrap_err().code, "InvalidParameter.ParamError");
        }
    }

    #[test]
    fn a_thing_is_named_in_one_of_two_ways() {
        let by = |id: Option<u64>, name: &str| pick(("PolicyId", id), ("PolicyName", Some(name.to_owned())));
        assert_eq!(by(Some(7), "").unwrap(), Pick::Id(7));
        assert_eq!(by(None, "x").unwrap(), Pick::Name("x".to_owned()));
        assert_eq!(by(None, "").unwrap_err().code, "MissingParameter");
        assert_eq!(by(Some(7), "x").unwrap_err().code, "InvalidParameter.ParamError");
        assert_eq!(
            pick_role(("RoleId", Some(String::new())), ("RoleName", None)).unwrap_err().code,
            "MissingParameter"
        );
    }

    #[test]
    fn there_is_no_console() {
        no_console(Some(0), Some(&"".into()), None).unwrap();
        for (wrong, named) in [
            (no_console(Some(1), None, None), "ConsoleLogin"),
            (no_console(None, Some(&"x".into()), None), "Password"),
            (no_console(None, None, Some(1)), "NeedResetPassword"),
        ] {
            let error = wrong.unwrap_err();
            assert!(error.code == "UnsupportedOperation" && error.message.en.contains(named), "{error}");
        }
        assert_eq!(no_console(Some(2), None, None).unwrap_err().code, "InvalidParameter.ParamError");
    }
}
