//! The release in the researcher's hands: the public `age` tool opens it, and its files are those of the record.

use std::fs;
use std::path::Path;
use std::process::Command;

use audit_tests::programs::{has_tool, ledger_audit, text};
use audit_tests::story::Story;

pub fn the_researcher_opens_her_release_with_public_tools(story: &Story) {
    let identity = story.said("release", "identity");
    assert_only_its_owner_reads(Path::new(identity));
    if !has_tool("age") {
        return;
    }
    let release = story.folder().join("release");
    let output = Command::new("age")
        .args(["--decrypt", "--identity", identity])
        .arg(release.join("delivery.age"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "age does not open the release: {}",
        text(&output.stderr)
    );

    let opened = story.aside("opened");
    tar::Archive::new(output.stdout.as_slice())
        .unpack(&opened)
        .unwrap();
    fs::copy(release.join("evidence.json"), opened.join("evidence.json")).unwrap();
    let key = story.said("verify", "log_key");
    let verify = || ledger_audit(&["verify", opened.to_str().unwrap(), "--log-key", key]);
    let (status, said) = verify();
    assert_eq!(status, 0, "{said}");
    for name in [
        "manifest.json",
        "load-curve.csv",
        "load-curve.parquet",
        "README.txt",
    ] {
        assert!(said.contains(name), "`{name}` was not checked: {said}");
    }

    let table = fs::read_to_string(opened.join("load-curve.csv")).unwrap();
    the_table_is_one_day_of_half_hours(&table);
    fs::write(
        opened.join("load-curve.csv"),
        table
            .replacen("shown", "hidden", 1)
            .replacen(",1800,", ",1801,", 1),
    )
    .unwrap();
    let (status, said) = verify();
    assert_eq!(
        status, 1,
        "a changed table was taken for the released one: {said}"
    );
    fs::write(opened.join("load-curve.csv"), &table).unwrap();
    fs::write(opened.join("notes.txt"), "not from the broker").unwrap();
    let (status, said) = verify();
    assert_eq!(
        status, 1,
        "a file that the record does not name was accepted: {said}"
    );
}

fn assert_only_its_owner_reads(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

fn the_table_is_one_day_of_half_hours(table: &str) {
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|found| *found == name).unwrap();
    let (energy, homes, status, step) = (
        column("energy_wh"),
        column("n_homes"),
        column("status"),
        column("step_s"),
    );
    let rows: Vec<_> = lines.collect();
    // A local day has 46 or 50 half hours when the clocks change.
    assert!([46, 48, 50].contains(&rows.len()), "{} rows", rows.len());
    let shown = rows.iter().filter(|row| !row[energy].is_empty()).count();
    assert!(shown > rows.len() / 2, "only {shown} means are shown");
    for row in &rows {
        assert_eq!(row.len(), header.len());
        assert_eq!(row[step], "1800");
        assert!(!row[status].is_empty());
        if !row[energy].is_empty() {
            assert!(row[energy].parse::<i64>().unwrap() > 0);
            assert!(
                row[homes].parse::<u32>().unwrap() > 100,
                "too few homes behind a mean"
            );
        }
    }
}
