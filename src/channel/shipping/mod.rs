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
mod carrier;
mod compiled;
mod errors;
mod explain;
mod fold;
mod glob;
mod index;
mod keys;
mod method;
mod nearness;
mod overlap;
mod resolution;
mod rule;
mod rules;
mod scope;
mod suggest;
mod ties;
mod unmapped;
mod visible;

pub(crate) use self::{
    fold::fold_text,
    suggest::Suggester,
    visible::{cut_names, is_invisible, name_list},
};

#[cfg(test)]
mod properties;

pub use self::{
    audit::Shadowed,
    carrier::{
        AccountCarrier, CarrierKey, CarrierReason, CarrierResolution, CarrierRule, CarrierRuleError,
        CarrierRuleErrors, CarrierRules, CarrierSuggestion,
    },
    errors::{RuleError, RuleErrors},
    explain::{Considered, Explanation, Misfit, Strength, Verdict},
    fold::{Comparison, Difference},
    glob::GlobError,
    keys::{ShippingPolicy, StoreKey},
    method::ShippingMethod,
    resolution::{ShippingDefaults, ShippingRequest, ShippingResolution, WonBy},
    rule::{MatchKind, ShippingRule, TextMatch},
    rules::ShippingRules,
    scope::{Scope, ScopeLevel},
    suggest::{Reason, Suggestion, suggest},
    unmapped::{UnmappedShipping, UnmappedText},
    visible::{DisplayText, visible},
};
