//! `/moi/bilan`: summaries of a year, each on one page and as a PDF.

use askama::Template;
use broker_document::{Attachment, Block, Dated, Document, Fact, FactKind};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::format::Moment;
use crate::lang::Lang;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::rights::RightKind;
use crate::pages::sharing::ReceiptKind;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::SharingState;

/// The span of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummarySpan {
    /// The instant at which it ends, in microseconds: what paths call it.
    pub until: i64,
    /// Its first day.
    pub first_day: Date,
    /// Its last day.
    pub last_day: Date,
}

/// `/moi/bilan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummariesView {
    /// Those that were made, latest first.
    pub made: Vec<SummarySpan>,
    /// The day of the next one, where there is one every year.
    pub next: Option<Date>,
}

/// One sharing in a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryLine {
    /// Who received.
    pub recipient: String,
    /// For what.
    pub purpose: String,
    /// Of which meter.
    pub meter: String,
    /// Transfers in the span.
    pub transfers: u32,
    /// What happened in the span, and when.
    pub events: Vec<(ReceiptKind, Moment)>,
    /// Where it stands now.
    pub state: SharingState,
}

/// One summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryView {
    /// The instant at which it ends, in microseconds.
    pub until: i64,
    /// Its span.
    pub span: SummarySpan,
    /// Each sharing.
    pub sharings: Vec<SummaryLine>,
    /// Requests about rights that arrived in it.
    pub requests: Vec<(RightKind, Moment)>,
    /// Releases to researchers that hold her.
    pub releases: u64,
    /// Breaches that she was told of.
    pub breaches: u64,
    /// Who runs this broker.
    pub operator: String,
}

/// A part of a summary, the same on the page and in the PDF.
struct Section {
    heading: String,
    words: Option<String>,
    facts: Vec<(String, String)>,
}

impl SummaryView {
    fn sections(&self, t: Speech) -> Vec<Section> {
        let sharings = self.sharings.iter().map(|line| (line.name(&t), line.words(&t)));
        let requests = self
            .requests
            .iter()
            .map(|(right, at)| (t.word(*right), t.time_words(at)));
        let said = |empty: bool, key| empty.then(|| t.say(key));
        vec![
            Section {
                heading: t.say("summary-sharings"),
                words: said(self.sharings.is_empty(), "summary-no-sharings"),
                facts: sharings.collect(),
            },
            Section {
                heading: t.say("summary-research"),
                words: Some(t.say1("summary-releases", "n", self.releases)),
                facts: Vec::new(),
            },
            Section {
                heading: t.say("summary-requests"),
                words: said(self.requests.is_empty(), "summary-no-requests"),
                facts: requests.collect(),
            },
            Section {
                heading: t.say("summary-incidents"),
                words: Some(t.say1("summary-breaches", "n", self.breaches)),
                facts: Vec::new(),
            },
        ]
    }

    fn title(&self, t: Speech) -> String {
        let (from, until) = (t.day_words(self.span.first_day), t.day_words(self.span.last_day));
        t.say2("summary-heading", "from", from, "until", until)
    }

    /// The same as a PDF, with the sharings as a table inside.
    pub fn document(&self, lang: Lang) -> Document {
        let t = Speech::new(lang);
        let mut blocks = vec![Block::Paragraph(t.say("summary-intro"))];
        for section in self.sections(t) {
            blocks.push(Block::Heading(section.heading));
            blocks.extend(section.words.map(Block::Paragraph));
            if !section.facts.is_empty() {
                let facts = section.facts.into_iter().map(|(name, value)| Fact {
                    name,
                    value,
                    language: None,
                    kind: FactKind::Words,
                });
                blocks.push(Block::Facts(facts.collect()));
            }
        }
        Document {
            language: lang.tag().to_owned(),
            title: self.title(t),
            author: self.operator.clone(),
            dated: dated(self.until),
            blocks,
            foot: self.title(t),
            attachment: Attachment {
                name: "fiducie-bilan.csv".to_owned(),
                media_type: "text/csv",
                description: t.say("summary-file"),
                bytes: self.table().into_bytes(),
            },
        }
    }

    /// What the PDF is called.
    pub fn pdf_name(&self) -> String {
        format!("fiducie-bilan-{}.pdf", self.span.last_day)
    }

    /// RFC 4180.
    fn table(&self) -> String {
        let mut table = String::from("recipient,purpose,meter,transfers\r\n");
        for line in &self.sharings {
            let cells = [&line.recipient, &line.purpose, &line.meter];
            for cell in cells {
                table.push_str(&quoted(cell));
                table.push(',');
            }
            table.push_str(&line.transfers.to_string());
            table.push_str("\r\n");
        }
        table
    }
}

/// A cell that no spreadsheet takes for a formula.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let lead = if formula { "'" } else { "" };
    format!("\"{lead}{}\"", cell.replace('"', "\"\""))
}

impl SummaryLine {
    fn name(&self, t: &Speech) -> String {
        let separator = t.say("separator");
        format!("{}{separator}{}", self.recipient, self.purpose)
    }

    fn words(&self, t: &Speech) -> String {
        let mut lines = vec![
            self.meter.clone(),
            t.say1("count-transfers", "n", u64::from(self.transfers)),
        ];
        for (kind, at) in &self.events {
            lines.push(format!("{} {}", t.word(*kind), t.time_words(at)));
        }
        lines.push(t.say1("summary-now", "state", t.word(self.state)));
        lines.join("\n")
    }
}

/// The instant in UTC; the beginning of the calendar where it lies outside.
fn dated(micros: i64) -> Dated {
    let utc = Moment(micros)
        .timestamp()
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC);
    let small = |part: i8| u8::try_from(part).unwrap_or_default();
    Dated {
        year: u16::try_from(utc.year()).unwrap_or_default(),
        month: small(utc.month()),
        day: small(utc.day()),
        hour: small(utc.hour()),
        minute: small(utc.minute()),
        second: small(utc.second()),
    }
}

/// Renders `/moi/bilan`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_summaries(page: &PageContext, view: &SummariesView) -> Result<String, RenderError> {
    let f = Frame::new(page, "summaries-heading");
    f.render(&SummariesTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/bilan/{until}`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_summary(page: &PageContext, view: &SummaryView) -> Result<String, RenderError> {
    let f = Frame::new(page, "summaries-heading");
    let heading = view.title(f.t);
    let f = f.headed(heading);
    f.render(&SummaryTemplate {
        f: &f,
        t: f.t,
        view,
        sections: view.sections(f.t),
    })
}

#[derive(Template)]
#[template(path = "summaries.html")]
struct SummariesTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a SummariesView,
}

#[derive(Template)]
#[template(path = "summary.html")]
struct SummaryTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a SummaryView,
    sections: Vec<Section>,
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn no_cell_is_a_formula_or_ends_its_quotes() {
        assert_eq!(quoted("Labo \"x\", y"), "\"Labo \"\"x\"\", y\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
