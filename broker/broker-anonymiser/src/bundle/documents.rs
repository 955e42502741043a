//! `privacy.json`, `datapackage.json` and `README.txt`.

use serde::Serialize;
use serde_json::{Value, json};

use super::{BundleError, BundleFile, CODE_VERSION, canonical, hexadecimal, sha256};
use crate::{
    plan::Release,
    policy::PeriodLimit,
    risk::CurveHolders,
    units::{HouseholdCount, ReleaseId},
};

/// What was done to protect the homes, for machines.
pub(super) fn privacy(id: &ReleaseId, release: &Release) -> Result<Vec<u8>, BundleError> {
    let (request, policy, counts) = (release.request(), release.policy(), release.counts());
    canonical(&json!({
        "format": "fiducie-privacy/1",
        "release": id.as_str(),
        "released_at": request.released_at.to_string(),
        "code_version": CODE_VERSION,
        "group_id": request.group.as_str(),
        "variable": { "quantity": "mean active energy of one home", "direction": request.direction.word() },
        "period": {
            "start": request.period.start().to_string(),
            "end": request.period.end().to_string(),
            "step_s": request.period.step().value(),
            "zone": request.period.zone_name(),
        },
        "privacy_unit": "household",
        "policy": {
            "rule_id": policy.rule_id,
            "valid_from": policy.valid_from.to_string(),
            "source": policy.source,
            "legal_text": {
                "fr": policy.legal_text.french,
                "en": policy.legal_text.english,
                "nl": policy.legal_text.dutch,
            },
            "min_units": policy.min_units.0,
            "min_units_injection": policy.min_units_injection.map(|units| units.0),
            "required_here": policy.required.0,
            "max_share_top1_percent": policy.dominance.max_share_top1.value(),
            "nk": { "n": 2, "share_percent": policy.dominance.nk_share.value() },
            "p_percent": policy.dominance.p_percent.value(),
            "step_min_s": policy.step_min.value(),
            "period_max": period_limit(policy.period_max),
            "round_to_wh": policy.round_to.0,
            "rounding": "half to even",
        },
        "mechanism": { "kind": "threshold, dominance and rounding", "noise": "none", "differential_privacy": false },
        "totals_published": false,
        "cells": { "ok": counts.ok, "suppressed": counts.suppressed, "no_data": counts.no_data },
        "length_rule": length_rule(release),
    }))
}

fn period_limit(limit: PeriodLimit) -> Value {
    match limit {
        PeriodLimit::Hours(hours) => json!({ "hours": hours }),
        PeriodLimit::Days(days) => json!({ "days": days }),
        PeriodLimit::Unlimited => Value::Null,
    }
}

fn length_rule(release: &Release) -> Value {
    let risk = release.risk();
    let HouseholdCount(candidates) = risk.candidates.homes;
    json!({
        "points": risk.points,
        "leaked_bits": risk.leaked_bits,
        "identifying_bits": risk.identifying_bits,
        "homes": risk.members.0,
        "candidates": candidates,
        "others_may_hold_curves": match risk.candidates.curves {
            CurveHolders::Possible => true,
            CurveHolders::Excluded => false,
        },
        "light": risk.light.word(),
    })
}

#[derive(Serialize)]
struct Resource {
    name: &'static str,
    path: &'static str,
    profile: &'static str,
    format: &'static str,
    mediatype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<Value>,
}

/// Frictionless Data Package 1.0 with Table Schema.
pub(super) fn datapackage(
    id: &ReleaseId,
    release: &Release,
    files: &[BundleFile],
) -> Result<Vec<u8>, BundleError> {
    let resources: Vec<Resource> = files.iter().filter_map(resource).collect();
    canonical(&json!({
        "profile": "data-package",
        "name": id.as_str(),
        "title": format!("Mean load curve of the group {}", release.request().group.as_str()),
        "created": release.request().released_at.to_string(),
        "resources": resources,
    }))
}

fn resource(file: &BundleFile) -> Option<Resource> {
    let (name, profile, format, mediatype, encoding, schema) = match file.name {
        "load-curve.csv" => (
            "load-curve",
            "tabular-data-resource",
            "csv",
            "text/csv",
            Some("utf-8"),
            Some(curve_schema()),
        ),
        "load-curve.parquet" => (
            "load-curve-parquet",
            "data-resource",
            "parquet",
            "application/vnd.apache.parquet",
            None,
            None,
        ),
        "codebook.csv" => (
            "codebook",
            "tabular-data-resource",
            "csv",
            "text/csv",
            Some("utf-8"),
            Some(codebook_schema()),
        ),
        _ => return None,
    };
    // The Frictionless reader counts no bytes of a Parquet file and calls any number given for it wrong; the
    // manifest has size and digest of every file.
    let is_counted = encoding.is_some();
    Some(Resource {
        name,
        path: file.name,
        profile,
        format,
        mediatype,
        encoding,
        bytes: is_counted.then_some(file.bytes.len()),
        hash: is_counted.then(|| format!("sha256:{}", hexadecimal(&sha256(&file.bytes)))),
        schema,
    })
}

fn curve_schema() -> Value {
    json!({
        "fields": [
            { "name": "group_id", "type": "string", "constraints": { "required": true } },
            { "name": "start", "type": "datetime", "constraints": { "required": true } },
            { "name": "step_s", "type": "integer", "constraints": { "required": true, "minimum": 1 } },
            { "name": "energy_wh", "type": "integer", "constraints": { "minimum": 0 } },
            { "name": "n_homes", "type": "integer", "constraints": { "minimum": 0 } },
            {
                "name": "status",
                "type": "string",
                "constraints": { "required": true, "enum": ["ok", "suppressed", "no_data"] },
            },
            { "name": "noise_sd", "type": "number", "constraints": { "required": true, "minimum": 0 } },
        ],
        "missingValues": [""],
        "primaryKey": ["group_id", "start"],
    })
}

fn codebook_schema() -> Value {
    let names = [
        "name",
        "type",
        "unit",
        "allowed_values",
        "missing_fr",
        "missing_en",
        "missing_nl",
        "description_fr",
        "description_en",
        "description_nl",
    ];
    let fields: Vec<Value> = names
        .iter()
        .map(|name| json!({ "name": name, "type": "string" }))
        .collect();
    json!({ "fields": fields, "missingValues": [""], "primaryKey": ["name"] })
}

/// What was done to protect the homes, for people.
pub(super) fn readme(id: &ReleaseId, release: &Release) -> String {
    let (request, policy, counts) = (release.request(), release.policy(), release.counts());
    let (start, end) = (request.period.start(), request.period.end());
    let (step, zone) = (request.period.step().value(), request.period.zone_name());
    let (ok, suppressed, no_data) = (counts.ok, counts.suppressed, counts.no_data);
    let light = release.risk().light.word();
    format!(
        "PUBLICATION {id} : courbe de charge moyenne\n\n\
         Groupe {group}, de {start} à {end} (UTC), pas de {step} s, fuseau local {zone}.\n\
         energy_wh est l’énergie moyenne d’un foyer par intervalle, en Wh. Zéro est une valeur.\n\
         Intervalles : publiés {ok}, masqués {suppressed}, sans mesure {no_data}.\n\
         Aucun total n’est publié, et aucun bruit n’est ajouté.\n\n\
         Règle ({rule}) : {legal_fr}\n\n\
         Ces données proviennent de foyers qui ont consenti à cet usage. Ne cherchez pas à en reconnaître un.\n\
         Règle de longueur (voir privacy.json) : {light}.\n\
         Colonnes : codebook.csv. Empreintes : manifest.json.\n\n\
         disclosure-manifest.json : une ligne scellée par foyer compté dans cette livraison, pour que chacun vérifie la\n\
         sienne. À vérifier avec le paquet npm @openzeppelin/merkle-tree : StandardMerkleTree.load(JSON), validate(), et\n\
         tree.root doit être le disclosure_root de votre preuve (evidence.json) ; ou : ledger-audit manifest.\n\n\n\
         RELEASE {id}: mean load curve\n\n\
         Group {group}, from {start} to {end} (UTC), step {step} s, local zone {zone}.\n\
         energy_wh is the mean energy of one home per interval, in Wh. Zero is a value.\n\
         Intervals: published {ok}, hidden {suppressed}, without reading {no_data}.\n\
         No total is published, and no noise is added.\n\n\
         Rule ({rule}): {legal_en}\n\n\
         These data come from homes that consented to this use. Do not try to recognise one.\n\
         Length rule (see privacy.json): {light}.\n\
         Columns: codebook.csv. Digests: manifest.json.\n\n\
         disclosure-manifest.json: one sealed row for each home counted in this delivery, so that each can check its own.\n\
         Verify it with the npm package @openzeppelin/merkle-tree: StandardMerkleTree.load(JSON), validate(), and tree.root\n\
         must be the disclosure_root of your proof (evidence.json); or: ledger-audit manifest.\n\n\n\
         PUBLICATIE {id}: gemiddelde belastingscurve\n\n\
         Groep {group}, van {start} tot {end} (UTC), tijdstap {step} s, lokale tijdzone {zone}.\n\
         energy_wh is de gemiddelde energie van één woning per interval, in Wh. Nul is een waarde.\n\
         Intervallen: gepubliceerd {ok}, verborgen {suppressed}, zonder meting {no_data}.\n\
         Er wordt geen totaal gepubliceerd en geen ruis toegevoegd.\n\n\
         Regel ({rule}): {legal_nl}\n\n\
         Deze gegevens komen van huishoudens die voor dit gebruik toestemming gaven. Probeer er geen te herkennen.\n\
         Lengteregel (zie privacy.json): {light}.\n\
         Kolommen: codebook.csv. Vingerafdrukken: manifest.json.\n\n\
         disclosure-manifest.json: één verzegelde rij per huishouden dat in deze levering meetelt, zodat elk de zijne kan\n\
         controleren. Controleer met het npm-pakket @openzeppelin/merkle-tree: StandardMerkleTree.load(JSON), validate(),\n\
         en tree.root moet de disclosure_root van uw bewijs zijn (evidence.json); of: ledger-audit manifest.\n",
        group = request.group.as_str(),
        rule = policy.rule_id,
        legal_fr = policy.legal_text.french,
        legal_en = policy.legal_text.english,
        legal_nl = policy.legal_text.dutch,
    )
}
