//! What the program says: tables and sentences for people, one JSON document for machines.
#![allow(clippy::unused_self, reason = "whatever is said goes through the output")]

use std::{
    env,
    fmt::Display,
    io::{self, ErrorKind, IsTerminal, Write},
};

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::json;

use crate::exit::{Ended, Exit, Failure};

/// As wide as a table is where there is no terminal.
const WIDTH_OF_A_FILE: u16 = 160;

/// Where the program writes to. What has been said has succeeded.
pub(crate) struct Output {
    json: bool,
    colors: bool,
    /// Whether nobody reads any more.
    is_closed: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let wants_none = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_none_or(|name| name == "dumb");
        Self { json, colors: io::stdout().is_terminal() && !wants_none && !is_dumb, is_closed: false }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// One thing, as it describes itself.
    pub(crate) fn show<T: Serialize + Display>(&mut self, it: &T) -> Ended {
        if self.json {
            return self.json(it);
        }
        let text = visible(&it.to_string());
        if self.colors { self.text(&painted(text.trim_end())) } else { self.text(text.trim_end()) }
    }

    /// Rows of a table, or an array of the same.
    pub(crate) fn rows<T: Serialize>(
        &mut self,
        all: &[T],
        head: &[&str],
        nothing: &str,
        cells: impl Fn(&T) -> Vec<String>,
    ) -> Ended {
        if self.json {
            return self.json(&all);
        }
        if all.is_empty() {
            return self.text(nothing);
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        if !io::stdout().is_terminal() {
            table.set_width(WIDTH_OF_A_FILE);
        }
        let bold = |name: &&str| {
            let cell = Cell::new(name);
            if self.colors { cell.add_attribute(Attribute::Bold) } else { cell }
        };
        table.set_header(head.iter().map(bold));
        for row in all {
            table.add_row(cells(row).into_iter().map(|cell| visible(&cell).replace('\n', "\u{fffd}")));
        }
        self.text(&table.trim_fmt())
    }

    /// A sentence for people; the document that says the same to machines.
    pub(crate) fn say(&mut self, sentence: &str, document: &serde_json::Value) -> Ended {
        if self.json { self.json(document) } else { self.text(&visible(sentence)) }
    }

    pub(crate) fn json<T: Serialize>(&mut self, it: &T) -> Ended {
        let text =
            serde_json::to_string(it).map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
        self.text(&text)
    }

    /// One line, or several. A reader that has gone has read enough.
    pub(crate) fn text(&mut self, text: &str) -> Ended {
        self.bytes(format!("{text}\n").as_bytes())
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Ended {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.is_closed = true,
            Err(error) => {
                return Err(Failure::new(Exit::Internal, format!("the output cannot be written: {error}")));
            }
            Ok(()) => {}
        }
        Ok(Exit::Succeeded)
    }

    /// Something to know beside the answer.
    pub(crate) fn note(&mut self, text: impl Display) {
        let _ = writeln!(io::stderr(), "{}", visible(&text.to_string()));
    }

    /// Why nothing could be done: on standard error, and as a document where one is expected.
    pub(crate) fn failed(&mut self, failure: &Failure) -> Exit {
        self.note(format!("shipstation: {}", failure.message));
        if self.json {
            let document = json!({"error": failure.message, "exit": failure.exit as u8});
            let _ = self.json(&document);
        }
        failure.exit
    }
}

/// These in one line or cell.
pub(crate) fn joined<T: ToString>(all: impl IntoIterator<Item = T>, by: &str) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(by)
}

/// What a cell shows that may be empty.
pub(crate) fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| text.to_string())
}

/// The text with the color of what its lines are about.
fn painted(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words = line.trim_start();
        let word = words.split([' ', ':']).next().unwrap_or_default();
        let color = match word {
            "ERROR" | "BLOCKS" | "fails" | "failed" | "OTHERWISE" => 31,
            "passes" => 32,
            "warning" | "warns" | "held" | "blocked" => 33,
            _ => return line.to_owned(),
        };
        let (margin, rest) =
            (line.strip_suffix(words).unwrap_or_default(), words.strip_prefix(word).unwrap_or_default());
        format!("{margin}\u{1b}[{color}m{word}\u{1b}[0m{rest}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A text from outside, unable to steer a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
