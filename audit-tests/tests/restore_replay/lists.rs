//! A person's whole list after a restore, read by two readers that share no code.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use audit_tests::programs::{has_tool, ledger_audit, text, workspace};
use audit_tests::town::{Resident, Town};
use broker_service::Broker;
use serde_json::Value;

/// The list as `ledger-audit participant` verified it.
pub fn history(
    town: &Town,
    broker: &Arc<Broker>,
    resident: &Resident,
    runtime: &tokio::runtime::Runtime,
) -> Value {
    let bytes = runtime.block_on(async {
        let mut lines = broker.own_history_file(resident.participant, None).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(some) = lines.recv().await {
            bytes.extend(some.unwrap());
        }
        bytes
    });
    let path = town.aside("history.ndjson");
    fs::write(&path, bytes).unwrap();
    let key = town.log_key().to_string();
    let arguments = ["participant", path.to_str().unwrap(), "--log-key", &key, "--json"];
    let (code, said) = ledger_audit(&arguments);
    assert_eq!(code, 0, "{said}");
    let list = serde_json::from_str(&said).unwrap();
    the_script_of_the_page_agrees(town, &path, find(&list, "lost"));
    list
}

/// The script that runs in people's browsers, outside of one: it shares no code with `ledger-audit`.
fn the_script_of_the_page_agrees(town: &Town, file: &Path, lost: Option<&Value>) {
    if !has_tool("node") {
        return;
    }
    let folder = town.aside("script");
    fs::create_dir_all(&folder).unwrap();
    for name in ["history.js", "sha256.js"] {
        let script = workspace().join("consent-ui/assets").join(name);
        fs::copy(script, folder.join(name)).unwrap();
    }
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#).unwrap();
    let check = "
        import { readFileSync } from 'node:fs';
        import { verifyHistory } from './history.js';
        const lines = readFileSync(process.argv[2], 'utf8').trimEnd().split('\\n');
        console.log((await verifyHistory(lines, null)).lost);
    ";
    fs::write(folder.join("check.js"), check).unwrap();
    let output = Command::new("node")
        .arg(folder.join("check.js"))
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(
        Some(text(&output.stdout).trim()),
        lost.map(Value::to_string).as_deref()
    );
}

/// A member of an answer, wherever in it it stands.
pub fn find<'a>(object: &'a Value, member: &str) -> Option<&'a Value> {
    match object {
        Value::Object(members) => members
            .get(member)
            .or_else(|| members.values().find_map(|inner| find(inner, member))),
        _ => None,
    }
}
