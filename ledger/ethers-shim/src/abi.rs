//! The contract ABI of Ethereum (docs.soliditylang.org, "Contract ABI Specification", formal specification of the
//! encoding), for `address`, `uint256` and `string`.

use crate::types::{Address, U256};

/// A value with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `address`.
    Address(Address),
    /// `uint256`.
    Uint(U256),
    /// `string`.
    String(String),
}

const WORD: usize = 32;

/// Encodes a tuple: a word for each value, then the texts. The word of a text is where it begins.
pub fn encode(tokens: &[Token]) -> Vec<u8> {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for token in tokens {
        match token {
            Token::Address(address) => head.extend(padded_left(&address.0)),
            Token::Uint(number) => head.extend(number.0),
            Token::String(text) => {
                head.extend(word(tokens.len() * WORD + tail.len()));
                tail.extend(word(text.len()));
                tail.extend(text.bytes());
                tail.resize(tail.len().next_multiple_of(WORD), 0);
            }
        }
    }
    head.append(&mut tail);
    head
}

fn word(number: usize) -> Vec<u8> {
    padded_left(&number.to_be_bytes()).collect()
}

fn padded_left(bytes: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(0, WORD.saturating_sub(bytes.len())).chain(bytes.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification for `("dave", true, [1,2,3])` has the same word and the same padding for its
    /// text; arrays and truth values are not ours.
    #[test]
    fn a_text_stands_behind_the_words() {
        let number = U256::from_dec_str("69").unwrap();
        let encoded = encode(&[Token::String("dave".to_owned()), Token::Uint(number)]);
        let expected = [
            "0000000000000000000000000000000000000000000000000000000000000040",
            "0000000000000000000000000000000000000000000000000000000000000045",
            "0000000000000000000000000000000000000000000000000000000000000004",
            "6461766500000000000000000000000000000000000000000000000000000000",
        ];
        assert_eq!(hex::encode(encoded), expected.concat());
    }

    #[test]
    fn an_address_is_padded_on_its_left() {
        let address = format!("0x{}", "11".repeat(20)).parse().unwrap();
        let expected = format!("{}{}", "00".repeat(12), "11".repeat(20));
        assert_eq!(hex::encode(encode(&[Token::Address(address)])), expected);
    }
}
