//! What faults make of answers.

use super::{
    FaultKind, JournalEntry, ListFlaw,
    answer::Delivery,
    answer::{Answer, Headers, Page, PageRow},
};

/// What a fault makes of an answer; what is sent of it is noted in the journal.
pub(super) fn inject(
    fault: &FaultKind,
    mut answer: Answer,
    mut headers: Headers,
    entry: &mut JournalEntry,
) -> Delivery {
    let answer = match fault {
        FaultKind::Refuse => return Delivery::Refuse,
        FaultKind::DropBefore | FaultKind::DropAfterEffect => return Delivery::Drop,
        FaultKind::Hang | FaultKind::HangAfterEffect => return Delivery::Hang,
        FaultKind::CutBody | FaultKind::StallBody => {
            entry.status = Some(answer.status);
            answer.body = answer.body.map(first_half);
            let response = answer.into_response(headers);
            let cut = *fault == FaultKind::CutBody;
            return if cut { Delivery::CutBody(response) } else { Delivery::StallBody(response) };
        }
        FaultKind::Throttle { reset } => {
            if let Some([_, remaining, seconds]) = &mut headers.rate {
                "0".clone_into(remaining);
                *seconds = reset.map_or_else(|| seconds.clone(), |reset| reset.to_string());
            }
            Answer::too_many()
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
    answer.deliver(headers, entry)
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
            if let Some(last) = page.rows.last_mut() {
                for date in ["createDate", "modifyDate", "orderDate"] {
                    last.text = in_2099(&String::from_utf8_lossy(&last.text), date).into();
                }
            }
        }
        // The request was answered as if it had asked for that page.
        ListFlaw::FirstPage => {}
    }
}

/// The row with the first date of this name in the year 2099.
fn in_2099(row: &str, date: &str) -> String {
    let name = format!("\"{date}\":\"");
    let parts = row.split_once(&name).and_then(|(head, tail)| Some((head, tail.split_once('"')?.1)));
    parts.map_or_else(
        || row.to_owned(),
        |(head, tail)| format!("{head}{name}2099-01-01T00:00:00.0000000\"{tail}"),
    )
}

/// The text up to its middle.
fn first_half(mut text: Vec<u8>) -> Vec<u8> {
    let is_inside = |byte: &u8| byte & 0xC0 == 0x80;
    let mut middle = text.len() / 2;
    while text.get(middle).is_some_and(is_inside) {
        middle -= 1;
    }
    text.truncate(middle);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_a_text_between_characters() {
        assert_eq!(first_half("aéb".into()), b"a");
    }
}
