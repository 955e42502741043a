//! Pages for participants, researchers and data-protection officers.
//!
//! Two halves. [`pages`] turns view models into HTML: plain structs go in, one string comes out. It holds the templates,
//! the French and English messages and the server-side curves. [`routes`] fills the view models from the use cases of
//! `broker-service` and answers requests. Every page works without a script and under a content security policy that
//! forbids inline script and style; the sub-resources are [`STYLE_SHEET`] and, on the one page that checks the ledger in
//! the browser, [`SCRIPTS`].
//!
//! What it deliberately does not do: it decides nothing and reads no clock; whatever a person may see or do is asked of a
//! use case. Text that a person reads as a promise (purposes, notices) comes in with the view model, because legal texts
//! are versioned documents and not interface messages.

mod assets;
mod form;
mod format;
mod lang;
mod messages;
pub mod page;
pub mod pages;
pub mod paths;
pub mod routes;
mod speech;
pub mod svg;
mod vocabulary;

pub use assets::{SCRIPT_TYPE, SCRIPTS, STYLE_SHEET, STYLE_SHEET_TYPE};
pub use form::{FieldError, FieldProblem, FormErrors, Pager, Position};
pub use format::Moment;
pub use lang::Lang;
pub use page::{Mode, Notice, Operator, PageContext, RenderError, Role, Visitor};
pub use vocabulary::{
    DataKind, Direction, GatewayState, GivenBy, Granularity, LegalBasis, Measuring, Membership, Outcome,
    ProofStatus, RecipientRole, RecordType, RefusalReason, SharingState,
};
