//! Rules of `style.md` that neither the compiler nor its lints check.

use std::path::Path;

use super::files::{bare, product, read, rust, tracked};

const MOST_LINES: usize = 500;
/// “About 60” (`style.md`).
const MOST_LINES_OF_A_FUNCTION: usize = 65;

/// Functions that may be longer, how long, and why.
const LONG_FUNCTIONS: [(&str, &str, usize); 1] = [
    // Five beats that read from top to bottom; the refusals in between are one line each in the domain's words.
    ("broker/broker-service/src/enrol.rs", "enrol_gateway", 73),
];

/// Fails with every finding, so that one run is enough to mend them all.
fn none(findings: &[String], advice: &str) {
    assert!(findings.is_empty(), "{advice}:\n  {}", findings.join("\n  "));
}

#[test]
fn no_file_is_longer_than_a_person_reads() {
    let long = rust().into_iter().filter_map(|path| {
        let lines = read(&path).lines().count();
        (lines > MOST_LINES).then(|| format!("{}: {lines} lines", path.display()))
    });
    none(
        &long.collect::<Vec<_>>(),
        "split by endpoint, use case, table or message",
    );
}

#[test]
fn modules_stand_beside_their_folder() {
    let found = rust()
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name == "mod.rs"));
    none(
        &found.map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "use `foo.rs` beside `foo/`",
    );
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut long = Vec::new();
    let mut excused: Vec<&(&str, &str, usize)> = Vec::new();
    for path in rust() {
        for (name, lines) in functions(&bare(&read(&path))) {
            let excuse = LONG_FUNCTIONS
                .iter()
                .find(|(file, function, _)| path == Path::new(file) && name == *function);
            let most = excuse.map_or(MOST_LINES_OF_A_FUNCTION, |(_, _, most)| *most);
            if lines > MOST_LINES_OF_A_FUNCTION {
                excused.extend(excuse);
            }
            if lines > most {
                long.push(format!("{}: `{name}` has {lines} lines", path.display()));
            }
        }
    }
    none(&long, "split it");
    assert_eq!(
        excused.len(),
        LONG_FUNCTIONS.len(),
        "a function of LONG_FUNCTIONS is short now: remove its line"
    );
}

/// Functions with a body, by name, with their lines from `fn` to the closing brace.
fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at..];
        let name: String = rest[3..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if let (false, Some(body)) = (name.is_empty(), body_end(rest)) {
            found.push((name, rest[..body].lines().count()));
        }
    }
    found
}

/// Where the body that follows ends; none for a declaration without one.
fn body_end(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, c) in code.char_indices() {
        match c {
            // Semicolons inside brackets belong to array types in the signature.
            ';' if depth == 0 && balanced(&code[..index]) => return None,
            '{' => depth += 1,
            '}' if depth <= 1 => return Some(index + 1),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn balanced(code: &str) -> bool {
    code.matches('[').count() == code.matches(']').count()
}

#[test]
fn the_counter_of_lines_counts() {
    let code = "fn a() {\n  x;\n}\nfn b();\nfn c(x: [u8; 3]) -> u8 {\n}\nlet my_fn = 1;";
    assert_eq!(functions(code), [("a".to_owned(), 3), ("c".to_owned(), 2)]);
}

#[test]
fn every_crate_says_what_it_does_not_do() {
    let roots = rust().into_iter().filter(|path| {
        let name = path.file_name().unwrap();
        let beside_library = path.with_file_name("lib.rs");
        let is_root = name == "lib.rs" || (name == "main.rs" && !tracked().contains(&beside_library));
        is_root && path.parent().unwrap().ends_with("src")
    });
    let silent = roots.filter_map(|path| {
        let source = read(&path);
        let documentation: String = source
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        let says = ["deliberately", " not ", "*not*", "never"]
            .iter()
            .any(|word| documentation.contains(word));
        (!says).then(|| path.display().to_string())
    });
    none(
        &silent.collect::<Vec<_>>(),
        "say in the crate documentation what the crate deliberately does not do",
    );
}

/// Permits come from the policies or from nowhere: any other engine would be a way around them.
#[test]
fn only_the_policies_implement_the_policy_engine() {
    let implements = product()
        .into_iter()
        .filter(|(_, source)| bare(source).contains("PolicyEngine for "));
    let files: Vec<_> = implements.map(|(path, _)| path).collect();
    assert_eq!(files, [Path::new("policies/src/engine.rs")]);
}

/// A consent covers whatever it says, so nobody makes one up: the domain makes it from an offer, a store reads it back.
#[test]
fn consents_are_built_by_the_domain_and_the_stores_alone() {
    let homes = [
        "broker/broker-domain",
        "broker/broker-store",
        "broker/broker-store-sqlite",
    ];
    let mut at_home = 0;
    let mut strays = Vec::new();
    for (path, source) in product() {
        for literal in literals(&bare(&source), &["Consent", "ConsentEvent"]) {
            if homes.iter().any(|home| path.starts_with(home)) {
                at_home += 1;
            } else {
                strays.push(format!("{}: {literal}", path.display()));
            }
        }
    }
    assert!(
        at_home >= 4,
        "literals are not recognised any more: mend this test"
    );
    none(
        &strays,
        "use `Offer::answered_by` and `Consent::next_event`, or read it from the store",
    );
}

/// Where a struct of one of these names is written out: `Name {` that is no declaration, block or variant.
fn literals(code: &str, names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for name in names {
        let opening = format!("{name} {{");
        for (at, _) in code.match_indices(&opening) {
            let before = code[..at].trim_end_matches(' ');
            let is_other_name = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let is_variant = before.ends_with("::");
            let is_declaration = ["struct", "enum", "impl", "for", "->"]
                .iter()
                .any(|word| before.ends_with(word));
            // A variant of an enum is declared behind a comma, a brace or an attribute at the start of its line.
            let line = code[..at].lines().next_back().unwrap_or_default();
            let is_variant_declared =
                line.trim().is_empty() && line.starts_with("    ") && before.ends_with(",\n");
            if !(is_other_name || is_variant || is_declaration || is_variant_declared) {
                found.push(opening.clone());
            }
        }
    }
    found
}

#[test]
fn literals_are_told_from_declarations() {
    let code = "pub struct Consent {\n}\nimpl Consent {\n}\nfn f() -> Consent {\nlet c = Consent { a };\n\
                Resource::Consent { b }; AddConsent { c }; Ok(Consent { d })\n}\nimpl From<X> for Consent {\n}";
    assert_eq!(literals(code, &["Consent"]), ["Consent {", "Consent {"]);
}

#[test]
fn sql_is_written_in_the_store_alone() {
    let verbs = [
        ["SELECT ", " FROM "],
        ["INSERT ", " INTO "],
        ["DELETE ", "FROM "],
        ["UPDATE ", " SET "],
    ];
    let creates = ["CREATE TABLE ", "CREATE INDEX ", "PRAGMA "];
    let (home, strays): (Vec<_>, Vec<_>) = product()
        .into_iter()
        .filter(|(_, source)| {
            source.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                verbs
                    .iter()
                    .any(|[first, second]| code.contains(first) && source.contains(second))
                    || creates.iter().any(|create| code.contains(create))
            })
        })
        .map(|(path, _)| path)
        .partition(|path| path.starts_with("broker/broker-store-sqlite"));
    assert!(home.len() > 5, "SQL is not recognised any more: mend this test");
    let found: Vec<_> = strays.iter().map(|path| path.display().to_string()).collect();
    none(&found, "rows and their language stay in the store crates");
    let files = tracked()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"));
    let strays = files.filter(|path| !path.starts_with("broker/broker-store-sqlite/migrations"));
    none(
        &strays.map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "migrations belong to their store",
    );
}

/// The pure crates are `(state, request, now) -> decision`: an auditor can run them again.
#[test]
fn the_pure_crates_do_no_input_or_output() {
    let pure = [
        "broker/broker-anonymiser",
        "broker/broker-domain",
        "gateway-firmware/gateway-device",
        "gateway-firmware/meter-core",
        "ledger/disclosure-manifest",
        "ledger/evidence",
        "ledger/ledger-core",
    ];
    let doors = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "SystemTime",
        "tracing::",
        "tokio::",
    ];
    let found = product()
        .into_iter()
        .filter(|(path, _)| pure.iter().any(|folder| path.starts_with(folder)));
    let found = found.flat_map(|(path, source)| {
        let code = bare(&source);
        let used = doors
            .into_iter()
            .filter(|door| code.contains(door))
            .collect::<Vec<_>>();
        used.into_iter()
            .map(move |door| format!("{}: {door}", path.display()))
    });
    none(&found.collect::<Vec<_>>(), "take a port instead");
}

#[test]
fn nothing_unfinished_or_private_is_in_the_repository() {
    // Put together here, or this file would be its own finding.
    let words = [
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
        concat!("#[ig", "nore"),
        concat!("db", "g!("),
        concat!("FIX", "ME"),
        concat!("/wo", "rk/"),
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("chro", "no::"),
    ];
    let mut found = Vec::new();
    for path in tracked() {
        let source = read(&path);
        for word in words.iter().filter(|word| source.contains(**word)) {
            found.push(format!("{}: {word}", path.display()));
        }
    }
    none(&found, "finish it, or take it out");
}

#[test]
fn every_lint_that_is_switched_off_has_a_reason() {
    let mut found = Vec::new();
    for path in rust()
        .into_iter()
        .filter(|path| !path.ends_with("architecture/source.rs"))
    {
        let source = read(&path);
        for attribute in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
            let without = source.split(attribute).skip(1).filter(|rest| {
                let whole = rest.split(")]").next().unwrap_or_default();
                !whole.contains("reason = \"")
            });
            found.extend(without.map(|_| format!("{}: {attribute}…)]", path.display())));
        }
    }
    none(&found, "write `reason = \"…\"`");
}
