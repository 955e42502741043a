//! An address as a square that a telephone reads, for what is printed. An address alone: codes and secrets stay beside it, in
//! letters (I9).

use qrcode::{Color, QrCode};

/// Empty modules around it (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;

/// A QR code as one path of an SVG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Square {
    /// Modules of each side, with the empty ones around.
    pub side: usize,
    /// The dark modules, as the `d` of a path.
    pub path: String,
}

impl Square {
    /// The square of an address; `None` for one that is too long, which is printed in letters only.
    #[must_use]
    pub fn of(address: &str) -> Option<Self> {
        let code = QrCode::new(address.as_bytes()).ok()?;
        let width = code.width();
        let colours = code.to_colors();
        let mut path = String::new();
        for (y, row) in colours.chunks(width).enumerate() {
            let mut x = 0_usize;
            for run in row.chunk_by(|one, next| one == next) {
                if run.first() == Some(&Color::Dark) {
                    let (left, top, long) = (x + QUIET, y + QUIET, run.len());
                    path.push_str(&format!("M{left} {top}h{long}v1h-{long}z"));
                }
                x += run.len();
            }
        }
        Some(Self {
            side: width + 2 * QUIET,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules that the path draws.
    fn drawn(square: &Square) -> Vec<(usize, usize)> {
        let mut dark = Vec::new();
        for run in square.path.split('M').skip(1) {
            let (place, rest) = run.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let long: usize = rest.split('v').next().unwrap().parse().unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            dark.extend((x..x + long).map(|x| (x, y)));
        }
        dark
    }

    #[test]
    fn every_dark_module_is_drawn_once_inside_the_quiet_zone() {
        let address = "https://broker.example/foyer";
        let square = Square::of(address).unwrap();
        let code = QrCode::new(address.as_bytes()).unwrap();
        let width = code.width();
        let dark: Vec<_> = code
            .to_colors()
            .iter()
            .enumerate()
            .filter(|(_, colour)| **colour == Color::Dark)
            .map(|(place, _)| (place % width + QUIET, place / width + QUIET))
            .collect();
        assert_eq!(drawn(&square), dark);
        assert_eq!(square.side, width + 8);
    }

    #[test]
    fn what_is_too_long_has_none() {
        assert_eq!(Square::of(&"x".repeat(4_000)), None);
    }
}
