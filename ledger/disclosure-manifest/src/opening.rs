//! What a household keeps to show that its row is in a delivery, and what the row says.

use std::collections::BTreeSet;

use ledger_core::leaf::{DeliveryLeaf, Salt};
use serde::{Deserialize, Serialize};

use crate::{
    commitment::{DeliveryId, Field, RowSalts, Scope, SubjectId, scope_commitment, subject_commitment},
    row::{NodeHash, Row, RowError},
};

const FORMAT: &str = "fiducie-manifest-opening/1";
/// A scope has at most 64 fields of 128 bytes, a proof 20 hashes.
const MAX_LEN: usize = 32_768;

/// Opens one row: who, what, the two salts, and the way to the root.
///
/// Secret, and personal: it belongs to the household's details and is deleted with them. The root is deliberately not
/// in it: that comes from the log.
#[derive(Clone, Debug)]
pub struct Opening {
    delivery: DeliveryId,
    subject: SubjectId,
    scope: Scope,
    salts: RowSalts,
    row: Row,
    proof: Vec<NodeHash>,
}

/// Why an opening shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// Not the file of an opening.
    #[error("the opening is malformed: {what}")]
    Malformed {
        /// Which rule is broken.
        what: &'static str,
    },
    /// The salt does not open the first column.
    #[error("the row is about somebody else")]
    OtherSubject,
    /// The salt does not open the second column.
    #[error("the row is about other data")]
    OtherScope,
    /// The row is not in the delivery.
    #[error(transparent)]
    Row(#[from] RowError),
}

/// The file: members in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    format: String,
    delivery: String,
    subject: String,
    subject_salt: String,
    fields: Vec<String>,
    from_us: i64,
    until_us: i64,
    step_s: u32,
    scope_salt: String,
    row: Vec<String>,
    proof: Vec<String>,
}

impl Opening {
    #[cfg(feature = "build")]
    pub(crate) const fn new(
        delivery: DeliveryId,
        subject: SubjectId,
        scope: Scope,
        salts: RowSalts,
        row: Row,
        proof: Vec<NodeHash>,
    ) -> Self {
        Self {
            delivery,
            subject,
            scope,
            salts,
            row,
            proof,
        }
    }

    /// Puts an opening together again from what was kept of it: the row follows from the rest. Whether it is in the
    /// delivery is for [`Self::verify`] to say.
    pub fn restore(
        delivery: DeliveryId,
        subject: SubjectId,
        scope: Scope,
        count: u64,
        salts: RowSalts,
        proof: Vec<NodeHash>,
    ) -> Self {
        Self {
            row: row_of(&delivery, &subject, &scope, &salts, count),
            delivery,
            subject,
            scope,
            salts,
            proof,
        }
    }

    /// Which delivery.
    pub const fn delivery(&self) -> &DeliveryId {
        &self.delivery
    }

    /// Whose row.
    pub const fn subject(&self) -> &SubjectId {
        &self.subject
    }

    /// Which data.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What opens the row's two commitments.
    pub const fn salts(&self) -> &RowSalts {
        &self.salts
    }

    /// The row.
    pub const fn row(&self) -> &Row {
        &self.row
    }

    /// From the row's sibling upwards.
    pub fn proof(&self) -> &[NodeHash] {
        &self.proof
    }

    /// Checks that the row is in the delivery that the log names, and that it says exactly this subject and this scope.
    /// The caller compares those with what she expects.
    ///
    /// # Errors
    /// [`OpeningError`].
    pub fn verify(&self, leaf: &DeliveryLeaf) -> Result<(), OpeningError> {
        if subject_commitment(&self.salts.subject, &self.delivery, &self.subject) != self.row.subject {
            return Err(OpeningError::OtherSubject);
        }
        if scope_commitment(&self.salts.scope, &self.delivery, &self.scope) != self.row.scope {
            return Err(OpeningError::OtherScope);
        }
        Ok(self.row.verify(&self.proof, leaf)?)
    }

    /// The file: JSON, `row` and `proof` in the form that npm's `StandardMerkleTree.verify` takes.
    pub fn to_json(&self) -> Vec<u8> {
        // INVARIANT: a struct of texts and numbers always becomes JSON.
        serde_json::to_vec(&self.file()).unwrap_or_default()
    }

    pub(crate) fn file(&self) -> File {
        File {
            format: FORMAT.to_owned(),
            delivery: self.delivery.as_str().to_owned(),
            subject: self.subject.as_str().to_owned(),
            subject_salt: hex::encode(self.salts.subject.expose()),
            fields: self
                .scope
                .fields()
                .iter()
                .map(|field| field.as_str().to_owned())
                .collect(),
            from_us: self.scope.from_us(),
            until_us: self.scope.until_us(),
            step_s: self.scope.step_s(),
            scope_salt: hex::encode(self.salts.scope.expose()),
            row: self.row.columns().to_vec(),
            proof: self.proof.iter().map(NodeHash::to_string).collect(),
        }
    }

    /// Reads the file; nothing is verified yet.
    ///
    /// # Errors
    /// [`OpeningError::Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self, OpeningError> {
        if json.len() > MAX_LEN {
            return Err(malformed("it is too large"));
        }
        Self::from_file(&serde_json::from_slice(json).map_err(|_| malformed("it is not its JSON"))?)
    }

    pub(crate) fn from_file(file: &File) -> Result<Self, OpeningError> {
        if file.format != FORMAT {
            return Err(malformed("the format is unknown"));
        }
        let count = file.fields.len();
        let fields: Option<BTreeSet<_>> = file.fields.iter().map(|field| Field::new(field)).collect();
        let fields = fields
            .filter(|fields| fields.len() == count)
            .ok_or(malformed("the fields are not fields"))?;
        let scope = Scope::new(fields, file.from_us, file.until_us, file.step_s)
            .map_err(|_| malformed("the scope is none"))?;
        let proof: Option<Vec<_>> = file.proof.iter().map(|node| NodeHash::from_hex(node)).collect();
        Ok(Self {
            delivery: DeliveryId::new(&file.delivery).ok_or(malformed("the delivery has no name"))?,
            subject: SubjectId::new(&file.subject).ok_or(malformed("the subject has no name"))?,
            scope,
            salts: RowSalts {
                subject: salt(&file.subject_salt)?,
                scope: salt(&file.scope_salt)?,
            },
            row: Row::from_columns(&file.row).ok_or(malformed("the row is not a row"))?,
            proof: proof.ok_or(malformed("a hash of the proof is none"))?,
        })
    }
}

/// The row of a household.
pub(crate) fn row_of(
    delivery: &DeliveryId,
    subject: &SubjectId,
    scope: &Scope,
    salts: &RowSalts,
    count: u64,
) -> Row {
    Row {
        subject: subject_commitment(&salts.subject, delivery, subject),
        scope: scope_commitment(&salts.scope, delivery, scope),
        count,
    }
}

const fn malformed(what: &'static str) -> OpeningError {
    OpeningError::Malformed { what }
}

/// Exactly 64 bytes: other lengths would open a commitment twice (see [`Salt::from_slice`]).
fn salt(text: &str) -> Result<Salt, OpeningError> {
    let bytes = hex::decode(text).ok().and_then(|bytes| Salt::from_slice(&bytes));
    bytes.ok_or(malformed("a salt does not have 64 bytes"))
}
