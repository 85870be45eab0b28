//! What an error of the client means for a run, and how it is put into words that carry no buyer's data.

use super::run::Stop;
use crate::{
    channel::{Refusal, RetryClass},
    client::{Error, ErrorKind},
};

/// Whether the credentials, the plan or the key's rights are at fault: nothing else will work either.
pub(super) fn is_about_credentials(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Auth | ErrorKind::Plan | ErrorKind::Forbidden)
}

/// Whether the run must end: nothing else will work either, or the host has cancelled it.
pub(super) fn ends_the_run(error: &Error) -> bool {
    error.kind() == ErrorKind::Cancelled || is_about_credentials(error)
}

/// The answer to a question that may fail without harm: `None` if it did, and an error only where the run must end.
pub(super) fn optional<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(error) if ends_the_run(&error) => Err(error),
        answer => Ok(answer.ok()),
    }
}

/// After so many failures in a row the rest is left to the next run.
const MAX_FAILURES: u32 = 3;

/// Requests of one kind that failed in a row.
#[derive(Debug, Default)]
pub(super) struct FailureStreak(u32);

impl FailureStreak {
    /// Counts a failure; it is an error once the run, or what fails, must end. An answer that cannot be read is about its
    /// own order and does not count.
    pub(super) fn add(&mut self, error: Error) -> Result<(), Stop> {
        self.0 += u32::from(error.kind() != ErrorKind::Decode);
        if self.0 >= MAX_FAILURES || ends_the_run(&error) { Err(error.into()) } else { Ok(()) }
    }

    pub(super) fn reset(&mut self) {
        self.0 = 0;
    }
}

/// Why it waits for another attempt.
pub(super) fn retry_class(error: &Error) -> RetryClass {
    match error.kind() {
        // It waited for its turn when the host cancelled the run.
        ErrorKind::RateLimited | ErrorKind::Cancelled => RetryClass::RateLimited,
        _ if is_about_credentials(error) => RetryClass::Credentials,
        ErrorKind::Transport => RetryClass::Unreachable,
        ErrorKind::Decode => RetryClass::Unreadable,
        _ => RetryClass::Unavailable,
    }
}

/// The words for an operator: what happened and what to do.
pub(super) fn describe(error: &Error) -> String {
    match remedy(error) {
        Some(remedy) => format!("{}: {remedy}", observed(error)),
        None => observed(error),
    }
}

/// What happened. The client's own `Display` carries no value that anybody sent.
pub(super) fn observed(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Auth => match error.what() {
            Some(what) => format!("ShipStation refused the API key or secret: {what}"),
            None => "ShipStation refused the API key or secret".to_owned(),
        },
        ErrorKind::Plan => "this ShipStation plan has no API access".to_owned(),
        ErrorKind::Forbidden => format!("the API key may not do this{}", place(error)),
        ErrorKind::Unavailable if error.is_from_intermediary() => {
            format!("ShipStation did not answer{}, a proxy or firewall did", place(error))
        }
        ErrorKind::Transport | ErrorKind::Unavailable | ErrorKind::Timeout => {
            format!("ShipStation did not answer{}", place(error))
        }
        ErrorKind::Invalid | ErrorKind::NotFound => match masked(error) {
            Some(message) => format!("{}{}: {message}", error.summary(), place(error)),
            None => format!("{}{}", error.summary(), place(error)),
        },
        _ => error.to_string(),
    }
}

/// What to do about it.
pub(super) fn remedy(error: &Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::Auth => Some("correct the credentials of the connection"),
        ErrorKind::Plan => Some("change the plan, or use an account that has it"),
        ErrorKind::Forbidden => Some("use a key with more rights"),
        ErrorKind::RateLimited => Some("the key's budget is shared with other integrations"),
        ErrorKind::Unavailable if error.is_from_intermediary() => {
            Some("check the network, the base URL and what stands between this host and ShipStation")
        }
        ErrorKind::Transport | ErrorKind::Unavailable | ErrorKind::Timeout => {
            Some("check the network, the base URL and ShipStation's status")
        }
        ErrorKind::Decode => Some("check that the base URL is ShipStation's, and report it if it is"),
        ErrorKind::NotFound => Some("check that the base URL is ShipStation's address without a path"),
        _ => None,
    }
}

/// The request that failed, without any value in it.
fn place(error: &Error) -> String {
    match (error.endpoint(), error.status()) {
        ("", _) => String::new(),
        (endpoint, None) => format!(" ({endpoint})"),
        (endpoint, Some(status)) => format!(" ({endpoint}, HTTP {status})"),
    }
}

/// ShipStation's own words, as far as they cannot identify anybody; where none are left, what happened.
pub(super) fn vendor_message(error: &Error) -> String {
    masked(error).unwrap_or_else(|| describe(error))
}

/// ShipStation's message, [`clean`], if a word of it is left.
fn masked(error: &Error) -> Option<String> {
    let message = clean(error.message()?);
    message.contains(char::is_alphanumeric).then_some(message)
}

/// The words that validation messages are made of, in lower case. Every other word may be a name or an address.
const KNOWN: &str = " a address advanced allowed already an and answered api approved are assigned at be been \
    before by cancelled cannot carrier change channel character code confirmation convert could country customer \
    date deleted dimensions does email empty error exist exists expired failed field for format found from has \
    have in inactive instance insurance international invalid is it item items label length locked long longer \
    maximum message method minimum missing model must name no not null number object occurred of on open options \
    or order orders package phone please postal property provide provided quantity reference refused request \
    requested required service set ship shipment shipped shipping shipstation state status store string test than \
    that the there this timeout to too tracking try type unable unknown unsupported update updated use user valid \
    value voided warehouse was weight with zero ";
/// As much of somebody else's words as is kept.
const MAX_MESSAGE_CHARS: usize = 300;

/// Somebody else's words, bounded, with everything masked that may be a name, an address, a number or a code: only
/// the usual words of such messages and names of fields are kept.
pub(super) fn clean(message: &str) -> String {
    let kept: Vec<&str> =
        message.split_whitespace().map(|word| if is_harmless(word) { word } else { "***" }).collect();
    kept.join(" ").chars().take(MAX_MESSAGE_CHARS).collect()
}

fn is_harmless(word: &str) -> bool {
    let core = word.trim_matches(|c: char| c.is_ascii_punctuation());
    core.is_empty() || KNOWN.contains(&format!(" {} ", core.to_lowercase())) || core.split('.').all(is_field)
}

/// `carrierCode`, and the `request` of `request.testLabel`: usual words, put together. Log-ins are written that way too,
/// so that the shape alone proves nothing.
fn is_field(part: &str) -> bool {
    let mut words = String::new();
    for c in part.chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words.split(' ').all(|word| !word.is_empty() && KNOWN.contains(&format!(" {word} ")))
}

/// Why an operation did not start, from the error of its first request.
pub(super) fn refusal(error: &Error) -> Refusal {
    let message = describe(error);
    if is_about_credentials(error) {
        Refusal::Credentials { message }
    } else {
        Refusal::Unavailable { message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_messages_lose_what_identifies_somebody() {
        let masked = clean("customer zebulon quackenbush of hidden lane, springfield refused: bad field");
        assert_eq!(masked, "customer *** *** of *** *** *** refused: *** field");
        let masked = clean("customer janeDoe of vanDyke (deVries) and request.janeDoe refused");
        assert_eq!(masked, "customer *** of *** *** and *** refused");
        let masked = clean(
            "Value \"12 Rose Lane\" of jane@example.com,\r\n Jane Doe, phone 5550142 is invalid: orderStatus",
        );
        assert_eq!(masked, "Value *** *** *** of *** *** *** phone *** is invalid: orderStatus");
    }

    #[test]
    fn the_usual_messages_stay_readable() {
        for message in [
            "Ship To: Postal Code must be provided.",
            "Invalid serviceCode",
            "'Ship Name' must not be empty.",
            "The request is invalid. request.testLabel: The value is not valid",
            "Object reference not set to an instance of an object.",
        ] {
            assert_eq!(clean(message), message);
        }
    }
}
