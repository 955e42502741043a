//! The one `@context` of our consent records: compared, never fetched (`consent.md` §2.5).

use std::sync::LazyLock;

use serde_json::Value;

use super::ConsentError;

/// What stands behind the address of a deployment in the name of its vocabulary.
pub(super) const NAMESPACE_PATH: &str = "/ns/energy#";

/// `consent.md` §2.7, with the vocabulary of the deployment left out.
const CONTEXT: &str = r#"{
"dpv":"https://w3id.org/dpv#","pd":"https://w3id.org/dpv/pd#","loc":"https://w3id.org/dpv/loc#",
"eu-gdpr":"https://w3id.org/dpv/legal/eu/gdpr#","legal-fr":"https://w3id.org/dpv/legal/fr#",
"legal-eu":"https://w3id.org/dpv/legal/eu#","eu-dga":"https://w3id.org/dpv/legal/eu/dga#",
"dct":"http://purl.org/dc/terms/","skos":"http://www.w3.org/2004/02/skos/core#","schema":"https://schema.org/",
"xsd":"http://www.w3.org/2001/XMLSchema#","rdf":"http://www.w3.org/1999/02/22-rdf-syntax-ns#",
"dct:conformsTo":{"@type":"@id"},"dpv:hasPurpose":{"@type":"@id"},"dpv:hasPersonalData":{"@type":"@id"},
"dpv:hasDataController":{"@type":"@id"},"dpv:hasDataProcessor":{"@type":"@id"},"dpv:hasRecipient":{"@type":"@id"},
"dpv:hasLegalBasis":{"@type":"@id"},"dpv:hasProcessing":{"@type":"@id"},"dpv:hasJurisdiction":{"@type":"@id"},
"dpv:hasApplicableLaw":{"@type":"@id"},"dpv:hasLocation":{"@type":"@id"},"dpv:isIndicatedBy":{"@type":"@id"},
"dpv:isExercisedAt":{"@type":"@id"},"dpv:hasNecessity":{"@type":"@id"},"dpv:hasDataSource":{"@type":"@id"},
"dpv:hasScale":{"@type":"@id"},"skos:broader":{"@type":"@id"},"dpv:hasTechnicalMeasure":{"@type":"@id"},
"dct:isVersionOf":{"@type":"@id"},"dct:replaces":{"@type":"@id"},"schema:url":{"@type":"@id"},
"dpv:isIndicatedAtTime":{"@type":"xsd:dateTime"},"dct:created":{"@type":"xsd:dateTime"},
"dct:issued":{"@type":"xsd:date"},"en:from":{"@type":"xsd:date"},"en:until":{"@type":"xsd:date"},
"en:webauthn":{"@type":"@json"},"en:inclusionProof":{"@type":"@json"},"en:granularity":{"@type":"xsd:duration"},
"rdf:value":{}}"#;

static FIXED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(CONTEXT).unwrap_or(Value::Null));

/// The name of a deployment's own vocabulary: its address and `/ns/energy#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

impl Namespace {
    /// That of the deployment at this address, such as `https://broker.example`.
    ///
    /// # Errors
    /// [`ConsentError::Context`] for anything but `http(s)://` and an authority.
    pub fn of(site: &str) -> Result<Self, ConsentError> {
        let namespace = format!("{site}{NAMESPACE_PATH}");
        if is_namespace(&namespace) {
            Ok(Self(namespace))
        } else {
            Err(ConsentError::Context)
        }
    }

    /// The `@context` with this vocabulary.
    pub(super) fn context(&self) -> Value {
        let mut context = FIXED.clone();
        if let Some(members) = context.as_object_mut() {
            members.insert("en".to_owned(), Value::String(self.0.clone()));
        }
        context
    }
}

fn is_namespace(text: &str) -> bool {
    let authority = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .and_then(|rest| rest.strip_suffix(NAMESPACE_PATH));
    authority.is_some_and(|authority| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        !authority.is_empty() && authority.bytes().all(allowed)
    })
}

/// The context is the fixed one, and no part of the document brings one of its own.
pub(super) fn check(document: &Value) -> Result<(), ConsentError> {
    let mut context = document.get("@context").cloned().ok_or(ConsentError::Context)?;
    let members = context.as_object_mut().ok_or(ConsentError::Context)?;
    let vocabulary = members.remove("en");
    let ours = vocabulary
        .as_ref()
        .and_then(Value::as_str)
        .is_some_and(is_namespace);
    let nested = document
        .as_object()
        .is_some_and(|members| members.values().any(brings_a_context));
    if ours && context == *FIXED && !nested {
        Ok(())
    } else {
        Err(ConsentError::Context)
    }
}

fn brings_a_context(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.contains_key("@context") || members.values().any(brings_a_context),
        Value::Array(items) => items.iter().any(brings_a_context),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_context_is_json() {
        assert!(FIXED.is_object());
    }

    #[test]
    fn a_vocabulary_is_named_after_an_address() {
        for good in [
            "https://broker.example",
            "http://127.0.0.1:8080",
            "http://[::1]:80",
        ] {
            assert!(Namespace::of(good).is_ok(), "{good}");
        }
        for wrong in [
            "broker.example",
            "https://",
            "https://a/b",
            "ftp://a",
            "https://a b",
        ] {
            assert!(Namespace::of(wrong).is_err(), "{wrong}");
        }
    }
}
