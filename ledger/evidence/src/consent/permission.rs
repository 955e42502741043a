//! What a legal person permits (`consent.md` §8): not a consent in the sense of the GDPR but a permission in that of the Data Governance
//! Act, art. 2(6), for data that are not personal. The members that differ from a consent record, and no others.

use serde_json::{Value, json};

use super::terms::ConsentTerms;
use crate::record::{Digest, Id};

/// The type of a permission.
pub(crate) const TYPE: &str = "dpv:Permission";
/// Not the profile of the GDPR.
pub(crate) const PROFILE: &str = "https://w3id.org/dpv/schema/dpv-27560#record";
/// Who permits.
pub(crate) const HOLDER: &str = "eu-dga:hasDataHolder";
/// The list of points that was permitted with it.
pub(crate) const LIST: &str = "en:pointList";

/// Under which law it is agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A person consents (GDPR art. 6(1)(a)).
    Consent,
    /// A legal person permits the use of data that are not personal.
    Permission(PointList),
}

/// The points for which a legal person gave the same permission in one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointList {
    /// The act, a UUID.
    pub grant: Id,
    /// [`point_list`] of the points.
    pub sha256: Digest,
    /// How many they are.
    pub count: u32,
}

/// `SHA-256("fiducie-points/1" || LF || point_1 || LF || … || point_n || LF)`, each point as `en:mp:hmac:…` of its consent record,
/// without duplicates and in the order of their bytes. Whoever holds all records of an act computes it again.
pub fn point_list<'a>(points: impl IntoIterator<Item = &'a [u8; 32]>) -> Digest {
    let mut names: Vec<String> = points.into_iter().map(point_name).collect();
    names.sort_unstable();
    names.dedup();
    let mut text = String::from("fiducie-points/1\n");
    for name in names {
        text.push_str(&name);
        text.push('\n');
    }
    Digest::of(text.as_bytes())
}

/// A metering point as records name it (`consent.md` §2.4).
pub(super) fn point_name(point: &[u8; 32]) -> String {
    format!("en:mp:hmac:{}", crate::base64url::encode(point))
}

/// The members that stand in a permission only.
pub(super) fn members(terms: &ConsentTerms, list: &PointList) -> [(&'static str, Value); 6] {
    [
        ("@type", json!(TYPE)),
        ("dct:conformsTo", json!(PROFILE)),
        ("dpv:hasApplicableLaw", json!("legal-eu:law-DGA")),
        ("dpv:hasLegalBasis", json!("eu-dga:A2-6-Permission")),
        (
            HOLDER,
            json!({"@id": terms.subject, "@type": ["dpv:LegalEntity", "eu-dga:DataHolder"], "en:capacity": "en:ContractHolder"}),
        ),
        (
            LIST,
            json!({
                "@id": format!("urn:uuid:{}", list.grant.as_str()), "en:sha256": list.sha256, "en:count": list.count,
            }),
        ),
    ]
}

/// The act in which a permission was given, a UUID.
pub(crate) fn grant_of(document: &Value) -> Option<Id> {
    let iri = document.get(LIST)?.get("@id")?.as_str()?;
    Id::new(iri.strip_prefix("urn:uuid:")?).ok()
}

/// The list that a permission names, as a document has it.
pub(super) fn list_of(document: &Value) -> Option<PointList> {
    let list = document.get(LIST)?;
    Some(PointList {
        grant: grant_of(document)?,
        sha256: Digest::try_from(list.get("en:sha256")?.as_str()?.to_owned()).ok()?,
        count: u32::try_from(list.get("en:count")?.as_u64()?).ok()?,
    })
}

/// Whose data a document is about: the data subject of a consent, the data holder of a permission. Never both.
pub(crate) fn whose(document: &Value) -> Option<&str> {
    let named = |member: &str| document.get(member)?.get("@id")?.as_str();
    match (document.get("dpv:hasDataSubject"), document.get(HOLDER)) {
        (Some(_), None) => named("dpv:hasDataSubject"),
        (None, Some(_)) => named(HOLDER),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_the_same_in_whatever_order_and_names_each_point_once() {
        let (one, two) = ([1; 32], [2; 32]);
        assert_eq!(point_list([&one, &two]), point_list([&two, &one, &two]));
        assert_ne!(point_list([&one, &two]), point_list([&one]));
    }

    #[test]
    fn the_bytes_of_a_list_are_fixed() {
        let text = format!("fiducie-points/1\nen:mp:hmac:{}\n", "A".repeat(43));
        assert_eq!(point_list([&[0; 32]]), Digest::of(text.as_bytes()));
    }
}
