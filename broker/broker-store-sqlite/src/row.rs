//! Values in and out of rows, with their shape checked: what no version of this program wrote is `Corrupt`.

use broker_domain::ids::{Digest, Purpose};
use broker_domain::time::{Instant, Interval, Step};
use broker_store::StoreError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

/// Wraps an error of the driver. Its messages name tables and constraints, never values.
pub(crate) fn fault<E: std::error::Error + Send + Sync + 'static>(
    during: &'static str,
) -> impl Fn(E) -> StoreError {
    move |source| StoreError::Fault {
        during,
        source: Box::new(source),
    }
}

/// A number to be stored. SQLite's integers are signed: above 2^63 - 1 there is nothing to store.
pub(crate) fn stored(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|source| StoreError::Fault {
        during: "storing a number above 2^63 - 1",
        source: Box::new(source),
    })
}

/// A number to look for or to bound a page with: above 2^63 - 1 there are no rows.
pub(crate) fn bound(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Cells by name. Each name is `table.column`: the part after the dot is the column of the result.
pub(crate) trait Cells {
    /// A value that is there, of SQLite's own types.
    fn cell<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(
        &'r self,
        column: &'static str,
    ) -> Result<T, StoreError>;

    /// Bytes of any length.
    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.cell::<&[u8]>(column).map(<[u8]>::to_vec)
    }

    /// Exactly `N` bytes.
    fn array<const N: usize>(&self, column: &'static str) -> Result<[u8; N], StoreError> {
        let bytes: &[u8] = self.cell(column)?;
        bytes.try_into().map_err(|_| StoreError::Corrupt { column })
    }

    /// Exactly `N` bytes, or NULL.
    fn array_or_null<const N: usize>(&self, column: &'static str) -> Result<Option<[u8; N]>, StoreError> {
        let bytes: Option<&[u8]> = self.cell(column)?;
        bytes
            .map(|bytes| bytes.try_into().map_err(|_| StoreError::Corrupt { column }))
            .transpose()
    }

    /// An identifier.
    fn id<T: From<[u8; 16]>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.array::<16>(column).map(T::from)
    }

    /// An identifier, or NULL.
    fn id_or_null<T: From<[u8; 16]>>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        Ok(self.array_or_null::<16>(column)?.map(T::from))
    }

    /// A SHA-256.
    fn digest(&self, column: &'static str) -> Result<Digest, StoreError> {
        self.array(column).map(Digest)
    }

    /// Text.
    fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.cell(column)
    }

    /// A number that fits its type, or NULL.
    fn number_or_null<T: TryFrom<i64>>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let value: Option<i64> = self.cell(column)?;
        value
            .map(|value| T::try_from(value).map_err(|_| StoreError::Corrupt { column }))
            .transpose()
    }

    /// A number that fits its type.
    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        let value: i64 = self.cell(column)?;
        T::try_from(value).map_err(|_| StoreError::Corrupt { column })
    }

    /// An instant.
    fn instant(&self, column: &'static str) -> Result<Instant, StoreError> {
        Instant::from_micros(self.cell(column)?).map_err(|_| StoreError::Corrupt { column })
    }

    /// An instant, or NULL.
    fn instant_or_null(&self, column: &'static str) -> Result<Option<Instant>, StoreError> {
        let micros: Option<i64> = self.cell(column)?;
        micros
            .map(|micros| Instant::from_micros(micros).map_err(|_| StoreError::Corrupt { column }))
            .transpose()
    }

    /// An interval from its two columns.
    fn interval(&self, start: &'static str, end: &'static str) -> Result<Interval, StoreError> {
        Interval::new(self.instant(start)?, self.instant(end)?)
            .map_err(|_| StoreError::Corrupt { column: end })
    }

    /// A step.
    fn step(&self, column: &'static str) -> Result<Step, StoreError> {
        Step::from_seconds(self.number(column)?).map_err(|_| StoreError::Corrupt { column })
    }

    /// A step, or NULL.
    fn step_or_null(&self, column: &'static str) -> Result<Option<Step>, StoreError> {
        let seconds: Option<u32> = self.number_or_null(column)?;
        seconds
            .map(|seconds| Step::from_seconds(seconds).map_err(|_| StoreError::Corrupt { column }))
            .transpose()
    }

    /// A purpose.
    fn purpose(&self, column: &'static str) -> Result<Purpose, StoreError> {
        Purpose::parse(self.cell(column)?).map_err(|_| StoreError::Corrupt { column })
    }

    /// A code that one of our enums knows.
    fn code<T>(&self, column: &'static str, known: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        known(self.cell(column)?).ok_or(StoreError::Corrupt { column })
    }
}

impl Cells for SqliteRow {
    fn cell<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(
        &'r self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        let name = column.split_once('.').map_or(column, |(_, name)| name);
        self.try_get(name).map_err(|_| StoreError::Corrupt { column })
    }
}
