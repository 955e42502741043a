//! The fonts, and how wide a text is in them.

use std::ops::Range;

use krilla::text::{Font, GlyphId as DrawnId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};

use crate::PdfError;

/// A font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// For reading.
    Plain,
    /// For headings and names.
    Bold,
    /// For what is typed or compared.
    Typed,
}

/// The fonts of a document.
pub(crate) struct Letters {
    plain: Loaded,
    bold: Loaded,
    typed: Loaded,
}

struct Loaded {
    font: Font,
    file: FontRef<'static>,
    /// Units to the size of a letter.
    units: f32,
}

/// Shown for a letter that a font lacks.
const UNKNOWN: char = '\u{fffd}';

impl Letters {
    pub(crate) fn load() -> Result<Self, PdfError> {
        Ok(Self {
            plain: Loaded::new(dejavu::sans::regular())?,
            bold: Loaded::new(dejavu::sans::bold())?,
            typed: Loaded::new(dejavu::sans_mono::regular())?,
        })
    }

    fn of(&self, face: Face) -> &Loaded {
        match face {
            Face::Plain => &self.plain,
            Face::Bold => &self.bold,
            Face::Typed => &self.typed,
        }
    }

    pub(crate) fn font(&self, face: Face) -> Font {
        self.of(face).font.clone()
    }

    /// The width of a text in points.
    pub(crate) fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        self.glyphs(face, text)
            .iter()
            .map(|glyph| glyph.x_advance * size)
            .sum()
    }

    /// A text as it is drawn, letter by letter.
    pub(crate) fn glyphs(&self, face: Face, text: &str) -> Vec<KrillaGlyph> {
        let loaded = self.of(face);
        let (map, widths) = (loaded.file.charmap(), loaded.widths());
        text.char_indices()
            .map(|(at, letter)| {
                let found = map.map(letter).or_else(|| map.map(UNKNOWN)).unwrap_or_default();
                let range: Range<usize> = at..at + letter.len_utf8();
                let width = widths.advance_width(found).unwrap_or_default() / loaded.units;
                KrillaGlyph::new(DrawnId::new(found.to_u32()), width, 0.0, 0.0, 0.0, range, None)
            })
            .collect()
    }
}

impl Loaded {
    fn new(bytes: &'static [u8]) -> Result<Self, PdfError> {
        let font = Font::new(bytes.into(), 0).ok_or(PdfError::Font)?;
        let file = FontRef::new(bytes).map_err(|_| PdfError::Font)?;
        let units = font.units_per_em();
        Ok(Self { font, file, units })
    }

    fn widths(&self) -> GlyphMetrics<'static> {
        GlyphMetrics::new(&self.file, Size::unscaled(), LocationRef::default())
    }
}

/// A text without what no page can show and the standards forbid: control characters, marks of byte order, private use.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => {
                UNKNOWN
            }
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect()
}
