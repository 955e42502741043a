//! Signatures under names that nobody knows, so that readers which choke on them are found early.

use super::{KeyId, KeyName, MAX_SIGNATURES, Note, NoteSignature};
use crate::tree::digest;

/// One note in so many is greased.
const EVERY: u8 = 8;

/// Random bytes for one use of [`Note::greased`].
#[derive(Clone, Copy, Debug)]
pub struct Grease {
    name: [u8; 8],
    id: [u8; 4],
    signature: [u8; 64],
    order: [u8; 20],
}

impl Grease {
    /// How many random bytes it takes.
    pub const LEN: usize = 96;

    /// Wraps random bytes. They need not be secret, only different each time.
    pub fn new(random: [u8; Self::LEN]) -> Self {
        let mut grease = Self {
            name: [0; 8],
            id: [0; 4],
            signature: [0; 64],
            order: [0; 20],
        };
        let fields = grease.name.iter_mut().chain(&mut grease.id);
        let fields = fields.chain(&mut grease.signature).chain(&mut grease.order);
        fields.zip(random).for_each(|(to, from)| *to = from);
        grease
    }
}

impl Note {
    /// The note as it is published: one in eight carries grease. Which ones do, and what it is, follows from the note
    /// itself, so that one checkpoint has one published form however often it is written.
    ///
    /// `SHA-256("grease/v1" || 00 || counter u8 || note)` for the counters 0 to 2 gives the bytes of the grease, and
    /// for 3 whether there is any.
    #[must_use]
    pub fn sometimes_greased(self) -> Self {
        let bytes = self.to_string();
        let part = |counter: u8| *digest(&[b"grease/v1\0", &[counter], bytes.as_bytes()]).as_bytes();
        let [chance, ..] = part(3);
        if chance % EVERY != 0 {
            return self;
        }
        let mut random = [0; Grease::LEN];
        let parts = [part(0), part(1), part(2)];
        random
            .iter_mut()
            .zip(parts.as_flattened())
            .for_each(|(to, from)| *to = *from);
        self.greased(&Grease::new(random))
    }

    /// The note with one more signature, by a key of a random name, and all signatures in random order. Every reader
    /// must accept it as it accepts the note itself (C2SP signed-note: unknown keys MUST be ignored).
    ///
    /// A note that is full already is only put into another order.
    #[must_use]
    pub fn greased(mut self, grease: &Grease) -> Self {
        let name = format!("grease.invalid/{:016x}", u64::from_be_bytes(grease.name));
        if let Some(name) = KeyName::new(&name).filter(|_| self.signatures.len() < MAX_SIGNATURES) {
            self.signatures.push(NoteSignature {
                name,
                id: KeyId::new(grease.id),
                signature: grease.signature.to_vec(),
            });
        }
        // Fisher-Yates; the bias of the remainder does not matter, nothing here is secret.
        for (last, random) in (1..self.signatures.len()).rev().zip(grease.order.iter().cycle()) {
            self.signatures.swap(last, usize::from(*random) % (last + 1));
        }
        self
    }
}
