//! Dependencies between our crates, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::Command;

use audit_tests::programs::workspace;
use serde_json::Value;

/// The allow-list of `DESIGN.md` §3: layer, crate, and the crates of ours that its product code may use.
///
/// A crate may only use crates of a lower layer. A new line here is a decision: say in the commit why the edge is
/// needed, and why neither a port nor a move of the code would do.
const ALLOWED: [(u8, &str, &[&str]); 26] = [
    (0, "meter-core", &[]),
    (0, "ledger-core", &[]),
    // ASN.1 and CMS for whoever handles RFC 3161 tokens, and for nobody else (docs/decisions/0022).
    (0, "timestamp", &[]),
    // In the place of a crate of others: only merkle-tree-rs uses it (docs/decisions/0016).
    (0, "ethers", &[]),
    (1, "broker-domain", &[]),
    (1, "ledger-log", &["ledger-core"]),
    (1, "evidence", &["ledger-core"]),
    (1, "disclosure-manifest", &["ledger-core"]),
    (2, "policies", &["broker-domain"]),
    (2, "broker-anonymiser", &[]),
    (2, "broker-vault", &["broker-domain"]),
    (2, "broker-keys", &["broker-domain"]),
    // The ports of sign-in; two libraries and all that they bring stay in here (docs/decisions/0030).
    (2, "broker-identity", &["broker-domain"]),
    // Receipts as PDF; the writer and its fonts stay in here (docs/decisions/0039).
    (2, "broker-document", &[]),
    // What leaves to tell people and recipients; the mail library stays in here (docs/decisions/0033).
    (2, "broker-mail", &["broker-domain"]),
    (2, "broker-store", &["broker-domain", "ledger-log"]),
    (2, "gateway-device", &["meter-core"]),
    (3, "broker-store-sqlite", &["broker-domain", "broker-store"]),
    (
        3,
        "broker-service",
        &[
            "broker-anonymiser",
            "broker-domain",
            "broker-keys",
            "broker-store",
            "broker-vault",
            // The manifest of each release (docs/decisions/0020).
            "disclosure-manifest",
            "evidence",
            "ledger-core",
            "ledger-log",
            "meter-core",
        ],
    ),
    (3, "gateway-linux", &["gateway-device", "meter-core"]),
    (3, "gateway-simulator", &["gateway-device", "meter-core"]),
    (
        4,
        "broker-http",
        &[
            "broker-domain",
            "broker-service",
            "broker-store",
            "ledger-core",
            "ledger-log",
            "meter-core",
        ],
    ),
    (
        4,
        "consent-ui",
        &[
            "broker-anonymiser",
            "broker-document",
            "broker-domain",
            "broker-service",
            "broker-store",
        ],
    ),
    (
        5,
        "ledger-audit",
        &["disclosure-manifest", "evidence", "ledger-core", "timestamp"],
    ),
    (5, "ledger-witness", &["ledger-core"]),
    (
        5,
        "broker",
        &[
            "broker-anonymiser",
            "broker-domain",
            "broker-http",
            "broker-identity",
            "broker-keys",
            "broker-mail",
            "broker-service",
            "broker-store",
            "broker-store-sqlite",
            "broker-vault",
            "consent-ui",
            "evidence",
            "gateway-device",
            "gateway-simulator",
            "ledger-core",
            "ledger-log",
            "meter-core",
            "policies",
            "timestamp",
        ],
    ),
];

/// What only the tests of a crate may use besides. No order of layers here: a test of a page may need a store.
const ALLOWED_IN_TESTS: [(&str, &[&str]); 12] = [
    ("meter-core", &["test-fixtures"]),
    ("ledger-core", &["test-fixtures"]),
    ("broker-anonymiser", &["test-fixtures"]),
    ("gateway-simulator", &["test-fixtures"]),
    ("broker-identity", &["test-fixtures"]),
    ("broker-store-sqlite", &["broker-store", "ledger-core"]),
    // A group is committed against the real store; accounts need a broker that runs.
    (
        "broker-service",
        &["broker-store", "broker-store-sqlite", "test-support"],
    ),
    (
        "consent-ui",
        // A passkey in software signs terms on the pages.
        &[
            "disclosure-manifest",
            "evidence",
            "ledger-core",
            "test-fixtures",
            "test-support",
        ],
    ),
    // Something must be built to be checked.
    ("ledger-audit", &["disclosure-manifest"]),
    // Damaged samples for its parsers, made as for those of ledger-core.
    ("evidence", &["test-fixtures"]),
    ("disclosure-manifest", &["test-fixtures"]),
    ("timestamp", &["test-fixtures"]),
];

/// The only crates that may use anything: they stand outside of the product.
const OUTSIDE: [&str; 4] = ["audit-tests", "fuzz-targets", "test-fixtures", "test-support"];

struct Crate {
    name: String,
    normal: BTreeSet<String>,
    build: BTreeSet<String>,
    dev: BTreeSet<String>,
}

impl Crate {
    fn ours<'a>(names: &'a BTreeSet<String>, all: &[Self]) -> BTreeSet<&'a str> {
        names
            .iter()
            .map(String::as_str)
            .filter(|name| all.iter().any(|one| one.name == *name))
            .collect()
    }
}

/// What cargo prints.
fn cargo(arguments: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(workspace())
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo {arguments:?} failed");
    String::from_utf8(output.stdout).unwrap()
}

fn crates() -> Vec<Crate> {
    let metadata = cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--locked",
        "--offline",
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(read).collect()
}

fn read(package: &Value) -> Crate {
    let of_kind = |kind: Option<&str>| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let wanted = dependencies.filter(|dependency| dependency["kind"].as_str() == kind);
        wanted
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .collect()
    };
    Crate {
        name: package["name"].as_str().unwrap().to_owned(),
        normal: of_kind(None),
        build: of_kind(Some("build")),
        dev: of_kind(Some("dev")),
    }
}

#[test]
fn every_edge_is_allowed_and_every_allowed_edge_exists() {
    let all = crates();
    let allowed: BTreeMap<_, _> = ALLOWED.iter().map(|(_, name, edges)| (*name, *edges)).collect();
    let in_tests: BTreeMap<_, _> = ALLOWED_IN_TESTS.into_iter().collect();
    let mut wrong = Vec::new();
    for one in all.iter().filter(|one| !OUTSIDE.contains(&one.name.as_str())) {
        let Some(edges) = allowed.get(one.name.as_str()) else {
            wrong.push(format!(
                "crate `{}` has no line in ALLOWED: give it a layer and its edges",
                one.name
            ));
            continue;
        };
        let product: BTreeSet<String> = one.normal.union(&one.build).cloned().collect();
        compare(&mut wrong, &one.name, "", &Crate::ours(&product, &all), edges);
        let edges = in_tests.get(one.name.as_str()).copied().unwrap_or_default();
        compare(
            &mut wrong,
            &one.name,
            " in its tests",
            &Crate::ours(&one.dev, &all),
            edges,
        );
    }
    for (_, name, _) in ALLOWED {
        if !all.iter().any(|one| one.name == name) {
            wrong.push(format!("crate `{name}` is gone: remove its line from ALLOWED"));
        }
    }
    assert!(
        wrong.is_empty(),
        "the dependencies between our crates changed:\n  {}\nAn edge is a decision (DESIGN.md §3): prefer a port, or a \
         move of the code; if it must be, change the list in {} and say why in the commit.",
        wrong.join("\n  "),
        file!()
    );
}

fn compare(wrong: &mut Vec<String>, name: &str, place: &str, found: &BTreeSet<&str>, allowed: &[&str]) {
    let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
    wrong.extend(
        found
            .difference(&allowed)
            .map(|to| format!("new edge{place}: {name} → {to}")),
    );
    wrong.extend(
        allowed
            .difference(found)
            .map(|to| format!("edge gone{place}, remove it: {name} → {to}")),
    );
}

#[test]
fn edges_only_lead_to_lower_layers() {
    let layers: BTreeMap<_, _> = ALLOWED.iter().map(|(layer, name, _)| (*name, *layer)).collect();
    for (layer, name, edges) in ALLOWED {
        for to in edges {
            assert!(
                layers[to] < layer,
                "{name} (layer {layer}) may not use {to} (layer {})",
                layers[to]
            );
        }
    }
    assert_eq!(layers.len(), ALLOWED.len(), "a crate has two lines");
}

/// Invariant I10: a stranger reads three crates and knows what was verified. Of the third he gets the checking half: what
/// builds manifests, and the library that does it, are not in the auditor's program (docs/decisions/0020).
#[test]
fn the_auditor_stands_on_the_pure_ledger_crates_alone() {
    let edges = ALLOWED
        .iter()
        .find(|(_, name, _)| *name == "ledger-audit")
        .unwrap()
        .2;
    assert_eq!(
        edges,
        ["disclosure-manifest", "evidence", "ledger-core", "timestamp"]
    );
    let tree = cargo(&[
        "tree",
        "--locked",
        "--offline",
        "-p",
        "ledger-audit",
        "-e",
        "normal",
        "--prefix",
        "none",
    ]);
    assert!(tree.contains("disclosure-manifest"), "{tree}");
    assert!(!tree.contains("merkle-tree-rs"), "{tree}");
    let edges = ALLOWED.iter().find(|(_, name, _)| *name == "evidence").unwrap().2;
    assert_eq!(edges, ["ledger-core"]);
}

#[test]
fn nothing_depends_on_the_tests() {
    for one in crates() {
        for tests in OUTSIDE {
            let uses = one.normal.contains(tests) || one.build.contains(tests);
            assert!(!uses || one.name == "audit-tests", "{} uses {tests}", one.name);
        }
    }
}

/// Rows, JSON and forms are translated at the edges (`style.md`), so the domain has nothing to be serialised with.
#[test]
fn domain_types_cannot_be_serialised() {
    let all = crates();
    let domain = all.iter().find(|one| one.name == "broker-domain").unwrap();
    let serialisers = domain
        .normal
        .iter()
        .filter(|name| name.starts_with("serde") || name.contains("cbor"));
    assert_eq!(serialisers.collect::<Vec<_>>(), Vec::<&String>::new());
}

/// Each kept out of all crates but those that exist to hold it.
#[test]
fn heavy_dependencies_stay_in_their_crate() {
    let homes: [(&str, &[&str]); 17] = [
        ("askama", &["consent-ui"]),
        ("cedar-policy", &["policies"]),
        ("chrono", &[]),
        ("ethers", &[]),
        ("hyper", &["broker", "ledger-witness"]),
        ("hyper-util", &["audit-tests", "broker", "ledger-witness"]),
        ("josekit", &["broker-keys"]),
        ("krilla", &["broker-document"]),
        ("lettre", &["broker-mail"]),
        ("merkle-tree-rs", &["disclosure-manifest"]),
        ("openidconnect", &["broker-identity"]),
        ("openssl", &[]),
        // Researchers get releases in it, and people their own readings (docs/decisions/0034).
        ("parquet", &["broker-anonymiser", "broker-service"]),
        ("rand", &[]),
        ("serialport", &["gateway-linux"]),
        ("sqlx", &["broker-store-sqlite"]),
        ("webauthn-rs", &["broker-identity"]),
    ];
    for one in crates() {
        for (dependency, homes) in homes {
            let uses = one.normal.contains(dependency) || one.build.contains(dependency);
            assert!(
                !uses || homes.contains(&one.name.as_str()),
                "`{dependency}` belongs to {homes:?}, but {} uses it",
                one.name
            );
        }
    }
}
