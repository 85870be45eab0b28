//! The envelope around the rows of a list: their total, and the numbers of the page and of all pages.

use std::fmt;

use serde::{
    Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{super::page::Incomplete, Lenient, Rows, drift};

/// A list as it came, before the page number and size are known.
pub(crate) struct Envelope<T> {
    pub(crate) rows: Rows<T>,
    pub(crate) total: Option<u64>,
    pub(crate) page: Option<u32>,
    pub(crate) pages: Option<u32>,
}

impl<T> Envelope<T> {
    /// The rows of a list that has one page only, compared with its total.
    pub(crate) fn whole(self) -> Rows<T> {
        let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        let shown = count(self.rows.items.len() + self.rows.errors.len());
        let incomplete = self.total.and_then(|total| match total {
            total if total < shown => Some(Incomplete::Contradiction),
            total if total > shown + u64::from(self.rows.nulls) => Some(Incomplete::FewerRows),
            _ => None,
        });
        Rows { incomplete, ..self.rows }
    }
}

/// An envelope whose rows are read by a seed of the caller's choice.
pub(super) struct EnvelopeSeed<F> {
    pub(super) key: &'static str,
    pub(super) rows: F,
}

pub(super) struct OpenEnvelope<R> {
    pub(super) rows: R,
    pub(super) total: Option<u64>,
    pub(super) page: Option<u32>,
    pub(super) pages: Option<u32>,
}

impl<T> From<OpenEnvelope<Rows<T>>> for Envelope<T> {
    fn from(open: OpenEnvelope<Rows<T>>) -> Self {
        Self { rows: open.rows, total: open.total, page: open.page, pages: open.pages }
    }
}

impl<'de, R: Default, S: de::DeserializeSeed<'de, Value = Option<R>>, F: Fn() -> S> de::DeserializeSeed<'de>
    for EnvelopeSeed<F>
{
    type Value = OpenEnvelope<R>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, R: Default, S: de::DeserializeSeed<'de, Value = Option<R>>, F: Fn() -> S> Visitor<'de>
    for EnvelopeSeed<F>
{
    type Value = OpenEnvelope<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut rows = None;
        let [mut total, mut page, mut pages] = [None; 3];
        while let Some(member) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let is = |name: &str| member.eq_ignore_ascii_case(name);
            match &*member {
                _ if is(self.key) => rows = Some(map.next_value_seed((self.rows)())?),
                _ if is("total") => total = count(&mut map)?,
                _ if is("page") => page = count(&mut map)?,
                _ if is("pages") => pages = count(&mut map)?,
                other => {
                    drift::unknown_member(self.key, other);
                    map.next_value::<de::IgnoredAny>()?;
                }
            }
        }
        let rows = match rows.ok_or_else(|| de::Error::missing_field(self.key))? {
            Some(rows) => rows,
            None if total.is_none_or(|total| total <= 0) => R::default(),
            None => return Err(de::Error::custom("expected a list, because the total is not 0")),
        };
        let small = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
        Ok(OpenEnvelope {
            rows,
            total: total.and_then(|total| u64::try_from(total).ok()),
            page: small(page),
            pages: small(pages),
        })
    }
}

/// A count is a hint: one that is no number is as good as none.
fn count<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<i64>, A::Error> {
    let value: &RawValue = map.next_value()?;
    Ok(i64::from_text(value.get().trim_matches('"')).ok().flatten())
}
