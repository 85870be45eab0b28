//! Enumerations that ShipStation may extend at any time, as members of its JSON.

/// Declares [open enumerations](crate::open_enum) that are read and written as ShipStation does.
macro_rules! open_enum {
    ($($(#[$meta:meta])* pub enum $name:ident { $($variants:tt)* })+) => {
        $crate::open_enum::open_enum! { $($(#[$meta])* pub enum $name { $($variants)* })+ }

        $(
            impl $crate::client::wire::Lenient for $name {
                const WHAT: &'static str = "a text";

                fn from_scalar(
                    scalar: $crate::client::wire::Scalar<'_>,
                ) -> Result<Option<Self>, $crate::client::wire::Unfit> {
                    use $crate::client::wire::drift::{DriftKind, note};
                    let text = scalar.text()?;
                    if text.is_empty() {
                        return Ok(None);
                    }
                    let value = Self::from(&*text);
                    if matches!(value, Self::Unknown(_)) {
                        note(DriftKind::Value, stringify!($name), &text);
                    }
                    Ok(Some(value))
                }

                fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }

            $crate::client::wire::standalone!($name);
        )+
    };
}

pub(crate) use open_enum;
