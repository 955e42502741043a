//! Rows as text: CSV and JSON; Parquet stands beside.

use std::fmt::Write as _;

use broker_domain::ids::PointId;
use broker_domain::time::{Instant, Step};
use evidence::jcs;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::table::Table;
use super::{CopyForm, Row};
use crate::failure::Fault;

/// The first line of a CSV copy.
const HEADER: &str = "meter,start,local,quantity,step_s,value,unit\n";

/// Turns rows into the bytes of a file, a piece at a time.
pub(super) struct Writer {
    meter: String,
    zone: TimeZone,
    form: Form,
    /// What stands at the very beginning, until it was written.
    head: Vec<u8>,
}

enum Form {
    Csv,
    Json(Comma),
    Parquet(Box<Table>),
}

/// What stands between two rows of an array.
enum Comma {
    NotYet,
    Due,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    start: String,
    local: String,
    quantity: &'a str,
    step_s: Option<u32>,
    value: Option<i64>,
    unit: &'static str,
}

impl Writer {
    pub(super) fn new(form: CopyForm, meter: PointId, zone: &TimeZone) -> Result<Self, Fault> {
        let meter = meter.to_string();
        let (form, head) = match form {
            CopyForm::Csv => (Form::Csv, HEADER.to_owned()),
            CopyForm::Json => {
                let name = zone.iana_name().unwrap_or("UTC");
                let head = format!(
                    "{{\"format\":\"fiducie-own-data/1\",\"meter\":\"{meter}\",\"zone\":\"{name}\",\"rows\":["
                );
                (Form::Json(Comma::NotYet), head)
            }
            CopyForm::Parquet => (Form::Parquet(Box::new(Table::new(&meter, zone)?)), String::new()),
        };
        Ok(Self {
            meter,
            zone: zone.clone(),
            form,
            head: head.into_bytes(),
        })
    }

    /// The bytes that these rows add; may be none yet.
    pub(super) fn write(&mut self, rows: Vec<Row>) -> Result<Vec<u8>, Fault> {
        let mut piece = std::mem::take(&mut self.head);
        match &mut self.form {
            Form::Csv => {
                let mut text = String::new();
                for row in &rows {
                    csv(&mut text, &self.meter, &self.zone, row);
                }
                piece.extend(text.into_bytes());
            }
            Form::Json(comma) => {
                for row in &rows {
                    if matches!(comma, Comma::Due) {
                        piece.push(b',');
                    }
                    *comma = Comma::Due;
                    piece.push(b'\n');
                    piece.extend(json(&self.zone, row)?);
                }
            }
            Form::Parquet(table) => piece.extend(table.add(rows)?),
        }
        Ok(piece)
    }

    /// The last bytes.
    pub(super) fn finish(self) -> Result<Vec<u8>, Fault> {
        let mut piece = self.head;
        match self.form {
            Form::Csv => {}
            Form::Json(_) => piece.extend(b"\n]}\n"),
            Form::Parquet(table) => piece.extend(table.finish()?),
        }
        Ok(piece)
    }
}

fn csv(text: &mut String, meter: &str, zone: &TimeZone, row: &Row) {
    let step = row
        .step
        .map_or_else(String::new, |step| step.seconds().to_string());
    let value = row.value.map_or_else(String::new, |value| value.to_string());
    // Writing to a string cannot fail. No field needs quotes: labels are of a-z, 0-9, `_` and `-`.
    let _ = writeln!(
        text,
        "{meter},{},{},{},{step},{value},{}",
        row.start.to_timestamp(),
        local(zone, row.start),
        row.quantity,
        row.unit
    );
}

fn json(zone: &TimeZone, row: &Row) -> Result<Vec<u8>, Fault> {
    let row = JsonRow {
        start: row.start.to_timestamp().to_string(),
        local: local(zone, row.start),
        quantity: &row.quantity,
        step_s: row.step.map(Step::seconds),
        value: row.value,
        unit: row.unit,
    };
    jcs::to_bytes(&row).map_err(|_| Fault::Corrupt { what: "own copy" })
}

/// Wall-clock time with its offset, so that the two hours of one name in autumn differ.
fn local(zone: &TimeZone, at: Instant) -> String {
    at.to_timestamp()
        .to_zoned(zone.clone())
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(start: &str, value: Option<i64>) -> Row {
        Row {
            start: Instant::parse(start).unwrap(),
            quantity: "energy-drawn".into(),
            step: Some(Step::HALF_HOUR),
            value,
            unit: "Wh",
        }
    }

    fn written(form: CopyForm, days: Vec<Vec<Row>>) -> String {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let mut writer = Writer::new(form, PointId::from_bytes([7; 16]), &zone).unwrap();
        let mut bytes = Vec::new();
        for rows in days {
            bytes.extend(writer.write(rows).unwrap());
        }
        bytes.extend(writer.finish().unwrap());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_two_hours_of_one_name_in_autumn_differ_and_missing_is_empty() {
        let rows = vec![
            row("2026-10-25T00:30:00Z", Some(120)),
            row("2026-10-25T01:30:00Z", None),
        ];
        let text = written(CopyForm::Csv, vec![rows]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], HEADER.trim_end());
        assert!(
            lines[1].ends_with(",2026-10-25T00:30:00Z,2026-10-25T02:30:00+02:00,energy-drawn,1800,120,Wh")
        );
        assert!(lines[2].ends_with(",2026-10-25T01:30:00Z,2026-10-25T02:30:00+01:00,energy-drawn,1800,,Wh"));
    }

    #[test]
    fn the_pieces_of_a_json_copy_are_one_document() {
        let days = vec![
            vec![row("2026-10-25T00:30:00Z", Some(120))],
            Vec::new(),
            vec![row("2026-10-26T00:30:00Z", None)],
        ];
        let text = written(CopyForm::Json, days);
        let value: serde::de::IgnoredAny = serde_json::from_str(&text).unwrap();
        let _ = value;
        assert_eq!(text.matches("\"start\"").count(), 2);
        assert!(text.contains("\"value\":null"));
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(&written(CopyForm::Json, Vec::new())).is_ok());
    }
}
