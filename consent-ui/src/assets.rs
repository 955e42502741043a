//! The files a page refers to.

/// Our own style sheet, to be served at [`crate::paths::STYLE_SHEET`].
pub const STYLE_SHEET: &str = include_str!("../assets/fiducie.css");

/// The media type of [`STYLE_SHEET`].
pub const STYLE_SHEET_TYPE: &str = "text/css; charset=utf-8";

/// The icon of the tab, to be served at [`crate::paths::ICON`].
pub const ICON: &str = include_str!("../assets/fiducie.svg");

/// The media type of [`ICON`].
pub const ICON_TYPE: &str = "image/svg+xml";
