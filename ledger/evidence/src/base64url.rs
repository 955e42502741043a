//! Base64url without padding, strict in both directions: one value, one spelling.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// 4 characters for 3 bytes, no padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `None` for padding, stray bits or characters of another alphabet.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
