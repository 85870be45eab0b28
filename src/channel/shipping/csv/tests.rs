//! The table from end to end: what goes out comes back, and what is wrong is named by its row.

use proptest::{array::uniform5, collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::{
    Timestamp,
    channel::shipping::{Comparison, Scope, ShippingMethod, ShippingRule, TextMatch, UnmappedText},
};

const HEADER: &str = "match,text,store_id,marketplace,countries,policy,carrier_code,service_code,package_code,\
                      confirmation,rush,lock,enabled,note\r\n";

fn exported(rules: &[ShippingRule], guard: FormulaGuard) -> String {
    let mut table = Vec::new();
    export(rules, guard, &mut table).unwrap();
    String::from_utf8(table).unwrap()
}

fn table(rows: &str) -> String {
    format!("{HEADER}{rows}")
}

fn replace(file: &[u8]) -> ImportPlan {
    plan(&[], file, &ImportOptions::replace())
}

fn problems(plan: &ImportPlan) -> Vec<String> {
    plan.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn writes_the_documented_columns() {
    let method = ShippingMethod::new("two-day")
        .carrier_code("fedex")
        .service_code("fedex_2day")
        .package_code("package")
        .confirmation("signature")
        .rush();
    let rules = [
        ShippingRule::exact("2 Day, \"fast\"", method).store("12").country("US").country("CA").note("a\nb"),
        ShippingRule::absent("slow").marketplace("eBay").disabled(),
    ];
    assert_eq!(
        exported(&rules, FormulaGuard::Off),
        table(
            "exact,\"2 Day, \"\"fast\"\"\",12,,CA|US,two-day,fedex,fedex_2day,package,signature,true,false,true,\
             \"a\nb\"\r\nabsent,,,eBay,,slow,,,,,false,false,false,\r\n"
        )
    );
}

#[test]
fn reads_what_spreadsheets_make_of_it() {
    let file = "\u{feff}note,text,match,store_id,marketplace,countries,policy,carrier_code,service_code,package_code,\
                confirmation,rush,lock,enabled\n\
                ,Standard, EXACT ,,, us | CA ,ground,,,,,TRUE,,\n,,,,,,,,,,,,,\n\n,x*,glob,,,,air,,,,,,,FALSE";
    let rules = plan(&[], file.as_bytes(), &ImportOptions::merge()).into_rules().unwrap();
    let first =
        ShippingRule::exact("Standard", ShippingMethod::new("ground").rush()).country("us").country("CA");
    assert_eq!(rules, [first, ShippingRule::glob("x*", "air").disabled()]);
}

#[test]
fn names_every_problem_by_its_row() {
    let file = table(
        "exact,A,,,,one,,,,,,,,\r\n\
         exact,\"two\nlines\",,,,,,,,,,,,\r\n\
         fuzzy,B,,,,x,,,,,perhaps,,no,\r\n\
         absent,B,,,,x,,,,,,,,\r\n\
         exact,C\r\n\
         exact,A,,,,two,,,,,,,,\r\n\
         prefix,D,,,USA,x,,,,,,,,\r\n",
    );
    let plan = replace(file.as_bytes());
    assert_eq!(
        problems(&plan),
        [
            "row 3: no policy is given: row 3 [exact \"two␊lines\" -> ]",
            "row 4: match is \"fuzzy\", not exact, prefix, glob, absent or any",
            "row 4: rush is \"perhaps\", not true or false",
            "row 4: enabled is \"no\", not true or false",
            "row 5: a rule of kind absent has no text",
            "row 6: 2 cells instead of 14",
            "row 7: they fit the same orders equally well: row 2 [exact \"A\" -> one] and row 7 [exact \"A\" -> two]",
            "row 8: \"USA\" is not a two-letter country code: row 8 [prefix \"D\" for country USA -> x]",
        ]
    );
    let lines: Vec<Option<u64>> = plan.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 5, 5, 5, 6, 7, 8, 9].map(Some));
}

#[test]
fn refuses_a_file_it_cannot_trust() {
    let row_1 = format!("row 1: {STRAY}");
    let cases: [(&[u8], &[&str]); 6] = [
        (b"", &["there is no header"]),
        (b"\xff\xfe", &["row 1: not UTF-8: save the file as \"CSV UTF-8\""]),
        (b"match,\"text\n", &["row 1: a quote is opened and never closed"]),
        (b"match,\"te\"xt\n", &[&row_1]),
        (
            b"match,text,text,price,store_id,marketplace,countries,policy,carrier_code,service_code,package_code,\
              confirmation,rush,lock,enabled\n",
            &[
                "row 1: column \"text\" is there twice",
                "row 1: there is no column \"price\"",
                "row 1: column \"note\" is missing",
            ],
        ),
        (b"exact,Standard,,,,ground,,,,,,,,\n", &[]),
    ];
    for (file, wanted) in cases {
        let present = [ShippingRule::any("stays")];
        let plan = plan(&present, file, &ImportOptions::replace());
        let found = problems(&plan);
        assert!(
            !found.is_empty() && (wanted.is_empty() || found == wanted),
            "{found:?} instead of {wanted:?}"
        );
        assert!(plan.changes_nothing() && plan.into_rules().is_err());
    }
    let latin1 = [table("").as_bytes(), b"exact,caf\xe9,,,,x,,,,,,,,\r\n"].concat();
    assert_eq!(problems(&replace(&latin1)), ["row 2: not UTF-8: save the file as \"CSV UTF-8\""]);
}

const STRAY: &str = "a quote is out of place: quote the whole cell and double the quotes inside it";

#[test]
fn a_quote_out_of_place_alters_no_cell() {
    for row in [
        r#"exact,"Free" Shipping,,,,ground,,,,,,,,"#,
        r#"exact,"Free" ,,,,ground,,,,,,,,"#,
        r#"exact, "Free",,,,ground,,,,,,,,"#,
        r#"exact,Free "Shipping",,,,ground,,,,,,,,"#,
        r#"exact,5" box,,,,ground,,,,,,,,"#,
        r#"exact,"a"b",,,,ground,,,,,,,,"#,
        r#"exact,Free,,,,ground,,,,,,,,"a"b"#,
    ] {
        for end in ["\n", "\r\n", ""] {
            let file = table(&format!("exact,\"2\r\nlines\",,,,slow,,,,,,,,{end}\r\n{row}{end}"));
            let plan = replace(file.as_bytes());
            assert_eq!(problems(&plan), [format!("row 3: {STRAY}")], "{row}");
            assert_eq!(plan.added.len(), 1, "{row}");
        }
    }
    let open = table("exact,A,,,,x,,,,,,,,\r\nexact,\"Free,,,,ground,,,,,,,,\r\nexact,B,,,,x,,,,,,,,\r\n");
    assert_eq!(problems(&replace(open.as_bytes())), ["row 3: a quote is opened and never closed"]);

    let sound = table(
        "\"exact\",\"\"\"Free\"\" \"\"\"\"Shipping\",,,,\"ground\",,,,,,,,\"\"\r\nexact,\"\"\"\",,,,x,,,,,,,,\"\"",
    );
    let rules = replace(sound.as_bytes()).into_rules().unwrap();
    assert_eq!(
        rules,
        [ShippingRule::exact("\"Free\" \"\"Shipping", "ground"), ShippingRule::exact("\"", "x")]
    );
}

#[test]
fn blanks_around_an_id_are_dropped_and_those_of_the_text_kept() {
    let file = table(
        "exact, Free ,12 ,,, ground ,,,,,,,,\r\nexact,A,\t,,,\u{a0}x,,,,,,,,\r\nexact,B,,,, ,,,,,,,,\r\n",
    );
    let plan = replace(file.as_bytes());
    assert_eq!(problems(&plan), ["row 4: no policy is given: row 4 [exact \"B\" -> ]"]);
    let rules: Vec<ShippingRule> = plan.added.into_iter().map(|row| row.rule).collect();
    assert_eq!(
        rules,
        [
            ShippingRule::exact(" Free ", "ground").store("12"),
            ShippingRule::exact("A", "x"),
            ShippingRule::exact("B", "")
        ]
    );
}

#[test]
fn merge_keeps_and_replace_removes() {
    let present = [
        ShippingRule::exact("A", "one"),
        ShippingRule::exact("B", "two").country("us"),
        ShippingRule::exact("B", "three").store("12"),
    ];
    let file = table("exact,C,,,,new,,,,,,,,\r\nexact,B,,,US,other,,,,,,,,\r\n");
    let new = ShippingRule::exact("C", "new");
    let other = ShippingRule::exact("B", "other").country("US");

    let merged = plan(&present, file.as_bytes(), &ImportOptions::merge());
    assert_eq!(merged.to_string(), "1 added, 1 changed, 0 removed, 0 unchanged, 0 problems");
    assert_eq!((merged.added[0].row, merged.changed[0].row), (2, 3));
    assert_eq!(
        merged.into_rules().unwrap(),
        [present[0].clone(), other.clone(), present[2].clone(), new.clone()]
    );

    let replaced = plan(&present, file.as_bytes(), &ImportOptions::replace());
    assert_eq!(replaced.removed, [present[0].clone(), present[2].clone()]);
    assert_eq!(replaced.into_rules().unwrap(), [new, other]);
}

#[test]
fn shows_conflicts_with_present_rules_and_shadows() {
    let present = [ShippingRule::exact("Standard", "one"), ShippingRule::prefix("UPS", "ups")];
    let file = table("exact,standard,,,,two,,,,,,,,\r\n");
    let lenient = ImportOptions::merge().comparison(Comparison::Lenient);
    let conflict = plan(&present, file.as_bytes(), &lenient);
    assert_eq!(
        conflict.problems[0].to_string(),
        "row 2: their texts are the same under lenient comparison: the present rule [exact \"Standard\" -> one] \
         and row 2 [exact \"standard\" -> two]"
    );

    let shadowed =
        plan(&present, table("glob,UPS*Air,,,,air,,,,,,,,\r\n").as_bytes(), &ImportOptions::merge());
    assert_eq!(shadowed.shadowed[0].rule.row, Some(2));
    assert_eq!(shadowed.shadowed[0].by[0].rule, present[1]);
    assert!(serde_json::to_string(&shadowed).unwrap().contains("\"shadowed\":[{"));
}

#[test]
fn unmapped_texts_are_filled_in_and_come_back_as_rules() {
    let texts = [UnmappedText::new("=Standard\u{a0}, \"x\"", Timestamp::UNIX_EPOCH, "1001").store("12")];
    let mut file = Vec::new();
    export_unmapped(&texts, FormulaGuard::Apostrophe, &mut file).unwrap();
    let options = ImportOptions::merge().guard(FormulaGuard::Apostrophe);
    assert_eq!(plan(&[], &file, &options).problems.len(), 1, "a policy is missing");

    let filled = String::from_utf8(file).unwrap().replace(",12,,,,", ",12,,,ground,");
    let rules = plan(&[], filled.as_bytes(), &options).into_rules().unwrap();
    assert_eq!(rules[0].text, TextMatch::Exact(texts[0].text.clone()));
    assert_eq!(rules[0].method, ShippingMethod::new("ground"));
    let note = to_fill_in(&UnmappedText::new("", Timestamp::UNIX_EPOCH, "1001")).note.unwrap();
    assert!(note.starts_with("no shipping text: seen 1"), "{note}");
}

#[test]
fn alters_only_what_may_run() {
    let guard = FormulaGuard::Apostrophe;
    for (cell, protected) in [("=1", "'=1"), ("'=1", "''=1"), ("'tis", "'tis"), ("a=1", "a=1"), ("", "")] {
        assert_eq!(guard.protect(cell), protected);
        assert_eq!(FormulaGuard::Off.protect(cell), cell);
        assert_eq!(FormulaGuard::Off.restore(protected), protected);
    }
}

/// Cells with everything that a table might trip over.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c,\"\n\r\t '=+@|;-]{1,8}",
        "\\PC{1,6}",
        select(vec!["=1+1", "\"", "\r\n", " x ", "'='"]).prop_map(str::to_owned)
    ]
}

/// No id has blanks around it.
fn id() -> impl Strategy<Value = String> {
    cell().prop_map(|cell| cell.trim().to_owned())
}

fn rule() -> impl Strategy<Value = ShippingRule> {
    let text = prop_oneof![
        4 => cell().prop_map(TextMatch::Exact),
        2 => cell().prop_map(TextMatch::Prefix),
        1 => "[a-c*?,\"\n ]{1,5}".prop_map(TextMatch::Glob),
        1 => Just(TextMatch::Absent),
        1 => Just(TextMatch::Any),
    ];
    let texts = (id(), id(), option::of(cell()), uniform5(option::of(cell())));
    (text, texts, vec(select(vec!["US", "ca", "MX"]), 0..3), any::<[bool; 3]>()).prop_map(
        |(text, (policy, store, marketplace, texts), countries, flags)| {
            let mut rule = ShippingRule::new(text, policy);
            let countries = countries.into_iter().map(str::to_owned).collect();
            let store = Some(store).filter(|store| !store.is_empty()).map(Into::into);
            rule.scope = Scope { store, marketplace, countries };
            let codes = &mut rule.method;
            [codes.carrier_code, codes.service_code, codes.package_code, codes.confirmation, rule.note] =
                texts;
            [codes.rush, codes.lock, rule.enabled] = flags;
            rule
        },
    )
}

proptest! {
    #[test]
    fn export_and_import_give_the_same_rules(
        rules in vec(rule(), 0..12), guard in select(vec![FormulaGuard::Off, FormulaGuard::Apostrophe]), bom: bool,
    ) {
        let mut file = exported(&rules, guard);
        if bom {
            file.insert(0, '\u{feff}');
        }
        // The rules may conflict; what the file holds is compared all the same.
        let read: Vec<ShippingRule> = read::read(file.as_bytes(), guard).rows.into_iter().map(|row| row.rule).collect();
        prop_assert_eq!(&read, &rules);
        for options in [ImportOptions::replace().guard(guard), ImportOptions::merge().guard(guard)] {
            let over_itself = plan(&rules, file.as_bytes(), &options);
            prop_assert!(over_itself.changes_nothing(), "{}", over_itself);
            if over_itself.problems.is_empty() {
                prop_assert_eq!(&over_itself.into_rules().unwrap(), &rules);
            }
        }
    }

    #[test]
    fn any_file_gives_a_plan(file in vec(any::<u8>(), 0..200), rows in "[a-z,\"\r\n]{0,80}") {
        let plan_of = |file: &[u8]| plan(&[ShippingRule::any("x")], file, &ImportOptions::replace());
        let _ = plan_of(&file);
        let _ = plan_of(table(&rows).as_bytes());
    }

    #[test]
    fn what_is_protected_is_restored(cell in "['=+a@\t-]{0,5}") {
        let guard = FormulaGuard::Apostrophe;
        let protected = guard.protect(&cell);
        prop_assert_eq!(guard.restore(&protected), cell.as_str());
        prop_assert!(!is_formula(&protected));
    }
}
