//! From lines on pages to the file: drawing, tags (PDF/UA-1), metadata and the attachment (PDF/A-3a).

use std::num::NonZeroU16;

use krilla::Document as Writer;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Stroke;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
};

use crate::layout::{Line, PAGE, Part, Piece, Rule, Sheets};
use crate::letters::Letters;
use crate::{Dated, Document, PdfError};

/// Writes the file.
pub(crate) fn write(document: &Document, sheets: &Sheets, letters: &Letters) -> Result<Vec<u8>, PdfError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| PdfError::Form)?;
    let mut writer = Writer::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let mut heard = vec![Vec::new(); sheets.parts];
    for number in 0..sheets.pages {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(PdfError::Form)?;
        let mut page = writer.start_page_with(settings);
        let mut surface = page.surface();
        for line in sheets.lines.iter().filter(|line| line.page == number) {
            let identifier = draw(&mut surface, line, letters);
            if let Part::Of(part) = line.part {
                heard.get_mut(part).ok_or(PdfError::Form)?.push(identifier);
            }
        }
        for rule in sheets.rules.iter().filter(|rule| rule.page == number) {
            underline(&mut surface, rule);
        }
        surface.finish();
        page.finish();
    }
    writer.set_tag_tree(tags(sheets, &heard)?);
    writer.set_outline(outline(sheets));
    writer.set_metadata(
        Metadata::new()
            .title(document.title.clone())
            .language(document.language.clone())
            .authors(vec![document.author.clone()])
            .creation_date(date(document.dated)),
    );
    writer.embed_file(attached(document)?).ok_or(PdfError::Form)?;
    writer.finish().map_err(|error| match error {
        KrillaError::Validation(broken) => PdfError::Standard { rules: broken.len() },
        _ => PdfError::Form,
    })
}

fn draw(surface: &mut Surface<'_>, line: &Line, letters: &Letters) -> Identifier {
    let identifier = surface.start_tagged(match line.part {
        Part::Foot => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)),
        Part::Of(_) => ContentTag::Span(SpanTag::empty()),
    });
    surface.draw_glyphs(
        Point::from_xy(line.left, line.baseline),
        &letters.glyphs(line.face, &line.text),
        letters.font(line.face),
        &line.text,
        line.size,
        false,
    );
    surface.end_tagged();
    identifier
}

fn underline(surface: &mut Surface<'_>, rule: &Rule) {
    let mut path = PathBuilder::new();
    path.move_to(Rule::FROM, rule.top);
    path.line_to(Rule::TO, rule.top);
    let Some(path) = path.finish() else { return };
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke {
        paint: rgb::Color::new(190, 190, 190).into(),
        width: 0.5,
        opacity: NormalizedF32::ONE,
        ..Stroke::default()
    }));
    surface.draw_path(&path);
    surface.set_stroke(None);
    surface.end_tagged();
}

/// What readers hear, in its order.
fn tags(sheets: &Sheets, heard: &[Vec<Identifier>]) -> Result<TagTree, PdfError> {
    let fill = |mut group: TagGroup, part: usize| {
        for identifier in heard.get(part).ok_or(PdfError::Form)? {
            group.push(*identifier);
        }
        Ok(group)
    };
    let mut tree = TagTree::new();
    for piece in &sheets.pieces {
        tree.push(match piece {
            Piece::Heading {
                level, title, part, ..
            } => {
                let level = NonZeroU16::new(*level).ok_or(PdfError::Form)?;
                fill(TagGroup::new(Tag::Hn(level, Some(title.clone()))), *part)?
            }
            Piece::Paragraph(part) => fill(TagGroup::new(Tag::P), *part)?,
            Piece::Command(part) => {
                let code = fill(TagGroup::new(Tag::Code), *part)?;
                let mut paragraph = TagGroup::new(Tag::P);
                paragraph.push(code);
                paragraph
            }
            Piece::Facts(rows) => {
                let mut body = TagGroup::new(Tag::TBody);
                for (name, value, language) in rows {
                    let mut row = TagGroup::new(Tag::TR);
                    row.push(fill(TagGroup::new(Tag::TH(TableHeaderScope::Row)), *name)?);
                    row.push(fill(TagGroup::new(Tag::TD.with_lang(language.clone())), *value)?);
                    body.push(row);
                }
                let mut table = TagGroup::new(Tag::Table);
                table.push(body);
                table
            }
        });
    }
    Ok(tree)
}

fn outline(sheets: &Sheets) -> Outline {
    let mut outline = Outline::new();
    for piece in &sheets.pieces {
        if let Piece::Heading { title, page, top, .. } = piece {
            let place = XyzDestination::new(*page, Point::from_xy(0.0, *top));
            outline.push_child(OutlineNode::new(title.clone(), place));
        }
    }
    outline
}

fn attached(document: &Document) -> Result<EmbeddedFile, PdfError> {
    let attachment = &document.attachment;
    Ok(EmbeddedFile {
        path: attachment.name.clone(),
        mime_type: Some(MimeType::new(attachment.media_type).ok_or(PdfError::Form)?),
        description: Some(attachment.description.clone()),
        // What people read is a view of it (ISO 32000-2 §7.11.3: the file is the source of the content).
        association_kind: AssociationKind::Source,
        data: attachment.bytes.clone().into(),
        modification_date: Some(date(document.dated)),
        compress: Some(true),
        location: None,
    })
}

fn date(at: Dated) -> DateTime {
    DateTime::new(at.year)
        .month(at.month)
        .day(at.day)
        .hour(at.hour)
        .minute(at.minute)
        .second(at.second)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}
