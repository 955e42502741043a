//! The table of a release, as CSV and as Parquet with the same columns.

use std::{fmt::Write as _, sync::Arc};

use jiff::Timestamp;
use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type},
    file::{
        metadata::KeyValue,
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};

use super::BundleError;
use crate::{
    aggregate::CellStatus,
    plan::Release,
    units::{HouseholdCount, Slot, WattHours},
};

/// The noise added to every mean: none. The column is there so that a later release with noise keeps its
/// shape.
const NOISE_SD: f64 = 0.0;

/// One line of the table.
pub(super) struct Row<'a> {
    group: &'a str,
    start: Timestamp,
    step_s: u32,
    shown: Option<(WattHours, HouseholdCount)>,
    status: &'static str,
}

impl Row<'_> {
    fn mean(&self) -> Option<i64> {
        self.shown.map(|(mean, _)| mean.0)
    }

    /// Homes behind the mean; 0 without data; none where the cell is hidden, for the count would help to
    /// guess why.
    fn homes(&self) -> Option<u32> {
        match self.shown {
            Some((_, homes)) => Some(homes.0),
            None if self.status == CellStatus::NoData.word() => Some(0),
            None => None,
        }
    }
}

pub(super) fn rows(release: &Release) -> Vec<Row<'_>> {
    let (group, period) = (release.request().group.as_str(), &release.request().period);
    (0_u32..)
        .zip(release.cells())
        .map(|(slot, status)| Row {
            group,
            start: period.slot_start(Slot(slot)),
            step_s: period.step().value(),
            shown: match status {
                CellStatus::Published { mean, homes } => Some((*mean, *homes)),
                CellStatus::Suppressed(_) | CellStatus::NoData => None,
            },
            status: status.word(),
        })
        .collect()
}

/// UTF-8, comma, line feed, one header line, instants in UTC (RFC 3339). No field needs quotes: groups are
/// plain names.
pub(super) fn csv(rows: &[Row<'_>]) -> String {
    let mut text = String::from("group_id,start,step_s,energy_wh,n_homes,status,noise_sd\n");
    for row in rows {
        let mean = row.mean().map_or_else(String::new, |mean| mean.to_string());
        let homes = row.homes().map_or_else(String::new, |homes| homes.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{mean},{homes},{},{NOISE_SD}",
            row.group, row.start, row.step_s, row.status
        );
    }
    text
}

const SCHEMA: &str = "
message load_curve {
  required binary group_id (STRING);
  required int64 start (TIMESTAMP(MILLIS, true));
  required int32 step_s;
  optional int64 energy_wh;
  optional int32 n_homes;
  required binary status (STRING);
  required double noise_sd;
}";

/// Zstandard, one row group per UTC month, the local zone in the metadata of the file.
pub(super) fn parquet(release: &Release, rows: &[Row<'_>]) -> Result<Vec<u8>, BundleError> {
    let metadata = vec![
        KeyValue::new("zone".to_owned(), release.request().period.zone_name().to_owned()),
        KeyValue::new(
            "direction".to_owned(),
            release.request().direction.word().to_owned(),
        ),
    ];
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by(super::CODE_VERSION.to_owned())
        .set_key_value_metadata(Some(metadata))
        .build();
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for month in rows.chunk_by(|a, b| month(a.start) == month(b.start)) {
        let mut group = writer.next_row_group()?;
        write_month(&mut group, month)?;
        group.close()?;
    }
    Ok(writer.into_inner()?)
}

fn month(instant: Timestamp) -> (i16, i8) {
    let date = jiff::tz::Offset::UTC.to_datetime(instant);
    (date.year(), date.month())
}

type RowGroup<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

fn write_month(group: &mut RowGroup<'_>, rows: &[Row<'_>]) -> Result<(), BundleError> {
    let strings = |text: fn(&Row<'_>) -> String| -> Vec<ByteArray> {
        rows.iter()
            .map(|row| ByteArray::from(text(row).into_bytes()))
            .collect()
    };
    let steps = rows
        .iter()
        .map(|row| narrow(row.step_s, "step_s"))
        .collect::<Result<Vec<_>, _>>()?;
    let starts: Vec<i64> = rows.iter().map(|row| row.start.as_millisecond()).collect();
    let means: Vec<Option<i64>> = rows.iter().map(Row::mean).collect();
    let homes = rows
        .iter()
        .map(|row| row.homes().map(|homes| narrow(homes, "n_homes")).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    required_column::<ByteArrayType>(group, &strings(|row| row.group.to_owned()))?;
    required_column::<Int64Type>(group, &starts)?;
    required_column::<Int32Type>(group, &steps)?;
    optional_column::<Int64Type>(group, means)?;
    optional_column::<Int32Type>(group, homes)?;
    required_column::<ByteArrayType>(group, &strings(|row| row.status.to_owned()))?;
    required_column::<DoubleType>(group, &vec![NOISE_SD; rows.len()])
}

fn narrow(value: u32, field: &'static str) -> Result<i32, BundleError> {
    i32::try_from(value).map_err(|_| BundleError::OutOfRange { field })
}

fn required_column<T: DataType>(group: &mut RowGroup<'_>, values: &[T::T]) -> Result<(), BundleError> {
    write_column::<T>(group, values, None)
}

fn optional_column<T: DataType>(
    group: &mut RowGroup<'_>,
    values: Vec<Option<T::T>>,
) -> Result<(), BundleError> {
    // Definition level 1: the value is there; 0: it is not.
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    write_column::<T>(group, &values, Some(&levels))
}

fn write_column<T: DataType>(
    group: &mut RowGroup<'_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), BundleError> {
    let Some(mut column) = group.next_column()? else {
        return Err(BundleError::OutOfRange { field: "columns" });
    };
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()?;
    Ok(())
}
