//! Why a document is not a SenML pack that may be used.

use thiserror::Error;

/// What is wrong with a document. Offsets are in bytes from its start, record numbers count from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SenmlError {
    /// More than [`super::LARGEST_DOCUMENT`] bytes.
    #[error("the document has {length} bytes, more than can be read")]
    Oversized {
        /// Its length.
        length: usize,
    },
    /// More than [`super::MOST_RECORDS`] records.
    #[error("the pack has too many records")]
    TooManyRecords,
    /// The bytes are not JSON or CBOR, or not an array of records.
    #[error("not a SenML document at byte {offset}")]
    Syntax {
        /// Where.
        offset: usize,
    },
    /// Values nest deeper than [`super::DEEPEST_VALUE`].
    #[error("values nest too deep at byte {offset}")]
    TooDeep {
        /// Where.
        offset: usize,
    },
    /// A field has a value of another type, or out of range.
    #[error("a field of record {record} has the wrong type or is out of range")]
    WrongType {
        /// Which record.
        record: usize,
    },
    /// A number that is not finite.
    #[error("a number of record {record} is not finite")]
    NotFinite {
        /// Which record.
        record: usize,
    },
    /// A name or unit that is too long.
    #[error("a name or unit of record {record} is too long")]
    TooLong {
        /// Which record.
        record: usize,
    },
    /// The same field twice.
    #[error("a field of record {record} is repeated")]
    RepeatedField {
        /// Which record.
        record: usize,
    },
    /// RFC 8428 §4.4: a field whose name ends with `_` must be understood.
    #[error("record {record} has a field that must be understood and is not")]
    MustUnderstand {
        /// Which record.
        record: usize,
    },
    /// More than one of `v`, `vs`, `vb`, `vd`.
    #[error("record {record} has two values")]
    TwoValues {
        /// Which record.
        record: usize,
    },
    /// No value and no sum, in a record that is not made of base fields only.
    #[error("record {record} has neither value nor sum")]
    NoValue {
        /// Which record.
        record: usize,
    },
    /// `bver` asks for features that are not supported.
    #[error("version {version} of record {record} is not supported")]
    UnsupportedVersion {
        /// Which record.
        record: usize,
        /// The version asked.
        version: u64,
    },
    /// RFC 8428 §4.4: all records of a pack have the same version.
    #[error("record {record} changes the version in the middle of the pack")]
    MixedVersions {
        /// Which record.
        record: usize,
    },
    /// The resolved name is empty, too long, or has characters that RFC 8428 §4.5.1 forbids.
    #[error("the name of record {record} is not allowed")]
    BadName {
        /// Which record.
        record: usize,
    },
}
