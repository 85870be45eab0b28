//! Rows of the account: JSON objects that keep ShipStation's order of members and every digit of an amount. What members a row
//! has is written in `shapes`; a row itself holds only those that differ from its shape.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::Digits;
use crate::Timestamp;

/// The members of one kind of row, in the order in which ShipStation prints them.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) digits: Digits,
    pub(super) members: &'static [Member],
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Field,
}

/// What a member is read as when a request brings it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Int,
    Flag,
    Text,
    Amount,
    /// Pacific wall-clock time.
    Time,
    /// Whole numbers.
    Ids,
    Row(&'static Shape),
    Rows(&'static Shape),
    Any,
    /// Kept by the simulator and never printed.
    Hidden,
}

/// A shape without members of its own: for objects that are put together on the spot.
pub(super) static OPEN: Shape = Shape { digits: Digits::Seven, members: &[] };

/// A row of a shape with these members; without a shape, an object of exactly these.
macro_rules! record {
    ($shape:ident { $($members:tt)* }) => { record!(@new &crate::testing::simulator::shapes::$shape, $($members)*) };
    ({ $($members:tt)* }) => { record!(@new &crate::testing::simulator::record::OPEN, $($members)*) };
    (@new $shape:expr, $($members:tt)*) => {{
        let mut row = crate::testing::simulator::Record::new($shape);
        crate::testing::simulator::set!(row, $($members)*);
        row
    }};
}

/// Changes several members of a row.
macro_rules! set {
    ($row:expr, $($member:literal: $value:expr),* $(,)?) => {{ $($row.set($member, $value);)* }};
}
pub(super) use {record, set};

/// The value of one member of a [`Record`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Field {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Int(i64),
    /// An amount of money, a weight or a size, printed with exactly these digits.
    Amount(Decimal),
    /// A text.
    Text(Cow<'static, str>),
    /// An instant, printed as Pacific wall-clock time.
    Time(Timestamp),
    /// A list.
    List(Vec<Field>),
    /// An object.
    Row(Record),
}

/// A row as ShipStation prints it: an order, a line, a product, a fulfillment, and so on.
///
/// Members have ShipStation's own names; a member of a member is named with a dot between, a place in a list by its number:
/// `shipTo.city`, `items.0.sku`. A member that is not set has the value that ShipStation gives it by default, mostly null.
///
/// ```
/// use shipstation_connector::testing::simulator::{Record, SimLine, SimOrder};
/// let mut order = Record::from(SimOrder::new("1001").line(SimLine::new("MUG", 2, "18.50")));
/// order.set("shipTo.city", "SALEM");
/// assert_eq!(order.text("items.0.sku"), Some("MUG"));
/// assert_eq!(order.text("shipTo.city"), Some("SALEM"));
/// assert_eq!(order.text("customerNotes"), None);
/// ```
#[derive(Debug, Clone)]
pub struct Record {
    pub(super) shape: &'static Shape,
    /// Members in the order in which they were set.
    pub(super) set: Vec<(Cow<'static, str>, Field)>,
}

impl Record {
    pub(super) const fn new(shape: &'static Shape) -> Self {
        Self { shape, set: Vec::new() }
    }

    /// An object of these members of this row, named with blanks between.
    pub(super) fn only(&self, names: &'static str) -> Self {
        let set = names.split(' ').map(|name| (name.into(), self.member(name).clone())).collect();
        Self { shape: &OPEN, set }
    }

    /// The row without these members, named with blanks between.
    pub(super) fn without(&self, names: &str) -> Self {
        names.split(' ').fold(self.clone(), |row, name| row.with(name, Field::Null))
    }

    /// The value of a member; null when there is no such member.
    pub fn get(&self, path: &str) -> &Field {
        let mut names = path.split('.');
        let first = self.member(names.next().unwrap_or_default());
        names.fold(first, |field, name| match field {
            Field::Row(row) => row.member(name),
            Field::List(list) => name.parse().ok().and_then(|at: usize| list.get(at)).unwrap_or(&Field::Null),
            _ => &Field::Null,
        })
    }

    pub(super) fn member(&self, name: &str) -> &Field {
        let set = self.set.iter().find(|(own, _)| own == name).map(|(_, value)| value);
        set.or_else(|| Some(&self.shape.member(name)?.default)).unwrap_or(&Field::Null)
    }

    /// Changes a member. A name that ShipStation does not have becomes a further member at the end of the row; a path that leads
    /// through something that is not an object or a list changes nothing.
    pub fn set(&mut self, path: &str, value: impl Into<Field>) {
        if let Some(field) = self.field_mut(path) {
            *field = value.into();
        }
    }

    pub(super) fn has(&self, member: &str) -> bool {
        self.set.iter().any(|(name, _)| name == member)
    }

    /// Makes a member null.
    pub fn clear(&mut self, path: &str) {
        self.set(path, Field::Null);
    }

    /// Like [`set`](Self::set), in the middle of a chain.
    pub(super) fn with(mut self, path: &str, value: impl Into<Field>) -> Self {
        self.set(path, value);
        self
    }

    /// The value of a member, to be changed; see [`set`](Self::set).
    pub fn field_mut(&mut self, path: &str) -> Option<&mut Field> {
        let mut names = path.split('.');
        let mut field = self.member_mut(names.next().unwrap_or_default())?;
        for name in names {
            field = match field {
                Field::Row(row) => row.member_mut(name)?,
                Field::List(list) => list.get_mut(name.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(field)
    }

    pub(super) fn member_mut(&mut self, name: &str) -> Option<&mut Field> {
        let at = self.set.iter().position(|(own, _)| own == name).unwrap_or_else(|| {
            self.set.push(match self.shape.member(name) {
                Some(member) => (Cow::Borrowed(member.name), member.initial()),
                None => (Cow::Owned(name.to_owned()), Field::Null),
            });
            self.set.len() - 1
        });
        self.set.get_mut(at).map(|(_, value)| value)
    }

    /// A text; `None` for null and anything else.
    pub fn text(&self, path: &str) -> Option<&str> {
        if let Field::Text(text) = self.get(path) { Some(text) } else { None }
    }

    /// A whole number; `None` for null and anything else.
    pub fn int(&self, path: &str) -> Option<i64> {
        self.get(path).int()
    }

    /// An amount; `None` for null and anything else.
    pub fn amount(&self, path: &str) -> Option<Decimal> {
        if let Field::Amount(amount) = self.get(path) {
            Some(*amount)
        } else {
            self.int(path).map(Decimal::from)
        }
    }

    /// An instant; `None` for null and anything else.
    pub fn time(&self, path: &str) -> Option<Timestamp> {
        if let Field::Time(at) = self.get(path) { Some(*at) } else { None }
    }

    /// Whether the member is `true`.
    pub fn flag(&self, path: &str) -> bool {
        *self.get(path) == Field::Flag(true)
    }

    /// The whole numbers of a list, such as `tagIds`.
    pub fn ids(&self, path: &str) -> Vec<i64> {
        self.list(path).iter().filter_map(Field::int).collect()
    }

    /// The objects of a list, such as `items`.
    pub fn rows(&self, path: &str) -> impl DoubleEndedIterator<Item = &Record> {
        self.list(path).iter().filter_map(|field| if let Field::Row(row) = field { Some(row) } else { None })
    }

    /// The objects of a list, to be changed.
    pub fn rows_mut(&mut self, path: &str) -> impl Iterator<Item = &mut Record> {
        let list = self.list_mut(path).into_iter().flatten();
        list.filter_map(|field| if let Field::Row(row) = field { Some(row) } else { None })
    }

    /// An object within the row, such as `shipTo`.
    pub fn row(&self, path: &str) -> Option<&Record> {
        if let Field::Row(row) = self.get(path) { Some(row) } else { None }
    }

    fn list(&self, path: &str) -> &[Field] {
        if let Field::List(list) = self.get(path) { list } else { &[] }
    }

    /// A list, to be changed; null becomes an empty one.
    pub fn list_mut(&mut self, path: &str) -> Option<&mut Vec<Field>> {
        let field = self.field_mut(path)?;
        if *field == Field::Null {
            *field = Field::List(Vec::new());
        }
        if let Field::List(list) = field { Some(list) } else { None }
    }

    /// Adds to a list.
    pub fn push(&mut self, path: &str, value: impl Into<Field>) {
        if let Some(list) = self.list_mut(path) {
            list.push(value.into());
        }
    }

    pub(super) fn is_text(&self, path: &str, wanted: &str) -> bool {
        self.text(path).is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    }

    /// Whether a value passes the test. `.*.` in the path stands for each row of a list.
    pub(super) fn any(&self, path: &str, test: &impl Fn(&Field) -> bool) -> bool {
        match path.split_once(".*.") {
            None => test(self.get(path)),
            Some((list, rest)) => self.rows(list).any(|row| row.any(rest, test)),
        }
    }

    /// Sets these members, named with blanks between, as the other row has them.
    pub(super) fn copy(&mut self, from: &Self, members: &str) {
        members.split(' ').for_each(|member| self.set(member, from.get(member).clone()));
    }
}

impl Shape {
    pub(super) fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl Member {
    /// What the member is before it is changed from outside: an object that is null by default has its own shape.
    fn initial(&self) -> Field {
        match (self.kind, &self.default) {
            (Kind::Row(shape), Field::Null) => Field::Row(Record::new(shape)),
            (_, default) => default.clone(),
        }
    }
}

/// The amount that a text spells, in plain or scientific notation.
pub(super) fn amount(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.shape, other.shape) && self.set == other.set
    }
}

impl Field {
    fn int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }
}

macro_rules! from {
    ($($kind:ty: $value:ident => $field:expr,)*) => {
        $(impl From<$kind> for Field {
            fn from($value: $kind) -> Self {
                $field
            }
        })*
    };
}

from! {
    bool: flag => Self::Flag(flag),
    i32: number => Self::Int(number.into()),
    i64: number => Self::Int(number),
    Decimal: amount => Self::Amount(amount),
    String: text => Self::Text(text.into()),
    &String: text => text.as_str().into(),
    &str: text => text.to_owned().into(),
    Timestamp: at => Self::Time(at),
    Record: row => Self::Row(row),
}

impl<T: Into<Field>> From<Option<T>> for Field {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Field>> From<Vec<T>> for Field {
    fn from(values: Vec<T>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Into<Field>> FromIterator<T> for Field {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}
