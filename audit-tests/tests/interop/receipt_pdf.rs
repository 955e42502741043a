//! A receipt as a PDF: what is inside is taken out and read by the tools of others (Poppler, QPDF), and verified by a stranger.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use audit_tests::demo::Demo;
use audit_tests::pages::Visitor;
use audit_tests::programs::{has_command, ledger_audit, text};

/// The newest receipt of somebody who just agreed, by its number.
pub fn agreed(demo: &Demo) -> (Visitor, String) {
    let mut visitor = Visitor::newcomer(demo.address);
    visitor.agree();
    let list = visitor.get("/moi/partages");
    let sharing = between(&list, "href=\"/moi/partages/", "\"").find(|id| id.len() == 36);
    let page = visitor.get(&format!("/moi/partages/{}", sharing.unwrap()));
    let leaf = between(&page, "href=\"/moi/recus/", "\"").next().unwrap();
    (visitor, leaf)
}

fn between(page: &str, before: &str, after: &str) -> impl Iterator<Item = String> {
    let parts: Vec<String> = page.split(before).skip(1).map(str::to_owned).collect();
    let after = after.to_owned();
    parts
        .into_iter()
        .map(move |part| part.split(&after).next().unwrap().to_owned())
}

fn pdf(visitor: &mut Visitor, leaf: &str, language: &str) -> Vec<u8> {
    assert_eq!(visitor.fetch(&format!("/moi?lang={language}")).status, 303);
    let answer = visitor.fetch(&format!("/moi/recus/{leaf}/pdf"));
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert_eq!(answer.header("content-type"), Some("application/pdf"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.body
}

/// Its words as people read them, on one line.
fn words(file: &Path) -> String {
    let said = super::run(Command::new("pdftotext").arg("-layout").arg(file).arg("-"));
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is attached, taken out by Poppler and, to be sure, by QPDF.
fn attached(folder: &Path, file: &Path, name: &str) -> PathBuf {
    let out = folder.join("out");
    fs::create_dir_all(&out).unwrap();
    super::run(
        Command::new("pdfdetach")
            .args(["-saveall", "-o"])
            .arg(&out)
            .arg(file),
    );
    let inside: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(inside, [name], "one file and no other");
    super::run(Command::new("qpdf").arg("--check").arg(file));
    let second = Command::new("qpdf")
        .arg(format!("--show-attachment={name}"))
        .arg(file)
        .output()
        .unwrap();
    assert_eq!(fs::read(out.join(name)).unwrap(), second.stdout);
    out.join(name)
}

#[test]
fn a_receipt_as_pdf_tells_what_was_agreed_in_each_language_and_holds_its_proof() {
    if !["pdfdetach", "pdftotext", "qpdf"]
        .iter()
        .all(|tool| has_command(tool))
    {
        return;
    }
    let demo = Demo::start(&[]);
    let (mut visitor, leaf) = agreed(&demo);
    let name = format!("fiducie-preuve-{leaf}.jsonld");
    let json = visitor.fetch(&format!("/moi/preuves/{leaf}/jsonld"));
    let record: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
    let organisation = record["dpv:hasRecordOfActivity"]["dpv:hasEntity"][0]["dpv:hasName"]
        .as_str()
        .unwrap();
    let purpose = record["dpv:hasRecordOfActivity"]["dpv:hasNotice"]["dct:title"]
        .as_str()
        .unwrap();
    assert!(organisation.len() > 3 && purpose.len() > 3);

    for (language, act, check) in [
        ("fr", "Accord donné le", "Le vérifier sur un autre ordinateur"),
        ("en", "Agreement given on", "Check it on another computer"),
        (
            "nl",
            "Toestemming gegeven op",
            "Controleren op een andere computer",
        ),
    ] {
        let bytes = pdf(&mut visitor, &leaf, language);
        assert_eq!(
            bytes,
            pdf(&mut visitor, &leaf, language),
            "the same receipt, the same bytes"
        );
        assert!(bytes.len() < 200_000, "{} bytes", bytes.len());
        let file = demo.aside(&format!("receipt-{language}.pdf"));
        fs::write(&file, &bytes).unwrap();
        let said = words(&file);
        for wanted in [
            organisation,
            purpose,
            act,
            check,
            "ledger-audit verify",
            "/ledger/records.jwks",
        ] {
            let wanted = wanted.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(&wanted), "no `{wanted}` in {language}: {said}");
        }
        let info = super::run(Command::new("pdfinfo").arg(&file));
        assert!(info.contains("Tagged:          yes"), "{info}");

        let folder = demo.aside(&format!("inside-{language}"));
        let inside = attached(&folder, &file, &name);
        assert_eq!(fs::read(&inside).unwrap(), json.body, "the receipt itself");
        is_believed_as_it_is_and_not_otherwise(&demo, &inside);
    }
    others_get_nothing(&demo, &leaf);
}

/// To a stranger with the ledger's key.
fn is_believed_as_it_is_and_not_otherwise(demo: &Demo, receipt: &Path) {
    let key = audit_tests::server::ask(demo.address, "GET", "/ledger/log.vkey", &[], b"").unwrap();
    let log_key = demo.aside("log.vkey");
    fs::write(&log_key, &key.body).unwrap();
    let verify = |file: &Path| {
        ledger_audit(&[
            "verify",
            file.to_str().unwrap(),
            "--log-key",
            log_key.to_str().unwrap(),
        ])
    };
    let (status, said) = verify(receipt);
    assert_eq!(status, 0, "{said}");
    let written = text(&fs::read(receipt).unwrap());
    let altered = demo.aside("altered.jsonld");
    for (from, to) in [
        ("PT30M", "PT10M"),
        ("ConsentGiven", "ConsentGivem"),
        ("\"n\":", "\"n\":1"),
    ] {
        assert!(written.contains(from), "{from}");
        fs::write(&altered, written.replacen(from, to, 1)).unwrap();
        let (status, said) = verify(&altered);
        assert_eq!(status, 1, "{from} → {to}: {said}");
    }
}

/// Neither the page nor the file is anybody else's.
fn others_get_nothing(demo: &Demo, leaf: &str) {
    let mut other = Visitor::somebody_else(demo.address);
    for path in [format!("/moi/recus/{leaf}"), format!("/moi/recus/{leaf}/pdf")] {
        assert_eq!(other.fetch(&path).status, 404, "{path}");
        let answer = audit_tests::server::ask(demo.address, "GET", &path, &[], b"").unwrap();
        assert_ne!(answer.status, 200, "{path}");
    }
}
