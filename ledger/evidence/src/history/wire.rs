//! The lines as JSON.

use ledger_core::{
    leaf::{KeyChange, LeafError, RecordNumber, RestoreLeaf, Salt, SubjectKey},
    map::PrunedMap,
    tree::{Hash, LeafIndex, TreeSize},
};
use serde::{Deserialize, Serialize};

use super::{Consistency, FORMAT, History, HistoryError};
use crate::{
    base64url,
    jcs::{self, JcsError},
    jws::{Jwk, Jws},
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    checkpoint: String,
    format: String,
    log_key: String,
    map_root: String,
    newest: u64,
    record_keys: Vec<Jwk>,
    subject_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    header: String,
    index: u64,
    n: u64,
    record: String,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LostEntry {
    index: u64,
    leaf: String,
    n: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proofs {
    #[serde(skip_serializing_if = "Option::is_none")]
    consistency: Option<RawConsistency>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    key_changes: Vec<RawLeaf>,
    log: String,
    map: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    restores: Vec<RawLeaf>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConsistency {
    hashes: String,
    size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLeaf {
    index: u64,
    leaf: String,
}

impl From<&super::Header> for Header {
    fn from(header: &super::Header) -> Self {
        Self {
            checkpoint: header.checkpoint.clone(),
            format: FORMAT.to_owned(),
            log_key: header.log_key.to_string(),
            map_root: base64url::encode(&header.map_root),
            newest: header.newest.get(),
            record_keys: header.record_keys.clone(),
            subject_key: base64url::encode(header.subject_key.expose()),
        }
    }
}

impl From<&super::Entry> for Entry {
    fn from(entry: &super::Entry) -> Self {
        Self {
            header: base64url::encode(&entry.header),
            index: entry.index.get(),
            n: entry.n.get(),
            record: entry.record.as_str().to_owned(),
            salt: base64url::encode(entry.salt.expose()),
        }
    }
}

impl From<&super::LostEntry> for LostEntry {
    fn from(entry: &super::LostEntry) -> Self {
        Self {
            index: entry.index.get(),
            leaf: base64url::encode(&entry.leaf),
            n: entry.n.get(),
        }
    }
}

impl From<&super::Proofs> for Proofs {
    fn from(proofs: &super::Proofs) -> Self {
        Self {
            consistency: proofs.consistency.as_ref().map(RawConsistency::from),
            key_changes: proofs.key_changes.iter().map(RawLeaf::from).collect(),
            log: join(&proofs.log),
            map: base64url::encode(proofs.map.as_bytes()),
            restores: proofs.restores.iter().map(RawLeaf::from).collect(),
        }
    }
}

impl From<&Consistency> for RawConsistency {
    fn from(consistency: &Consistency) -> Self {
        Self {
            hashes: join(&consistency.hashes),
            size: consistency.size.get(),
        }
    }
}

impl RawConsistency {
    pub(crate) fn read(&self) -> Option<Consistency> {
        Some(Consistency {
            size: TreeSize::new(self.size)?,
            hashes: split(&self.hashes)?,
        })
    }
}

impl From<&(LeafIndex, KeyChange)> for RawLeaf {
    fn from((index, change): &(LeafIndex, KeyChange)) -> Self {
        Self {
            index: index.get(),
            leaf: base64url::encode(&change.to_bytes()),
        }
    }
}

impl From<&(LeafIndex, RestoreLeaf)> for RawLeaf {
    fn from((index, restore): &(LeafIndex, RestoreLeaf)) -> Self {
        Self {
            index: index.get(),
            leaf: base64url::encode(&restore.to_bytes()),
        }
    }
}

impl RawLeaf {
    /// All of them, or none when one is malformed.
    pub(crate) fn read<T>(
        all: &[Self],
        parse: impl Fn(&[u8]) -> Result<T, LeafError>,
    ) -> Option<Vec<(LeafIndex, T)>> {
        let read = |raw: &Self| {
            let leaf = parse(&base64url::decode(&raw.leaf)?).ok()?;
            Some((LeafIndex::new(raw.index)?, leaf))
        };
        all.iter().map(read).collect()
    }
}

fn join(hashes: &[Hash]) -> String {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
    base64url::encode(&bytes)
}

fn split(text: &str) -> Option<Vec<Hash>> {
    let bytes = base64url::decode(text)?;
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty()
        .then(|| hashes.iter().copied().map(Hash::new).collect())
}

pub(crate) fn line<T: Serialize>(value: &T) -> Result<Vec<u8>, JcsError> {
    let mut bytes = jcs::to_bytes(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

pub(super) fn parse(bytes: &[u8]) -> Result<History, HistoryError> {
    let body = bytes
        .strip_suffix(b"\n")
        .ok_or(HistoryError::Form("the last line does not end with a newline"))?;
    let mut lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
    let (Some(last), Some(first)) = (lines.pop(), lines.first().copied()) else {
        return Err(HistoryError::Form("it has fewer than two lines"));
    };
    let header = read_header(first)?;
    let (mut entries, mut lost, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for (at, line) in lines.iter().enumerate().skip(1) {
        match read_entry(line, at + 1) {
            Ok(entry) => {
                numbers.push(entry.n.get());
                entries.push(entry);
            }
            Err(error) => {
                let entry = read_lost(line, at + 1).ok_or(error)?;
                numbers.push(entry.n.get());
                lost.push(entry);
            }
        }
    }
    let records = numbers.len();
    if !numbers.into_iter().eq(1..=header.newest.get()) {
        return Err(HistoryError::Numbers {
            newest: header.newest.get(),
            records,
        });
    }
    let proofs = read_proofs(last, lines.len() + 1)?;
    Ok(History {
        header,
        entries,
        lost,
        proofs,
    })
}

fn read_header(line: &[u8]) -> Result<super::Header, HistoryError> {
    let raw: Header = read(line, 1)?;
    if raw.format != FORMAT {
        return Err(HistoryError::Form("the format is another"));
    }
    let member = |member| HistoryError::Member { line: 1, member };
    Ok(super::Header {
        log_key: raw.log_key.parse().map_err(|_| member("log_key"))?,
        checkpoint: raw.checkpoint,
        map_root: base64url::decode(&raw.map_root).ok_or_else(|| member("map_root"))?,
        subject_key: base64url::decode(&raw.subject_key)
            .and_then(|bytes| SubjectKey::from_slice(&bytes))
            .ok_or_else(|| member("subject_key"))?,
        newest: RecordNumber::new(raw.newest).ok_or_else(|| member("newest"))?,
        record_keys: raw.record_keys,
    })
}

fn read_entry(line: &[u8], number: usize) -> Result<super::Entry, HistoryError> {
    let raw: Entry = read(line, number)?;
    let member = |member| HistoryError::Member { line: number, member };
    Ok(super::Entry {
        n: RecordNumber::new(raw.n).ok_or_else(|| member("n"))?,
        index: LeafIndex::new(raw.index).ok_or_else(|| member("index"))?,
        header: base64url::decode(&raw.header)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| member("header"))?,
        record: Jws::from_stored(raw.record),
        salt: base64url::decode(&raw.salt)
            .and_then(|bytes| Salt::from_slice(&bytes))
            .ok_or_else(|| member("salt"))?,
    })
}

fn read_lost(line: &[u8], number: usize) -> Option<super::LostEntry> {
    let raw: LostEntry = read(line, number).ok()?;
    Some(super::LostEntry {
        n: RecordNumber::new(raw.n)?,
        index: LeafIndex::new(raw.index)?,
        leaf: base64url::decode(&raw.leaf)?.try_into().ok()?,
    })
}

fn read_proofs(line: &[u8], number: usize) -> Result<super::Proofs, HistoryError> {
    let raw: Proofs = read(line, number)?;
    let member = |member| HistoryError::Member { line: number, member };
    let consistency = raw.consistency.as_ref().map(RawConsistency::read);
    let key_changes = RawLeaf::read(&raw.key_changes, KeyChange::parse);
    let restores = RawLeaf::read(&raw.restores, RestoreLeaf::parse);
    Ok(super::Proofs {
        key_changes: key_changes.ok_or_else(|| member("key_changes"))?,
        restores: restores.ok_or_else(|| member("restores"))?,
        log: split(&raw.log).ok_or_else(|| member("log"))?,
        map: base64url::decode(&raw.map)
            .map(PrunedMap::new)
            .ok_or_else(|| member("map"))?,
        consistency: match consistency {
            None => None,
            Some(read) => Some(read.ok_or_else(|| member("consistency"))?),
        },
    })
}

pub(crate) fn read<T: Serialize + serde::de::DeserializeOwned>(
    line: &[u8],
    number: usize,
) -> Result<T, HistoryError> {
    jcs::parse(line).map_err(|cause| HistoryError::Line { line: number, cause })
}
