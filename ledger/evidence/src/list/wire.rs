//! The bytes.

use ledger_core::{
    leaf::{Commitment, Hour, KeyChange, LeafError, RecordNumber, RestoreLeaf, SubjectKey, SubjectLeaf, Tag},
    map::PrunedMap,
    tree::{Hash, LeafIndex},
};
use serde::{Deserialize, Serialize};

use super::{Detail, FORMAT, Item, List};
use crate::{
    base64url,
    history::{
        HistoryError,
        wire::{RawConsistency, RawLeaf, read},
    },
};

/// Numbers stay below 2^53: every reader of JSON, and a browser, has them exactly.
const LIMIT: u64 = 1 << 53;

/// Added to the kind of a record whose detail is lost. Kinds of subject leaves are below 0x40 (`ledger.md` §10).
const LOST: u8 = 0x80;

/// A place of 2^52 or more: it cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number of the list is too large")]
pub struct TooLarge;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    checkpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    consistency: Option<RawConsistency>,
    format: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    key_changes: Vec<RawLeaf>,
    log_key: String,
    map_root: String,
    newest: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    restores: Vec<RawLeaf>,
    subject_key: String,
}

impl From<&super::Header> for Header {
    fn from(header: &super::Header) -> Self {
        Self {
            checkpoint: header.checkpoint.clone(),
            consistency: header.consistency.as_ref().map(RawConsistency::from),
            format: FORMAT.to_owned(),
            key_changes: header.key_changes.iter().map(RawLeaf::from).collect(),
            log_key: header.log_key.to_string(),
            map_root: base64url::encode(&header.map_root),
            newest: header.newest.get(),
            restores: header.restores.iter().map(RawLeaf::from).collect(),
            subject_key: base64url::encode(header.subject_key.expose()),
        }
    }
}

/// Whether a file says of itself that it is a list; nothing else is looked at.
pub fn is_list(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Named {
        format: String,
    }
    let first = bytes.split(|byte| *byte == b'\n').next();
    let named = first.and_then(|line| serde_json::from_slice::<Named>(line).ok());
    named.is_some_and(|named| named.format == FORMAT)
}

/// Writes records one after the other: each place and hour is told from the one before.
#[derive(Clone, Debug, Default)]
pub struct ItemWriter {
    place: u64,
    hour: u64,
}

impl ItemWriter {
    /// Appends the bytes of the next record.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn write(&mut self, item: &Item, to: &mut Vec<u8>) -> Result<(), TooLarge> {
        let (place, hour) = (item.index.get(), u64::from(item.hour.get()));
        uvarint(zigzag(self.place, place).ok_or(TooLarge)?, to)?;
        let lost = match item.detail {
            Detail::Kept => 0,
            Detail::Lost => LOST,
        };
        to.extend([item.kind.number() | lost, item.actor.number()]);
        uvarint(zigzag(self.hour, hour).ok_or(TooLarge)?, to)?;
        to.extend(item.commitment.as_bytes());
        (self.place, self.hour) = (place, hour);
        Ok(())
    }
}

/// What stands between the records and the hashes of the log proof.
///
/// # Errors
/// [`TooLarge`].
pub fn log_proof_length(hashes: usize) -> Result<Vec<u8>, TooLarge> {
    let mut bytes = Vec::new();
    uvarint(u64::try_from(hashes).map_err(|_| TooLarge)?, &mut bytes)?;
    Ok(bytes)
}

pub(super) fn to_bytes(list: &List) -> Result<Vec<u8>, TooLarge> {
    let mut bytes = list.header.to_line().map_err(|_| TooLarge)?;
    let mut writer = ItemWriter::default();
    for item in &list.items {
        writer.write(item, &mut bytes)?;
    }
    bytes.extend(log_proof_length(list.log.len())?);
    bytes.extend(list.log.iter().flat_map(|hash| *hash.as_bytes()));
    bytes.extend(list.map.as_bytes());
    Ok(bytes)
}

fn zigzag(before: u64, now: u64) -> Option<u64> {
    match now.checked_sub(before) {
        Some(more) => more.checked_mul(2),
        None => before.checked_sub(now)?.checked_mul(2)?.checked_sub(1),
    }
}

fn unzigzag(before: u64, told: u64) -> Option<u64> {
    let half = told >> 1;
    if told & 1 == 0 {
        before.checked_add(half)
    } else {
        before.checked_sub(half.checked_add(1)?)
    }
}

fn uvarint(mut value: u64, to: &mut Vec<u8>) -> Result<(), TooLarge> {
    if value >= LIMIT {
        return Err(TooLarge);
    }
    while value >= 0x80 {
        to.push(low_bits(value) | 0x80);
        value >>= 7;
    }
    to.push(low_bits(value));
    Ok(())
}

fn low_bits(value: u64) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low & 0x7f
}

struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    /// The shortest form only, below [`LIMIT`].
    fn uvarint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..56).step_by(7) {
            let [byte] = self.take()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return ((byte != 0 || shift == 0) && value < LIMIT).then_some(value);
            }
        }
        None
    }

    /// The next record: its leaf with a tag of zeros, as the tag is not in the file.
    fn item(&mut self, place: &mut u64, hour: &mut u64) -> Option<Result<Item, LeafError>> {
        *place = unzigzag(*place, self.uvarint()?)?;
        let [kind, actor] = self.take()?;
        *hour = unzigzag(*hour, self.uvarint()?)?;
        let commitment = Commitment::new(self.take()?);
        let index = LeafIndex::new(*place).filter(|_| *place < LIMIT)?;
        let [a, b, c, d] = u32::try_from(*hour).ok()?.to_be_bytes();
        let header = [1, kind & !LOST, actor, 0, a, b, c, d];
        let bytes = [&header[..], Tag::new([0; 32]).as_bytes(), commitment.as_bytes()].concat();
        Some(SubjectLeaf::parse(&bytes).map(|leaf| Item {
            index,
            kind: leaf.kind,
            actor: leaf.actor,
            hour: Hour::new(leaf.hour.get()),
            commitment,
            detail: if kind & LOST == 0 {
                Detail::Kept
            } else {
                Detail::Lost
            },
        }))
    }
}

pub(super) fn parse(bytes: &[u8]) -> Result<List, HistoryError> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let split = end.and_then(|end| bytes.split_at_checked(end));
    let (line, rest) = split.ok_or(HistoryError::Form("the first line does not end"))?;
    let header = read_header(line)?;
    let mut body = Body(rest.strip_prefix(b"\n").unwrap_or(rest));
    let (mut items, mut place, mut hour) = (Vec::new(), 0, 0);
    for n in 1..=header.newest.get() {
        let item = body.item(&mut place, &mut hour).ok_or(HistoryError::Body { n })?;
        items.push(item.map_err(|cause| HistoryError::Leaf { n, cause })?);
    }
    let behind = header.newest.get().saturating_add(1);
    let log = read_log(&mut body).ok_or(HistoryError::Body { n: behind })?;
    Ok(List {
        header,
        items,
        log,
        map: PrunedMap::new(body.0.to_vec()),
    })
}

fn read_log(body: &mut Body<'_>) -> Option<Vec<Hash>> {
    let bytes = usize::try_from(body.uvarint()?).ok()?.checked_mul(32)?;
    let (hashes, rest) = body.0.split_at_checked(bytes)?;
    body.0 = rest;
    let (hashes, _) = hashes.as_chunks::<32>();
    Some(hashes.iter().copied().map(Hash::new).collect())
}

fn read_header(line: &[u8]) -> Result<super::Header, HistoryError> {
    let raw: Header = read(line, 1)?;
    if raw.format != FORMAT {
        return Err(HistoryError::Form("the format is another"));
    }
    let member = |member| HistoryError::Member { line: 1, member };
    let key_changes = RawLeaf::read(&raw.key_changes, KeyChange::parse);
    let restores = RawLeaf::read(&raw.restores, RestoreLeaf::parse);
    Ok(super::Header {
        log_key: raw.log_key.parse().map_err(|_| member("log_key"))?,
        checkpoint: raw.checkpoint,
        map_root: base64url::decode(&raw.map_root).ok_or_else(|| member("map_root"))?,
        subject_key: base64url::decode(&raw.subject_key)
            .and_then(|bytes| SubjectKey::from_slice(&bytes))
            .ok_or_else(|| member("subject_key"))?,
        newest: RecordNumber::new(raw.newest).ok_or_else(|| member("newest"))?,
        key_changes: key_changes.ok_or_else(|| member("key_changes"))?,
        restores: restores.ok_or_else(|| member("restores"))?,
        consistency: match raw.consistency {
            None => None,
            Some(raw) => Some(raw.read().ok_or_else(|| member("consistency"))?),
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back_from_their_only_spelling(value in 0..LIMIT, before in 0..LIMIT / 2, now in 0..LIMIT / 2) {
            let mut bytes = Vec::new();
            uvarint(value, &mut bytes).unwrap();
            let mut body = Body(&bytes);
            prop_assert_eq!(body.uvarint(), Some(value));
            prop_assert!(body.0.is_empty());
            *bytes.last_mut().unwrap() |= 0x80;
            bytes.push(0);
            prop_assert_eq!(Body(&bytes).uvarint(), None);
            prop_assert_eq!(unzigzag(before, zigzag(before, now).unwrap()), Some(now));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut body = Body(&bytes);
            let (mut place, mut hour) = (0, 0);
            while body.item(&mut place, &mut hour).is_some() {}
            let _ = read_log(&mut Body(&bytes));
            let _ = parse(&bytes);
        }
    }

    #[test]
    fn what_a_browser_cannot_count_is_not_written() {
        assert_eq!(uvarint(LIMIT, &mut Vec::new()), Err(TooLarge));
        assert_eq!(Body(&[0xff; 9]).uvarint(), None);
        assert_eq!(unzigzag(3, 7), None);
        assert_eq!(unzigzag(3, 5), Some(0));
    }
}
