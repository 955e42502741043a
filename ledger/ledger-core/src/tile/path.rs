//! Paths of the static files, relative to the log's prefix.

use std::{fmt, str::FromStr};

use super::{FULL, Span, TileId};

/// A file of the log. Prints as its path, and parses from exactly that spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// `checkpoint`
    Checkpoint,
    /// `tile/<L>/<N>[.p/<W>]`
    Tile(TileId),
    /// `tile/entries/<N>[.p/<W>]`
    Entries(Span),
}

/// The path is not one of C2SP tlog-tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of the log")]
pub struct PathError;

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = match self {
            Self::Checkpoint => return f.write_str("checkpoint"),
            Self::Tile(tile) => {
                write!(f, "tile/{}/", tile.level())?;
                tile.span()
            }
            Self::Entries(span) => {
                f.write_str("tile/entries/")?;
                *span
            }
        };
        write_index(f, span.index())?;
        if span.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", span.width())
        }
    }
}

/// Three digits to a group, all groups but the last marked with `x`: 1234067 is `x001/x234/067`.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let groups = index.checked_ilog(1000).unwrap_or(0);
    for group in (1..=groups).rev() {
        write!(f, "x{:03}/", index / 1000_u64.pow(group) % 1000)?;
    }
    write!(f, "{:03}", index % 1000)
}

impl FromStr for Resource {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        if path == "checkpoint" {
            return Ok(Self::Checkpoint);
        }
        let (level, rest) = path
            .strip_prefix("tile/")
            .and_then(|p| p.split_once('/'))
            .ok_or(PathError)?;
        let span = parse_span(rest)?;
        let resource = if level == "entries" {
            Self::Entries(span)
        } else {
            let level = level.parse().map_err(|_| PathError)?;
            Self::Tile(TileId::new(level, span).ok_or(PathError)?)
        };
        // One file, one name: whatever was accepted above must print as it was written. This refuses leading
        // zeros, plus signs and superfluous groups in one place.
        if resource.to_string() == path {
            Ok(resource)
        } else {
            Err(PathError)
        }
    }
}

fn parse_span(path: &str) -> Result<Span, PathError> {
    let (index, width) = match path.split_once(".p/") {
        Some((index, width)) => {
            let width = width.parse().map_err(|_| PathError)?;
            // A width of 256 is a full tile and has no suffix.
            if width == FULL {
                return Err(PathError);
            }
            (index, width)
        }
        None => (path, FULL),
    };
    let mut number: u64 = 0;
    let mut groups = index.split('/').peekable();
    while let Some(group) = groups.next() {
        let digits = if groups.peek().is_some() {
            group.strip_prefix('x').ok_or(PathError)?
        } else {
            group
        };
        if digits.len() != 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(PathError);
        }
        let group: u64 = digits.parse().map_err(|_| PathError)?;
        number = number
            .checked_mul(1000)
            .and_then(|n| n.checked_add(group))
            .ok_or(PathError)?;
    }
    Span::new(number, width).ok_or(PathError)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_grouped_in_threes() {
        for (index, path) in [
            (7, "007"),
            (273, "273"),
            (1042, "x001/042"),
            (81_453, "x081/453"),
            (1_234_067, "x001/x234/067"),
            (1000, "x001/000"),
            (999, "999"),
        ] {
            let entries = Resource::Entries(Span::new(index, FULL).unwrap());
            assert_eq!(entries.to_string(), format!("tile/entries/{path}"));
            assert_eq!(entries.to_string().parse(), Ok(entries));
        }
        let tile = TileId::new(0, Span::new(81_453, 195).unwrap()).unwrap();
        assert_eq!(Resource::Tile(tile).to_string(), "tile/0/x081/453.p/195");
    }

    #[test]
    fn hostile_paths_are_refused() {
        for path in [
            "",
            "/",
            "checkpoint/",
            "Checkpoint",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/257",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/64/000",
            "tile/256/000",
            "tile/00/000",
            "tile/+0/000",
            "tile/-1/000",
            "tile/0/001/000",
            "tile/0/x000/000",
            "tile/0/x000",
            "tile/0/X001/000",
            "tile/0/../000",
            "tile/0/x001/../000",
            "tile/0/..",
            "tile/entries",
            "tile/entries/x001",
            "tile/entries/١٢٣",
            "tile/data/000",
            "../checkpoint",
            "tile/0/000\0",
            "tile/0/000 ",
            " tile/0/000",
            "tile//0/000",
            "tile/8/0/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(path.parse::<Resource>(), Err(PathError), "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_prints_parses_back(level in 0_u8..64, index in 0_u64..=(i64::MAX as u64) / 256, width in 1_u16..=256) {
            let span = Span::new(index, width).unwrap();
            for resource in [Resource::Entries(span), Resource::Tile(TileId::new(level, span).unwrap())] {
                prop_assert_eq!(resource.to_string().parse(), Ok(resource));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(path in "(tile/|[0-9x/.p]|entries|\\PC){0,40}") {
            if let Ok(resource) = path.parse::<Resource>() {
                prop_assert_eq!(resource.to_string(), path);
            }
        }
    }
}
