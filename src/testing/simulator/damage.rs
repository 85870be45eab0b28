//! What faults make of answers.

use super::{
    FaultKind,
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
        FaultKind::Status { code, body } if body.is_empty() => Answer::empty(*code),
        FaultKind::Status { code, body } => Answer::text(body.clone()).with_status(*code),
        FaultKind::Truncate => Answer { body: answer.body.map(first_half), ..answer },
        FaultKind::EmptyBody => Answer::empty(answer.status),
        FaultKind::Slow(_) | FaultKind::StaleRead(_) => answer,
    };
    Delivery::Answer(answer, headers)
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
pub(super) fn first_half(mut text: String) -> String {
    let mut middle = text.len() / 2;
    while !text.is_char_boundary(middle) {
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
        assert_eq!(first_half("aéb".to_owned()), "a");
    }
}
