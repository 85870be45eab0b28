//! Shipping mappings: from a store's shipping text to the host's policy, and from the host's carrier to the
//! channel's carrier code. Pure code: it reads no store, sends no request and knows no particular channel.
//!
//! - A person writes [`ShippingRule`]s, by hand or in a spreadsheet.
//! - [`ShippingRules::compile`] checks them; [`ShippingRules::resolve`] answers for one order.
//! - [`ShippingRules::explain`], [`ShippingRules::shadowed`] and [`ShippingRules::unused`] say why.
//!
//! Exact text comes first, the answer never depends on the order of the rules, and nothing is guessed: a
//! text that no rule fits stays [`ShippingResolution::Unmapped`] until a person maps it.

pub mod csv;

mod audit;
mod carrier_suggestions;
mod carriers;
mod conflicts;
mod display_text;
mod errors;
mod explain;
mod fold;
mod glob;
mod likeness;
mod request;
mod rule;
mod rules;
mod scope;
mod suggest;
mod text_table;
mod unmapped;

#[cfg(test)]
mod properties;

pub use self::{
    audit::Shadowed,
    carrier_suggestions::{AccountCarrier, CarrierSuggestion},
    carriers::{
        CarrierKey, CarrierResolution, CarrierRule, CarrierRuleError, CarrierRuleErrors, CarrierRules,
    },
    display_text::{DisplayText, visible},
    errors::{RuleError, RuleErrors},
    explain::{Considered, Explanation, NoMatch, RuleMatch, Strength},
    fold::{Comparison, Difference},
    glob::GlobError,
    likeness::Reason,
    request::{ShippingDefaults, ShippingRequest, ShippingResolution, WonBy},
    rule::{MatchKind, ShippingMethod, ShippingPolicy, ShippingRule, StoreKey, TextMatch},
    rules::ShippingRules,
    scope::{Scope, ScopeLevel},
    suggest::{Suggestion, suggest},
    unmapped::{UnmappedShipping, UnmappedText},
};
pub(crate) use self::{
    display_text::{cut_names, is_invisible, name_list},
    fold::fold_text,
    suggest::Suggester,
};
