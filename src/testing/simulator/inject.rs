//! What faults make of answers.

use super::{
    FaultKind, JournalEntry, ListFlaw,
    reply::{ListPage, ListRow, Reply, ServiceHeaders, WireResponse},
};

/// What a fault makes of an answer; what is sent of it is noted in the journal.
pub(super) fn inject(
    fault: &FaultKind,
    mut reply: Reply,
    mut headers: ServiceHeaders,
    entry: &mut JournalEntry,
) -> WireResponse {
    let reply = match fault {
        FaultKind::Refuse => return WireResponse::Refuse,
        FaultKind::DropBefore | FaultKind::DropAfterEffect => return WireResponse::Drop,
        FaultKind::Hang | FaultKind::HangAfterEffect => return WireResponse::Hang,
        FaultKind::CutBody | FaultKind::StallBody => {
            entry.status = Some(reply.status);
            reply.body = reply.body.map(first_half);
            let response = reply.into_response(headers);
            let cut = *fault == FaultKind::CutBody;
            return if cut { WireResponse::CutBody(response) } else { WireResponse::StallBody(response) };
        }
        FaultKind::Throttle { reset } => {
            if let Some([_, remaining, seconds]) = &mut headers.rate {
                "0".clone_into(remaining);
                *seconds = reset.map_or_else(|| seconds.clone(), |reset| reset.to_string());
            }
            Reply::too_many()
        }
        FaultKind::ServerError | FaultKind::ErrorAfterEffect => {
            Reply::exception("Object reference not set to an instance of an object.")
        }
        FaultKind::Exception { message } => Reply::exception(message),
        FaultKind::Html { status } | FaultKind::HtmlAfterEffect { status } => Reply::html(*status),
        FaultKind::LateEffect(_) => Reply::html(504),
        FaultKind::Status { code, body } | FaultKind::StatusAfterEffect { code, body } => match body.as_str()
        {
            "" => Reply::empty(*code),
            body => Reply::text(body).with_status(*code),
        },
        FaultKind::List(flaw) => match reply.page {
            Some(page) => Reply::page(flawed(flaw, page)),
            None => reply,
        },
        FaultKind::Truncate => Reply { body: reply.body.map(first_half), page: None, ..reply },
        FaultKind::EmptyBody => Reply::empty(reply.status),
        FaultKind::Slow(_) | FaultKind::StaleRead(_) | FaultKind::AnotherOrder => reply,
    };
    reply.send(headers, entry)
}

fn flawed(flaw: &ListFlaw, mut page: ListPage) -> ListPage {
    match flaw {
        ListFlaw::Total(total) => page.total = *total,
        ListFlaw::NoRows => page.rows.clear(),
        ListFlaw::Missing(count) => page.rows.truncate(page.rows.len().saturating_sub(*count)),
        ListFlaw::NullRows => page.rows.fill_with(ListRow::null),
        ListFlaw::NullRow(id) => {
            let meant = page.rows.iter_mut().filter(|row| [row.id, row.order_id].contains(&Some(*id)));
            meant.for_each(|row| *row = ListRow::null());
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
    page
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
