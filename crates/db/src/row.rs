//! What goes into a statement and what comes out of one, in the three types that every database has.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use crate::Error;
use crate::postgres::{Whole, column};

/// A statement's parameter.
#[derive(Debug, Clone, Copy)]
pub enum Param<'a> {
    /// SQL NULL. Where a statement does not say of which type, PostgreSQL wants a CAST.
    Null,
    /// BIGINT; also times (milliseconds since 1970) and truth values (0, 1).
    Int(i64),
    /// DOUBLE PRECISION.
    Real(f64),
    /// TEXT.
    Text(&'a str),
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Self::Real(value) => ToSqlOutput::Owned(Value::Real(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
        })
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Param<'_> {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Param<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u16> for Param<'_> {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Param<'_> {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a, T> From<Option<T>> for Param<'a>
where
    Param<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Param::from)
    }
}

/// Parameters in the order of `$1, $2, …`, each anything that a [`Param`] can be made from.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Param::from($value)),*] };
}

/// One row of an answer; columns are counted from 0.
pub struct Row<'r>(pub(crate) Cells<'r>);

/// The row as its database gives it.
pub(crate) enum Cells<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// A BIGINT column.
    ///
    /// # Errors
    /// When the column is NULL or of another type.
    pub fn int(&self, column: usize) -> Result<i64, Error> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    /// A BIGINT column that may be NULL.
    ///
    /// # Errors
    /// When the column is of another type.
    pub fn opt_int(&self, index: usize) -> Result<Option<i64>, Error> {
        match self.0 {
            Cells::Sqlite(row) => Ok(row.get(index)?),
            Cells::Postgres(row) => Ok(column::<Option<Whole>>(row, index)?.map(|Whole(value)| value)),
        }
    }

    /// A truth value (0 or 1).
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn flag(&self, column: usize) -> Result<bool, Error> {
        Ok(self.int(column)? != 0)
    }

    /// A BIGINT column whose value fits a narrower integer.
    ///
    /// # Errors
    /// As [`Row::int`], or when the value does not fit.
    pub fn small<T: TryFrom<i64>>(&self, column: usize) -> Result<T, Error> {
        let value = self.int(column)?;
        T::try_from(value).map_err(|_| Error::Database(format!("column {column} holds {value}, out of its range")))
    }

    /// A DOUBLE PRECISION column.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn real(&self, index: usize) -> Result<f64, Error> {
        match self.0 {
            Cells::Sqlite(row) => Ok(row.get(index)?),
            Cells::Postgres(row) => column(row, index),
        }
    }

    /// A TEXT column.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn text(&self, index: usize) -> Result<String, Error> {
        match self.0 {
            Cells::Sqlite(row) => Ok(row.get(index)?),
            Cells::Postgres(row) => column(row, index),
        }
    }

    /// A TEXT column, as long as the row is looked at.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn str(&self, index: usize) -> Result<&str, Error> {
        match self.0 {
            Cells::Sqlite(row) => Ok(row.get_ref(index)?.as_str().map_err(rusqlite::Error::from)?),
            Cells::Postgres(row) => column(row, index),
        }
    }

    /// A TEXT column that may be NULL.
    ///
    /// # Errors
    /// As [`Row::opt_int`].
    pub fn opt_text(&self, index: usize) -> Result<Option<String>, Error> {
        match self.0 {
            Cells::Sqlite(row) => Ok(row.get(index)?),
            Cells::Postgres(row) => column(row, index),
        }
    }
}

fn null(column: usize) -> Error {
    Error::Database(format!("column {column} is NULL"))
}
