//! The layers of the house, held by reading the source: which folder may name which.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What every layer may use, as it depends on none of them.
const SHARED: [&str; 13] = [
    "Timestamp",
    "clock",
    "duration_text",
    "locked",
    "named_enum",
    "nearest_name",
    "open_enum",
    "options",
    "setters",
    "shows",
    "time",
    "config_errors",
    "UnknownName",
];

/// Each layer, and the other layers whose names it may use.
const MAY_USE: [(&str, &[&str]); 18] = [
    ("clock", &[]),
    ("time", &[]),
    ("duration_text", &[]),
    ("locked", &[]),
    ("named_enum", &[]),
    ("open_enum", &[]),
    ("options", &[]),
    ("guide", &[]),
    ("setters", &[]),
    ("shows", &[]),
    ("config_errors", &[]),
    ("client", &["client"]),
    ("channel", &["channel"]),
    ("connector", &["connector", "client", "channel"]),
    ("fleet", &["fleet", "channel"]),
    ("metrics", &["channel"]),
    // What they fulfill of the fleet is the trait `Schedule`, and of the client `BudgetStore`.
    ("stores", &["stores", "channel", "client", "fleet"]),
    ("testing", &["testing", "client", "channel", "fleet"]),
];

#[test]
fn layers_name_only_what_is_below_them() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in rust_files(&source()) {
        let layer = layer_of(&file);
        // A program sees of the library what everybody sees.
        if layer == "lib" || layer == "bin" || is_test_only(&file) {
            continue;
        }
        let (_, allowed) = *MAY_USE
            .iter()
            .find(|(name, _)| *name == layer)
            .unwrap_or_else(|| panic!("{} is in no known layer", file.display()));
        seen.insert(layer);
        let text = code(&fs::read_to_string(&file).unwrap());
        let strangers = crate_names(&text)
            .into_iter()
            .filter(|name| !allowed.contains(&name.as_str()) && !SHARED.contains(&name.as_str()));
        wrong.extend(strangers.map(|name| format!("{} names crate::{name}", file.display())));
        if climbs_out(&text, depth(&file)) {
            wrong.push(format!("{} climbs out of its layer with super", file.display()));
        }
    }
    assert_eq!(seen.len(), MAY_USE.len(), "every layer is there: {seen:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn layers_only_the_library_root_and_tests_name_the_connector() {
    let users: Vec<PathBuf> = rust_files(&source())
        .into_iter()
        .filter(|file| !["connector", "lib"].contains(&layer_of(file).as_str()))
        .filter(|file| crate_names(&code(&fs::read_to_string(file).unwrap())).contains("connector"))
        .collect();
    assert!(users.is_empty(), "{users:?}");
}

#[test]
fn layers_are_drawn_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["README.md", "docs/guide/embedding.md"] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let arrows = text.lines().filter_map(|line| line.trim().split_once("-->"));
        let arrows = arrows.map(|(from, to)| (from.split("--").next().unwrap().trim(), to.trim()));
        let is_layer = |name: &str| MAY_USE.iter().any(|(layer, _)| *layer == name);
        let arrows: Vec<_> = arrows.filter(|(from, to)| is_layer(from) && is_layer(to)).collect();
        assert!(arrows.len() >= 4, "{page} draws the layers");
        for (from, to) in arrows {
            let (_, allowed) = MAY_USE.iter().find(|(layer, _)| *layer == from).unwrap();
            assert!(allowed.contains(&to), "{page} draws an arrow from {from} to {to}");
        }
    }
}

#[test]
fn layers_the_check_itself_sees_what_it_should() {
    let text = "use crate::{\n    Timestamp,\n    client::{Order, Page},\n};\nlet x = crate::stores::MemoryStore::new();";
    let names: Vec<String> = crate_names(&code(text)).into_iter().collect();
    assert_eq!(names, ["Timestamp", "client", "stores"]);
    assert!(crate_names(&code("// crate::client is fine in a comment\n/// use crate::client;\n")).is_empty());
    assert!(climbs_out("use super::super::client;", 2));
    assert!(!climbs_out("use super::super::call;", 3));
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The first folder below `src`, or the file's own name.
fn layer_of(file: &Path) -> String {
    let below = file.strip_prefix(source()).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Whether the module beside it is declared for tests only.
fn is_test_only(file: &Path) -> bool {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let parent = file.with_file_name("mod.rs");
    fs::read_to_string(parent).is_ok_and(|text| text.contains(&format!("#[cfg(test)]\nmod {name};")))
}

/// How many modules deep a file is: `a/mod.rs` is 1, `a/b.rs` is 2.
fn depth(file: &Path) -> usize {
    let below = file.strip_prefix(source()).unwrap();
    let folders = below.components().count() - 1;
    folders + usize::from(below.file_name().is_some_and(|name| name != "mod.rs"))
}

/// The text without comments, documentation included.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The names that follow `crate::`, also inside a group.
fn crate_names(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (place, _) in code.match_indices("crate::") {
        // `$crate::` in a macro is the same crate; `other_crate::` is not this one.
        let before = code[..place].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[place + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(top_level(group)),
            None => names.extend([ident(rest)]),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The first names of each part of a `{a, b::{c, d}}` group whose brace is open.
fn top_level(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = 1;
    let mut part = String::new();
    for c in group.chars() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            ',' if open == 1 => names.push(ident(std::mem::take(&mut part).trim())),
            c if open == 1 => part.push(c),
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    names.push(ident(part.trim()));
    names
}

fn ident(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether a `use` at the file's own level leaves the layer upwards. The layer itself is one module deep.
fn climbs_out(code: &str, depth: usize) -> bool {
    code.lines().filter(|line| line.starts_with("use super::") || line.starts_with("pub use super::")).any(
        |line| {
            let supers = line.matches("super::").count();
            supers >= depth
        },
    )
}
