//! How an order is to be packed, carried and declared. Units that ShipStation spells in two ways become one; words that are the
//! same on both sides are taken over, and unknown ones verbatim.

use crate::{
    channel::{
        Confirmation, Customs, CustomsContents, CustomsItem, Dimensions, Handling, Insurance,
        InsuranceProvider, LengthUnit, NonDelivery, Weight, WeightUnit,
    },
    client::{self, DimensionUnits, InsuranceOptions, InternationalOptions, Order, WeightUnits},
};

/// The number that ShipStation writes beside the unit "ounces".
const OUNCES: i64 = 1;

pub(super) fn weight(from: &client::Weight) -> Weight {
    let unit = from.units.as_ref().map(|units| match units {
        WeightUnits::Pounds => WeightUnit::Pound,
        WeightUnits::Ounces | WeightUnits::Ounce => WeightUnit::Ounce,
        WeightUnits::Grams => WeightUnit::Gram,
        WeightUnits::Unknown(text) => WeightUnit::Unknown(text.clone()),
    });
    let mut weight = Weight::default();
    weight.value = from.value;
    weight.unit = unit.or_else(|| (from.weight_units == Some(OUNCES)).then_some(WeightUnit::Ounce));
    weight
}

pub(super) fn dimensions(from: &client::Dimensions) -> Dimensions {
    let mut dimensions = Dimensions::default();
    (dimensions.length, dimensions.width, dimensions.height) = (from.length, from.width, from.height);
    dimensions.unit = from.units.as_ref().map(|units| match units {
        DimensionUnits::Inches | DimensionUnits::Inch => LengthUnit::Inch,
        DimensionUnits::Centimeters => LengthUnit::Centimeter,
        DimensionUnits::Unknown(text) => LengthUnit::Unknown(text.clone()),
    });
    dimensions
}

pub(super) fn handling(order: &Order) -> Handling {
    let mut handling = Handling::default();
    handling.confirmation = order.confirmation.as_ref().map(|word| Confirmation::from(word.as_str()));
    if let Some(options) = &order.advanced_options {
        handling.saturday_delivery = options.saturday_delivery.unwrap_or(false);
        handling.non_machinable = options.non_machinable.unwrap_or(false);
        handling.contains_alcohol = options.contains_alcohol.unwrap_or(false);
    }
    handling
}

pub(super) fn insurance(from: &InsuranceOptions) -> Insurance {
    let mut insurance = Insurance::default();
    insurance.insured = from.insure_shipment;
    insurance.provider = from.provider.as_ref().map(|word| InsuranceProvider::from(word.as_str()));
    insurance.value = from.insured_value;
    insurance
}

/// What customs are to be told, if anything.
pub(super) fn customs(from: &InternationalOptions) -> Option<Customs> {
    let mut customs = Customs::default();
    customs.contents = from.contents.as_ref().map(|word| CustomsContents::from(word.as_str()));
    customs.non_delivery = from.non_delivery.as_ref().map(|word| NonDelivery::from(word.as_str()));
    customs.items = from.customs_items.iter().map(customs_item).collect();
    (customs != Customs::default()).then_some(customs)
}

fn customs_item(from: &client::CustomsItem) -> CustomsItem {
    let mut item = CustomsItem::default();
    item.id = from.customs_item_id.map(|id| id.to_string());
    item.description.clone_from(&from.description);
    item.quantity = from.quantity;
    item.value = from.value;
    item.hs_code.clone_from(&from.harmonized_tariff_code);
    item.origin.clone_from(&from.country_of_origin);
    item
}
