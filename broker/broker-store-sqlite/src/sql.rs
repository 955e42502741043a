//! Statements with their values, and the rows they find.

use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

pub(crate) use rusqlite::Row;

/// A static statement and the values bound to it, borrowed where they live: nothing is copied on its way in.
pub(crate) struct Query<'a> {
    sql: &'static str,
    values: Vec<Bound<'a>>,
}

/// A statement without values yet.
pub(crate) const fn query<'a>(sql: &'static str) -> Query<'a> {
    Query {
        sql,
        values: Vec::new(),
    }
}

impl<'a> Query<'a> {
    /// Binds the next value: the first is `?1`.
    pub fn bind(mut self, value: impl Into<Bound<'a>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it; gives the number of rows it touched.
    pub fn execute(self, connection: &Connection) -> rusqlite::Result<usize> {
        connection
            .prepare_cached(self.sql)?
            .execute(rusqlite::params_from_iter(&self.values))
    }

    /// Runs it and hands each row it finds to `each`, until one is refused.
    pub fn for_each<E: From<rusqlite::Error>>(
        self,
        connection: &Connection,
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = connection.prepare_cached(self.sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(&self.values))?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }
}

/// A value on its way into a statement.
pub(crate) enum Bound<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
    OwnText(String),
    OwnBlob(Vec<u8>),
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::OwnText(text) => ValueRef::Text(text.as_bytes()),
            Self::OwnBlob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<i64> for Bound<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Bound<'_> {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u8> for Bound<'_> {
    fn from(value: u8) -> Self {
        Self::Integer(value.into())
    }
}

impl<'a> From<&'a str> for Bound<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Bound<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Bound<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(value)
    }
}

impl<'a> From<&'a Vec<u8>> for Bound<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl From<String> for Bound<'_> {
    fn from(value: String) -> Self {
        Self::OwnText(value)
    }
}

impl From<Vec<u8>> for Bound<'_> {
    fn from(value: Vec<u8>) -> Self {
        Self::OwnBlob(value)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Bound<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
