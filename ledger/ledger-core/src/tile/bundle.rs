//! Entry bundles: the leaves themselves, as bytes.

use super::{FULL, MAX_ENTRY_LEN};

/// Why entries are not a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry is longer than a u16 can say.
    #[error("entry of {len} bytes is longer than {MAX_ENTRY_LEN}")]
    EntryTooLong {
        /// Length of the entry in bytes.
        len: usize,
    },
    /// More than 256 entries.
    #[error("a bundle holds at most {FULL} entries")]
    TooManyEntries,
    /// The bytes end inside a length or an entry.
    #[error("the bundle is cut short")]
    CutShort,
    /// Bytes follow the last entry.
    #[error("the bundle has surplus bytes")]
    Surplus,
}

/// For each entry its length as big-endian u16, then the entry (C2SP tlog-tiles).
///
/// # Errors
/// [`BundleError::EntryTooLong`] or [`BundleError::TooManyEntries`].
pub fn encode_entries<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    for (place, entry) in entries.into_iter().enumerate() {
        if place >= usize::from(FULL) {
            return Err(BundleError::TooManyEntries);
        }
        let len = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { len: entry.len() })?;
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads exactly `width` entries; nothing may follow them.
///
/// # Errors
/// [`BundleError::CutShort`] or [`BundleError::Surplus`].
pub fn parse_entries(mut bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::with_capacity(usize::from(width.min(FULL)));
    for _ in 0..width {
        let (len, rest) = bytes.split_first_chunk::<2>().ok_or(BundleError::CutShort)?;
        let (entry, rest) = rest
            .split_at_checked(usize::from(u16::from_be_bytes(*len)))
            .ok_or(BundleError::CutShort)?;
        entries.push(entry);
        bytes = rest;
    }
    if bytes.is_empty() {
        Ok(entries)
    } else {
        Err(BundleError::Surplus)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_entries_have_the_frozen_bytes() {
        let bytes = encode_entries([b"entry-0".as_slice(), b"entry-1"]).unwrap();
        assert_eq!(hex::encode(&bytes), "0007656e7472792d300007656e7472792d31");
        assert_eq!(parse_entries(&bytes, 2).unwrap(), [b"entry-0", b"entry-1"]);
    }

    #[test]
    fn bundles_of_another_width_are_refused() {
        let bytes = encode_entries([b"entry-0".as_slice(), b"entry-1"]).unwrap();
        assert_eq!(parse_entries(&bytes, 1), Err(BundleError::Surplus));
        assert_eq!(parse_entries(&bytes, 3), Err(BundleError::CutShort));
        assert_eq!(
            parse_entries(&bytes[..bytes.len() - 1], 2),
            Err(BundleError::CutShort)
        );
        assert_eq!(parse_entries(&bytes[..1], 1), Err(BundleError::CutShort));
        assert_eq!(parse_entries(&[], 0).unwrap(), Vec::<&[u8]>::new());
    }

    #[test]
    fn what_a_bundle_cannot_carry_is_refused() {
        let long = vec![0; MAX_ENTRY_LEN + 1];
        assert_eq!(
            encode_entries([long.as_slice()]),
            Err(BundleError::EntryTooLong { len: 65_536 })
        );
        assert!(encode_entries([&long[..MAX_ENTRY_LEN]]).is_ok());
        assert_eq!(
            encode_entries(vec![b"".as_slice(); 257]),
            Err(BundleError::TooManyEntries)
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..=256)) {
            let bytes = encode_entries(entries.iter().map(Vec::as_slice)).unwrap();
            prop_assert_eq!(parse_entries(&bytes, u16::try_from(entries.len()).unwrap()).unwrap(), entries);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), width in any::<u16>()) {
            let _ = parse_entries(&bytes, width);
        }
    }
}
