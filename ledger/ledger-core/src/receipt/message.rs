//! The COSE_Sign1 message around a proof (RFC 9052 §4.2, RFC 9942).

use super::{
    ReceiptError,
    cbor::{Reader, Writer},
    key::{EDDSA, ReceiptKey, ReceiptSigner},
    malformed,
};
use crate::tree::Hash;

/// COSE_Sign1 (RFC 9052 §2).
const SIGN1: u64 = 18;
// Header parameters: RFC 9052 §3.1, RFC 9597 (15), RFC 9596 (16), RFC 9942 (395, 396).
const ALG: i64 = 1;
const KID: i64 = 4;
const CWT_CLAIMS: i64 = 15;
const TYP: i64 = 16;
const VDS: i64 = 395;
const VDP: i64 = 396;
// CWT claims (RFC 8392 §3.1).
const ISS: i64 = 1;
const SUB: i64 = 2;
/// The verifiable data structure of RFC 9162 with SHA-256 (RFC 9942).
const RFC9162_SHA256: i64 = 1;
/// Longest issuer or subject we read, in bytes.
const MAX_CLAIM_LEN: usize = 256;

/// What a receipt proves.
///
/// Both kinds sign the same root. With one and the same protected header they would also sign the same bytes, and one
/// signature would serve for both; so each has its own `typ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Inclusion,
    Consistency,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Inclusion, Self::Consistency];

    /// RFC 9596: a media type.
    const fn media_type(self) -> &'static str {
        match self {
            Self::Inclusion => "application/vnd.fiducie.inclusion-receipt+cose",
            Self::Consistency => "application/vnd.fiducie.consistency-receipt+cose",
        }
    }

    /// The label of its proofs among the verifiable data proofs (RFC 9942).
    const fn proofs(self) -> i64 {
        match self {
            Self::Inclusion => -1,
            Self::Consistency => -2,
        }
    }
}

/// The protected header, read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    kid: Vec<u8>,
    issuer: String,
    subject: String,
    typ: Option<Kind>,
}

/// A message: header and signature, and the proof beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The bytes that were signed; verified as they are, never written anew.
    protected: Vec<u8>,
    header: Header,
    kind: Kind,
    signature: [u8; 64],
}

impl Message {
    /// Signs `root`.
    pub(super) fn sign(
        kind: Kind,
        typ: Option<Kind>,
        subject: &str,
        root: &Hash,
        signer: &dyn ReceiptSigner,
    ) -> Result<Self, ReceiptError> {
        let header = Header {
            kid: signer.key().id().to_vec(),
            issuer: check_claim(signer.key().issuer().as_str())?,
            subject: check_claim(subject)?,
            typ,
        };
        let protected = header.encode();
        let signature = signer.sign(&to_be_signed(&protected, root));
        Ok(Self {
            protected,
            header,
            kind,
            signature,
        })
    }

    /// What the receipt is about.
    pub(super) fn subject(&self) -> &str {
        &self.header.subject
    }

    /// Issuer, key id and signature over `root`.
    pub(super) fn verify(&self, root: &Hash, key: &ReceiptKey) -> Result<(), ReceiptError> {
        if self.header.issuer != key.issuer().as_str() {
            return Err(ReceiptError::OtherIssuer);
        }
        if self.header.kid != key.id() {
            return Err(ReceiptError::OtherKey);
        }
        if key.verifies(&to_be_signed(&self.protected, root), &self.signature) {
            Ok(())
        } else {
            Err(ReceiptError::Signature)
        }
    }

    /// `18([protected, {396: {-1 or -2: [proof]}}, null, signature])`.
    pub(super) fn encode(&self, proof: &[u8]) -> Vec<u8> {
        let message = Writer::default().tag(SIGN1).array(4).bytes(&self.protected);
        let message = message.map(1).int(VDP).map(1).int(self.kind.proofs());
        let message = message.array(1).bytes(proof);
        message.null().bytes(&self.signature).finish()
    }

    /// Reads a message and finds the proof in it. LIMIT: one proof a receipt, and no header but those we write; a
    /// receipt with more, though RFC 9942 may allow it, is none of ours.
    pub(super) fn parse(kind: Kind, bytes: &[u8]) -> Result<(Self, &[u8]), ReceiptError> {
        let mut reader = Reader::new(bytes);
        reader.tag(SIGN1)?;
        reader.array(4)?;
        let protected = reader.bytes()?;
        let header = Header::parse(protected)?;
        // Another issuer may leave `typ` out of an inclusion receipt (RFC 9942 does not ask for it). A consistency
        // receipt must have it, so that no signature serves for both kinds.
        if header.typ.map_or(kind != Kind::Inclusion, |typ| typ != kind) {
            return Err(ReceiptError::OtherKind);
        }
        reader.map(1)?;
        reader.label(VDP)?;
        reader.map(1)?;
        reader.label(kind.proofs())?;
        reader.array(1)?;
        let proof = reader.bytes()?;
        reader.null()?;
        let signature = reader.bytes()?;
        reader.end()?;
        let signature = signature
            .try_into()
            .map_err(|_| malformed("the signature does not have 64 bytes"))?;
        let message = Self {
            protected: protected.to_vec(),
            header,
            kind,
            signature,
        };
        Ok((message, proof))
    }
}

impl Header {
    /// RFC 8949 §4.2.1: labels in the order of their bytes, which for these is the order of the numbers.
    fn encode(&self) -> Vec<u8> {
        let map = Writer::default().map(if self.typ.is_some() { 5 } else { 4 });
        let map = map.int(ALG).int(EDDSA).int(KID).bytes(&self.kid);
        let map = map.int(CWT_CLAIMS).map(2).int(ISS).text(&self.issuer);
        let map = map.int(SUB).text(&self.subject);
        let map = match self.typ {
            Some(kind) => map.int(TYP).text(kind.media_type()),
            None => map,
        };
        map.int(VDS).int(RFC9162_SHA256).finish()
    }

    fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let mut reader = Reader::new(bytes);
        let pairs = reader.any_map()?;
        // With the order fixed and each label expected at its place, none can come twice.
        reader.label(ALG)?;
        let alg = reader.int()?;
        if alg != EDDSA {
            return Err(ReceiptError::Algorithm { alg });
        }
        reader.label(KID)?;
        let kid = reader.bytes()?.to_vec();
        reader.label(CWT_CLAIMS)?;
        reader.map(2)?;
        reader.label(ISS)?;
        let issuer = check_claim(reader.text()?)?;
        reader.label(SUB)?;
        let subject = check_claim(reader.text()?)?;
        let typ = match pairs {
            4 => None,
            5 => {
                reader.label(TYP)?;
                let typ = reader.text()?;
                let known = Kind::ALL.into_iter().find(|kind| kind.media_type() == typ);
                Some(known.ok_or(ReceiptError::OtherKind)?)
            }
            _ => return Err(malformed("the protected header has other labels than ours")),
        };
        reader.label(VDS)?;
        let vds = reader.int()?;
        if vds != RFC9162_SHA256 {
            return Err(ReceiptError::Structure { vds });
        }
        reader.end()?;
        Ok(Self {
            kid,
            issuer,
            subject,
            typ,
        })
    }
}

/// RFC 9943 asks for an issuer and a subject; an empty one says nothing.
fn check_claim(text: &str) -> Result<String, ReceiptError> {
    if (1..=MAX_CLAIM_LEN).contains(&text.len()) && !text.contains(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(malformed(
            "the issuer or the subject is empty, too long or not plain",
        ))
    }
}

/// `["Signature1", protected, h'', root]` (RFC 9052 §4.4): the payload is the root, and it is detached.
fn to_be_signed(protected: &[u8], root: &Hash) -> Vec<u8> {
    let structure = Writer::default().array(4).text("Signature1").bytes(protected);
    structure.bytes(&[]).bytes(root.as_bytes()).finish()
}
