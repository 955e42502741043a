//! A ustar writer for files with short fixed names.

use super::{BundleError, BundleFile};

const BLOCK: usize = 512;

/// Two blocks of zeros end an archive.
const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

pub(super) fn ustar(files: &[BundleFile], modified_at_s: u64) -> Result<Vec<u8>, BundleError> {
    let mut archive = Vec::new();
    for file in files {
        push(&mut archive, file.name, &file.bytes, modified_at_s)?;
    }
    archive.extend(END);
    Ok(archive)
}

/// The same archive with one more file at its end.
pub(super) fn append(
    archive: &[u8],
    name: &str,
    bytes: &[u8],
    modified_at_s: u64,
) -> Result<Vec<u8>, BundleError> {
    let files = archive
        .strip_suffix(&END)
        .filter(|files| files.len().is_multiple_of(BLOCK))
        .ok_or(BundleError::NotAnArchive)?;
    let mut longer = Vec::with_capacity(archive.len() + bytes.len() + 2 * BLOCK);
    longer.extend(files);
    push(&mut longer, name, bytes, modified_at_s)?;
    longer.extend(END);
    Ok(longer)
}

fn push(archive: &mut Vec<u8>, name: &str, bytes: &[u8], modified_at_s: u64) -> Result<(), BundleError> {
    archive.extend(header(name, bytes.len(), modified_at_s)?);
    archive.extend(bytes);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    Ok(())
}

fn header(name: &str, len: usize, modified_at_s: u64) -> Result<Vec<u8>, BundleError> {
    let size = u64::try_from(len).map_err(|_| BundleError::OutOfRange { field: "size" })?;
    let mut before = Vec::with_capacity(BLOCK);
    text(&mut before, name, 100, "name")?;
    octal(&mut before, 0o644, 8, "mode")?;
    octal(&mut before, 0, 8, "uid")?;
    octal(&mut before, 0, 8, "gid")?;
    octal(&mut before, size, 12, "size")?;
    octal(&mut before, modified_at_s, 12, "mtime")?;
    let mut after = vec![b'0'];
    text(&mut after, "", 100, "linkname")?;
    after.extend(b"ustar\x0000");
    text(&mut after, "", 32, "uname")?;
    text(&mut after, "", 32, "gname")?;
    octal(&mut after, 0, 8, "devmajor")?;
    octal(&mut after, 0, 8, "devminor")?;
    // Prefix and padding.
    after.resize(BLOCK - before.len() - 8, 0);
    // The checksum is taken with its own eight bytes as spaces, and written as six digits, a zero and a
    // space.
    let spaces = 8 * u64::from(b' ');
    let checksum = before
        .iter()
        .chain(&after)
        .map(|byte| u64::from(*byte))
        .sum::<u64>()
        + spaces;
    octal(&mut before, checksum, 7, "chksum")?;
    before.push(b' ');
    before.extend(after);
    Ok(before)
}

fn text(header: &mut Vec<u8>, value: &str, width: usize, field: &'static str) -> Result<(), BundleError> {
    if value.len() > width {
        return Err(BundleError::OutOfRange { field });
    }
    header.extend(value.bytes());
    header.resize(header.len() + width - value.len(), 0);
    Ok(())
}

/// `width - 1` octal digits and a zero byte.
fn octal(header: &mut Vec<u8>, value: u64, width: usize, field: &'static str) -> Result<(), BundleError> {
    let digits = format!("{value:0>digits$o}", digits = width - 1);
    if digits.len() >= width {
        return Err(BundleError::OutOfRange { field });
    }
    header.extend(digits.bytes());
    header.push(0);
    Ok(())
}
