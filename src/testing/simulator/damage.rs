//! What faults make of answers.

use super::{
    FaultKind, ListFlaw,
    answer::Answer,
    exchange::{Delivery, Headers},
};

/// What a fault makes of an answer.
pub(super) fn damage(fault: &FaultKind, answer: Answer, mut headers: Headers) -> Delivery {
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
        FaultKind::Truncate => Answer { body: answer.body.map(first_half), list: None, ..answer },
        FaultKind::EmptyBody => Answer::empty(answer.status),
        FaultKind::Slow(_) | FaultKind::StaleRead(_) | FaultKind::AnotherOrder => answer,
    };
    Delivery::Answer(answer, headers)
}

fn stated(code: u16, body: &str) -> Answer {
    if body.is_empty() { Answer::empty(code) } else { Answer::text(body).with_status(code) }
}

fn flawed(flaw: &ListFlaw, answer: Answer) -> Answer {
    let Some(mut list) = answer.list.clone() else { return answer };
    flaw.apply(&mut list);
    Answer::list(list)
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
