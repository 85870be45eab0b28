//! The audit finds each flaw: a page in order, and what one change to it makes of it.
use crate::{
    browser::{Browser, Scheme, Size},
    driver::Driver,
};

pub(crate) const GOOD: &str = include_str!("pages/good.html");

/// What is replaced in the page, by what, and what the audit then says.
const FLAWS: &[(&str, &str, &str)] = &[
    (r#"<html lang="en">"#, "<html>", "the page does not say its language"),
    ("<title>Orders</title>", "<title> </title>", "the page has no title"),
    (r#"name="viewport""#, "", "the page does not say how wide it is on a telephone (meta viewport)"),
    ("<h1>Orders</h1>", "<h1>Orders</h1><h1>All</h1>", "the page has 2 of h1, not one"),
    ("</main>", "</main><main></main>", "the page has 2 of main, not one"),
    ("<h2>New order</h2>", "<h3>New order</h3>", r#"h3 "New order" skips a level"#),
    ("<h2>", r#"<h2 id="why">"#, "the id why is there more than once"),
    ("</form>", "</form><script>1</script>", r#"script "1" runs a script"#),
    ("<button>", r#"<button onclick="1">"#, r#"button "Save" runs a script"#),
    (r##""#content""##, r##""#contents""##, "no link skips to the content, and a nav has no label"),
    ("<button>", r#"<button tabindex="1">"#, r#"button "Save" changes the order of the keyboard (tabindex)"#),
    (r#"<label for="sku">"#, "<label>", "input#sku has no label"),
    ("Carrier", "", r#"select "UPS FedEx" has no label"#),
    (r#"aria-label="Note""#, "", "textarea has no label"),
    ("Save", "", "button has no name"),
    ("Save", r#"<b aria-hidden="true">Save</b>"#, r#"button "Save" has no name"#),
    (r#"<a href="/orders">Orders"#, r#"<a href="/orders">"#, "a has no name"),
    (r#"alt="""#, "", "img is neither named nor hidden from who hears the page"),
    (
        r#"aria-label="Orders a day""#,
        "",
        r#"svg "Monday" is neither named nor hidden from who hears the page"#,
    ),
    (r#"aria-describedby="why""#, "", "input#sku is invalid and does not say why"),
    (r#"aria-describedby="why""#, r#"aria-describedby="y""#, "input#sku is invalid and does not say why"),
    (r#"<th scope="col">"#, "<td>", r#"table "SKU A-100" has no headings"#),
    (r#" scope="col""#, "", r#"th "SKU" does not say what it is the heading of (scope)"#),
    ("<h2>", r#"<h2 style="width: 500px">"#, r#"the page is wider than its window: h2 "New order""#),
    (r#"tabindex="0""#, "", r#"div "SKU A-100" scrolls, and not by keyboard with a label"#),
    (r#"aria-label="Lines""#, "", r#"div "SKU A-100" scrolls, and not by keyboard with a label"#),
    (
        "<button>",
        r#"<button style="min-height: 0; height: 20px; width: 60px">"#,
        r#"button "Save" is small to touch: 60 x 20"#,
    ),
    (
        r#"<label class="tick""#,
        r#"<label class="tick" style="width: 20px""#,
        "input is small to touch: 20 x 48",
    ),
    ("<h1>", r#"<h1 style="color: #999">"#, r#""Orders" in h1 has a contrast of 2.85, not 3"#),
    (
        r#"class="large""#,
        r#"style="color: #888""#,
        r#""Nothing is shipped yet." in p has a contrast of 3.54, not 4.5"#,
    ),
    ("<h2>", r#"<h2 style="background: #555">"#, r#""New order" in h2 has a contrast of 2.82, not 3"#),
    (
        "<h2>",
        r#"<h2 style="background: linear-gradient(red, red)">"#,
        r#""New order" in h2 is on a picture, where its contrast is unknown"#,
    ),
    ("<h1>", r#"<h1 style="color: rgb(0 0 0 / 40%)">"#, r#""Orders" in h1 has a contrast of 2.85, not 3"#),
    ("<h1>", r#"<h1 style="opacity: 40%">"#, r#""Orders" in h1 has a contrast of 2.85, not 3"#),
    (
        "<select",
        r#"<select style="color: #888; background: #fff""#,
        r#""UPS" in select has a contrast of 3.54, not 4.5"#,
    ),
    (r##"fill="#fff""##, r##"fill="#000""##, r#""Monday" in text has a contrast of 1.67, not 4.5"#),
    ("color: inherit", "color: #aaa", r#""Ring twice" in textarea has a contrast of 2.32, not 4.5"#),
    (r##"fill="#036""##, r#"fill="none""#, r#""Monday" in text has a contrast of 1.00, not 4.5"#),
    (
        r##"fill="#036""##,
        r#"fill="url(#a)""#,
        r#""Monday" in text is on a picture, where its contrast is unknown"#,
    ),
    (
        "<textarea",
        r#"<textarea style="border-color: #bbb""#,
        "the edge of textarea has a contrast of 1.92, not 3",
    ),
    ("<button>", r#"<button style="outline: none">"#, r#"button "Save" does not show that it has the focus"#),
];

const SHOWN: [(Size, Scheme); 4] = [
    (Size::Desk, Scheme::Light),
    (Size::Desk, Scheme::Dark),
    (Size::Phone, Scheme::Light),
    (Size::Phone, Scheme::Dark),
];

async fn show(browser: &Browser, page: &str) {
    browser.go(&format!("data:text/html,{}", page.replace('%', "%25").replace('#', "%23"))).await;
}

#[tokio::test]
async fn a_page_in_order_has_no_problem() {
    let driver = Driver::start();
    for (size, scheme) in SHOWN {
        let browser = Browser::open(&driver, size, scheme).await;
        show(&browser, GOOD).await;
        assert_eq!(browser.audit().await, [""; 0], "{size:?}, {scheme:?}");
    }
}

#[tokio::test]
async fn each_flaw_is_the_one_problem_of_its_page() {
    let driver = Driver::start();
    let browser = Browser::open(&driver, Size::Phone, Scheme::Light).await;
    for (from, to, problem) in FLAWS {
        assert_eq!(GOOD.matches(from).count(), 1, "{from}");
        show(&browser, &GOOD.replace(from, to)).await;
        assert_eq!(browser.audit().await, [*problem], "{from} -> {to}");
    }
}
