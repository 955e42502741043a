//! Signatures under names that nobody knows, so that readers which choke on them are found early.

use super::{KeyId, KeyName, MAX_SIGNATURES, Note, NoteSignature};

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
