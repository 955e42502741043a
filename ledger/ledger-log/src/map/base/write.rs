//! Writing a base file, from the first bucket to the last.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use ledger_core::tree::{Hash, TreeSize};

use super::{Base, Footer, Loaded, Row};
use crate::map::{MapFault, bucket::stored_len, damaged, trunk::Trunk};

/// The file is synced piece by piece, so that the last sync does not hold up those of the database for seconds.
const SYNC_EVERY: u64 = 16 << 20;

/// A base file in the making: temporary file, fsync, rename, fsync of the folder.
#[derive(Debug)]
pub struct BaseWriter {
    folder: PathBuf,
    file: BufWriter<File>,
    bits: u8,
    rows: Vec<Row>,
    unsynced: u64,
}

impl BaseWriter {
    /// Begins a file of 2^`bits` buckets; an unfinished one of an earlier run is overwritten.
    pub fn begin(folder: &Path, bits: u8) -> Result<Self, MapFault> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(staging(folder))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            file: BufWriter::with_capacity(1 << 20, file),
            bits,
            rows: Vec::with_capacity(1 << bits),
            unsynced: 0,
        })
    }

    /// Removes an unfinished file.
    pub fn clean(folder: &Path) -> Result<(), MapFault> {
        match fs::remove_file(staging(folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Appends bucket `number`; those left out before it are empty.
    pub fn put(
        &mut self,
        number: u32,
        entries: usize,
        bytes: &[u8],
        root: Option<Hash>,
    ) -> Result<(), MapFault> {
        const ORDER: MapFault = damaged("buckets are out of order");
        let number = usize::try_from(number).map_err(|_| ORDER)?;
        let entries = u32::try_from(entries).map_err(|_| ORDER)?;
        if number < self.rows.len() {
            return Err(ORDER);
        }
        self.pad(number);
        self.rows.push(Row {
            entries,
            check: crc32fast::hash(bytes),
            root,
        });
        self.file.write_all(bytes)?;
        self.unsynced += stored_len(entries);
        if self.unsynced >= SYNC_EVERY {
            self.file.flush()?;
            self.file.get_ref().sync_data()?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Puts the file in the place of the last one, unless its root is not `root`. Durable when it returns.
    pub fn finish(mut self, size: TreeSize, root: Option<Hash>) -> Result<Loaded, MapFault> {
        self.pad(1 << self.bits);
        let roots: Vec<_> = self.rows.iter().map(|row| row.root).collect();
        let trunk = Trunk::build(self.bits, &roots);
        if trunk.root() != root {
            return Err(damaged("the merged base has another root"));
        }
        let mut index_check = crc32fast::Hasher::new();
        for row in &self.rows {
            let bytes = row.to_bytes();
            index_check.update(&bytes);
            self.file.write_all(&bytes)?;
        }
        let footer = Footer {
            bits: self.bits,
            entries: self.rows.iter().map(|row| u64::from(row.entries)).sum(),
            size,
            root,
            index_check: index_check.finalize(),
        };
        self.file.write_all(&footer.to_bytes())?;
        let file = self
            .file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(staging(&self.folder), Base::path(&self.folder))?;
        File::open(&self.folder)?.sync_all()?;
        let base = Base::new(file, &footer, &self.rows);
        Ok(Loaded { base, trunk })
    }

    fn pad(&mut self, to: usize) {
        let check = crc32fast::hash(&[]);
        let empty = Row {
            entries: 0,
            check,
            root: None,
        };
        self.rows.resize(to.max(self.rows.len()), empty);
    }
}

fn staging(folder: &Path) -> PathBuf {
    folder.join("map.base.new")
}
