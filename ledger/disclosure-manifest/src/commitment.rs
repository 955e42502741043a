//! What a row hides: whose data, and which.

use std::{collections::BTreeSet, fmt};

use ledger_core::leaf::Salt;
use ring::hmac;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// `None` unless the text has 1 to 128 bytes, all of them printable ASCII and none a space.
            pub fn new(text: &str) -> Option<Self> {
                let plain = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
                plain.then(|| Self(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

identifier! {
    /// Which delivery: the identifier of the release, as it stands in the records.
    DeliveryId
}

identifier! {
    /// Whose row: the identifier of the participant, as it stands in her records.
    ///
    /// Not the subject's key: an opening is shown to officers and auditors, and whoever holds the key could then find
    /// all leaves of the person.
    SubjectId
}

identifier! {
    /// A kind of value that was delivered, for instance `energy-withdrawn`.
    Field
}

/// What was delivered of one household: which fields, of which time, how fine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    fields: BTreeSet<Field>,
    from_us: i64,
    until_us: i64,
    step_s: u32,
}

/// Why there is no such scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// No field, or more than 64.
    #[error("a scope has 1 to 64 fields")]
    Fields,
    /// The end is not after the beginning.
    #[error("the period ends before it begins")]
    Period,
    /// A step of no time.
    #[error("the step is zero")]
    Step,
}

impl Scope {
    const MAX_FIELDS: usize = 64;

    /// The interval `[from_us, until_us)` in microseconds since 1970 UTC, in steps of `step_s` seconds.
    ///
    /// # Errors
    /// [`ScopeError`].
    pub fn new(
        fields: BTreeSet<Field>,
        from_us: i64,
        until_us: i64,
        step_s: u32,
    ) -> Result<Self, ScopeError> {
        if !(1..=Self::MAX_FIELDS).contains(&fields.len()) {
            return Err(ScopeError::Fields);
        }
        if from_us >= until_us {
            return Err(ScopeError::Period);
        }
        if step_s == 0 {
            return Err(ScopeError::Step);
        }
        Ok(Self {
            fields,
            from_us,
            until_us,
            step_s,
        })
    }

    /// The fields, in order.
    pub const fn fields(&self) -> &BTreeSet<Field> {
        &self.fields
    }

    /// First instant, in microseconds since 1970 UTC.
    pub const fn from_us(&self) -> i64 {
        self.from_us
    }

    /// Last instant, exclusive, in microseconds since 1970 UTC.
    pub const fn until_us(&self) -> i64 {
        self.until_us
    }

    /// Step in seconds.
    pub const fn step_s(&self) -> u32 {
        self.step_s
    }

    /// `i64be from || i64be until || u32be step || u16be fields || (u16be length || field)...`, fields in the order of
    /// their bytes.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = [self.from_us.to_be_bytes(), self.until_us.to_be_bytes()].concat();
        bytes.extend(self.step_s.to_be_bytes());
        bytes.extend(length(self.fields.len()));
        for field in &self.fields {
            bytes.extend(length(field.0.len()));
            bytes.extend(field.0.bytes());
        }
        bytes
    }
}

/// The two secrets that open one row: 64 bytes each from the system generator, fresh for every row, kept with the
/// household's details and deleted with them.
#[derive(Clone, Debug)]
pub struct RowSalts {
    /// Opens the first column.
    pub subject: Salt,
    /// Opens the second column.
    pub scope: Salt,
}

impl RowSalts {
    /// Draws both from `fill`, which fills a buffer with random bytes.
    ///
    /// # Errors
    /// What `fill` says.
    pub fn draw<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut salt = || {
            let mut bytes = [0; 64];
            fill(&mut bytes).map(|()| Salt::new(bytes))
        };
        Ok(Self {
            subject: salt()?,
            scope: salt()?,
        })
    }
}

/// A column of a row: hiding as long as its salt is unknown, and for ever once that is deleted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// Wraps 32 bytes read from a row.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As it stands in a row: 64 lowercase hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads 64 lowercase hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        let commitment = Self(bytes);
        (commitment.to_hex() == text).then_some(commitment)
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// `HMAC-SHA-256(key = salt[64], "manifest-subject/v1" || 0x00 || u16be length || delivery || subject)`.
///
/// The reasons for HMAC and for 64 bytes are those of `ledger_core::leaf::Commitment::of`. The delivery inside keeps an
/// opening from being shown for another delivery.
pub fn subject_commitment(salt: &Salt, delivery: &DeliveryId, subject: &SubjectId) -> Commitment {
    commit(salt, b"manifest-subject/v1\0", delivery, subject.0.as_bytes())
}

/// `HMAC-SHA-256(key = salt[64], "manifest-scope/v1" || 0x00 || u16be length || delivery || scope)`, where `scope` is
/// `i64be from || i64be until || u32be step || u16be fields || (u16be length || field)...`.
pub fn scope_commitment(salt: &Salt, delivery: &DeliveryId, scope: &Scope) -> Commitment {
    commit(salt, b"manifest-scope/v1\0", delivery, &scope.to_bytes())
}

fn commit(salt: &Salt, label: &[u8], delivery: &DeliveryId, content: &[u8]) -> Commitment {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt.expose()));
    for part in [label, &length(delivery.0.len()), delivery.0.as_bytes(), content] {
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes
        .iter_mut()
        .zip(context.sign().as_ref())
        .for_each(|(to, from)| *to = *from);
    Commitment(bytes)
}

fn length(length: usize) -> [u8; 2] {
    // INVARIANT: identifiers have at most 128 bytes and scopes at most 64 fields.
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt(first: u8) -> Salt {
        Salt::new(std::array::from_fn(|i| first + u8::try_from(i).unwrap()))
    }

    fn scope() -> Scope {
        let fields = ["energy-withdrawn", "power-max"].map(|field| Field::new(field).unwrap());
        Scope::new(fields.into(), 1_767_225_600_000_000, 1_769_904_000_000_000, 1800).unwrap()
    }

    fn delivery() -> DeliveryId {
        DeliveryId::new("release-1").unwrap()
    }

    /// Computed as well with Python's `hmac` over the bytes written out by hand.
    #[test]
    fn the_commitments_are_frozen() {
        let subject = subject_commitment(&salt(0), &delivery(), &SubjectId::new("participant-1").unwrap());
        assert_eq!(
            subject.to_hex(),
            "e9010d9313a9dedcb5ec6b7f19646c5d924a649e5a9010d1d38ab5bcd1248b0b"
        );
        assert_eq!(
            scope_commitment(&salt(64), &delivery(), &scope()).to_hex(),
            "42a0055bbc64cc2a38f6a28f82ef8890c277ea134c4359a6fd72a37770934a0c"
        );
    }

    #[test]
    fn another_salt_delivery_subject_or_scope_is_another_commitment() {
        let (a, b) = (SubjectId::new("a").unwrap(), SubjectId::new("b").unwrap());
        let other = DeliveryId::new("release-2").unwrap();
        let first = subject_commitment(&salt(0), &delivery(), &a);
        assert_ne!(first, subject_commitment(&salt(1), &delivery(), &a));
        assert_ne!(first, subject_commitment(&salt(0), &other, &a));
        assert_ne!(first, subject_commitment(&salt(0), &delivery(), &b));
        let first = scope_commitment(&salt(0), &delivery(), &scope());
        let changed = |change: fn(&mut Scope)| {
            let mut scope = scope();
            change(&mut scope);
            assert_ne!(scope_commitment(&salt(0), &delivery(), &scope), first);
        };
        changed(|scope| scope.from_us += 1);
        changed(|scope| scope.until_us -= 1);
        changed(|scope| scope.step_s = 60);
        changed(|scope| scope.fields = scope.fields.iter().take(1).cloned().collect());
        assert_ne!(scope_commitment(&salt(0), &other, &scope()), first);
        // A part of the delivery's name cannot pass for a part of the subject's.
        let (ab, c) = (DeliveryId::new("ab").unwrap(), SubjectId::new("c").unwrap());
        let (left, bc) = (DeliveryId::new("a").unwrap(), SubjectId::new("bc").unwrap());
        assert_ne!(
            subject_commitment(&salt(0), &ab, &c),
            subject_commitment(&salt(0), &left, &bc)
        );
    }

    #[test]
    fn scopes_without_content_are_refused() {
        let fields = || BTreeSet::from([Field::new("x").unwrap()]);
        assert_eq!(Scope::new(BTreeSet::new(), 0, 1, 1), Err(ScopeError::Fields));
        let many = (0..65).map(|i| Field::new(&i.to_string()).unwrap()).collect();
        assert_eq!(Scope::new(many, 0, 1, 1), Err(ScopeError::Fields));
        assert_eq!(Scope::new(fields(), 1, 1, 1), Err(ScopeError::Period));
        assert_eq!(Scope::new(fields(), 0, 1, 0), Err(ScopeError::Step));
        for text in ["", "a b", "é", "a\n", &"x".repeat(129)] {
            assert_eq!(SubjectId::new(text), None, "{text}");
        }
    }

    #[test]
    fn hexadecimal_has_one_spelling() {
        let hex = "ab".repeat(32);
        assert_eq!(Commitment::from_hex(&hex), Some(Commitment([0xab; 32])));
        for wrong in [
            hex.to_uppercase(),
            "ab".repeat(31),
            "ab".repeat(33),
            "zz".repeat(32),
            format!("0x{hex}"),
        ] {
            assert_eq!(Commitment::from_hex(&wrong), None, "{wrong}");
        }
    }
}
