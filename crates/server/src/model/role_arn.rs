//! The name of a role among all: `qcs::cam::uin/ACCOUNT:roleName/NAME`, or `…:role/ID`.

/// A role's name, read.
#[derive(Debug, PartialEq, Eq)]
pub struct RoleArn {
    /// As it was given.
    pub text: String,
    /// The main account's uin.
    pub account: String,
    /// The role's name, when it was given by that.
    pub name: Option<String>,
    /// Else the role's id.
    pub id: String,
}

impl RoleArn {
    /// Reads it; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (account, role) = text.strip_prefix("qcs::cam::uin/")?.split_once(':')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (kind, which) = role.split_once('/').filter(|(_, which)| !which.is_empty())?;
        let (name, id) = match kind {
            "roleName" => (Some(which.to_owned()), String::new()),
            "role" if is_number(which) => (None, which.to_owned()),
            // The roles of the cloud's own services; there are none.
            "role" if which.starts_with("tencentcloudServiceRole/") => (Some(which.to_owned()), String::new()),
            _ => return None,
        };
        is_number(account).then(|| Self { text: text.to_owned(), account: account.to_owned(), name, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_by_its_name_or_its_id() {
        let named = RoleArn::parse("qcs::cam::uin/100:roleName/keeper").unwrap();
        assert_eq!((named.account.as_str(), named.name.as_deref()), ("100", Some("keeper")));
        let numbered = RoleArn::parse("qcs::cam::uin/100:role/4611").unwrap();
        assert_eq!((numbered.name, numbered.id.as_str()), (None, "4611"));
        assert!(RoleArn::parse("qcs::cam::uin/100:role/tencentcloudServiceRole/x").is_some());
        for wrong in [
            "",
            "keeper",
            "qcs::cam::uin/:role/1",
            "qcs::cam::uin/1:role/",
            "qcs::cam::uin/1:role/x",
            "qcs::cam::uin/x:role/1",
            "qcs::cam::uin/1:user/1",
        ] {
            assert_eq!(RoleArn::parse(wrong), None, "{wrong}");
        }
    }
}
