//! Pages for participants, researchers and data-protection officers.
//!
//! This crate turns view models into HTML: plain structs go in, one string comes out. It holds the templates, the
//! style sheet, the French and English messages and the server-side curves. Every page works without a script and
//! under a content security policy that forbids inline script and style; the only sub-resource is [`STYLE_SHEET`],
//! served at [`paths::STYLE_SHEET`].
//!
//! What it deliberately does not do: it decides nothing, reads no clock, opens no store. Whoever fills a view model
//! has already checked that this visitor may see it. Text that a person reads as a promise (purposes, notices) comes
//! in with the view model, because legal texts are versioned documents and not interface messages.

mod assets;
mod form;
mod format;
mod lang;
mod messages;
mod page;
pub mod pages;
pub mod paths;
mod routes;
mod speech;
pub mod svg;
mod vocabulary;

pub use assets::{STYLE_SHEET, STYLE_SHEET_TYPE};
pub use form::{FieldError, FieldProblem, FormErrors, Pager, Position};
pub use format::Moment;
pub use lang::Lang;
pub use page::{Mode, Notice, Operator, PageContext, RenderError, Role, Visitor};
pub use routes::{DemoDoor, DemoPeople, Pages, Site, routes};
pub use vocabulary::{
    DataKind, Direction, GatewayState, GivenBy, Granularity, LegalBasis, Measuring, Membership, Outcome,
    ProofStatus, RecipientRole, RefusalReason, SharingState,
};
