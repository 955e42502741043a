//! What is in the repository, and which of it is product code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use audit_tests::programs::{text, workspace};

/// Paths of all files, relative to the workspace: those git tracks and those it would. Without git, all files.
pub fn tracked() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .current_dir(workspace())
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output();
    let mut files: Vec<PathBuf> = match listed {
        Ok(output) if output.status.success() && !output.stdout.is_empty() => text(&output.stdout)
            .split_terminator('\0')
            .map(PathBuf::from)
            .collect(),
        _ => walk(workspace()),
    };
    // A file that was removed and not yet committed is still listed.
    files.retain(|path| workspace().join(path).is_file());
    assert!(files.len() > 100, "this is not our workspace");
    files
}

fn walk(root: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match path.is_dir() {
                true if name == "target" || name == ".git" => {}
                true => folders.push(path),
                false => files.push(path.strip_prefix(root).unwrap().to_owned()),
            }
        }
    }
    files
}

/// The bytes of a file as text.
pub fn read(path: &Path) -> String {
    text(&fs::read(workspace().join(path)).unwrap())
}

/// All Rust files.
pub fn rust() -> Vec<PathBuf> {
    let mut files = tracked();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// Rust files that are part of a program or library, with the parts that only tests see cut out.
pub fn product() -> Vec<(PathBuf, String)> {
    let sources: Vec<PathBuf> = rust()
        .into_iter()
        .filter(|path| {
            path.components().any(|part| part.as_os_str() == "src") && !path.starts_with("audit-tests")
        })
        .collect();
    let for_tests: BTreeSet<PathBuf> = sources.iter().flat_map(|path| modules_of_tests(path)).collect();
    sources
        .into_iter()
        .filter(|path| {
            !for_tests
                .iter()
                .any(|module| path == module || path.starts_with(module.with_extension("")))
        })
        .map(|path| {
            let source = without_tests(&read(&path));
            (path, source)
        })
        .collect()
}

/// The files of modules declared `#[cfg(test)] mod name;` in this one.
fn modules_of_tests(path: &Path) -> Vec<PathBuf> {
    let source = read(path);
    let stem = path.file_stem().unwrap();
    let folder = path.parent().unwrap();
    let here = if stem == "lib" || stem == "main" {
        folder.to_owned()
    } else {
        folder.join(stem)
    };
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let mut modules = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let only_tests = line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test");
        let declared = lines[index + 1..].iter().find(|next| !next.starts_with("#["));
        let name = declared.and_then(|next| next.trim_start_matches("pub ").strip_prefix("mod "));
        if let (true, Some(name)) = (only_tests, name.and_then(|name| name.strip_suffix(';'))) {
            modules.push(here.join(format!("{name}.rs")));
        }
    }
    modules
}

/// Unit tests stand at the end of a file (`style.md`), so everything from their module on is cut.
fn without_tests(source: &str) -> String {
    let kept = source
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]") || !inline(source, line));
    kept.map(|line| format!("{line}\n")).collect()
}

/// Whether the tests that begin here are written in this file, not only declared.
fn inline(source: &str, line: &str) -> bool {
    let rest = source.split_once(line).map_or("", |(_, rest)| rest);
    let declared = rest
        .lines()
        .map(str::trim)
        .find(|next| !next.is_empty() && !next.starts_with("#["));
    declared.is_some_and(|next| next.ends_with('{'))
}

/// The code with the insides of comments, strings and characters replaced by blanks; lines stay where they were.
pub fn bare(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = blank_length(rest).unwrap_or(0);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let (blank, after) = rest.split_at(length);
            code.extend(blank.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = after;
        }
    }
    code
}

/// The length of the comment, string or character that begins here.
fn blank_length(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(text.find("*/").map_or(text.len(), |end| end + 2));
    }
    if text.starts_with("r\"") || text.starts_with("r#") {
        let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
        let open = text[1 + hashes..].starts_with('"');
        let close = format!("\"{}", "#".repeat(hashes));
        let start = hashes + 2;
        return open.then(|| {
            text[start..]
                .find(&close)
                .map_or(text.len(), |end| start + end + close.len())
        });
    }
    if text.starts_with('"') {
        return Some(quoted(text, '"'));
    }
    // A character, not a lifetime: 'x' or '\…'.
    if text.starts_with('\'') {
        let mut next = text[1..].chars();
        return match (next.next(), next.next()) {
            (Some('\\'), _) => Some(quoted(text, '\'')),
            (Some(_), Some('\'')) => Some(2 + text[1..].chars().next().map_or(0, char::len_utf8)),
            _ => None,
        };
    }
    None
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn comments_and_strings_are_blanked() {
    let source =
        "let a = \"fn b() { \\\" }\"; // fn c() {\nlet d = '{'; let e: &'static str = r#\"}\"#; /* } */ f()";
    let code = bare(source);
    assert_eq!(code.len(), source.len());
    assert_eq!(code.matches(['{', '}']).count(), 0);
    assert!(code.contains("let d =") && code.contains("&'static str") && code.ends_with("f()"));
}

#[test]
fn tests_are_not_product() {
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {\n}\n"), "a\n");
    assert_eq!(
        without_tests("a\n#[cfg(test)]\nmod tests;\nb\n"),
        "a\n#[cfg(test)]\nmod tests;\nb\n"
    );
}
