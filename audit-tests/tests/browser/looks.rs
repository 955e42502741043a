//! What every page owes to whoever opens it: structure, names, room on a small screen, colours that can be told apart,
//! and no complaint of the browser.
//!
//! LIMIT: machines find about a third of what the accessibility guidelines ask for. No audit by people took place.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::{env, fs};

use audit_tests::browser::{Browser, Scripts, with_browser};
use serde_json::json;

/// A narrow telephone (WCAG 2.2, 1.4.10: 320 CSS pixels), and an ordinary window.
const WIDTHS: [u32; 2] = [320, 1280];

/// Roles that a screen reader announces by name.
const NAMED: [&str; 13] = [
    "Date",
    "button",
    "checkbox",
    "combobox",
    "heading",
    "image",
    "link",
    "listbox",
    "navigation",
    "radio",
    "region",
    "table",
    "textbox",
];

/// Looks at one page after the other.
pub struct Looks<'a> {
    browser: &'a Browser,
    language: &'a str,
    pictures: Option<PathBuf>,
    pages: Cell<u32>,
    noted: RefCell<Vec<String>>,
}

impl<'a> Looks<'a> {
    /// At pages in this language.
    pub fn at(browser: &'a Browser, language: &'a str) -> Self {
        let pictures = env::var_os("FIDUCIE_SCREENSHOTS").map(PathBuf::from);
        if let Some(folder) = &pictures {
            fs::create_dir_all(folder).unwrap();
        }
        Self {
            browser,
            language,
            pictures,
            pages: Cell::new(1),
            noted: RefCell::default(),
        }
    }

    /// Looks at the page that is shown and notes what is wrong with it.
    pub async fn at_page(&self, name: &str) {
        let complaints = self.browser.complaints();
        self.note(name, complaints.into_iter().chain(self.wrong(name).await));
    }

    /// The same for a page that says what went wrong, with this status: the browser notes that, and nothing else.
    pub async fn at_refusal(&self, name: &str, status: u16) {
        let complaints = self.browser.complaints();
        let status = format!("status of {status} ");
        if complaints.len() != 1 || !complaints[0].contains(&status) {
            self.note(name, [format!("no {status}: {complaints:?}")]);
        }
        self.note(name, self.wrong(name).await);
    }

    fn note(&self, name: &str, wrong: impl IntoIterator<Item = String>) {
        let named = wrong
            .into_iter()
            .map(|one| format!("{name} ({}), {one}", self.language));
        self.noted.borrow_mut().extend(named);
    }

    /// Nothing was wrong with any page.
    pub fn end(self) {
        let noted = self.noted.into_inner();
        assert!(noted.is_empty(), "{}", noted.join("\n"));
    }

    async fn wrong(&self, name: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let number = self.pages.replace(self.pages.get() + 1);
        for width in WIDTHS {
            self.browser.set_width(width);
            for scheme in ["dark", "light"] {
                self.browser.set_colours(scheme);
                let found = self
                    .browser
                    .script(include_str!("looks.js"), vec![json!(self.language)]);
                let found: Vec<String> = serde_json::from_value(found.await).unwrap();
                wrong.extend(
                    found
                        .into_iter()
                        .map(|one| format!("{width} pixels, {scheme}: {one}")),
                );
            }
            if let Some(folder) = &self.pictures {
                let file = format!("{}-{number:02}-{name}-{width}.png", self.language);
                fs::write(folder.join(file), self.browser.picture()).unwrap();
            }
        }
        wrong.extend(self.nameless());
        wrong
    }

    /// Nodes of the accessibility tree that have no name, by the browser's own computation.
    fn nameless(&self) -> Vec<String> {
        let nodes = self.browser.accessible_nodes();
        let named = nodes.iter().filter(|node| {
            let role = node["role"]["value"].as_str().unwrap_or_default();
            node["ignored"] == false && NAMED.contains(&role)
        });
        let nameless = named.filter(|node| {
            node["name"]["value"]
                .as_str()
                .unwrap_or_default()
                .trim()
                .is_empty()
        });
        nameless
            .map(|node| format!("a {} without a name", node["role"]["value"]))
            .collect()
    }
}

/// The looks above can fail, each of them.
#[test]
fn a_bad_page_is_found_out() {
    const BAD: &str = "data:text/html,<!doctype html><html lang=de><meta http-equiv=Content-Security-Policy \
        content=\"style-src 'none'; img-src data:\"><style>p{color:red}</style><title>t</title><h1>a</h1><h1>b</h1>\
        <h3>c</h3><input id=i><p id=i>text</p><img src=data:,><svg></svg><table><tr><th>x</th></table>\
        <label for=none>l</label><a href=x></a><button></button>\
        <button>mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm</button><font color=silver>pale</font>\
        <pre>wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";
    let wrong = with_browser(Scripts::Blocked, async |browser| {
        browser.open_page(BAD).await;
        let wrong = Looks::at(browser, "fr").wrong("bad").await;
        [browser.complaints(), wrong].concat().join("\n")
    });
    let Some(wrong) = wrong else { return };
    for complaint in [
        "Content Security Policy",
        "in \"de\"",
        "2 headings h1",
        "skipped before <h3>",
        "no label: <input",
        "no text alternative: <img",
        "no text alternative: <svg",
        "no caption",
        "without scope",
        "\"i\" is there twice",
        "for names nothing",
        "too small to press: <button>",
        "wider than 320 pixels: <button>mmm",
        " and <pre>www",
        "sticks out: <button>mmm",
        "contrast 1.",
        "a \"link\" without a name",
        "a \"textbox\" without a name",
    ] {
        assert!(wrong.contains(complaint), "`{complaint}` was not found:\n{wrong}");
    }
}
