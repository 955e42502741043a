//! Documents for people as PDF: text, facts in two columns and commands, with one file attached.
//!
//! What it does: lays out a [`Document`], tags it for screen readers, and writes a file that claims PDF/A-3a (ISO 19005-3) and
//! PDF/UA-1 (ISO 14289-1); the writer refuses what it can see would break either. Fonts are in the program and in the file.
//! The same document gives the same bytes.
//! What it deliberately does not: choose words, read a clock, draw pictures, or know what a receipt is.
//!
//! LIMIT: letters stand one after the other, without kerning, ligatures or scripts that run from right to left. A letter that
//! the fonts lack (they have Latin, Greek and Cyrillic) shows as U+FFFD and stays itself in the text that is copied or searched.

mod layout;
mod letters;
mod write;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its language, BCP 47.
    pub language: String,
    /// Its title, which is also its first heading.
    pub title: String,
    /// Who made it.
    pub author: String,
    /// The instant it carries: that of what it tells, so that it is the same whenever it is made.
    pub dated: Dated,
    /// What stands in it.
    pub blocks: Vec<Block>,
    /// What stands at the foot of each page, before its number.
    pub foot: String,
    /// The file in it.
    pub attachment: Attachment,
}

/// A date and time of day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// Year.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
    /// Hour.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading below the title.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// What is said about what, in two columns.
    Facts(Vec<Fact>),
    /// What is typed into a terminal, a line.
    Command(String),
}

/// A row of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// About what.
    pub name: String,
    /// What is said. Each line of it is a line of its own.
    pub value: String,
    /// In which language it is said, where that is not the document's (BCP 47).
    pub language: Option<String>,
    /// Whether it is read or compared.
    pub kind: FactKind,
}

/// How a fact is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactKind {
    /// Words.
    Words,
    /// A hash or a key, compared letter by letter.
    Exact,
}

/// A file inside the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its type (RFC 6838).
    pub media_type: &'static str,
    /// What it is, for people.
    pub description: String,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
}

/// Why a document was not written. Never says what stands in it.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A font of the program cannot be read.
    #[error("a font of the program cannot be read")]
    Font,
    /// The writer found something that PDF/A-3a or PDF/UA-1 forbids.
    #[error("the document breaks {rules} rules of PDF/A-3a or PDF/UA-1")]
    Standard {
        /// How many.
        rules: usize,
    },
    /// A length, a type or a structure that the writer does not take.
    #[error("the document has a part that cannot be written")]
    Form,
}

impl Document {
    /// The document as a PDF file, A4.
    ///
    /// # Errors
    /// See [`PdfError`].
    pub fn to_pdf(&self) -> Result<Vec<u8>, PdfError> {
        let letters = letters::Letters::load()?;
        let sheets = layout::lay_out(self, &letters);
        write::write(self, &sheets, &letters)
    }
}
