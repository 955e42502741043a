//! Companies and public bodies (`consent.md` §8): what they are, the numbers of their register, and the list of their delivery points.
//!
//! A legal person is no data subject: what it agrees to is a permission, given by its representative ([`crate::mandate::Capacity`]). A
//! point that shows the life of somebody (a sole trader at home, the flat of a caretaker) is not its to permit.

mod list;

pub use list::{LineProblem, ListProblem, MOST_POINTS, PointLine, PointNumber, Shows, read_list};

use thiserror::Error;

/// What a legal person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegalKind {
    /// A company or an association.
    Company,
    /// A commune, or another body of public law.
    PublicBody,
}

impl LegalKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Company, Self::PublicBody];

    /// The name in the database and in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::PublicBody => "public-body",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Why a number is none of the registers of companies.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum RegisterProblem {
    /// Neither 9, 10 nor 14 digits.
    #[error("a SIREN has 9 digits, a SIRET 14 and a BCE number 10")]
    Length,
    /// The digits do not fit together.
    #[error("the check digit does not fit; read the number again")]
    CheckDigit,
}

/// A number of the French register (SIREN of a body, SIRET of one of its establishments) or of the Belgian one (BCE).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegisterNumber(String);

impl RegisterNumber {
    /// Reads a number as it is printed, with spaces or dots, with `BE` before a Belgian one, and looks at its check digit.
    ///
    /// # Errors
    /// See [`RegisterProblem`].
    pub fn parse(text: &str) -> Result<Self, RegisterProblem> {
        let text = text.trim();
        let text = text.strip_prefix("BE").unwrap_or(text);
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '.').collect();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RegisterProblem::Length);
        }
        let fits = match digits.len() {
            9 => luhn(&digits),
            14 => luhn(&digits) || of_la_poste(&digits),
            10 => bce(&digits),
            _ => return Err(RegisterProblem::Length),
        };
        match fits {
            true => Ok(Self(digits)),
            false => Err(RegisterProblem::CheckDigit),
        }
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the register is called.
    #[must_use]
    pub fn register(&self) -> &'static str {
        match self.0.len() {
            9 => "SIREN",
            14 => "SIRET",
            _ => "BCE",
        }
    }
}

fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> {
    text.bytes().map(|byte| u32::from(byte.saturating_sub(b'0')))
}

/// ISO/IEC 7812-1 annex B: every second digit from the right is doubled, and the sum of all digits ends in 0.
fn luhn(text: &str) -> bool {
    let sum: u32 = (0_usize..)
        .zip(digits(text).rev())
        .map(|(place, digit)| match place % 2 {
            1 => digit * 2 / 10 + digit * 2 % 10,
            _ => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// La Poste has more establishments than its SIREN has check digits for: the sum of the digits of their SIRET is a multiple of 5
/// (INSEE, Sirene, "exception de La Poste").
fn of_la_poste(siret: &str) -> bool {
    siret.starts_with("356000000") && digits(siret).sum::<u32>().is_multiple_of(5)
}

/// The last two digits are 97 less the remainder of the first eight by 97 (Banque-Carrefour des Entreprises); the first is 0 or 1.
fn bce(text: &str) -> bool {
    let Some((body, check)) = text.split_at_checked(8) else {
        return false;
    };
    let (Ok(body), Ok(check)) = (body.parse::<u32>(), check.parse::<u32>()) else {
        return false;
    };
    text.starts_with(['0', '1']) && check == 97 - body % 97
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    #[test]
    fn numbers_of_the_registers_are_told_from_mistyped_ones() {
        // La Poste, its head office and one of its establishments, a commune, the Université libre de Bruxelles.
        for (typed, digits, register) in [
            ("356 000 000", "356000000", "SIREN"),
            ("356 000 000 00048", "35600000000048", "SIRET"),
            ("35600000049837", "35600000049837", "SIRET"),
            ("217500016", "217500016", "SIREN"),
            ("BE 0407.626.464", "0407626464", "BCE"),
        ] {
            let number = RegisterNumber::parse(typed).unwrap();
            assert_eq!((number.as_str(), number.register()), (digits, register));
        }
        for typed in ["356000001", "35600000000049", "0407626465", "2407626464"] {
            assert_eq!(
                RegisterNumber::parse(typed),
                Err(RegisterProblem::CheckDigit),
                "{typed}"
            );
        }
        for typed in ["", "12", "35600000O", "123456789012345"] {
            assert_eq!(
                RegisterNumber::parse(typed),
                Err(RegisterProblem::Length),
                "{typed}"
            );
        }
    }

    proptest! {
        /// ISO/IEC 7812-1: any one wrong digit shows.
        #[test]
        fn a_single_wrong_digit_of_a_siren_is_found(body in 10_000_000_u32..100_000_000, place in 0_usize..9, by in 1_u8..10) {
            let right = (0..10).map(|check| format!("{body}{check}")).find(|number| luhn(number)).unwrap();
            let mut wrong = right.clone().into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + by) % 10;
            assert!(RegisterNumber::parse(&right).is_ok());
            assert!(RegisterNumber::parse(&String::from_utf8(wrong).unwrap()).is_err());
        }
    }
}
