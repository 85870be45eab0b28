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

mod carriers;
mod comparison;
mod display_text;
mod errors;
mod explain;
mod pattern;
mod precedence;
mod resolution;
mod rule;
mod rules;
mod similarity;
mod suggestions;

pub use self::{
    carriers::{AccountCarrier, CarrierKey, CarrierResolution, CarrierRule, CarrierRules, CarrierSuggestion},
    comparison::{Comparison, Difference},
    display_text::{DisplayText, escape_invisible},
    errors::{CarrierRuleError, CarrierRuleErrors, GlobError, RuleError, RuleErrors},
    explain::{Considered, Explanation, NoMatch, RuleMatch, Shadowed, Strength},
    resolution::{MethodSource, ShippingDefaults, ShippingRequest, ShippingResolution, UnmappedText},
    rule::{MatchKind, Scope, ScopeLevel, ShippingMethod, ShippingPolicy, ShippingRule, StoreKey, TextMatch},
    rules::ShippingRules,
    similarity::SuggestionReason,
    suggestions::{Suggestion, UnmappedShipping, suggest},
};
pub(crate) use self::{
    comparison::fold_text,
    display_text::{cut_names, is_invisible, name_list},
    suggestions::Suggester,
};
