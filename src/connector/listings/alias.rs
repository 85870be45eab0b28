//! A product's other names. Their form is not established: texts, or objects with a name and a store, alone or
//! in a list.

use serde_json::Value;

use crate::{
    channel::shipping::StoreKey,
    client::{Product, StoreId},
};

/// Another name of a product, and the store that knows it by that name; `None` for every store.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alias<'p> {
    pub(super) name: &'p str,
    pub(super) store: Option<StoreId>,
}

impl Alias<'_> {
    pub(super) fn store_key(&self) -> Option<StoreKey> {
        self.store.map(|store| StoreKey::new(store.to_string()))
    }
}

/// The names of a product beside its SKU; blank ones are left out.
pub(super) fn aliases(product: &Product) -> impl Iterator<Item = Alias<'_>> {
    let (list, alone) = match &product.aliases {
        Some(Value::Array(list)) => (list.as_slice(), None),
        other => (&[][..], other.as_ref()),
    };
    list.iter().chain(alone).filter_map(alias).filter(|alias| !alias.name.trim().is_empty())
}

fn alias(value: &Value) -> Option<Alias<'_>> {
    let name = value.as_str().or_else(|| value.get("name")?.as_str())?;
    Some(Alias { name, store: value.get("storeId").and_then(store) })
}

fn store(value: &Value) -> Option<StoreId> {
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (number > 0).then(|| StoreId::new(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_every_form_of_aliases_is_read() {
        let cases = [
            ("null", vec![]),
            (r#""A-1""#, vec![("A-1", None)]),
            (r#"["A-1", " ", null, 7]"#, vec![("A-1", None)]),
            (
                r#"[{"name":"A-1","storeId":12},{"name":"A-2","storeId":"13"}]"#,
                vec![("A-1", Some(12)), ("A-2", Some(13))],
            ),
            (r#"[{"name":"A-1","storeId":0},{"name":null},{}]"#, vec![("A-1", None)]),
            (r#"{"name":"A-1"}"#, vec![("A-1", None)]),
        ];
        for (json, wanted) in cases {
            let row = format!(r#"{{"productId":1,"aliases":{json}}}"#);
            let product: Product = serde_json::from_str(&row).unwrap();
            let found: Vec<_> =
                aliases(&product).map(|alias| (alias.name, alias.store.map(StoreId::get))).collect();
            assert_eq!(found, wanted, "{json}");
        }
    }
}
