//! The pages as a browser sees them: real store, ledger, keys and policies, requests straight into the router.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod account;
mod account_safety;
mod browser;
mod capacity;
mod changes;
mod edpb;
mod entered;
mod freezing;
mod house;
mod household;
mod invite;
mod joint;
mod joint_limits;
mod joint_signing;
mod languages;
mod legal;
mod mandate_limits;
mod mandate_signing;
mod mandates;
mod officer;
mod others;
mod own_data;
mod participant;
mod project;
mod reach;
mod readings;
mod receipt;
mod release;
mod researcher;
mod rights;
mod safety;
mod sharing_rules;
mod sign_in;
mod signing;
mod signing_renewal;
mod watched;
mod ways;
