//! A WHERE text and its parameters, growing together. The text is ours alone; whatever a client sent is a parameter.

use db::Param;

use super::instance::fold;

/// An owned parameter.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Int(i64),
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&i64> for Value {
    fn from(value: &i64) -> Self {
        Self::Int(*value)
    }
}

/// Conditions that all must hold.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    /// Binds a value that stands outside the conditions; answers its `$n`.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Adds a condition; each `?` in it stands for the next of `values`.
    pub(super) fn add(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.and();
        let mut values = values.into_iter();
        let mut parts = condition.split('?');
        self.text.push_str(parts.next().unwrap_or_default());
        for (part, value) in parts.zip(&mut values) {
            let bound = self.bind(value);
            self.text.push_str(&bound);
            self.text.push_str(part);
        }
    }

    /// Adds that `column` has one of `values`; of no values, that nothing passes.
    pub(super) fn one_of<V: Into<Value>>(&mut self, column: &str, values: impl IntoIterator<Item = V>) {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        self.add(&one_of(column, values.len()), values);
    }

    /// The text; never empty.
    pub(super) fn text(&self) -> &str {
        if self.text.is_empty() { "1 = 1" } else { &self.text }
    }

    /// The parameters in the order of their numbers.
    pub(super) fn params(&self) -> Vec<Param<'_>> {
        let param = |value| match value {
            &Value::Int(value) => Param::Int(value),
            Value::Text(text) => Param::Text(text),
        };
        self.values.iter().map(param).collect()
    }

    fn and(&mut self) {
        if !self.text.is_empty() {
            self.text.push_str(" AND ");
        }
    }
}

/// `column IN (?, ?)`. `IN ()` is not portable, so there is always a NULL, which equals nothing.
pub(super) fn one_of(column: &str, count: usize) -> String {
    format!("{column} IN (NULL{})", ", ?".repeat(count))
}

/// `column`, which holds folded names, contains the next value, which must be a [`pattern`].
pub(super) fn contains(column: &str) -> String {
    format!("{column} LIKE ? ESCAPE '\\'")
}

/// The LIKE pattern of all folded names that contain `text`, with the wildcards in it taken literally.
pub(super) fn pattern(text: &str) -> Value {
    let mut pattern = String::from("%");
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Value::Text(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_as_they_come() {
        let mut conditions = Conditions::default();
        assert_eq!(conditions.text(), "1 = 1");
        assert_eq!(conditions.bind(7), "$1");
        conditions.add("(a = ? OR b < ?)", [1.into(), "x".into()]);
        conditions.one_of("c", [3, 4]);
        conditions.one_of("d", Vec::<i64>::new());
        assert_eq!(conditions.text(), "(a = $2 OR b < $3) AND c IN (NULL, $4, $5) AND d IN (NULL)");
        assert_eq!(conditions.params().len(), 5);
    }

    #[test]
    fn wildcards_are_taken_literally() {
        let Value::Text(pattern) = pattern("50%_\\") else { panic!() };
        assert_eq!(pattern, "%50\\%\\_\\\\%");
    }
}
