//! Reading the guides and the source.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|_| panic!("{path}"))
}

/// Every Rust file of the library below this folder.
pub(crate) fn sources(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        let (below, here): (Vec<PathBuf>, Vec<PathBuf>) =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).partition(|path| path.is_dir());
        folders.extend(below);
        let rust = here.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        files.extend(rust.map(|path| fs::read_to_string(path).unwrap()));
    }
    files
}

/// The rows of the table under the heading that names this type: the first cell without its quotes, and the others.
pub(crate) fn rows(guide: &str, name: &str) -> Vec<(String, Vec<String>)> {
    let text = read(guide);
    let quoted = format!("`{name}`");
    let below = text.lines().skip_while(|line| !(line.starts_with("## ") && line.contains(&quoted))).skip(1);
    let lines = below.take_while(|line| !line.starts_with("## "));
    let rows: Vec<_> = lines
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|line| {
            let (name, rest) = line.split_once("` |").unwrap();
            let cells = rest.trim().trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
            (name.to_owned(), cells.collect())
        })
        .collect();
    assert!(!rows.is_empty(), "{guide} has no table of {name}");
    rows
}

/// The names in the table of this type.
pub(crate) fn names(guide: &str, name: &str) -> BTreeSet<String> {
    let rows = rows(guide, name);
    let names: BTreeSet<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names.len(), rows.len(), "{guide} names something twice in {name}");
    names
}

/// The variants of an enumeration in a file of the source.
pub(crate) fn variants(path: &str, name: &str) -> Vec<String> {
    let text = read(path);
    let start = text.find(&format!("pub enum {name} {{")).unwrap_or_else(|| panic!("{path} has no {name}"));
    // The enumeration itself may be indented, where a macro declares it.
    let indent = &text[text[..start].rfind('\n').map_or(0, |end| end + 1)..start];
    let body = text[start..].lines().skip(1).map(|line| line.strip_prefix(indent).unwrap_or(line));
    let own = body.take_while(|line| !line.starts_with('}')).filter_map(|line| line.strip_prefix("    "));
    let own = own.filter(|line| line.starts_with(char::is_uppercase));
    own.map(|line| line.chars().take_while(|c| c.is_alphanumeric()).collect()).collect()
}

/// `RetryWait` as reports write it: `retry_wait`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}
