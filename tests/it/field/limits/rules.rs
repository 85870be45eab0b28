//! Ten thousand rules, the worst that can be written: loading them, asking them, explaining them.

use shipstation_connector::channel::shipping::{
    Comparison, RuleError, RuleErrors, ShippingDefaults, ShippingRequest, ShippingResolution, ShippingRule,
    ShippingRules, suggest,
};

use super::in_time;

/// Fewer where nothing is optimized, so that the suite ends soon.
const MANY: usize = if cfg!(debug_assertions) { 3_000 } else { 10_000 };

fn compile(rules: &[ShippingRule]) -> Result<ShippingRules, RuleErrors> {
    ShippingRules::compile(rules, ShippingDefaults::none(), Comparison::Exact)
}

fn rules(rule: impl Fn(usize) -> ShippingRule) -> Vec<ShippingRule> {
    (0..MANY).map(rule).collect()
}

/// A rule of every kind of list that loads, by its place.
type Rule = fn(usize) -> ShippingRule;

const SOUND: &[(&str, Rule)] = &[
    ("exact texts", |n| ShippingRule::exact(format!("Ground {n}"), "p")),
    ("one exact text in many stores", |n| ShippingRule::exact("Ground", "p").store(n.to_string())),
    ("prefixes of one another", |n| ShippingRule::prefix(format!("{n}"), "p")),
    ("globs with one long start", |n| ShippingRule::glob(format!("{}{n:05}*", "x".repeat(200)), "p")),
    ("globs with one long end", |n| ShippingRule::glob(format!("*{n:05}{}", "x".repeat(200)), "p")),
    ("globs that differ in start or end", |n| {
        ShippingRule::glob(format!("{:03}*{:03}", n / 100, n % 100), "p")
    }),
    ("globs with many stars", |n| ShippingRule::glob(format!("{n:05}{}b", "*a".repeat(50)), "p")),
    ("globs of ever more letters", |n| {
        ShippingRule::glob(format!("*{}*", "a".repeat(1 + n % 300)), "p").store((n / 300).to_string())
    }),
    ("globs with a question mark first", |n| ShippingRule::glob(format!("?{n:05}*"), "p")),
    ("globs without a star", |n| ShippingRule::glob(format!("?{n:05}"), "p")),
    ("globs that are texts, and their texts", |n| match n % 2 {
        0 => ShippingRule::glob(format!("Ground {}", n / 2), "p"),
        _ => ShippingRule::exact(format!("Ground {}", n / 2), "p"),
    }),
    ("a glob for everything and any, in many stores", |n| match n % 2 {
        0 => ShippingRule::glob("*", "p").store((n / 2).to_string()),
        _ => ShippingRule::any("p").store((n / 2).to_string()),
    }),
];

/// Texts that are nearly what the rules are for.
fn texts() -> Vec<String> {
    vec![
        "Ground 99999".to_owned(),
        "ground\u{a0}77".to_owned(),
        format!("{}99999 a", "x".repeat(200)),
        "a".repeat(999),
        "x".repeat(1_000_000),
    ]
}

#[test]
fn ten_thousand_rules_of_any_kind_load_and_answer_in_time() {
    for (name, rule) in SOUND {
        let list = rules(rule);
        let rules = in_time(&format!("load {name}"), || compile(&list))
            .unwrap_or_else(|errors| panic!("{name}: {errors}"));
        for text in texts() {
            let request = ShippingRequest::new(text.clone()).store("7").country("US");
            in_time(&format!("resolve by {name}"), || rules.resolve(&request));
            in_time(&format!("explain by {name}"), || rules.explain(&request).to_string());
            in_time(&format!("suggest by {name}"), || suggest(&text, None, &rules));
        }
        in_time(&format!("shadowed among {name}"), || rules.shadowed());
        in_time(&format!("unused among {name}"), || rules.unused(texts().iter().map(String::as_str)));
    }
}

#[test]
fn ten_thousand_overlapping_globs_give_twenty_errors_and_a_count() {
    let lists: [(&str, Rule); 4] = [
        ("starred on both sides", |n| ShippingRule::glob(format!("*{n:05}*"), "p")),
        ("all the same", |_| ShippingRule::glob("*Ground*", "p")),
        ("long, with many stars", |n| ShippingRule::glob(format!("*{n:05}{}*", "*ab".repeat(60)), "p")),
        ("in overlapping countries", |n| {
            let rule = ShippingRule::glob(format!("*{n:05}*"), "p");
            ["US", "CA", "MX", "GB"].into_iter().fold(rule, ShippingRule::country)
        }),
    ];
    for (name, rule) in lists {
        let list = rules(rule);
        let errors = in_time(&format!("refuse globs {name}"), || compile(&list)).unwrap_err();
        assert_eq!((errors.errors.len(), errors.total()), (20, MANY - 1), "{name}");
        assert!(
            matches!(errors.errors[0], RuleError::Tie { first: 0, second: 1 }),
            "{name}: {:?}",
            errors.errors[0]
        );
        let shown = in_time("show them", || errors.to_string());
        assert!(shown.ends_with(&format!("and {} more", MANY - 21)), "{name}");
        assert!(shown.lines().count() == 22 && shown.len() < 20_000, "{name}: {}", shown.len());
    }
}

#[test]
fn rules_that_repeat_each_other_or_share_a_country_are_found_in_time() {
    let lists: [(&str, Rule); 3] = [
        ("exact", |_| ShippingRule::exact("Ground", "p")),
        ("unsound", |_| ShippingRule::exact("", "p")),
        ("of a few countries", |n| {
            ShippingRule::any("p").country(if n < MANY / 2 { "US" } else { "CA" }).country("MX")
        }),
    ];
    for (name, rule) in lists {
        let list = rules(rule);
        let errors = in_time(&format!("refuse rules that are {name}"), || compile(&list)).unwrap_err();
        assert!(errors.errors.len() == 20 && errors.total() >= MANY - 1, "{name}: {}", errors.total());
    }
}

#[test]
fn one_tie_among_ten_thousand_rules_is_found() {
    // Nothing about their first and last letters alone says that both fit "qabcde".
    for (one, other) in [("?abcde*", "q?bcde*"), ("qabcd?", "?abcde"), ("qab*de", "?abc*de")] {
        let mut list = rules(|n| ShippingRule::glob(format!("z{n:04}*"), "p"));
        list.insert(5, ShippingRule::glob(one, "p"));
        list.push(ShippingRule::glob(other, "p"));
        let errors = in_time("find one tie", || compile(&list)).unwrap_err();
        assert_eq!(errors.errors, [RuleError::Tie { first: 5, second: MANY + 1 }], "{one} {other}");
        list.pop();
        in_time("find none", || compile(&list)).unwrap();
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes a minute where nothing is optimized")]
fn patterns_that_cannot_be_told_apart_in_time_are_refused_and_never_accepted() {
    let list = rules(|n| ShippingRule::glob(format!("?{}{n:05}*", "x".repeat(400)), "p"));
    let errors = in_time("give up", || compile(&list)).unwrap_err();
    let [RuleError::TooManyPatterns { rule }] = errors.errors[..] else { panic!("{errors}") };
    assert!(rule > 100, "{rule}");
    assert!(errors.to_string().contains("too many patterns like this one"), "{errors}");
}

#[test]
fn a_text_of_a_megabyte_is_compared_whole_and_shown_short() {
    let long = format!("{}1", "Ground ".repeat(150_000));
    let other = format!("{}2", "Ground ".repeat(150_000));
    let list = [
        ShippingRule::exact(long.clone(), "one"),
        ShippingRule::exact(other.clone(), "two").store("7"),
        ShippingRule::prefix(&long[..500_000], "prefix"),
        ShippingRule::glob("*", "rest").store("9"),
    ];
    for comparison in [Comparison::Exact, Comparison::Lenient] {
        let rules = ShippingRules::compile(&list, ShippingDefaults::none(), comparison).unwrap();
        let policy = |text: &str, store: &str| {
            let found =
                in_time("resolve a megabyte", || rules.resolve(&ShippingRequest::new(text).store(store)));
            found.method().map(|method| method.policy.to_string())
        };
        assert_eq!(policy(&long, "1").as_deref(), Some("one"));
        assert_eq!(policy(&other, "7").as_deref(), Some("two"));
        assert_eq!(policy(&other, "1").as_deref(), Some("prefix"), "one character makes another text");
        assert_eq!(policy(&"x".repeat(1_000_000), "9").as_deref(), Some("rest"), "* fits every text");
        assert_eq!(policy(&"x".repeat(1_000_000), "1"), None);

        let request = ShippingRequest::new(long.clone());
        let shown = in_time("explain a megabyte", || rules.explain(&request).to_string());
        assert!(shown.len() < 20_000 && shown.contains("more characters)"), "{} bytes", shown.len());
        let near = in_time("suggest for a megabyte", || suggest(&long.to_lowercase(), None, &rules));
        assert_eq!(near, [], "a long text is never compared in another way than whole");
    }
    let unmapped = ShippingResolution::Unmapped { text: long };
    assert!(unmapped.to_string().len() < 2_000);
}
