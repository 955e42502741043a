//! The interface describes itself, and serves what it describes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Door;

/// Every route under `/api/v1`, with its methods. Whoever adds one adds it here, and a test of its refusals.
const ROUTES: [(&str, &[&str]); 9] = [
    ("/api/v1/authorisations", &["get"]),
    ("/api/v1/deliveries", &["post"]),
    ("/api/v1/gateways/enrol", &["post"]),
    ("/api/v1/gateways/{id}/settings", &["get"]),
    ("/api/v1/health", &["get"]),
    ("/api/v1/intake", &["post"]),
    ("/api/v1/notices/{sha256}", &["get"]),
    ("/api/v1/withdrawals/{dossier}/acknowledgement", &["post"]),
    ("/api/v1/withdrawals/{dossier}/attestation", &["post"]),
];

#[test]
fn the_document_lists_every_route_that_is_served() {
    let door = Door::open();
    let document = door.server.get("/api/v1/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert_eq!(described, ROUTES.iter().map(|(path, _)| *path).collect());
    for (path, methods) in ROUTES {
        for method in methods {
            let operation = &paths[path][method];
            assert!(
                operation["responses"].is_object(),
                "{method} {path} is not described"
            );
            every_refusal_is_a_problem(operation, path);
            let served = door.server.ask(
                &method.to_uppercase(),
                &path
                    .replace("{id}", "x")
                    .replace("{sha256}", "x")
                    .replace("{dossier}", "x"),
                &[],
                b"",
            );
            assert!(
                served.header("content-type").is_some(),
                "{method} {path} is described and not served"
            );
        }
    }
    assert!(document["components"]["schemas"]["Problem"]["properties"]["code"].is_object());
}

fn every_refusal_is_a_problem(operation: &Value, path: &str) {
    for (status, response) in operation["responses"].as_object().unwrap() {
        let is_refusal = status.starts_with('4') || status.starts_with('5');
        if is_refusal && path != "/api/v1/health" {
            let schema = response["content"].to_string();
            assert!(
                schema.contains("#/components/schemas/Problem"),
                "{path} {status} is no problem document"
            );
        }
    }
}

#[test]
fn every_door_refuses_nonsense_with_a_problem_document() {
    let door = Door::open();
    let json = [("content-type", "application/json")];
    let posts = ["/api/v1/gateways/enrol"];
    for path in posts {
        for body in [
            "",
            "{",
            "[]",
            "{\"code\":1}",
            "{\"code\":\"A\",\"public_key\":\"*\",\"signature\":\"\"}",
        ] {
            let answer = door.server.ask("POST", path, &json, body.as_bytes());
            door.is_problem(&answer, 400, "malformed");
        }
    }
    let unknown = [
        ("authorization", "Bearer 0000"),
        ("content-type", "application/json"),
    ];
    for (method, path) in [("GET", "/api/v1/authorisations"), ("POST", "/api/v1/deliveries")] {
        door.is_problem(&door.server.ask(method, path, &[], b"{}"), 401, "unauthenticated");
        door.is_problem(
            &door.server.ask(method, path, &unknown, b"{}"),
            401,
            "unauthenticated",
        );
    }
    let bearer = format!("Bearer {}", door.town.application.credential);
    let known = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    for body in [
        "",
        "{}",
        "null",
        "{\"transfer\":\"x\",\"authorisation\":\"x\",\"from\":\"\",\"until\":\"\",\"step_s\":0}",
    ] {
        door.is_problem(
            &door
                .server
                .ask("POST", "/api/v1/deliveries", &known, body.as_bytes()),
            400,
            "malformed",
        );
    }
}

#[test]
fn every_path_that_leads_nowhere_is_refused_with_a_problem_document() {
    let door = Door::open();
    door.is_problem(&door.server.get("/api/v1/notices/zz"), 404, "not-found");
    door.is_problem(
        &door.server.get("/api/v1/gateways/x/settings"),
        401,
        "unauthenticated",
    );
    for path in [
        "nothing",
        "tile/0/999",
        "tile/99/000",
        "tile/0/..%2f..%2fbroker.db",
        "../keys/checkpoint.key",
    ] {
        door.is_problem(&door.server.get(&format!("/ledger/{path}")), 404, "not-found");
    }
    let id = door.first().gateway.id;
    let forged = [("fiducie-gateway-auth", "1.AAAA")];
    let path = format!("/api/v1/gateways/{}/settings", hyphenated(id));
    door.is_problem(
        &door.server.ask("GET", &path, &forged, b""),
        401,
        "unauthenticated",
    );
}

/// Every answer of `/api` is about somebody or about this moment; the public files of the ledger last for ever.
#[test]
fn every_answer_says_what_caches_and_browsers_may_do_with_it() {
    let door = Door::open();
    assert_eq!(door.server.intake(&door.good()).status, 201);
    let bearer = format!("Bearer {}", door.town.application.credential);
    let known = [("authorization", bearer.as_str())];
    let answers = [
        door.server.get("/api/v1/health"),
        door.server.get("/api/v1/openapi.json"),
        door.server.get("/api/v1/notices/zz"),
        door.server.get("/api/v1/nothing"),
        door.server.ask("DELETE", "/api/v1/health", &[], b""),
        door.server.ask("GET", "/api/v1/authorisations", &known, b""),
        door.server.ask("GET", "/api/v1/authorisations", &[], b""),
        door.server.intake(&door.good()),
        door.server.intake(b"nonsense"),
        door.server.get("/ledger/nothing"),
    ];
    for answer in answers {
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{}",
            answer.head
        );
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{}",
            answer.head
        );
    }
    for (path, cache) in [
        ("/ledger/checkpoint", "public, max-age=1"),
        ("/ledger/tile/0/000.p/2", "public, max-age=31536000, immutable"),
    ] {
        let answer = door.server.get(path);
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, Some(cache)),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn unknown_addresses_and_wrong_methods_of_the_interface_are_problem_documents() {
    let door = Door::open();
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/health",
        "/api/v1/healthy",
        "/api/v1/gateways/x",
        "/api/v1/gateways/x/settings/more",
    ] {
        for method in ["GET", "POST", "PUT"] {
            door.is_problem(&door.server.ask(method, path, &[], b""), 404, "not-found");
        }
    }
    for (path, methods) in ROUTES {
        let path = path.replace("{id}", "x").replace("{sha256}", "x");
        let answer = door.server.ask("DELETE", &path, &[], b"");
        door.is_problem(&answer, 405, "method-not-allowed");
        let allowed = answer.header("allow").unwrap().to_lowercase();
        for method in methods {
            assert!(allowed.contains(method), "{path} allows {allowed}");
        }
    }
    let answer = door.server.ask("POST", "/ledger/checkpoint", &[], b"");
    door.is_problem(&answer, 405, "method-not-allowed");
    // A path that is no text.
    door.is_problem(&door.server.get("/api/v1/notices/%ff"), 400, "malformed");
    // The pages keep their own words.
    let page = door.server.get("/nothing-here");
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
}

fn hyphenated(id: [u8; 16]) -> String {
    broker_domain::ids::GatewayId::from_bytes(id).to_string()
}
