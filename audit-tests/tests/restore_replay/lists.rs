//! A person's whole list after a restore, read by two readers that share no code.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use audit_tests::programs::{has_tool, ledger_audit, text, workspace};
use audit_tests::town::{Resident, Town};
use broker_service::{Broker, HistoryLines};
use serde_json::Value;

/// The list as `ledger-audit participant` verified it.
pub fn history(
    town: &Town,
    broker: &Arc<Broker>,
    resident: &Resident,
    runtime: &tokio::runtime::Runtime,
) -> Value {
    let who = resident.participant;
    let path = town.aside("history.ndjson");
    let bytes = runtime.block_on(async { whole(broker.own_history_file(who, None).await.unwrap()).await });
    fs::write(&path, bytes).unwrap();
    let compact = town.aside("history.list");
    let bytes = runtime.block_on(async { whole(broker.own_list_file(who, None).await.unwrap()).await });
    fs::write(&compact, bytes).unwrap();
    let key = town.log_key().to_string();
    let arguments = ["participant", path.to_str().unwrap(), "--log-key", &key, "--json"];
    let (code, said) = ledger_audit(&arguments);
    assert_eq!(code, 0, "{said}");
    let list = serde_json::from_str(&said).unwrap();
    let arguments = [
        "participant",
        compact.to_str().unwrap(),
        "--log-key",
        &key,
        "--json",
    ];
    let (code, said) = ledger_audit(&arguments);
    assert_eq!(code, 0, "{said}");
    let short: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(find(&short, "newest"), find(&list, "newest"));
    assert_eq!(find(&short, "lost"), find(&list, "lost"));
    the_script_of_the_page_agrees(town, &path, &compact, find(&list, "lost"));
    list
}

async fn whole(mut file: HistoryLines) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(some) = file.recv().await {
        bytes.extend(some.unwrap());
    }
    bytes
}

/// The script that runs in people's browsers, outside of one: it shares no code with `ledger-audit`.
fn the_script_of_the_page_agrees(town: &Town, file: &Path, compact: &Path, lost: Option<&Value>) {
    if !has_tool("node") {
        return;
    }
    let folder = town.aside("script");
    fs::create_dir_all(&folder).unwrap();
    for name in ["history.js", "list.js", "list-tasks.js", "sha256.js"] {
        let script = workspace().join("consent-ui/assets").join(name);
        fs::copy(script, folder.join(name)).unwrap();
    }
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#).unwrap();
    let check = "
        import { readFileSync } from 'node:fs';
        import { verifyHistory } from './history.js';
        import { openRecord, verifyList } from './list.js';
        import { work } from './list-tasks.js';
        const lines = readFileSync(process.argv[2], 'utf8').trimEnd().split('\\n');
        const { lost } = await verifyHistory(lines, null);
        const chunks = [new Uint8Array(readFileSync(process.argv[3]))];
        const { list } = await verifyList(chunks, null, async (task) => work(task));
        const entries = lines.slice(1, -1).map((line) => JSON.parse(line));
        const opened = entries.map((entry, i) => openRecord(list, i + 1, entry));
        console.log(opened.filter((record) => record === null).length === lost ? lost : 'they differ');
    ";
    fs::write(folder.join("check.js"), check).unwrap();
    let output = Command::new("node")
        .arg(folder.join("check.js"))
        .arg(file)
        .arg(compact)
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
