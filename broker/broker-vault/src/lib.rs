//! Envelope encryption of readings; opens nothing without a warrant (invariant I1).
//!
//! What it does: one random data key per participant and epoch, wrapped as an `age` file to the broker's recipients;
//! batches of readings sealed under keys derived from it with AES-256-GCM, bound to participant, point, gateway, batch,
//! span and epoch; small texts of a profile sealed the same way; a keyed index to find a meter number that is stored
//! nowhere in clear; ordinary `age` files for people.
//! What it deliberately does not: no file, database or network, no clock, no logs. It decides nothing: whoever opens a
//! batch shows a [`Warrant`](broker_domain::Warrant), which only the consent check and the policies together make.
//!
//! **Erasure.** The store deletes the participant's [`WrappedKey`] rows, in every epoch and backup it answers for, and
//! calls [`KeyRing::forget`]. From then on nothing sealed for that person opens, for us or for anybody who copied the
//! ciphertext: the data key was random and existed in clear only in memory. Deleting the ciphertext too is housekeeping.
//!
//! LIMIT: `ring` and `age` keep their own key schedules in memory and do not erase them; ours are erased when dropped.
//! LIMIT: `age` draws its file keys and ephemeral keys from the operating system itself, not from the `Entropy` port.

mod aead;
mod batch;
mod encoding;
mod error;
mod key;
mod key_ring;
mod person;
mod point_index;
mod profile;
mod sign_in_index;
mod wrap;

pub use batch::{BatchHeader, OpenedReadings, SealedBatch, open_batch, seal_batch};
pub use encoding::InvalidPlaintext;
pub use error::VaultError;
pub use key::{DataKey, Epoch};
pub use key_ring::KeyRing;
pub use person::{open_own, seal_for_person};
pub use point_index::{IndexKey, PointIndex};
pub use profile::{
    ProfileField, SealedText, open_case_contact, open_entered_reason, open_envelope, open_home_code,
    open_legal_text, open_mail_code, open_mailbox, open_mandate_names, open_phone, open_phone_code,
    open_profile, open_rights_words, open_stop_code, seal_profile,
};
pub use sign_in_index::{SignInValue, is_sign_in_value, sign_in_index};
pub use wrap::{VaultIdentity, VaultRecipient, WrappedKey, unwrap, wrap};

#[cfg(test)]
mod samples;
