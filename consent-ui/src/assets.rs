//! The files a page refers to.

/// Our own style sheet, to be served at [`crate::paths::STYLE_SHEET`].
pub const STYLE_SHEET: &str = include_str!("../assets/fiducie.css");

/// The media type of [`STYLE_SHEET`].
pub const STYLE_SHEET_TYPE: &str = "text/css; charset=utf-8";
