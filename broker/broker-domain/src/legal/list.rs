//! The list of delivery points that a legal person hands in, as a file of one line a point.
//!
//! ```text
//! number ; name of the place ; person
//! ```
//!
//! UTF-8, with or without a byte order mark; `;`, a tab or `,` between the columns, whichever the first line has; a field may stand in
//! double quotes, doubled inside (RFC 4180, without line ends in fields). A first line without any digit in its first column is a
//! heading. The third column is empty or `non`, `no`, `nee`, or says that a person lives there: `oui`, `yes`, `ja`.

use std::collections::HashMap;
use std::fmt;

use thiserror::Error;

/// How many points one legal person has at most.
pub const MOST_POINTS: usize = 5_000;
/// Longest name of a place, in characters.
const LONGEST_NAME: usize = 100;
/// How many wrong lines are told at once.
const MOST_TOLD: usize = 50;

/// The number of a delivery point.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointNumber(String);

impl PointNumber {
    /// A French electricity or gas point (PRM, PCE: 14 digits), an industrial gas point (`GI` and six digits), or a Belgian point (EAN:
    /// 18 digits from 54 on, GS1 check digit). Spaces are left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let known = match number.strip_prefix("GI") {
            Some(rest) => rest.len() == 6 && digits(rest),
            None if number.len() == 18 => digits(&number) && number.starts_with("54") && gs1(&number),
            None => number.len() == 14 && digits(&number),
        };
        known.then_some(Self(number))
    }

    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Not shown: it leads to whoever lives there.
impl fmt::Debug for PointNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PointNumber(hidden)")
    }
}

/// GS1 General Specifications §7.9: digits count 3 and 1 in turn from the right, the last once; the sum ends in 0.
fn gs1(number: &str) -> bool {
    let digits = number
        .bytes()
        .rev()
        .map(|byte| u32::from(byte.saturating_sub(b'0')));
    let sum: u32 = (0_usize..)
        .zip(digits)
        .map(|(place, digit)| digit * if place % 2 == 1 { 3 } else { 1 })
        .sum();
    sum.is_multiple_of(10)
}

/// Whose life a point shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shows {
    /// That of a body: it permits.
    Body,
    /// That of a person: she consents, and nobody for her.
    Person,
}

/// One line of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct PointLine {
    /// The number of the line in the file, from 1.
    pub line: usize,
    /// The point.
    pub number: PointNumber,
    /// What the place is called.
    pub name: String,
    /// Whose life it shows.
    pub shows: Shows,
}

/// Only which line: a place may be named after somebody.
impl fmt::Debug for PointLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PointLine({})", self.line)
    }
}

/// What is wrong in a line.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum LineProblem {
    /// Fewer than two or more than three columns, or a quote that does not end.
    #[error("write the number, the name of the place and, where a person lives there, `oui`")]
    Columns,
    /// No number of a point.
    #[error("a point has 14 digits (PRM, PCE), `GI` and 6 digits, or 18 digits from 54 on (EAN)")]
    Number,
    /// No name, or a long one.
    #[error("name the place in at most 100 characters")]
    Name,
    /// The third column says something else.
    #[error("the third column is empty, `non` or `oui`")]
    Person,
    /// The same point stands in an earlier line.
    #[error("this point stands in an earlier line")]
    Twice,
    /// The point is in the list already.
    #[error("this point is in the list already")]
    Listed,
    /// Somebody else has it.
    #[error("this point is somebody else's here")]
    Taken,
    /// It was said of the point that it shows the life of a person.
    #[error("a person lives at this point; write `oui` in the third column")]
    Lived,
}

/// Why a list is not taken. Nothing of it is.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ListProblem {
    /// Not a text in UTF-8.
    #[error("line {line} is not UTF-8; save the file as CSV UTF-8")]
    Encoding {
        /// The first line that is not.
        line: usize,
    },
    /// No line.
    #[error("there is no point in the list")]
    Empty,
    /// Too many lines.
    #[error("a legal person has at most 5,000 points")]
    TooMany,
    /// Wrong lines, in order, the first fifty.
    #[error("some lines are wrong")]
    Lines(Vec<(usize, LineProblem)>),
}

/// Reads a list. All lines or none.
///
/// # Errors
/// See [`ListProblem`].
pub fn read_list(bytes: &[u8]) -> Result<Vec<PointLine>, ListProblem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        let line = before.filter(|byte| **byte == b'\n').count().saturating_add(1);
        ListProblem::Encoding { line }
    })?;
    let lines = (1_usize..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let mut lines = lines.peekable();
    let between = lines.peek().map_or(';', |(_, first)| separator(first));
    if lines.peek().is_some_and(|(_, first)| is_heading(first, between)) {
        lines.next();
    }
    let (mut points, mut wrong) = (Vec::new(), Vec::new());
    let mut seen = HashMap::new();
    for (number, line) in lines {
        match point(number, line, between) {
            Ok(point) => {
                if seen.insert(point.number.clone(), number).is_some() {
                    wrong.push((number, LineProblem::Twice));
                }
                points.push(point);
            }
            Err(problem) => wrong.push((number, problem)),
        }
        if points.len() > MOST_POINTS || wrong.len() >= MOST_TOLD {
            break;
        }
    }
    if !wrong.is_empty() {
        return Err(ListProblem::Lines(wrong));
    }
    match points.len() {
        0 => Err(ListProblem::Empty),
        count if count > MOST_POINTS => Err(ListProblem::TooMany),
        _ => Ok(points),
    }
}

fn separator(line: &str) -> char {
    [';', '\t']
        .into_iter()
        .find(|mark| line.contains(*mark))
        .unwrap_or(',')
}

fn is_heading(line: &str, between: char) -> bool {
    let first = line.split(between).next().unwrap_or_default();
    !first.bytes().any(|byte| byte.is_ascii_digit())
}

fn point(line: usize, text: &str, between: char) -> Result<PointLine, LineProblem> {
    let fields = fields(text, between).ok_or(LineProblem::Columns)?;
    let (number, name, person) = match fields.as_slice() {
        [number, name] => (number, name, ""),
        [number, name, person] => (number, name, person.trim()),
        _ => return Err(LineProblem::Columns),
    };
    let number = PointNumber::parse(number).ok_or(LineProblem::Number)?;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(LineProblem::Name);
    }
    let shows = match person.to_lowercase().as_str() {
        "" | "non" | "no" | "nee" => Shows::Body,
        "oui" | "yes" | "ja" => Shows::Person,
        _ => return Err(LineProblem::Person),
    };
    Ok(PointLine {
        line,
        number,
        name: name.to_owned(),
        shows,
    })
}

/// The fields of a line; `None` where a quote does not end, or something stands behind it.
fn fields(line: &str, between: char) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line.trim_end_matches('\r');
    loop {
        let (field, after) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => in_quotes(quoted)?,
            None => match rest.split_once(between) {
                Some((field, after)) => (field.to_owned(), Some(after)),
                None => (rest.to_owned(), None),
            },
        };
        let behind_quotes = rest.trim_start_matches(' ').starts_with('"');
        fields.push(field);
        rest = match after {
            None => return Some(fields),
            Some(after) if behind_quotes => match after.trim_start_matches(' ') {
                "" => return Some(fields),
                after => after.strip_prefix(between)?,
            },
            Some(after) => after,
        };
    }
}

/// What stands up to the closing quote, and what follows.
fn in_quotes(text: &str) -> Option<(String, Option<&str>)> {
    let (mut field, mut rest) = (String::new(), text);
    loop {
        let (before, after) = rest.split_once('"')?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(doubled) => {
                field.push('"');
                rest = doubled;
            }
            None => return Some((field, Some(after))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    #[test]
    fn a_list_is_read_as_spreadsheets_write_it() {
        let file = "\u{feff}Point;Nom;Logement\r\n12345678901234;École Jules-Ferry;\r\n\r\n\
                    GI123456;\"Gymnase \"\"Le Chêne\"\"; salle 2\";non\r\n541448965001234561;Conciergerie;OUI\r\n";
        let points = read_list(file.as_bytes()).unwrap();
        let told: Vec<_> = points
            .iter()
            .map(|point| {
                (
                    point.line,
                    point.number.as_str(),
                    point.name.as_str(),
                    point.shows,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (2, "12345678901234", "École Jules-Ferry", Shows::Body),
                (4, "GI123456", "Gymnase \"Le Chêne\"; salle 2", Shows::Body),
                (5, "541448965001234561", "Conciergerie", Shows::Person),
            ]
        );
    }

    #[test]
    fn each_wrong_line_is_told_and_nothing_is_taken() {
        let file = "12345678901234;École\n1234;Mairie\n12345678901235\n12345678901234;École\n12345678901236;x;peut-être\n\
                    12345678901237;\"ouvert\n12345678901238;\n541448965001234560;clé\n";
        assert_eq!(
            read_list(file.as_bytes()),
            Err(ListProblem::Lines(vec![
                (2, LineProblem::Number),
                (3, LineProblem::Columns),
                (4, LineProblem::Twice),
                (5, LineProblem::Person),
                (6, LineProblem::Columns),
                (7, LineProblem::Name),
                (8, LineProblem::Number),
            ]))
        );
        assert_eq!(read_list(b"a;b\n\xff"), Err(ListProblem::Encoding { line: 2 }));
        assert_eq!(read_list(b"Point;Nom\n"), Err(ListProblem::Empty));
    }

    #[test]
    fn five_thousand_points_are_read_and_one_more_is_not() {
        let lines = |count: u64| -> String { (0..count).map(|n| format!("{:014};Point {n}\n", n)).collect() };
        assert_eq!(read_list(lines(5_000).as_bytes()).unwrap().len(), 5_000);
        assert_eq!(read_list(lines(5_001).as_bytes()), Err(ListProblem::TooMany));
    }

    proptest! {
        #[test]
        fn no_file_makes_the_reader_fail_otherwise(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(points) = read_list(&bytes) {
                assert!(!points.is_empty());
            }
        }

        #[test]
        fn a_quoted_name_reads_back(name in "[a-z;\",\\. ]{1,30}[a-z]") {
            let line = format!("12345678901234;\"{}\"", name.replace('"', "\"\""));
            let points = read_list(line.as_bytes()).unwrap();
            assert_eq!(points[0].name, name.trim());
        }
    }
}
