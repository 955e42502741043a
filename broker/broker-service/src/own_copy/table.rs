//! Rows as Parquet, a row group at a time (decision 0008: the low-level column writer, without Arrow).

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use broker_domain::time::Step;
use jiff::tz::TimeZone;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::Row;
use crate::failure::Fault;

/// Rows of one row group: what is held in memory before a piece leaves.
const GROUP_ROWS: usize = 16_384;

const SCHEMA: &str = "
message own_data {
  required binary meter (STRING);
  required int64 start (TIMESTAMP(MILLIS, true));
  required binary quantity (STRING);
  optional int32 step_s;
  optional int64 value;
  required binary unit (STRING);
}";

/// Bytes that were written and not taken yet.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A Parquet file under way.
pub(super) struct Table {
    meter: ByteArray,
    waiting: Vec<Row>,
    written: Written,
    file: SerializedFileWriter<Written>,
}

impl Table {
    pub(super) fn new(meter: &str, zone: &TimeZone) -> Result<Self, Fault> {
        Self::begun(meter, zone).map_err(unwritten)
    }

    fn begun(meter: &str, zone: &TimeZone) -> Result<Self, ParquetError> {
        let zone = zone.iana_name().unwrap_or("UTC").to_owned();
        let metadata = vec![
            KeyValue::new("format".to_owned(), "fiducie-own-data/1".to_owned()),
            KeyValue::new("zone".to_owned(), zone),
        ];
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_key_value_metadata(Some(metadata))
            .build();
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let written = Written::default();
        let file = SerializedFileWriter::new(written.clone(), schema, Arc::new(properties))?;
        Ok(Self {
            meter: ByteArray::from(meter.as_bytes().to_vec()),
            waiting: Vec::new(),
            written,
            file,
        })
    }

    /// Adds rows. The bytes of whole row groups; most often none.
    pub(super) fn add(&mut self, rows: Vec<Row>) -> Result<Vec<u8>, Fault> {
        self.waiting.extend(rows);
        if self.waiting.len() >= GROUP_ROWS {
            self.group().map_err(unwritten)?;
        }
        Ok(self.written.take())
    }

    /// The last row group and the footer.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Fault> {
        self.group().map_err(unwritten)?;
        self.file.finish().map_err(unwritten)?;
        Ok(self.written.take())
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.is_empty() {
            return Ok(());
        }
        let text = |text: &str| ByteArray::from(text.as_bytes().to_vec());
        let meters = vec![self.meter.clone(); rows.len()];
        let starts: Vec<i64> = rows
            .iter()
            .map(|row| row.start.to_timestamp().as_millisecond())
            .collect();
        let quantities: Vec<ByteArray> = rows.iter().map(|row| text(&row.quantity)).collect();
        let steps = rows
            .iter()
            .map(|row| row.step.and_then(|step| i32::try_from(Step::seconds(step)).ok()));
        let units: Vec<ByteArray> = rows.iter().map(|row| text(row.unit)).collect();
        let mut group = self.file.next_row_group()?;
        column::<ByteArrayType>(&mut group, &meters, None)?;
        column::<Int64Type>(&mut group, &starts, None)?;
        column::<ByteArrayType>(&mut group, &quantities, None)?;
        optional::<Int32Type>(&mut group, steps.collect())?;
        optional::<Int64Type>(&mut group, rows.iter().map(|row| row.value).collect())?;
        column::<ByteArrayType>(&mut group, &units, None)?;
        group.close()?;
        self.file.flush()?;
        Ok(())
    }
}

type RowGroup<'a> = SerializedRowGroupWriter<'a, Written>;

fn optional<T: DataType>(group: &mut RowGroup<'_>, values: Vec<Option<T::T>>) -> Result<(), ParquetError> {
    // Definition level 1: the value is there; 0: it is not.
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    column::<T>(group, &values, Some(&levels))
}

fn column<T: DataType>(
    group: &mut RowGroup<'_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("more columns than the schema has".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

/// What the library says may quote values, so it goes no further.
fn unwritten(_: ParquetError) -> Fault {
    Fault::Corrupt { what: "parquet copy" }
}

#[cfg(test)]
mod tests {
    use broker_domain::time::Instant;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;

    use super::*;

    fn row(number: i64) -> Row {
        Row {
            start: Instant::from_micros(number * 1_800_000_000).unwrap(),
            quantity: "energy-drawn".into(),
            step: Some(Step::HALF_HOUR),
            value: (number % 3 != 0).then_some(number),
            unit: "Wh",
        }
    }

    #[test]
    fn pieces_are_one_file_that_reads_back_and_hold_one_row_group_in_memory() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let mut table = Table::new("meter", &zone).unwrap();
        let (mut bytes, mut pieces) = (Vec::new(), 0);
        for day in 0..800 {
            let piece = table.add((day * 48..(day + 1) * 48).map(row).collect()).unwrap();
            pieces += usize::from(!piece.is_empty());
            assert!(table.waiting.len() < GROUP_ROWS);
            bytes.extend(piece);
        }
        bytes.extend(table.finish().unwrap());
        assert!(pieces >= 2, "the file left in {pieces} pieces");
        let file = SerializedFileReader::new(parquet_bytes(bytes)).unwrap();
        let rows: Vec<_> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 800 * 48);
        assert_eq!(rows[4].get_long(4).unwrap(), 4);
        assert_eq!(rows[4].get_int(3).unwrap(), 1_800);
        assert!(rows[3].get_long(4).is_err(), "missing is not zero");
        assert_eq!(rows[4].get_string(0).unwrap(), "meter");
    }

    fn parquet_bytes(bytes: Vec<u8>) -> bytes::Bytes {
        bytes::Bytes::from(bytes)
    }
}
