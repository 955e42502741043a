//! The base file: all entries up to some size of the log, sorted by tag, in buckets. It is written once and replaced
//! whole.
//!
//! ```text
//! buckets    one after the other, in the order of their number             (see `bucket`)
//! index      for each bucket: u32be entries || u32be CRC-32 of its bytes || root[32] (zeros for an empty bucket)
//! footer     "fiducie-map/v1" 00 || bits u8 || u64be entries || u64be size of the log || root[32]
//!            || u32be CRC-32 of the index || u32be CRC-32 of the footer before this
//! ```
//!
//! The checksums find what a disk spoils; a bucket is checked whenever it is read. Opening hashes every entry again, so
//! that the root of a base rests on its entries alone.

mod write;

use std::{
    fs::File,
    io::{self, ErrorKind},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use ledger_core::tree::{Hash, TreeSize};

use super::{
    MapFault,
    bucket::{Slot, Stored, stored_len},
    damaged,
    trunk::{GROUP, GROUP_BITS, Trunk, prefix},
};

pub use write::BaseWriter;

/// Most bits a bucket number may have.
pub const MOST_BITS: u8 = 28;

const MAGIC: [u8; 15] = *b"fiducie-map/v1\0";
const FOOTER_LEN: usize = 72;
const ROW_LEN: usize = 40;

/// An open base file, or none.
#[derive(Debug)]
pub struct Base {
    file: Option<PositionalFile>,
    bits: u8,
    entries: u64,
    size: TreeSize,
    /// Where each bucket starts, and where the last one ends.
    starts: Vec<u64>,
    checks: Vec<u32>,
}

/// A base, and the trunk above its buckets.
#[derive(Debug)]
pub struct Loaded {
    pub base: Base,
    pub trunk: Trunk,
}

/// One line of the index.
#[derive(Clone, Copy, Debug)]
struct Row {
    entries: u32,
    check: u32,
    root: Option<Hash>,
}

/// What the end of the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Footer {
    bits: u8,
    entries: u64,
    size: TreeSize,
    root: Option<Hash>,
    index_check: u32,
}

impl Base {
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("map.base")
    }

    /// Before the first merge there is no file, and every bucket is empty.
    pub const fn none(bits: u8) -> Self {
        Self {
            file: None,
            bits,
            entries: 0,
            size: TreeSize::ZERO,
            starts: Vec::new(),
            checks: Vec::new(),
        }
    }

    fn new(file: File, footer: &Footer, rows: &[Row]) -> Self {
        let ends = rows.iter().scan(0_u64, |end, row| {
            *end = end.saturating_add(stored_len(row.entries));
            Some(*end)
        });
        Self {
            file: Some(PositionalFile::new(file)),
            bits: footer.bits,
            entries: footer.entries,
            size: footer.size,
            starts: [0].into_iter().chain(ends).collect(),
            checks: rows.iter().map(|row| row.check).collect(),
        }
    }

    /// Opens the file, hashes every entry again (on all processors) and builds the trunk above the buckets.
    /// `Ok(None)` when there is no file.
    ///
    /// # Errors
    /// [`MapFault::Damaged`] when the file is not what was written, [`MapFault::Io`] when it cannot be read.
    pub fn open(path: &Path) -> Result<Option<Loaded>, MapFault> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => PositionalFile::new(file?),
        };
        let len = file.file.metadata()?.len();
        let footer_at = u64::try_from(FOOTER_LEN)
            .ok()
            .and_then(|footer| len.checked_sub(footer));
        let footer_at = footer_at.ok_or(damaged("it is too short"))?;
        let mut bytes = [0; FOOTER_LEN];
        file.read_exact_at(&mut bytes, footer_at)?;
        let footer = Footer::parse(&bytes).ok_or(damaged("its footer is wrong"))?;
        let index_at = footer_at
            .checked_sub((1_u64 << footer.bits) * 40)
            .ok_or(damaged("it is too short for its index"))?;
        let rows = read_index(&file, index_at, &footer)?;
        let base = Self::new(file.file, &footer, &rows);
        if base.starts.last() != Some(&index_at) {
            return Err(damaged("its buckets do not end where the index begins"));
        }
        if rows.iter().map(|row| u64::from(row.entries)).sum::<u64>() != footer.entries {
            return Err(damaged("its counts do not add up"));
        }
        base.rehash(&rows)?;
        let roots: Vec<_> = rows.iter().map(|row| row.root).collect();
        let trunk = Trunk::build(base.bits, &roots);
        if trunk.root() != footer.root {
            return Err(damaged("its buckets do not make up its root"));
        }
        Ok(Some(Loaded { base, trunk }))
    }

    pub const fn bits(&self) -> u8 {
        self.bits
    }

    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The size of the log whose entries are all in the base.
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// Reads one bucket.
    pub fn bucket<'a>(&self, number: u32, bytes: &'a mut Vec<u8>) -> Result<Stored<'a>, MapFault> {
        let place = usize::try_from(number).map_err(|_| damaged("a bucket has no place"))?;
        self.read(place, 1, bytes)?;
        self.parse(place, bytes)
    }

    /// Reads the buckets of a group in one go.
    pub fn group<'a>(&self, number: u32, bytes: &'a mut Vec<u8>) -> Result<Vec<Stored<'a>>, MapFault> {
        let first = usize::try_from(number).map_err(|_| damaged("a group has no place"))? * GROUP;
        self.read(first, GROUP, bytes)?;
        let mut rest = bytes.as_slice();
        let mut buckets = Vec::with_capacity(GROUP);
        for place in first..first + GROUP {
            let len = self.span(place, 1).map_or(0, |(_, len)| len);
            let (bucket, after) = rest
                .split_at_checked(len)
                .ok_or(damaged("a group is cut short"))?;
            buckets.push(self.parse(place, bucket)?);
            rest = after;
        }
        Ok(buckets)
    }

    /// Where `count` buckets stand, and their length in bytes.
    fn span(&self, first: usize, count: usize) -> Option<(u64, usize)> {
        let (from, to) = (*self.starts.get(first)?, *self.starts.get(first + count)?);
        Some((from, usize::try_from(to.checked_sub(from)?).ok()?))
    }

    fn read(&self, first: usize, count: usize, bytes: &mut Vec<u8>) -> Result<(), MapFault> {
        bytes.clear();
        let (Some(file), Some((from, len))) = (&self.file, self.span(first, count)) else {
            return Ok(());
        };
        bytes.resize(len, 0);
        if len > 0 {
            file.read_exact_at(bytes, from)?;
        }
        Ok(())
    }

    fn parse<'a>(&self, place: usize, bytes: &'a [u8]) -> Result<Stored<'a>, MapFault> {
        if bytes.is_empty() {
            return Ok(Stored::default());
        }
        if self.checks.get(place).copied() != Some(crc32fast::hash(bytes)) {
            return Err(damaged("a bucket has another checksum"));
        }
        Stored::parse(bytes).ok_or(damaged("a bucket is malformed"))
    }

    /// Compares every bucket with its row of the index.
    fn rehash(&self, rows: &[Row]) -> Result<(), MapFault> {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let share = rows.len().div_ceil(threads).next_multiple_of(GROUP);
        thread::scope(|scope| {
            let work = (0..).step_by(share).zip(rows.chunks(share));
            let running: Vec<_> = work
                .map(|(first, rows)| scope.spawn(move || self.rehash_some(first, rows)))
                .collect();
            running
                .into_iter()
                .try_for_each(|one| one.join().unwrap_or(Err(MapFault::Thread)))
        })
    }

    fn rehash_some(&self, first: usize, rows: &[Row]) -> Result<(), MapFault> {
        let (mut bytes, mut slots): (_, Vec<Slot>) = (Vec::new(), Vec::new());
        for (group, rows) in (first / GROUP..).zip(rows.chunks(GROUP)) {
            let group = u32::try_from(group).map_err(|_| damaged("it has too many buckets"))?;
            let buckets = self.group(group, &mut bytes)?;
            for (number, (bucket, row)) in (group << GROUP_BITS..).zip(buckets.iter().zip(rows)) {
                let root = bucket.rehash(&mut slots, |tag| prefix(tag, self.bits) == number)?;
                if root != row.root {
                    return Err(damaged("a bucket has another root"));
                }
            }
        }
        Ok(())
    }
}

fn read_index(file: &PositionalFile, at: u64, footer: &Footer) -> Result<Vec<Row>, MapFault> {
    let mut bytes = vec![0; ROW_LEN << footer.bits];
    file.read_exact_at(&mut bytes, at)?;
    if crc32fast::hash(&bytes) != footer.index_check {
        return Err(damaged("its index has another checksum"));
    }
    let rows = bytes.as_chunks::<ROW_LEN>().0.iter().map(Row::parse);
    rows.collect::<Option<_>>()
        .ok_or(damaged("its index is malformed"))
}

impl Row {
    fn to_bytes(self) -> [u8; ROW_LEN] {
        let root = self.root.map_or([0; 32], |root| *root.as_bytes());
        collect([&self.entries.to_be_bytes(), &self.check.to_be_bytes(), &root])
    }

    fn parse(bytes: &[u8; ROW_LEN]) -> Option<Self> {
        let (entries, rest) = bytes.split_first_chunk::<4>()?;
        let (check, root) = rest.split_first_chunk::<4>()?;
        let entries = u32::from_be_bytes(*entries);
        Some(Self {
            entries,
            check: u32::from_be_bytes(*check),
            root: if entries == 0 {
                None
            } else {
                Some(Hash::from_slice(root)?)
            },
        })
    }
}

impl Footer {
    fn to_bytes(self) -> [u8; FOOTER_LEN] {
        let root = self.root.map_or([0; 32], |root| *root.as_bytes());
        let said: [u8; FOOTER_LEN - 4] = collect([
            &MAGIC,
            &[self.bits],
            &self.entries.to_be_bytes(),
            &self.size.get().to_be_bytes(),
            &root,
            &self.index_check.to_be_bytes(),
        ]);
        collect([&said, &crc32fast::hash(&said).to_be_bytes()])
    }

    fn parse(bytes: &[u8; FOOTER_LEN]) -> Option<Self> {
        let (said, check) = bytes.split_last_chunk::<4>()?;
        let (magic, rest) = said.split_first_chunk::<15>()?;
        let (&bits, rest) = rest.split_first()?;
        let (entries, rest) = rest.split_first_chunk::<8>()?;
        let (size, rest) = rest.split_first_chunk::<8>()?;
        let (root, index_check) = rest.split_first_chunk::<32>()?;
        let entries = u64::from_be_bytes(*entries);
        let is_ours = *magic == MAGIC && (GROUP_BITS..=MOST_BITS).contains(&bits);
        let is_whole = crc32fast::hash(said) == u32::from_be_bytes(*check);
        (is_ours && is_whole).then_some(Self {
            bits,
            entries,
            size: TreeSize::new(u64::from_be_bytes(*size))?,
            root: (entries > 0).then(|| Hash::new(*root)),
            index_check: u32::from_be_bytes(index_check.try_into().ok()?),
        })
    }
}

/// Parts one after the other; they must have N bytes together.
fn collect<const N: usize, const PARTS: usize>(parts: [&[u8]; PARTS]) -> [u8; N] {
    let mut bytes = [0; N];
    let joined = parts.into_iter().flatten();
    bytes.iter_mut().zip(joined).for_each(|(to, from)| *to = *from);
    bytes
}

/// A file read at given places by several threads.
#[derive(Debug)]
struct PositionalFile {
    file: File,
    #[cfg(not(unix))]
    turn: std::sync::Mutex<()>,
}

impl PositionalFile {
    fn new(file: File) -> Self {
        Self {
            file,
            #[cfg(not(unix))]
            turn: std::sync::Mutex::default(),
        }
    }

    #[cfg(unix)]
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, offset)
    }

    #[cfg(not(unix))]
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let _turn = self
            .turn
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }
}
