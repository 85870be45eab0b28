//! Drawings of state machines: their arrows are the steps that the types take.

use std::collections::BTreeSet;

use shipstation_connector::{
    Timestamp,
    channel::{
        ActionState, BlockReason, CloseReason, FailReason, NotificationStatus, RetryClass, ShipmentState,
        SupersedeReason,
    },
};

use crate::text::{read, variants};

const GUIDE: &str = "docs/guide/operations.md";
const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// Every step to another state, as a drawing in Mermaid. States that take the same steps are drawn as one.
fn drawing<S>(states: &[S], name: impl Fn(&S) -> &'static str, allowed: impl Fn(&S, &S) -> bool) -> String {
    let mut groups: Vec<(Vec<&'static str>, Vec<&'static str>)> = Vec::new();
    for from in states {
        let to: Vec<_> = states.iter().filter(|to| allowed(from, to)).map(&name).collect();
        match groups.iter_mut().find(|(froms, targets)| {
            let both: Vec<_> = [froms.clone(), vec![name(from)]].concat();
            let outside = |list: &[&'static str]| {
                list.iter().filter(|to| !both.contains(to)).copied().collect::<Vec<_>>()
            };
            to.contains(&froms[0]) && outside(targets) == outside(&to)
        }) {
            Some((froms, _)) => froms.push(name(from)),
            None => groups.push((vec![name(from)], to)),
        }
    }
    let mut lines = vec!["```mermaid".to_owned(), "stateDiagram-v2".to_owned()];
    for (froms, to) in &groups {
        let group = if froms.len() > 1 { "not_sent" } else { froms[0] };
        if froms.len() > 1 {
            lines.push(format!("    state {group} {{"));
            lines.extend(froms.iter().map(|state| format!("        {state}")));
            lines.push("    }".to_owned());
        }
        let outside = to.iter().filter(|to| !froms.contains(to));
        lines.extend(outside.map(|to| format!("    {group} --> {to}")));
    }
    lines.push("```".to_owned());
    lines.join("\n")
}

/// The arrows of a drawing in Mermaid, without what stands on them.
fn arrows(drawing: &str) -> BTreeSet<(String, String)> {
    let lines = drawing.lines().filter_map(|line| line.trim().split_once("--> "));
    let from = |left: &str| left.split_whitespace().next().unwrap_or_default().to_owned();
    lines.map(|(left, right)| (from(left), right.trim().to_owned())).collect()
}

/// The arrows of a picture: each has its two ends as its title.
fn pictured(file: &str) -> BTreeSet<(String, String)> {
    let picture = read(&format!("docs/pictures/{file}.svg"));
    let titles = picture.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next());
    let pairs = titles.filter_map(|title| title.split_once(" --&gt; "));
    let arrows: BTreeSet<_> = pairs.map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
    assert_eq!(
        arrows.len(),
        picture.matches("marker-end").count(),
        "{file}: each arrow has a title of its own"
    );
    arrows
}

fn assert_drawn(drawing: &str, picture: &str) {
    assert!(read(GUIDE).contains(drawing), "{GUIDE} is to have this drawing:\n{drawing}");
    // A step from one group into itself is not drawn; one into a group of several ends at a state of it, in both.
    assert_eq!(pictured(picture), arrows(drawing), "{picture}");
}

#[test]
fn the_picture_of_the_layers_has_the_arrows_of_the_readme() {
    let (readme, between) =
        (read("README.md"), |text: &str| text.split("```").next().unwrap_or_default().to_owned());
    let (_, drawing) = readme.split_once("```mermaid\n").expect("the README has a drawing");
    assert_eq!(pictured("layers"), arrows(&between(drawing)));
}

#[test]
fn the_drawing_of_a_shipment_has_the_steps_of_the_code() {
    use ShipmentState as S;
    let states = [
        S::Pending,
        S::Waiting { missing: Vec::new() },
        S::Blocked { reason: BlockReason::OutcomeUnknown { requests: 3, saw: String::new() } },
        S::RetryWait { until: AT, class: RetryClass::RateLimited, server_since: None },
        S::Sending { attempt: 1, since: AT, server_since: None },
        S::Unknown {
            since: AT,
            checks: 0,
            last_check: None,
            order_missing: false,
            server_since: None,
            server_last_check: None,
        },
        S::Sent { at: AT },
        S::Confirmed { record: None, notification: NotificationStatus::Unknown, already_there: false },
        S::Failed { reason: FailReason::OrderGone },
        S::Suppressed { why: String::new() },
        S::Superseded { reason: SupersedeReason::AlreadyMarkedShipped },
        S::Cancelled,
    ];
    assert_eq!(states.len(), variants("src/channel/shipment/state.rs", "ShipmentState").len());
    let allowed = |from: &S, to: &S| from != to && from.step(to.clone()).is_ok();
    assert_drawn(&drawing(&states, ShipmentState::name, allowed), "shipment-states");
}

#[test]
fn the_drawing_of_an_action_has_the_steps_of_the_code() {
    use ActionState as S;
    let states = [
        S::Pending,
        S::RetryWait { until: AT, class: RetryClass::RateLimited, server_since: None },
        S::Sending { since: AT, server_since: None },
        S::Unknown {
            since: AT,
            server_since: None,
            checks: 0,
            last_check: None,
            server_last_check: None,
            changed: false,
        },
        S::Done { already_there: false },
        S::Closed { reason: CloseReason::OrderGone },
        S::Superseded { by: "later".into() },
    ];
    assert_eq!(states.len(), variants("src/channel/action/state.rs", "ActionState").len());
    let allowed = |from: &S, to: &S| from != to && from.step(to.clone()).is_ok();
    assert_drawn(&drawing(&states, ActionState::name, allowed), "action-states");
}
