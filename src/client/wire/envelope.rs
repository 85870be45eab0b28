//! The envelope around the rows of a list: their total, and the numbers of the page and of all pages.

use std::fmt;

use serde::{
    Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{super::page::Incomplete, DriftKind, Lenient, Rows, Scalar, Unfit, drift};

/// A list as it came, before the page number and size are known.
pub(crate) struct Envelope<R> {
    pub(crate) rows: R,
    pub(crate) total: Option<u64>,
    pub(crate) page: Option<u32>,
    pub(crate) pages: Option<u32>,
    /// Whether its members contradict each other, or a total is there that is no number.
    pub(crate) contradicts_itself: bool,
}

impl<T> Envelope<Rows<T>> {
    /// The rows of a list that has one page only, compared with its total.
    pub(crate) fn whole(self) -> Rows<T> {
        let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        let shown = count(self.rows.items.len() + self.rows.errors.len());
        let incomplete = self.contradicts_itself.then_some(Incomplete::Contradiction);
        let incomplete = incomplete.or_else(|| match self.total? {
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

impl<'de, R: Default, S: de::DeserializeSeed<'de, Value = Option<R>>, F: Fn() -> S> de::DeserializeSeed<'de>
    for EnvelopeSeed<F>
{
    type Value = Envelope<R>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, R: Default, S: de::DeserializeSeed<'de, Value = Option<R>>, F: Fn() -> S> Visitor<'de>
    for EnvelopeSeed<F>
{
    type Value = Envelope<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut rows = None;
        let [mut total, mut page, mut pages]: [Option<Count>; 3] = [None; 3];
        let mut several = false;
        while let Some(member) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let is = |name: &str| member.eq_ignore_ascii_case(name);
            match &*member {
                _ if is(self.key) => {
                    several |= rows.is_some();
                    rows = Some(map.next_value_seed((self.rows)())?);
                }
                _ if is("total") => {
                    let count = count(&mut map)?;
                    several |= total.is_some_and(|before| before != count);
                    total = Some(count);
                }
                _ if is("page") => page = Some(count(&mut map)?),
                _ if is("pages") => pages = Some(count(&mut map)?),
                other => {
                    drift::note(DriftKind::Member, self.key, other);
                    map.next_value::<de::IgnoredAny>()?;
                }
            }
        }
        let number = |count: Option<Count>| count?.ok()?;
        let small = |count: Option<Count>| number(count).and_then(|number| u32::try_from(number).ok());
        let rows = match rows.ok_or_else(|| de::Error::missing_field(self.key))? {
            Some(rows) => rows,
            None if number(total).unwrap_or(0) == 0 => R::default(),
            None => return Err(de::Error::custom("expected a list, because the total is not 0")),
        };
        Ok(Envelope {
            rows,
            total: number(total),
            page: small(page),
            pages: small(pages),
            contradicts_itself: several || total == Some(Err(Unfit)),
        })
    }
}

/// A member that counts something: nothing where it is null or empty, and what it stands for is not known where it is no number.
type Count = Result<Option<u64>, Unfit>;

fn count<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Count, A::Error> {
    let value: &RawValue = map.next_value()?;
    Ok(match value.get().trim_matches('"').trim() {
        "null" => Ok(None),
        text => i64::from_scalar(Scalar::Text(text))
            .and_then(|number| number.map(u64::try_from).transpose().map_err(|_| Unfit)),
    })
}
