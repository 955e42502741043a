//! The files a page refers to.

/// Our own style sheet, to be served at [`crate::paths::STYLE_SHEET`].
pub const STYLE_SHEET: &str = include_str!("../assets/fiducie.css");

/// The scripts of the pages that check the ledger or speak with an authenticator, with where each is served: modules, which name each other by their
/// file names.
pub const SCRIPTS: [(&str, &str); 13] = [
    (crate::paths::VERIFY_SCRIPT, include_str!("../assets/verify.js")),
    ("/assets/visit.js", include_str!("../assets/visit.js")),
    (crate::paths::PASSKEY_SCRIPT, include_str!("../assets/passkey.js")),
    (crate::paths::SIGN_SCRIPT, include_str!("../assets/sign.js")),
    ("/assets/list.js", include_str!("../assets/list.js")),
    ("/assets/list-tasks.js", include_str!("../assets/list-tasks.js")),
    ("/assets/list-worker.js", include_str!("../assets/list-worker.js")),
    ("/assets/history.js", include_str!("../assets/history.js")),
    (
        crate::paths::DELIVERED_SCRIPT,
        include_str!("../assets/delivered.js"),
    ),
    ("/assets/row.js", include_str!("../assets/row.js")),
    ("/assets/keccak256.js", include_str!("../assets/keccak256.js")),
    (crate::paths::SCAN_SCRIPT, include_str!("../assets/scan.js")),
    ("/assets/sha256.js", include_str!("../assets/sha256.js")),
];

/// The media type of [`SCRIPTS`] (RFC 9239).
pub const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";

/// The media type of [`STYLE_SHEET`].
pub const STYLE_SHEET_TYPE: &str = "text/css; charset=utf-8";

/// The icon of the tab, to be served at [`crate::paths::ICON`].
pub const ICON: &str = include_str!("../assets/fiducie.svg");

/// The media type of [`ICON`].
pub const ICON_TYPE: &str = "image/svg+xml";
