//! Where each line stands: from blocks to lines on pages, with what each is a part of.
//!
//! Lengths are in points (1/72 inch), from the top left corner of the page.

use crate::letters::{Face, Letters, shown};
use crate::{Block, Document, Fact, FactKind};

/// A4 (ISO 216).
pub(crate) const PAGE: (f32, f32) = (595.28, 841.89);
const MARGIN: f32 = 56.0;
const BOTTOM: f32 = 781.0;
const FOOT: f32 = 806.0;
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Where the second column of facts begins.
const VALUES: f32 = MARGIN + 150.0;
const NAMES_WIDTH: f32 = VALUES - MARGIN - 12.0;
const VALUES_WIDTH: f32 = PAGE.0 - MARGIN - VALUES;

/// How letters of a kind are set.
#[derive(Debug, Clone, Copy)]
struct Style {
    face: Face,
    size: f32,
    leading: f32,
}

const TITLE: Style = Style {
    face: Face::Bold,
    size: 18.0,
    leading: 24.0,
};
const HEADING: Style = Style {
    face: Face::Bold,
    size: 12.5,
    leading: 17.0,
};
const TEXT: Style = Style {
    face: Face::Plain,
    size: 10.0,
    leading: 14.5,
};
const NAME: Style = Style {
    face: Face::Bold,
    size: 10.0,
    leading: 14.5,
};
const TYPED: Style = Style {
    face: Face::Typed,
    size: 8.5,
    leading: 13.0,
};
const SMALL: Style = Style {
    face: Face::Plain,
    size: 8.0,
    leading: 11.0,
};

/// A line of text.
#[derive(Debug)]
pub(crate) struct Line {
    pub page: usize,
    pub left: f32,
    pub baseline: f32,
    pub face: Face,
    pub size: f32,
    pub text: String,
    pub part: Part,
}

/// What a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The page, not the document: its foot.
    Foot,
    /// The part of the document with this number.
    Of(usize),
}

/// A part of the document as readers hear it. Numbers are those of [`Part::Of`].
#[derive(Debug)]
pub(crate) enum Piece {
    Heading {
        level: u16,
        title: String,
        part: usize,
        page: usize,
        top: f32,
    },
    Paragraph(usize),
    Command(usize),
    /// Name and value of each row, and the language of the value.
    Facts(Vec<(usize, usize, Option<String>)>),
}

/// A thin line across the page.
#[derive(Debug)]
pub(crate) struct Rule {
    pub page: usize,
    pub top: f32,
}

/// A document on its pages.
#[derive(Debug)]
pub(crate) struct Sheets {
    pub pages: usize,
    pub parts: usize,
    pub lines: Vec<Line>,
    pub rules: Vec<Rule>,
    pub pieces: Vec<Piece>,
}

impl Rule {
    pub(crate) const FROM: f32 = MARGIN;
    pub(crate) const TO: f32 = PAGE.0 - MARGIN;
}

/// Lays a document out.
pub(crate) fn lay_out(document: &Document, letters: &Letters) -> Sheets {
    let mut setter = Setter {
        letters,
        page: 0,
        top: MARGIN,
        sheets: Sheets {
            pages: 1,
            parts: 0,
            lines: Vec::new(),
            rules: Vec::new(),
            pieces: Vec::new(),
        },
    };
    setter.heading(1, &document.title, TITLE);
    for block in &document.blocks {
        match block {
            Block::Heading(text) => {
                setter.top += 10.0;
                setter.heading(2, text, HEADING);
            }
            Block::Paragraph(text) => {
                let part = setter.paragraph(text, TEXT);
                setter.sheets.pieces.push(Piece::Paragraph(part));
            }
            Block::Command(text) => {
                let part = setter.paragraph(text, TYPED);
                setter.sheets.pieces.push(Piece::Command(part));
            }
            Block::Facts(rows) => setter.facts(rows),
        }
    }
    setter.feet(&document.foot);
    setter.sheets
}

struct Setter<'a> {
    letters: &'a Letters,
    page: usize,
    /// Where the next line begins.
    top: f32,
    sheets: Sheets,
}

impl Setter<'_> {
    fn part(&mut self) -> usize {
        self.sheets.parts += 1;
        self.sheets.parts - 1
    }

    /// Goes to the next page unless so much fits on this one.
    fn need(&mut self, height: f32) {
        if self.top + height > BOTTOM {
            self.page += 1;
            self.sheets.pages = self.page + 1;
            self.top = MARGIN;
        }
    }

    fn line(&mut self, left: f32, style: Style, text: String, part: usize) {
        self.sheets.lines.push(Line {
            page: self.page,
            left,
            baseline: self.top + style.size,
            face: style.face,
            size: style.size,
            text,
            part: Part::Of(part),
        });
    }

    fn heading(&mut self, level: u16, text: &str, style: Style) {
        // A heading does not stay alone at the end of a page.
        self.need(style.leading + 4.0 * TEXT.leading);
        let (page, top) = (self.page, self.top);
        let part = self.paragraph(text, style);
        self.sheets.pieces.push(Piece::Heading {
            level,
            title: shown(text),
            part,
            page,
            top,
        });
    }

    fn paragraph(&mut self, text: &str, style: Style) -> usize {
        let part = self.part();
        for line in self.broken(text, style, WIDTH) {
            self.need(style.leading);
            self.line(MARGIN, style, line, part);
            self.top += style.leading;
        }
        self.top += 5.0;
        part
    }

    fn facts(&mut self, rows: &[Fact]) {
        let mut piece = Vec::new();
        for row in rows {
            let style = match row.kind {
                FactKind::Words => TEXT,
                FactKind::Exact => TYPED,
            };
            let (name, value) = (self.part(), self.part());
            let mut names = self.broken(&row.name, NAME, NAMES_WIDTH).into_iter();
            let mut values = self.broken(&row.value, style, VALUES_WIDTH).into_iter();
            let mut first = true;
            loop {
                let (left, right) = (names.next(), values.next());
                if left.is_none() && right.is_none() {
                    break;
                }
                // The first two lines of a row stay together.
                self.need(if first { 2.0 * TEXT.leading } else { TEXT.leading });
                first = false;
                if let Some(text) = left {
                    self.line(MARGIN, NAME, text, name);
                }
                if let Some(text) = right {
                    self.line(VALUES, style, text, value);
                }
                self.top += TEXT.leading;
            }
            self.sheets.rules.push(Rule {
                page: self.page,
                top: self.top + 1.5,
            });
            self.top += 5.0;
            piece.push((name, value, row.language.clone()));
        }
        self.sheets.pieces.push(Piece::Facts(piece));
        self.top += 5.0;
    }

    fn feet(&mut self, words: &str) {
        for page in 0..self.sheets.pages {
            let number = format!("{} / {}", page + 1, self.sheets.pages);
            let left = PAGE.0 - MARGIN - self.letters.width(SMALL.face, SMALL.size, &number);
            for (left, text) in [(MARGIN, shown(words)), (left, number)] {
                self.sheets.lines.push(Line {
                    page,
                    left,
                    baseline: FOOT,
                    face: SMALL.face,
                    size: SMALL.size,
                    text,
                    part: Part::Foot,
                });
            }
        }
    }

    /// A text in lines of at most this width. A line keeps the space it was broken at, so that words stay apart for
    /// whoever reads the text and not the page.
    fn broken(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let measure = |text: &str| self.letters.width(style.face, style.size, text);
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in shown(paragraph).split_inclusive(' ') {
                if !line.is_empty() && measure(&line) + measure(word.trim_end_matches(' ')) > width {
                    lines.push(std::mem::take(&mut line));
                }
                // A word that is wider than a line, such as a hash, is broken anywhere.
                for letter in word.chars() {
                    if letter != ' ' && measure(&line) + measure(letter.encode_utf8(&mut [0; 4])) > width {
                        lines.push(std::mem::take(&mut line));
                    }
                    line.push(letter);
                }
            }
            if !line.is_empty() {
                lines.push(line);
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setter(letters: &Letters) -> Setter<'_> {
        Setter {
            letters,
            page: 0,
            top: MARGIN,
            sheets: Sheets {
                pages: 1,
                parts: 0,
                lines: Vec::new(),
                rules: Vec::new(),
                pieces: Vec::new(),
            },
        }
    }

    #[test]
    fn lines_are_no_wider_than_they_may_be_and_lose_nothing() {
        let letters = Letters::load().unwrap();
        let text = format!(
            "Données d’énergie à l’été {} et la suite du texte.",
            "f".repeat(200)
        );
        let lines = setter(&letters).broken(&text, TEXT, 200.0);
        for line in &lines {
            let width = letters.width(TEXT.face, TEXT.size, line.trim_end());
            assert!(width <= 200.0, "{width}: {line}");
        }
        assert_eq!(lines.concat(), text);
        assert!(lines.len() > 3);
    }

    #[test]
    fn unbreakable_spaces_are_not_broken_at() {
        let letters = Letters::load().unwrap();
        let lines = setter(&letters).broken("le 22\u{a0}novembre\u{a0}2026", TEXT, 90.0);
        assert_eq!(lines, ["le ", "22\u{a0}novembre\u{a0}202", "6"]);
    }

    #[test]
    fn what_no_page_can_show_is_told_as_unknown() {
        assert_eq!(shown("a\u{feff}b\u{e001}c\td"), "a\u{fffd}b\u{fffd}c d");
    }
}
