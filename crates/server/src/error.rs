//! The only mapping from what went wrong to what the client reads.
//!
//! An [`Error`] has a wire code, a text in both languages of the API, and a detail that only the log sees. The constructors stand in
//! families: [`gateway`] (what every service answers) and [`product`] (what only Redis knows). `docs/errors.md` lists every code;
//! a test compares.

pub mod cam;
pub mod gateway;
pub mod permission;
pub mod product;
pub mod rate;
pub mod sts;
pub mod tag;

use std::borrow::Cow;
use std::fmt;

/// The languages of `X-TC-Language`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// `en-US`, also what holds when the header is absent.
    #[default]
    English,
    /// `zh-CN`.
    Chinese,
}

impl Language {
    /// Reads the header's or parameter's value; anything unknown is English.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        if value.eq_ignore_ascii_case("zh-CN") { Self::Chinese } else { Self::English }
    }
}

/// One message in both languages.
#[derive(Debug, Clone)]
pub struct Text {
    /// English.
    pub en: Cow<'static, str>,
    /// Chinese.
    pub zh: Cow<'static, str>,
}

impl Text {
    /// The text in `language`.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }
}

/// An error as it goes over the wire, and what the log adds to it.
#[derive(Debug, Clone)]
pub struct Error {
    /// The wire code, e.g. `InvalidParameterValue.PasswordRuleError`.
    pub code: &'static str,
    /// What the client reads: which parameter, what was wrong, what would be right.
    pub message: Text,
    /// What only the log sees; empty when the message says it all.
    pub detail: String,
}

impl Error {
    pub(crate) fn new(code: &'static str, en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: Text { en: en.into(), zh: zh.into() }, detail: String::new() }
    }

    pub(crate) fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = detail.to_string();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message.en)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl std::error::Error for Error {}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Unavailable(_) => gateway::database_away(error),
            db::Error::InDoubt => gateway::in_doubt(error),
            _ => gateway::internal(error),
        }
    }
}
