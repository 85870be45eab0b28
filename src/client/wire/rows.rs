//! Lists as ShipStation sends them: bare arrays and paged envelopes, with null rows and now and then a row that
//! does not fit. One typed pass reads a list; only if it fails are the rows read one by one.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use super::{
    super::page::Incomplete, Envelope, Field, FieldSeed, Lenient, drift::DriftCounter,
    envelope::EnvelopeSeed, inside, repair::repaired, scalars::with_verbatim_texts,
};
use crate::open_enum::Name;

/// A row type that comes in lists.
pub(crate) trait Row: Lenient {
    /// The member of the row that identifies it.
    const ID: &'static str;
}

/// A row type that comes in paged envelopes.
pub(crate) trait Listed: Row {
    /// The member of the envelope that holds the rows.
    const KEY: &'static str;

    /// The row's identity.
    fn key(&self) -> i64;
}

/// Why a row is missing from its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowErrorKind {
    /// The row came, but does not have the shape of its model.
    Decode,
    /// Every page that holds the row makes ShipStation fail, down to a page of this row alone; it was stepped over.
    Poison,
}

/// A row that is missing from its list, and why. It shows no content of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowError {
    /// The row's place in its page, from 0; for a poison row, its place in the whole list.
    pub index: usize,
    /// The row's id, where it could be read.
    pub id: Option<i64>,
    /// The place in the row that does not fit, such as `items[2].quantity`; empty for the row as a whole.
    pub path: String,
    /// What was expected there.
    pub reason: String,
    /// Whether the row did not fit or could not be had at all.
    pub kind: RowErrorKind,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} cannot be read", self.index)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// A whole list that came in one answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rows<T> {
    /// The rows that could be read, in ShipStation's order.
    pub items: Vec<T>,
    /// The rows that could not.
    pub errors: Vec<RowError>,
    /// How many rows were null.
    pub nulls: u32,
    /// Why the list may lack rows, where a total says so or not all of its pages were read.
    pub incomplete: Option<Incomplete>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { items: Vec::new(), errors: Vec::new(), nulls: 0, incomplete: None }
    }
}

/// Why an answer could not be decoded: the place and the expectation, without any content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecodeIssue {
    pub(crate) path: String,
    pub(crate) reason: String,
}

impl DecodeIssue {
    /// What is wrong with the answer as a whole.
    pub(crate) fn whole(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }

    /// Whether the text is no JSON at all, whatever was expected.
    pub(crate) fn is_syntax(&self) -> bool {
        self.reason.starts_with(NOT_JSON) || self.reason == ENDS_EARLY
    }
}

const NOT_JSON: &str = "not JSON";
const ENDS_EARLY: &str = "the JSON ends too early";

/// Decodes one value.
pub(crate) fn one<T: Field>(body: &[u8], drift: &DriftCounter) -> Result<T, DecodeIssue> {
    if let Some(value) = drift.watch(|| whole(body, FieldSeed::<T>::new())) {
        return Ok(value);
    }
    slowly(body, drift)
}

/// Decodes a bare array.
pub(crate) fn array<T: Row>(body: &[u8], drift: &DriftCounter) -> Result<Rows<T>, DecodeIssue> {
    if let Some(Some(rows)) = drift.watch(|| whole(body, TypedRows(PhantomData))) {
        return Ok(rows);
    }
    in_either_text(body, |body| match whole(body, RawRows(T::ID)) {
        Some(Some(raw)) => Ok(row_by_row(&raw, drift)),
        Some(None) => Err(DecodeIssue::whole("expected a list")),
        None => Err(explain(body, RawRows(T::ID))),
    })
}

/// Decodes a paged envelope.
pub(crate) fn envelope<T: Listed>(
    body: &[u8],
    drift: &DriftCounter,
) -> Result<Envelope<Rows<T>>, DecodeIssue> {
    let typed = || EnvelopeSeed { key: T::KEY, rows: || TypedRows::<T>(PhantomData) };
    if let Some(envelope) = drift.watch(|| whole(body, typed())) {
        return Ok(envelope);
    }
    in_either_text(body, |body| {
        let raw = || EnvelopeSeed { key: T::KEY, rows: || RawRows(T::ID) };
        let open = whole(body, raw()).ok_or_else(|| explain(body, raw()))?;
        let Envelope { rows, total, page, pages, contradicts_itself } = open;
        Ok(Envelope { rows: row_by_row(&rows, drift), total, page, pages, contradicts_itself })
    })
}

/// Decodes the text as it came; if that is no JSON, with its bad characters replaced.
fn in_either_text<T>(
    json: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, DecodeIssue>,
) -> Result<T, DecodeIssue> {
    decode(json).or_else(|issue| match repaired(json) {
        Some(text) if issue.is_syntax() => decode(text.as_bytes()),
        _ => Err(issue),
    })
}

fn row_by_row<T: Row>(raw: &[Option<&RawValue>], drift: &DriftCounter) -> Rows<T> {
    let mut rows = Rows::default();
    for (index, row) in raw.iter().enumerate() {
        let Some(row) = row else {
            rows.nulls += 1;
            continue;
        };
        let json = row.get().as_bytes();
        match slowly::<Option<T>>(json, drift) {
            Ok(Some(item)) => rows.items.push(item),
            Ok(None) => rows.nulls += 1,
            Err(issue) => rows.errors.push(row_error::<T>(index, json, issue)),
        }
    }
    rows
}

fn row_error<T: Row>(index: usize, json: &[u8], DecodeIssue { path, reason }: DecodeIssue) -> RowError {
    // Read as the member itself is: 7, "7" and 7.0 are one id.
    let id =
        member(json, T::ID).and_then(|id| i64::read(&mut serde_json::Deserializer::from_str(id)).ok()?);
    let id = id.filter(|id| *id > 0);
    RowError { index, id, path, reason, kind: RowErrorKind::Decode }
}

/// The JSON text of a member of an object, whatever the case of its name; null counts as none.
pub(crate) fn member<'de>(json: &'de [u8], name: &str) -> Option<&'de str> {
    whole(json, MemberSeed(name)).flatten().filter(|value| *value != "null")
}

/// Decodes once more, without loss and with the reason if it fails: bad characters are replaced, and members that no
/// decision needs are left out if they cannot be read.
fn slowly<T: Field>(json: &[u8], drift: &DriftCounter) -> Result<T, DecodeIssue> {
    let text = repaired(json);
    let json = text.as_deref().map_or(json, str::as_bytes);
    let seed = FieldSeed::<T>::new;
    with_verbatim_texts(|| drift.watch(|| whole(json, seed())).ok_or_else(|| explain(json, seed())))
}

/// Decodes a whole document; `None` if it does not fit, for the slow pass to explain.
fn whole<'de, S: de::DeserializeSeed<'de>>(json: &'de [u8], seed: S) -> Option<S::Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = seed.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// Decodes again, slowly, to learn where the document does not fit.
fn explain<'de, S: de::DeserializeSeed<'de>>(json: &'de [u8], seed: S) -> DecodeIssue {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let error = seed.deserialize(tracked).err().or_else(|| deserializer.end().err());
    let reason = error.map_or_else(String::new, |error| reason(&error));
    DecodeIssue { path: place(&track.path()), reason }
}

/// A path in words. A member that no model knows may have any name, also what a buyer wrote.
fn place(path: &Path) -> String {
    let mut place = String::new();
    for segment in path {
        let name = match segment {
            Segment::Map { key } => Name::of_member(key).to_string(),
            other => other.to_string(),
        };
        place = inside(&place, &name);
    }
    place
}

/// What serde complains about, without the value it quotes.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let text = error.to_string();
    match error.classify() {
        Category::Eof => ENDS_EARLY.to_owned(),
        Category::Syntax | Category::Io => {
            format!("{NOT_JSON} (line {}, column {})", error.line(), error.column())
        }
        Category::Data => {
            // Its own end: the value it quotes may hold the same words.
            let words = text.rsplit_once(" at line ").map_or(&*text, |(words, _)| words);
            let safe = match words.rfind(", expected ") {
                Some(at) => words.get(at + 2..),
                None if words.starts_with("missing field") || words.starts_with("expected ") => Some(words),
                None => None,
            };
            safe.unwrap_or("the value does not fit").to_owned()
        }
    }
}

/// Reads the rows of a list straight into their type.
struct TypedRows<T>(PhantomData<T>);

impl<'de, T: Lenient> de::DeserializeSeed<'de> for TypedRows<T> {
    type Value = Option<Rows<T>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Lenient> Visitor<'de> for TypedRows<T> {
    type Value = Option<Rows<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.trim().is_empty() { Ok(None) } else { Err(E::custom("expected a list")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rows = Rows::default();
        while let Some(row) = seq.next_element_seed(FieldSeed::<Option<T>>::new())? {
            match row {
                Some(row) => rows.items.push(row),
                None => rows.nulls += 1,
            }
        }
        Ok(Some(rows))
    }
}

/// Splits a list into the JSON texts of its rows; null and `""` stand for no list. A row may come alone, but only if it
/// shows its id: any object would pass for a row of a type that has no other duties.
struct RawRows(&'static str);

impl<'de> de::DeserializeSeed<'de> for RawRows {
    type Value = Option<Vec<Option<&'de RawValue>>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        match raw.get().trim_matches('"').trim() {
            "null" | "" => Ok(None),
            list if list.starts_with('[') => serde_json::from_str(list).map(Some).map_err(de::Error::custom),
            row if member(row.as_bytes(), self.0).is_some() => Ok(Some(vec![Some(raw)])),
            _ => Err(de::Error::custom("expected a list")),
        }
    }
}

/// Finds one member of an object.
struct MemberSeed<'a>(&'a str);

impl<'de> de::DeserializeSeed<'de> for MemberSeed<'_> {
    type Value = Option<&'de str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MemberSeed<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(member) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let value: &RawValue = map.next_value()?;
            if member.eq_ignore_ascii_case(self.0) {
                found = Some(value.get());
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_members_that_differ_in_case_the_last_one_counts() {
        assert_eq!(member(br#"{"success": true, "Success": false}"#, "success"), Some("false"));
        assert_eq!(member(br#"{"Success": false, "success": true}"#, "SUCCESS"), Some("true"));
        assert_eq!(member(br#"{"success": null}"#, "success"), None);
        assert_eq!(member(b"[true]", "success"), None);
    }

    #[test]
    fn a_broken_row_is_named_by_every_spelling_of_its_id() {
        let cases = [("7", Some(7)), ("\"7\"", Some(7)), ("7.0", Some(7)), ("\" 7 \"", Some(7))];
        for (id, named) in
            cases.into_iter().chain(["0", "-7", "7.5", "null", "[7]", "\"\""].map(|id| (id, None)))
        {
            let row = format!(r#"{{"OrderId": {id}, "createDate": []}}"#);
            let issue = DecodeIssue { path: "createDate".into(), reason: "no date".into() };
            assert_eq!(row_error::<crate::client::Order>(0, row.as_bytes(), issue).id, named, "{id}");
        }
    }
}
