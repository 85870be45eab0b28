//! Settings from a file: a key that is none is refused with the one that was meant, a value with where it stands.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use serde_json::Value;

use super::{ListingSettings, Settings};
use crate::{
    channel::shipping::ShippingMethod,
    config_errors::{refuse_unknown_keys, wrong_value},
    duration_text,
};

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Value::deserialize(deserializer)?;
        read(given).map_err(D::Error::custom)
    }
}

/// What is left out keeps its default.
fn read(given: Value) -> Result<Settings, String> {
    let mut settings = Settings::default();
    refuse_unknown_keys(&given, &to_value(&settings), "")?;
    let Value::Object(sections) = given else {
        return Err("settings are an object with a key for each part".into());
    };
    for (key, value) in sections {
        match key.as_str() {
            "orders" => settings.orders = section(&key, &value)?,
            "actions" => settings.actions = section(&key, &value)?,
            "shipments" => settings.shipments = section(&key, &value)?,
            "listings" => {
                settings.listings = Some(value)
                    .filter(|value| !value.is_null())
                    .map(|value| section::<ListingSettings>(&key, &value))
                    .transpose()?;
            }
            "shipping" => {
                unknown_key_of_a_method(&value)?;
                settings.shipping = section(&key, &value)?;
            }
            _ => settings.lease = duration_text::deserialize(value).map_err(|why| format!("{key}: {why}"))?,
        }
    }
    Ok(settings)
}

fn section<T: Default + Serialize + DeserializeOwned>(name: &str, given: &Value) -> Result<T, String> {
    refuse_unknown_keys(given, &to_value(&T::default()), name)?;
    serde_path_to_error::deserialize(given)
        .map_err(|error| format!("{name}.{}", wrong_value(given, error.path(), error.inner())))
}

/// Refuses a key that no method has, in the methods of the shipping part.
fn unknown_key_of_a_method(shipping: &Value) -> Result<(), String> {
    let every_part =
        ShippingMethod::new("").carrier_code("").service_code("").package_code("").confirmation("");
    let known = to_value(&every_part);
    let defaults = &shipping["defaults"];
    let by_store = defaults["by_store"].as_object().into_iter().flatten();
    let of_stores = by_store.map(|(store, method)| (format!("shipping.defaults.by_store.{store}"), method));
    let others = [
        ("shipping.defaults.global".to_owned(), &defaults["global"]),
        ("shipping.unmapped.default".to_owned(), &shipping["unmapped"]["default"]),
    ];
    of_stores.chain(others).try_for_each(|(path, method)| refuse_unknown_keys(method, &known, &path))
}

fn to_value(settings: &impl Serialize) -> Value {
    serde_json::to_value(settings).unwrap_or_default()
}
