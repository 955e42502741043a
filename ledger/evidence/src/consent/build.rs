//! From terms and events to the document (`consent.md` §2.3 to §2.7).
//!
//! Arrays for what may repeat, never a repeated key; numbers only where they are small counts (§2.5).

use serde_json::{Map, Value, json};

use super::act::ConsentEvent;
use super::permission::{self, Frame, point_name};
use super::terms::{ConsentTerms, Country, Organisation};
use super::{ConsentAct, ConsentError, PROFILE, STATUS, TYPE, version_iri};
use crate::jcs;
use crate::record::{EvidenceLevel, Instant, Method};

/// A draft, or a record before its act is added.
pub(super) fn document(
    terms: &ConsentTerms,
    version: u32,
    created: Instant,
    earlier: &[ConsentEvent],
) -> Result<Value, ConsentError> {
    let earlier = earlier.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    let consent = terms.consent.as_str();
    let mut document = json!({
        "@context": terms.site.namespace.context(),
        "@id": version_iri(&terms.consent, version),
        "@type": TYPE,
        "dct:conformsTo": PROFILE,
        "dct:identifier": consent,
        "dpv:hasIdentifier": consent,
        "dct:created": created,
        "dpv:hasNotice": notice(terms),
        "dpv:hasJurisdiction": jurisdictions(terms),
        "dpv:hasApplicableLaw": "legal-eu:law-GDPR",
        "dpv:hasLegalBasis": "eu-gdpr:A6-1-a-explicit-consent",
        "dpv:hasProcess": [process(terms)],
        "dpv:hasEntity": entities(terms),
        STATUS: earlier,
    });
    match &terms.frame {
        Frame::Consent => insert(
            &mut document,
            "dpv:hasDataSubject",
            json!({"@id": terms.subject, "@type": "dpv:DataSubject", "en:capacity": "en:ContractHolder"}),
        ),
        Frame::Permission(list) => {
            for (member, value) in permission::members(terms, list) {
                insert(&mut document, member, value);
            }
        }
    }
    let before = match version {
        0 | 1 => terms
            .replaces
            .as_ref()
            .map(|old| ("dct:replaces", version_iri(old, 1))),
        later => Some((
            "dct:replaces",
            version_iri(&terms.consent, later.saturating_sub(1)),
        )),
    };
    if let Some((member, before)) = before {
        if version > 1 {
            insert(&mut document, "dct:isVersionOf", json!(before));
        }
        insert(&mut document, member, json!(before));
    }
    Ok(document)
}

fn insert(to: &mut Value, member: &str, value: Value) {
    if let Some(members) = to.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

fn notice(terms: &ConsentTerms) -> Value {
    json!({
        "@id": format!("{}/notices/{}", terms.site.address, terms.notice.sha256),
        "@type": "dpv:ConsentNotice",
        "dct:language": terms.notice.language,
        "dct:title": terms.notice.title,
        "en:sha256": terms.notice.sha256,
    })
}

/// The countries of the recipient and of the broker, and the Union.
fn jurisdictions(terms: &ConsentTerms) -> Vec<String> {
    let mut places = countries(terms);
    places.push("loc:EU".to_owned());
    places
}

fn countries(terms: &ConsentTerms) -> Vec<String> {
    let of = |body: &Organisation| body.country.map(Country::place);
    let mut places = Vec::from_iter(of(&terms.recipient));
    places.extend(of(&terms.site.operator).filter(|place| !places.contains(place)));
    places
}

/// `load-curve-research` is `en:LoadCurveResearch`.
fn purpose_term(code: &str) -> String {
    let words = code.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    format!("en:{}", words.collect::<String>())
}

fn is_research(code: &str) -> bool {
    code == "research" || code.ends_with("-research")
}

fn process(terms: &ConsentTerms) -> Value {
    let code = terms.purpose.as_str();
    let research = is_research(code);
    let broader = if research {
        "dpv:ScientificResearch"
    } else {
        "dpv:ServiceProvision"
    };
    let mut processing = vec!["dpv:Collect", "dpv:Store", "dpv:Transfer"];
    if research {
        processing.extend(["dpv:Anonymise", "dpv:Aggregate"]);
    }
    let mut process = json!({
        "@id": format!("urn:uuid:{}#p1", terms.consent.as_str()),
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@id": purpose_term(code), "@type": "dpv:Purpose", "skos:broader": [broader],
            "dct:identifier": code, "dct:description": terms.notice.title,
        },
        "dpv:hasProcessing": processing,
        "dpv:hasDataSource": {"@id": "en:Gateway", "@type": "dpv:DataSource"},
        "dpv:hasRecipient": [terms.recipient.iri],
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": countries(terms)},
            // LIMIT: readings are kept until the person has them erased; no other end is enforced, so none is promised.
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": {
                "@type": "dpv:UntilEventDuration", "rdf:value": "erasure asked for by the person",
            }},
        ],
        "dpv:hasConsentControl": {
            "@type": ["dpv:WithdrawConsent"], "dpv:isExercisedAt": terms.withdraw_at,
        },
    });
    match &terms.frame {
        Frame::Consent => {
            insert(&mut process, "dpv:hasPersonalData", data(terms));
            insert(&mut process, "dpv:hasDataController", json!(terms.recipient.iri));
            insert(
                &mut process,
                "dpv:hasDataProcessor",
                json!(terms.site.operator.iri),
            );
            insert(&mut process, "dpv:hasRight", json!(rights(terms)));
        }
        // No data subject, so no controller and none of her rights: ending it at any time is in the terms themselves.
        Frame::Permission(_) => insert(&mut process, "dpv:hasData", data(terms)),
    }
    process
}

fn data(terms: &ConsentTerms) -> Value {
    let step = terms.step.0;
    let (kind, mut broader) = match terms.frame {
        Frame::Consent => (
            "dpv:PersonalData",
            vec!["pd:ServiceConsumptionBehaviour", "pd:Household"],
        ),
        Frame::Permission(_) => ("dpv:NonPersonalData", vec!["dpv:NonPersonalData"]),
    };
    // Anything finer than a value a day tells when people are at home (CNIL, MED 2018-007).
    if step < 86_400 && terms.frame == Frame::Consent {
        broader.push("dpv:SensitivePersonalData");
    }
    json!({
        "@id": if step < 86_400 { "en:LoadCurve" } else { "en:DailyEnergy" },
        "@type": kind,
        "skos:broader": broader,
        "dct:identifier": point_name(&terms.point),
        "en:granularity": duration(step),
        "en:direction": ["withdrawal"],
        "en:from": terms.first_day.as_str(),
        "en:until": terms.last_day.as_str(),
        "en:firstInstant": terms.from,
        "en:endInstant": terms.until,
        "dpv:hasNecessity": "dpv:Required",
    })
}

/// `xsd:duration`, in the largest unit that measures it.
fn duration(seconds: u32) -> String {
    [(86_400, "P", "D"), (3_600, "PT", "H"), (60, "PT", "M")]
        .into_iter()
        .find(|(unit, ..)| seconds != 0 && seconds.is_multiple_of(*unit))
        .map_or_else(
            || format!("PT{seconds}S"),
            |(unit, before, after)| format!("{before}{}{after}", seconds / unit),
        )
}

/// GDPR art. 7(3), 15, 17, 20 and 77.
fn rights(terms: &ConsentTerms) -> Vec<Value> {
    let authority = authority(terms).1;
    [
        ("eu-gdpr:A7-3", terms.withdraw_at.as_str()),
        ("eu-gdpr:A15", terms.access_at.as_str()),
        ("eu-gdpr:A17", terms.erase_at.as_str()),
        ("eu-gdpr:A20", terms.access_at.as_str()),
        ("eu-gdpr:A77", authority),
    ]
    .into_iter()
    .map(|(right, place)| json!({"@type": ["dpv:DataSubjectRight", right], "dpv:isExercisedAt": place}))
    .collect()
}

/// The supervisory authority of the recipient's country; the French one for countries without a term here.
fn authority(terms: &ConsentTerms) -> (&'static str, &'static str, &'static str) {
    match terms.recipient.country.map(|country| country.place()).as_deref() {
        Some("loc:BE") => (
            "https://w3id.org/dpv/legal/be#DPA-BE",
            "https://www.autoriteprotectiondonnees.be/",
            "APD-GBA",
        ),
        _ => ("legal-fr:DPA-FR", "https://www.cnil.fr/", "CNIL"),
    }
}

fn entities(terms: &ConsentTerms) -> Value {
    let (authority, url, name) = authority(terms);
    let operator = &terms.site.operator;
    let (asks, handles, between) = match terms.frame {
        Frame::Consent => (
            "dpv:DataController",
            "dpv:DataProcessor",
            "eu-dga:DataIntermediationServiceBetweenSubjectsUsers",
        ),
        Frame::Permission(_) => (
            "eu-dga:DataUser",
            "eu-dga:DataIntermediationService",
            "eu-dga:DataIntermediationServiceBetweenHoldersUsers",
        ),
    };
    json!([
        entity(&terms.recipient, &["dpv:Organisation", asks]),
        entity(operator, &["dpv:Organisation", handles, between]),
        {"@id": authority, "@type": "dpv:DataProtectionAuthority", "dpv:hasName": name, "schema:url": url},
    ])
}

/// LIMIT: of the postal address only the country is known.
fn entity(body: &Organisation, types: &[&str]) -> Value {
    let mut entity = json!({
        "@id": body.iri,
        "@type": types,
        "dpv:hasName": body.name,
        "dpv:hasIdentifier": body.iri,
        "schema:contactPoint": {"@type": "schema:ContactPoint", "schema:email": body.contact},
    });
    if let Some(country) = body.country {
        let code = country.place();
        insert(
            &mut entity,
            "dpv:hasAddress",
            json!(code.trim_start_matches("loc:")),
        );
    }
    entity
}

/// One entry of `dpv:hasConsentStatus`.
pub(super) fn event(event: &ConsentEvent) -> Result<Value, ConsentError> {
    let mut members = Map::new();
    let mut add = |member: &str, value: Value| {
        members.insert(member.to_owned(), value);
    };
    // Every agreement of ours is a choice that the person makes herself on a page or with a key.
    add(
        "@type",
        match event.act.agrees() {
            true => json!([event.act.state(), "dpv:ExplicitlyExpressedConsent"]),
            false => json!(event.act.state()),
        },
    );
    add("dpv:isIndicatedBy", json!(event.by));
    if let Some(behalf) = &event.behalf {
        add("en:capacity", json!({"@id": behalf.capacity.term()}));
        add("en:onBehalfOf", json!({"@id": behalf.person}));
        add("en:mandate", json!({"@id": behalf.mandate}));
    }
    add("dpv:isIndicatedAtTime", json!(event.at));
    if event.recorded_at != event.at {
        add("en:recordedAt", json!(event.recorded_at));
    }
    if let Some(reason) = event.act.reason() {
        add("en:reason", json!({"@id": reason}));
    }
    if let Some(how) = event.how {
        add("dpv:hasIndicationMethod", json!(method(how.method)));
        add("en:method", json!(how.method));
        if let Some(level) = how.level {
            add("en:evidenceLevel", json!(level));
        }
    }
    if let Some(until) = event.until {
        add(
            "dpv:hasDuration",
            json!({"@type": "dpv:UntilTimeDuration", "rdf:value": until}),
        );
    }
    if let Some(record) = event.record {
        add("en:eventSha256", json!(record));
    }
    if let Some(lost) = event.lost {
        add("en:knownRecord", json!(lost.known));
        add("en:newestRecord", json!(lost.newest));
    }
    if let Some(act) = &event.webauthn {
        let act = jcs::to_bytes(act)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        add(
            "en:webauthn",
            act.ok_or(ConsentError::Member {
                member: "en:webauthn",
            })?,
        );
    }
    match is_sound(event) {
        true => Ok(Value::Object(members)),
        false => Err(ConsentError::Member { member: STATUS }),
    }
}

/// Whether what it says of lost records and of its signature fits what happened.
fn is_sound(event: &ConsentEvent) -> bool {
    // Of an earlier event, the record that it made tells, and is named by its digest.
    let lost_is_told = match event.lost {
        Some(_) => event.act == ConsentAct::Suspended,
        None => event.act != ConsentAct::Suspended || event.record.is_some(),
    };
    let signed_is_strong = event.webauthn.is_none()
        || event
            .how
            .is_some_and(|how| how.method == Method::Webauthn && how.level >= Some(EvidenceLevel::L3));
    lost_is_told && signed_is_strong
}

const fn method(method: Method) -> &'static str {
    match method {
        Method::Webauthn => "WebAuthn assertion, UV=1, challenge bound to notice and terms",
        Method::Web => "choice on a page of the service, signed in",
        Method::EmailLink => "link in an e-mail and a page that asked to confirm",
        Method::Phone => "by telephone",
        Method::Paper => "on paper",
        Method::Upstream => "learnt from the grid operator",
        Method::Clock => "time ran out",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_durations() {
        for (seconds, text) in [
            (1_800, "PT30M"),
            (10, "PT10S"),
            (3_600, "PT1H"),
            (86_400, "P1D"),
            (900, "PT15M"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn purposes_are_terms() {
        assert_eq!(purpose_term("load-curve-research"), "en:LoadCurveResearch");
        assert_eq!(purpose_term("advice"), "en:Advice");
    }
}
