//! Rows as JSON: reading what requests bring, and printing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use serde_json::{Value, value::RawValue};

use super::{
    Digits, Field, Kind, Member, Record, pacific,
    record::{OPEN, amount},
};

impl Record {
    /// What the JSON is as the value of a member.
    ///
    /// # Errors
    /// The row has no such member, or it is of another kind.
    pub(super) fn read_member(&self, path: &str, json: &RawValue) -> Result<Field, String> {
        let (outer, name) =
            path.rsplit_once('.').map_or((Some(self), path), |(outer, name)| (self.row(outer), name));
        let unknown = || format!("There is no member '{path}'.");
        let outer = outer.ok_or_else(unknown)?;
        match outer.shape.member(name) {
            Some(member) => Field::read(member.kind, json),
            None if outer.shape.members.is_empty() => Field::read(Kind::Any, json),
            None => Err(unknown()),
        }
    }

    /// The member that a request means by a name, whatever its case.
    pub(super) fn meant(&self, name: &str) -> Option<&'static Member> {
        self.shape.members.iter().find(|member| member.name.eq_ignore_ascii_case(name))
    }

    /// The row with the members that the JSON of a request sets. They match whatever their case, unknown ones are left out, and
    /// null is the default. An object without a shape takes every member.
    ///
    /// # Errors
    /// With ShipStation's message: the text is not an object, or a member is of another kind.
    pub(super) fn read(mut self, json: &str) -> Result<Self, String> {
        let sent: BTreeMap<String, &RawValue> = parsed(json)?;
        for (name, value) in sent {
            let (name, kind) = match self.meant(&name) {
                Some(member) => (member.name, member.kind),
                None if self.shape.members.is_empty() => (name.as_str(), Kind::Any),
                None => continue,
            };
            let value = Field::read(kind, value)?;
            if value != Field::Null
                && let Some(member) = self.member_mut(name)
            {
                *member = value;
            }
        }
        Ok(self)
    }
}

impl Field {
    fn read(kind: Kind, json: &RawValue) -> Result<Self, String> {
        let text = json.get();
        let wrong = || format!("Could not convert '{}'.", text.chars().take(40).collect::<String>());
        let row = |shape| Record::new(shape).read(text).map(Self::Row);
        let list =
            |kind| parsed::<Vec<&RawValue>>(text)?.into_iter().map(|json| Self::read(kind, json)).collect();
        match (text.as_bytes().first(), kind) {
            (Some(b'n'), _) | (_, Kind::Hidden) => Ok(Self::Null),
            (Some(b'{'), Kind::Row(shape)) => row(shape),
            (Some(b'{'), Kind::Any) => row(&OPEN),
            (Some(b'['), Kind::Rows(shape)) => list(Kind::Row(shape)),
            (Some(b'['), Kind::Ids) => list(Kind::Int),
            (Some(b'['), Kind::Any) => list(Kind::Any),
            (Some(b't' | b'f'), Kind::Flag | Kind::Any) => Ok(Self::Flag(text == "true")),
            (Some(b'-' | b'0'..=b'9'), Kind::Int) => text.parse().map(Self::Int).map_err(|_| wrong()),
            (Some(b'-' | b'0'..=b'9'), Kind::Amount | Kind::Any) => {
                text.parse().map(Self::Int).or_else(|_| amount(text).map(Self::Amount).ok_or_else(wrong))
            }
            (Some(b'"'), kind) => {
                let text: String = parsed(text)?;
                match kind {
                    Kind::Any | Kind::Text => Ok(Self::Text(text.into())),
                    Kind::Time => Ok(pacific::parse(&text).map(pacific::instant).into()),
                    Kind::Amount if text.trim().is_empty() => Ok(Self::Null),
                    // A number in quotes, as Json.NET takes it.
                    Kind::Amount => amount(text.trim()).map(Self::Amount).ok_or_else(wrong),
                    Kind::Int => text.trim().parse().map(Self::Int).map_err(|_| wrong()),
                    _ => Err(wrong()),
                }
            }
            _ => Err(wrong()),
        }
    }
}

fn parsed<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.json()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl Record {
    /// The row as JSON text.
    pub(super) fn json(&self) -> String {
        let printed = self.shape.members.iter().filter(|member| !matches!(member.kind, Kind::Hidden));
        let known = printed.map(|member| match self.member(member.name) {
            Field::List(list) if list.is_empty() => (member.name, &member.default),
            value => (member.name, value),
        });
        let further = self.set.iter().filter(|(name, _)| self.shape.member(name).is_none());
        let members = known.chain(further.map(|(name, value)| (name.as_ref(), value)));
        let members: Vec<String> = members
            .map(|(name, value)| format!("{}:{}", Value::from(name), value.json(self.shape.digits)))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

impl Field {
    fn json(&self, digits: Digits) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Amount(amount) => amount.to_string(),
            Self::Text(text) => Value::from(text.as_ref()).to_string(),
            Self::Time(at) => format!("\"{}\"", pacific::written(*at, digits)),
            Self::List(list) => {
                format!("[{}]", list.iter().map(|field| field.json(digits)).collect::<Vec<_>>().join(","))
            }
            Self::Row(row) => row.json(),
        }
    }
}
