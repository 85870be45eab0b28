//! What must hold for every list of rules: the order of rules never matters, an exact text beats
//! everything, and the tables agree with trying every rule by the letter of the documentation.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    Comparison, MatchKind, RuleMatch, Scope, ShippingDefaults, ShippingMethod, ShippingRequest,
    ShippingResolution, ShippingRule, ShippingRules, TextMatch, WonBy, fold::fold_text, glob::Glob,
};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aAb -]{0,5}",
        select(vec!["UPS", "UPS Ground", "ups ground", "Standard", " Standard", "2\u{2013}Day", "2-Day"])
            .prop_map(str::to_owned),
    ]
}

fn rule() -> impl Strategy<Value = ShippingRule> {
    let text_match = prop_oneof![
        3 => text().prop_map(TextMatch::Exact),
        2 => text().prop_map(TextMatch::Prefix),
        2 => "[aAb*? -]{1,5}".prop_map(TextMatch::Glob),
        1 => Just(TextMatch::Absent),
        1 => Just(TextMatch::Any),
    ];
    let store = option::of(select(vec!["1", "2"]));
    let marketplace = option::weighted(0.3, select(vec!["eBay", "Etsy"]));
    let countries = vec(select(vec!["US", "ca", "MX"]), 0..3);
    (text_match, store, marketplace, countries, prop::bool::weighted(0.9), "[p-z]{1,3}").prop_map(
        |(text, store, marketplace, countries, enabled, policy)| {
            let mut rule = ShippingRule::new(text, policy);
            rule.scope.store = store.map(Into::into);
            rule.scope.marketplace = marketplace.map(str::to_owned);
            rule.scope.countries = countries.into_iter().map(str::to_owned).collect();
            rule.enabled = enabled;
            rule
        },
    )
}

fn request() -> impl Strategy<Value = ShippingRequest> {
    let store = option::of(select(vec!["1", "2", "3"]));
    let marketplace = option::of(select(vec!["eBay", "Etsy"]));
    let country = option::of(select(vec!["us", "CA", "DE", "Canada"]));
    (option::weighted(0.9, text()), store, marketplace, country).prop_map(
        |(text, store, marketplace, country)| {
            let mut request = ShippingRequest::from_text(text);
            request.store = store.map(Into::into);
            request.marketplace = marketplace.map(str::to_owned);
            request.country = country.map(str::to_owned);
            request
        },
    )
}

fn comparison() -> impl Strategy<Value = Comparison> {
    select(vec![Comparison::Exact, Comparison::Lenient])
}

/// Rules that compile: those that are unsound or clash with an earlier one are left out.
fn sound(rules: Vec<ShippingRule>, comparison: Comparison) -> ShippingRules {
    let mut kept: Vec<ShippingRule> = Vec::new();
    let mut compiled = ShippingRules::default();
    for rule in rules {
        kept.push(rule);
        match ShippingRules::compile(&kept, defaults(), comparison) {
            Ok(fine) => compiled = fine,
            Err(_) => drop(kept.pop()),
        }
    }
    compiled
}

fn defaults() -> ShippingDefaults {
    ShippingDefaults::none().store("3", "default of store 3")
}

/// The resolution by the letter: filter, then the greatest of (kind, length, scope). Patterns have tests of their own
/// against their definition, so they are used here.
fn reference(rules: &ShippingRules, request: &ShippingRequest) -> Option<(ShippingMethod, usize)> {
    let folded = |text: &str| match rules.comparison() {
        Comparison::Exact => text.to_owned(),
        Comparison::Lenient => fold_text(text),
    };
    // The blank at the end of a prefix is kept, which folding the prefix with a mark behind it shows.
    let prefix = |text: &str| folded(&format!("{text}|")).trim_end_matches('|').to_owned();
    let glob = |pattern: &str| Glob::parse(pattern, rules.comparison()).unwrap();
    let text = request.text.as_deref().map(folded).filter(|text| !text.is_empty());
    let fits_text = |rule: &ShippingRule| match (&rule.text, &text) {
        (TextMatch::Absent, text) => text.is_none(),
        (_, None) => false,
        (TextMatch::Exact(wanted), Some(text)) => folded(wanted) == *text,
        (TextMatch::Prefix(wanted), Some(text)) => text.starts_with(&prefix(wanted)),
        (TextMatch::Glob(pattern), Some(text)) => glob(pattern).fits(text),
        (TextMatch::Any, Some(_)) => true,
    };
    let fits_scope = |Scope { store, marketplace, countries }: &Scope| {
        let country =
            |wanted: &String| request.country.as_ref().is_some_and(|c| c.eq_ignore_ascii_case(wanted));
        (store.is_none() || *store == request.store)
            && (marketplace.is_none() || *marketplace == request.marketplace)
            && (countries.is_empty() || countries.iter().any(country))
    };
    let rank = |rule: &ShippingRule| {
        let length = match &rule.text {
            TextMatch::Prefix(wanted) => prefix(wanted).chars().count(),
            TextMatch::Glob(pattern) => glob(pattern).literals,
            _ => 0,
        };
        (rule.text.kind(), length, rule.scope.level())
    };
    let fitting = rules.rules().iter().enumerate();
    fitting
        .filter(|(_, rule)| rule.enabled && fits_text(rule) && fits_scope(&rule.scope))
        .max_by_key(|(_, rule)| rank(rule))
        .map(|(index, rule)| (rule.method.clone(), index))
}

proptest! {
    #[test]
    fn resolve_agrees_with_the_definition(
        rules in vec(rule(), 0..40), requests in vec(request(), 20), comparison in comparison(),
    ) {
        let rules = sound(rules, comparison);
        for request in &requests {
            match (rules.resolve(request), reference(&rules, request)) {
                (ShippingResolution::Mapped { method, won: WonBy::Rule { index, .. } }, Some(wanted)) => {
                    prop_assert_eq!((method, index), wanted);
                }
                (ShippingResolution::Mapped { won, .. }, None) => {
                    prop_assert_eq!(won, WonBy::StoreDefault);
                    prop_assert_eq!(&request.store, &Some("3".into()));
                }
                (ShippingResolution::Unmapped { text }, None) => prop_assert_eq!(Some(text), request.text.clone()),
                (ShippingResolution::NoText, None) => {
                    let text = request.text.as_deref().unwrap_or_default();
                    prop_assert!(text.is_empty() || comparison == Comparison::Lenient && text.trim().is_empty());
                }
                (got, wanted) => prop_assert!(false, "{got:?} instead of {wanted:?}"),
            }
        }
    }

    #[test]
    fn the_order_of_rules_never_matters(
        (rules, shuffled) in vec(rule(), 0..25).prop_map(|rules| sound(rules, Comparison::Exact).rules().to_vec())
            .prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        requests in vec(request(), 20),
    ) {
        let compile = |rules: &[ShippingRule]| ShippingRules::compile(rules, defaults(), Comparison::Exact);
        let (rules, shuffled) = (compile(&rules).unwrap(), compile(&shuffled).unwrap());
        for request in &requests {
            prop_assert_eq!(rules.resolve(request).method().cloned(), shuffled.resolve(request).method().cloned());
        }
    }

    #[test]
    fn an_exact_text_beats_everything(
        rules in vec(rule(), 0..25), request in request(), comparison in comparison(),
    ) {
        prop_assume!(request.text.as_deref().is_some_and(|text| !text.trim().is_empty()));
        let mut all = vec![ShippingRule::exact(request.text.clone().unwrap(), "the exact one")];
        all.extend(rules);
        let resolution = sound(all, comparison).resolve(&request);
        let exact = matches!(
            resolution,
            ShippingResolution::Mapped { won: WonBy::Rule { kind: MatchKind::Exact, .. }, .. }
        );
        prop_assert!(exact, "{:?}", resolution);
    }

    #[test]
    fn explain_names_the_same_winner_and_judges_every_rule(
        rules in vec(rule(), 0..25), request in request(), comparison in comparison(),
    ) {
        let rules = sound(rules, comparison);
        let explanation = rules.explain(&request);
        prop_assert_eq!(explanation.considered.len(), rules.rules().len());
        let winners: Vec<usize> = explanation.considered.iter()
            .filter(|considered| considered.verdict == RuleMatch::Won).map(|considered| considered.index).collect();
        let won = match explanation.resolution {
            ShippingResolution::Mapped { won: WonBy::Rule { index, .. }, .. } => vec![index],
            _ => vec![],
        };
        prop_assert_eq!(winners, won);
    }

    #[test]
    fn a_shadowed_rule_never_wins(
        rules in vec(rule(), 0..25), requests in vec(request(), 20), comparison in comparison(),
    ) {
        let rules = sound(rules, comparison);
        let shadowed: Vec<usize> = rules.shadowed().iter().map(|shadowed| shadowed.rule).collect();
        for request in &requests {
            if let ShippingResolution::Mapped { won: WonBy::Rule { index, .. }, .. } = rules.resolve(request) {
                prop_assert!(!shadowed.contains(&index));
            }
        }
    }
}
