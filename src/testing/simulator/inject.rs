//! What faults make of answers.

use super::{
    FaultKind, ListFlaw,
    answer::{Answer, Page, PageRow},
    pipeline::{Delivery, Headers},
    row_text::overwrite,
};

/// What a fault makes of an answer.
pub(super) fn inject(fault: &FaultKind, answer: Answer, mut headers: Headers) -> Delivery {
    let answer = match fault {
        FaultKind::DropBefore | FaultKind::DropAfterEffect => return Delivery::Drop,
        FaultKind::Hang | FaultKind::HangAfterEffect => return Delivery::Hang,
        FaultKind::CutBody => return Delivery::CutBody(answer, headers),
        FaultKind::Throttle { reset } => {
            throttle(&mut headers, *reset);
            too_many()
        }
        FaultKind::ServerError | FaultKind::ErrorAfterEffect => {
            Answer::exception("Object reference not set to an instance of an object.")
        }
        FaultKind::Exception { message } => Answer::exception(message),
        FaultKind::Html { status } | FaultKind::HtmlAfterEffect { status } => Answer::html(*status),
        FaultKind::LateEffect(_) => Answer::html(504),
        FaultKind::Status { code, body } | FaultKind::StatusAfterEffect { code, body } => stated(*code, body),
        FaultKind::List(flaw) => flawed(flaw, answer),
        FaultKind::Truncate => Answer { body: answer.body.map(first_half), page: None, ..answer },
        FaultKind::EmptyBody => Answer::empty(answer.status),
        FaultKind::Slow(_) | FaultKind::StaleRead(_) | FaultKind::AnotherOrder => answer,
    };
    Delivery::Answer(answer, headers)
}

fn stated(code: u16, body: &str) -> Answer {
    if body.is_empty() { Answer::empty(code) } else { Answer::text(body).with_status(code) }
}

fn flawed(flaw: &ListFlaw, answer: Answer) -> Answer {
    let Some(mut page) = answer.page.clone() else { return answer };
    spoil(flaw, &mut page);
    Answer::page(page)
}

fn spoil(flaw: &ListFlaw, page: &mut Page) {
    match flaw {
        ListFlaw::Total(total) => page.total = *total,
        ListFlaw::NoRows => page.rows.clear(),
        ListFlaw::Missing(count) => page.rows.truncate(page.rows.len().saturating_sub(*count)),
        ListFlaw::NullRows => page.rows.fill_with(PageRow::null),
        ListFlaw::NullRow(id) => {
            for row in &mut page.rows {
                if [row.id, row.order_id].contains(&Some(*id)) {
                    *row = PageRow::null();
                }
            }
        }
        ListFlaw::Reversed => page.rows.reverse(),
        ListFlaw::LastIn2099 => {
            for date in ["createDate", "modifyDate", "orderDate"] {
                if let Some(last) = page.rows.last_mut() {
                    overwrite(&mut last.text, date, br#""2099-01-01T00:00:00.0000000""#);
                }
            }
        }
        // The request was answered as if it had asked for that page.
        ListFlaw::FirstPage => {}
    }
}

fn throttle(headers: &mut Headers, reset: Option<u64>) {
    for (name, value) in &mut headers.rate {
        match (*name, reset) {
            ("x-rate-limit-remaining", _) => "0".clone_into(value),
            ("x-rate-limit-reset", Some(seconds)) => *value = seconds.to_string(),
            _ => {}
        }
    }
}

/// The text up to its middle.
pub(super) fn first_half(mut text: Vec<u8>) -> Vec<u8> {
    let is_inside = |byte: &u8| byte & 0xC0 == 0x80;
    let mut middle = text.len() / 2;
    while text.get(middle).is_some_and(is_inside) {
        middle -= 1;
    }
    text.truncate(middle);
    text
}

/// The answer to one request too many.
pub(super) fn too_many() -> Answer {
    Answer::lower_message(429, "Too Many Requests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_a_text_between_characters() {
        assert_eq!(first_half("aéb".into()), b"a");
    }
}
