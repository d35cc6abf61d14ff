//! Texts with `*`, which stands for any number of characters.

/// A text in which `*` stands for anything, also for nothing.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Up to the first `*`; the whole text when there is none.
    first: Box<str>,
    /// Between two `*`, none of them empty.
    middle: Vec<Box<str>>,
    /// After the last `*`.
    last: Option<Box<str>>,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let mut pieces: Vec<&str> = text.split('*').collect();
        let last = if pieces.len() > 1 { pieces.pop() } else { None };
        let mut pieces = pieces.into_iter();
        let first = pieces.next().unwrap_or_default().into();
        Self {
            first,
            middle: pieces.filter(|piece| !piece.is_empty()).map(Into::into).collect(),
            last: last.map(Into::into),
        }
    }

    /// Whether it has a `*`.
    pub(crate) fn is_wild(&self) -> bool {
        self.last.is_some()
    }

    /// Whether the whole text matches. Each piece is taken where it first occurs, so nothing is ever tried twice, and
    /// the search for a piece (the library's) is linear.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(last) = &self.last else {
            return *text == *self.first;
        };
        let rest = text.strip_prefix(&*self.first);
        // Most end with their `*`; to compare nothing with nothing is a call, and on some processors a slow one.
        let rest = if last.is_empty() { rest } else { rest.and_then(|rest| rest.strip_suffix(&**last)) };
        let Some(mut rest) = rest else {
            return false;
        };
        for piece in &self.middle {
            match rest.split_once(&**piece) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use std::time::{Duration, Instant};

    #[test]
    fn a_star_stands_for_anything() {
        let cases = [
            ("a", "a", true),
            ("a", "ab", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*b*", "abc", true),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "acb", false),
            ("*ab*ab*", "ab", false),
            ("ü*ß", "üäß", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_they_are_long() {
        let pattern = Pattern::new(&"a*".repeat(3000));
        let text = format!("{}b", "a".repeat(100_000));
        let long = Pattern::new(&format!("*{}b*", "a".repeat(3000)));
        let start = Instant::now();
        assert!(pattern.matches(&text));
        assert!(!long.matches(&text[..100_000]));
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}
