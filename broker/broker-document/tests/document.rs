//! A document is the same whenever it is made, and the tools of others read text, tags and attachment back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use broker_document::{Attachment, Block, Dated, Document, Fact, FactKind, PdfError};

fn sample() -> Document {
    let fact = |name: &str, value: &str, kind| Fact {
        name: name.into(),
        value: value.into(),
        language: None,
        kind,
    };
    Document {
        language: "fr".into(),
        title: "Reçu d’un accord".into(),
        author: "Coopérative".into(),
        dated: Dated {
            year: 2026,
            month: 11,
            day: 22,
            hour: 16,
            minute: 0,
            second: 5,
        },
        blocks: vec![
            Block::Paragraph("Où l’œuvre s’achève : à l’été, naïvement.".into()),
            Block::Heading("Preuve".into()),
            Block::Facts(vec![
                fact("Qui reçoit", "Labo <énergie> & usages\nBelgique", FactKind::Words),
                fact("Empreinte", &"ab".repeat(60), FactKind::Exact),
            ]),
            Block::Command("ledger-audit verify recu.jsonld".into()),
        ],
        foot: "Reçu 12".into(),
        attachment: Attachment {
            name: "recu.jsonld".into(),
            media_type: "application/ld+json",
            description: "Le reçu signé".into(),
            bytes: b"{\"a\":1}".to_vec(),
        },
    }
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let pdf = sample().to_pdf().unwrap();
    for _ in 0..5 {
        assert_eq!(sample().to_pdf().unwrap(), pdf);
    }
    let mut other = sample();
    other.attachment.bytes.push(b' ');
    assert_ne!(other.to_pdf().unwrap(), pdf);
}

#[test]
fn it_claims_both_standards_and_has_its_language() {
    let pdf = sample().to_pdf().unwrap();
    let has = |what: &str| pdf.windows(what.len()).any(|bytes| bytes == what.as_bytes());
    assert!(has("<pdfaid:part>3</pdfaid:part>"), "PDF/A-3");
    assert!(has("<pdfaid:conformance>A</pdfaid:conformance>"), "level A");
    assert!(has("<pdfuaid:part>1</pdfuaid:part>"), "PDF/UA-1");
    assert!(has("/Lang(fr)"), "language");
    assert!(has("/StructTreeRoot"), "tags");
    assert!(has("/AFRelationship/Source"), "associated file");
}

#[test]
fn letters_that_no_font_has_and_long_texts_are_written() {
    let mut document = sample();
    document.blocks = (0..400)
        .map(|n| Block::Paragraph(format!("{n} 中文 \u{feff}\u{1}\u{e000} Ελληνικά")))
        .collect();
    let pdf = document.to_pdf().unwrap();
    assert!(pdf.windows(9).filter(|bytes| bytes == b"/MediaBox").count() > 5);
}

#[test]
fn a_wrong_type_of_attachment_is_refused() {
    let mut document = sample();
    document.attachment.media_type = "json";
    assert!(matches!(document.to_pdf(), Err(PdfError::Form)));
}
