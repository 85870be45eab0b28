//! How an order is to be packed, carried and declared. Units that ShipStation spells in two ways become one; words that are the
//! same on both sides are taken over, and unknown ones verbatim.

use crate::{
    channel::{
        Confirmation, Customs, CustomsContents, CustomsItem, Dimensions, Handling, Insurance,
        InsuranceProvider, LengthUnit, NonDelivery, Weight, WeightUnit,
    },
    client::{
        self, AdvancedOptions, DimensionUnits, InsuranceOptions, InternationalOptions, Order, WeightUnits,
    },
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
    let ounces = || (from.weight_units == Some(OUNCES)).then_some(WeightUnit::Ounce);
    Weight { value: from.value, unit: unit.or_else(ounces) }
}

pub(super) fn dimensions(from: &client::Dimensions) -> Dimensions {
    let unit = from.units.as_ref().map(|units| match units {
        DimensionUnits::Inches | DimensionUnits::Inch => LengthUnit::Inch,
        DimensionUnits::Centimeters => LengthUnit::Centimeter,
        DimensionUnits::Unknown(text) => LengthUnit::Unknown(text.clone()),
    });
    Dimensions { length: from.length, width: from.width, height: from.height, unit }
}

pub(super) fn handling(order: &Order) -> Handling {
    let is_set = |option: fn(&AdvancedOptions) -> Option<bool>| {
        order.advanced_options.as_ref().and_then(option).unwrap_or(false)
    };
    Handling {
        confirmation: order.confirmation.as_ref().map(|word| Confirmation::from(word.as_str())),
        saturday_delivery: is_set(|options| options.saturday_delivery),
        non_machinable: is_set(|options| options.non_machinable),
        contains_alcohol: is_set(|options| options.contains_alcohol),
    }
}

pub(super) fn insurance(from: &InsuranceOptions) -> Insurance {
    Insurance {
        insured: from.insure_shipment,
        provider: from.provider.as_ref().map(|word| InsuranceProvider::from(word.as_str())),
        value: from.insured_value,
    }
}

/// What customs are to be told, if anything.
pub(super) fn customs(from: &InternationalOptions) -> Option<Customs> {
    let customs = Customs {
        contents: from.contents.as_ref().map(|word| CustomsContents::from(word.as_str())),
        non_delivery: from.non_delivery.as_ref().map(|word| NonDelivery::from(word.as_str())),
        items: from.customs_items.iter().map(customs_item).collect(),
    };
    (customs != Customs::default()).then_some(customs)
}

fn customs_item(from: &client::CustomsItem) -> CustomsItem {
    CustomsItem {
        id: from.customs_item_id.map(|id| id.to_string()),
        description: from.description.clone(),
        quantity: from.quantity,
        value: from.value,
        hs_code: from.harmonized_tariff_code.clone(),
        origin: from.country_of_origin.clone(),
    }
}
