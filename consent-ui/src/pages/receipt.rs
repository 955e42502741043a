//! `/moi/recus/{leaf}`: one receipt in words, and the same as a PDF with the signed file in it (kit document K05).
//!
//! Page and PDF are two views of [`ReceiptView::sections`], so that neither says what the other does not.

use askama::Template;
use broker_document::{Attachment, Block, Dated, Document, Fact, FactKind};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::format::Moment;
use crate::lang::Lang;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::sharing::ReceiptKind;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{DataKind, Evidence, Granularity, LegalBasis};

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptView {
    /// Of which act.
    pub kind: ReceiptKind,
    /// Who did it (P-07).
    pub by: ReceiptBy,
    /// When it was recorded.
    pub at: Moment,
    /// Until when a pause lasts.
    pub resumes: Option<Moment>,
    /// How strong the evidence is, where somebody acted.
    pub evidence: Option<Evidence>,
    /// Whether the grid operator's list of contracts told of it.
    pub upstream: bool,
    /// Whether a passkey's signature over the terms was verified.
    pub signed: bool,
    /// Which sharing, for paths.
    pub sharing: String,
    /// Who receives: name, country, address for questions.
    pub recipient: [String; 3],
    /// Who keeps the records: name, country, address for questions.
    pub keeper: [String; 3],
    /// Where to complain: name and web address.
    pub authority: [String; 2],
    /// Why, in the words of the notice.
    pub purpose: String,
    /// The language of those words, BCP 47.
    pub purpose_language: String,
    /// How fine.
    pub granularity: Granularity,
    /// What the person calls the meter.
    pub meter: String,
    /// How many points a legal person permitted this for in one act, and the digest of their list; `None` for a consent.
    pub list: Option<(u32, String)>,
    /// First day of data covered.
    pub first_day: Date,
    /// Last day of data covered, and of the agreement.
    pub last_day: Date,
    /// SHA-256 of the notice.
    pub notice: String,
    /// Where the agreement is withdrawn, as the record says.
    pub withdraw_at: String,
    /// Where the record stands.
    pub place: ReceiptPlace,
    /// The name of the file with the proof.
    pub file: String,
    /// What that file is.
    pub file_path: String,
    /// Scheme and authority of this site.
    pub site: String,
}

/// Where a record stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptPlace {
    /// The ledger's name.
    pub log: String,
    /// The record's number in it.
    pub leaf: u64,
    /// Size of the ledger that it was proven in.
    pub size: u64,
    /// Root of that tree, hexadecimal.
    pub root: String,
    /// Thumbprint of the key that signed the record.
    pub key: String,
}

/// Who did what a receipt is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptBy {
    /// Nobody for another.
    Oneself,
    /// Somebody for her, under a mandate.
    Delegate {
        /// Her name; empty once either side was erased.
        name: String,
    },
    /// Somebody who holds the contract with whoever reads.
    Holder {
        /// Her name; empty where none is known.
        name: String,
    },
}

/// Some facts under a heading.
struct Section {
    heading: String,
    facts: Vec<Fact>,
}

impl ReceiptView {
    fn sections(&self, t: Speech) -> [Section; 4] {
        let section = |key: &str, facts: Vec<Fact>| Section {
            heading: t.say(key),
            facts,
        };
        [
            section("receipt-page-act", self.act(t)),
            section("receipt-page-terms", self.terms(t)),
            section("receipt-page-rights", self.rights(t)),
            section("receipt-page-proof", self.proof(t)),
        ]
    }

    /// What was done, when and how.
    fn act(&self, t: Speech) -> Vec<Fact> {
        let mut facts = vec![words(
            t.say("receipt-page-done"),
            format!("{} {}", t.word(self.kind), t.time_words(self.at)),
        )];
        if let Some(until) = self.resumes {
            facts.push(words(t.say("fact-resumes"), t.time_words(until)));
        }
        let how = match self.evidence {
            Some(evidence) => t.word(evidence),
            None if self.upstream => t.say("receipt-page-upstream"),
            None => t.say("receipt-page-nobody"),
        };
        match &self.by {
            ReceiptBy::Delegate { name } => {
                let by = format!("{} {name}", t.say("receipt-page-by-delegate"));
                facts.push(words(t.say("receipt-page-by"), by.trim().to_owned()));
            }
            ReceiptBy::Holder { name } => {
                let by = match name.is_empty() {
                    true => t.say("acted-by-holder-gone"),
                    false => t.say1("acted-by-holder", "name", name),
                };
                facts.push(words(t.say("receipt-page-by"), by));
            }
            // Time, the broker and the operator's list are nobody: the next line says so.
            ReceiptBy::Oneself if self.evidence.is_some() => {
                facts.push(words(t.say("receipt-page-by"), t.say("receipt-page-by-self")));
            }
            ReceiptBy::Oneself => {}
        }
        facts.push(words(t.say("receipt-page-how"), how));
        facts
    }

    /// What is agreed.
    fn terms(&self, t: Speech) -> Vec<Fact> {
        let period = format!("{} → {}", t.day_words(self.first_day), t.day_words(self.last_day));
        let what = format!(
            "{}{}{}\n{}",
            t.word(DataKind::Consumption),
            t.say("separator"),
            t.word(self.granularity),
            t.meaning(self.granularity)
        );
        let basis = match &self.list {
            None => vec![words(t.say("receipt-page-basis"), t.word(LegalBasis::Consent))],
            Some((count, digest)) => vec![
                words(t.say("receipt-page-basis"), t.word(LegalBasis::Permission)),
                words(
                    t.say("receipt-page-list"),
                    format!("{}\n{digest}", t.say1("receipt-page-points", "count", *count)),
                ),
            ],
        };
        let mut facts = vec![
            words(t.say("fact-who"), lines(&self.recipient)),
            words(t.say("fact-what"), what),
            words(t.say("receipt-page-meter"), self.meter.clone()),
            Fact {
                language: Some(self.purpose_language.clone()),
                ..words(t.say("fact-why"), self.purpose.clone())
            },
        ];
        facts.extend(basis);
        facts.push(words(t.say("fact-period"), period));
        facts.push(words(t.say("receipt-page-keeper"), lines(&self.keeper)));
        facts
    }

    /// What the person may do.
    fn rights(&self, t: Speech) -> Vec<Fact> {
        vec![
            words(t.say("receipt-page-withdraw"), self.withdraw_at.clone()),
            words(t.say("receipt-page-complain"), lines(&self.authority)),
        ]
    }

    /// What the ledger holds.
    fn proof(&self, t: Speech) -> Vec<Fact> {
        let place = &self.place;
        let standing = t.say2(
            "receipt-page-place",
            "leaf",
            place.leaf.to_string(),
            "size",
            place.size.to_string(),
        );
        vec![
            words(t.say("receipt-page-standing"), standing),
            exact(t.say("receipt-page-log"), &place.log),
            exact(t.say("receipt-page-root"), &place.root),
            exact(t.say("receipt-page-key"), &place.key),
            exact(t.say("receipt-page-notice"), &self.notice),
        ]
    }

    /// What is typed to check it elsewhere, each with what it is for.
    fn commands(&self, t: Speech) -> [(String, String); 2] {
        [
            (
                t.say("receipt-page-check-key"),
                format!("curl -O {}{}", self.site, paths::LEDGER_KEY),
            ),
            (
                t.say("receipt-page-check-run"),
                format!("ledger-audit verify {} --log-key log.vkey", self.file),
            ),
        ]
    }

    /// The sentence about programs of others, with the address of the key.
    fn others(&self, t: Speech) -> String {
        let keys = format!("{}{}", self.site, paths::RECORD_KEYS);
        let member = match self.kind {
            ReceiptKind::Paused | ReceiptKind::Resumed => "record",
            _ => "en:recordJws",
        };
        t.say2("receipt-page-check-jose", "member", member, "keys", keys)
    }

    /// What the signature and the ledger prove, and what not.
    fn proves(&self, t: Speech) -> [String; 2] {
        // By the signature, never by the level that a record gives itself.
        let signature = match self.signed {
            true => "receipt-page-proves-signed",
            false => "receipt-page-proves",
        };
        [t.say(signature), t.say("receipt-page-not")]
    }

    /// The same as a PDF; `file` is what is attached.
    pub fn document(&self, lang: Lang, media_type: &'static str, file: Vec<u8>) -> Document {
        let t = Speech::new(lang);
        let mut blocks = vec![Block::Paragraph(t.say("receipt-page-intro"))];
        for section in self.sections(t) {
            blocks.push(Block::Heading(section.heading));
            blocks.push(Block::Facts(section.facts));
        }
        blocks.extend(self.proves(t).map(Block::Paragraph));
        blocks.push(Block::Heading(t.say("receipt-page-check")));
        blocks.push(Block::Paragraph(t.say1(
            "receipt-page-check-out",
            "file",
            &self.file,
        )));
        blocks.push(Block::Command(format!("pdfdetach -saveall {}", self.pdf_name())));
        for (why, command) in self.commands(t) {
            blocks.extend([Block::Paragraph(why), Block::Command(command)]);
        }
        blocks.push(Block::Paragraph(self.others(t)));
        Document {
            language: lang.tag().to_owned(),
            title: self.title(t),
            author: self.keeper.first().cloned().unwrap_or_default(),
            dated: dated(self.at),
            blocks,
            foot: t.say1("receipt-page-foot", "leaf", self.place.leaf.to_string()),
            attachment: Attachment {
                name: self.file.clone(),
                media_type,
                description: t.say("receipt-page-file"),
                bytes: file,
            },
        }
    }

    /// What the PDF is called.
    pub fn pdf_name(&self) -> String {
        format!("fiducie-recu-{}.pdf", self.place.leaf)
    }

    fn title(&self, t: Speech) -> String {
        let recipient = self.recipient.first().map(String::as_str).unwrap_or_default();
        t.say1("receipt-page-heading", "recipient", recipient)
    }
}

fn words(name: String, value: String) -> Fact {
    Fact {
        name,
        value,
        language: None,
        kind: FactKind::Words,
    }
}

fn exact(name: String, value: &str) -> Fact {
    Fact {
        kind: FactKind::Exact,
        ..words(name, value.to_owned())
    }
}

fn lines(told: &[String]) -> String {
    let told: Vec<&str> = told
        .iter()
        .map(String::as_str)
        .filter(|line| !line.is_empty())
        .collect();
    told.join("\n")
}

/// The instant in UTC; the beginning of the calendar where it lies outside.
fn dated(at: Moment) -> Dated {
    let utc = at.timestamp().unwrap_or_default().to_zoned(TimeZone::UTC);
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

/// Renders `/moi/recus/{leaf}`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_receipt(page: &PageContext, view: &ReceiptView) -> Result<String, RenderError> {
    let f = Frame::new(page, "receipt-page-plain");
    let heading = view.title(f.t);
    let f = f.headed(heading);
    f.render(&ReceiptTemplate {
        f: &f,
        t: f.t,
        view,
        sections: view.sections(f.t),
        commands: view.commands(f.t),
    })
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ReceiptView,
    sections: [Section; 4],
    commands: [(String, String); 2],
}
