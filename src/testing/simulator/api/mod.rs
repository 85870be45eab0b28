//! The operations of the V1 reference, over the simulated account. Nothing here knows of faults, limits or connections.

mod order_writes;
mod orders;
mod resources;
mod shipping;

use super::{Account, ApiRequest, Reply};

/// What an operation comes to; an early refusal is an answer like any other.
pub(super) type Handled = Result<Reply, Reply>;

/// Method, path and operation. `*` stands for any one part of the path; the first match counts.
type Route = (&'static str, &'static str, fn(&mut Account, &ApiRequest) -> Handled);

fn routes() -> impl Iterator<Item = &'static Route> {
    [orders::ROUTES, order_writes::ROUTES, shipping::ROUTES, resources::ROUTES].into_iter().flatten()
}

/// Finds the operation of a request and carries it out.
pub(super) fn handle(account: &mut Account, call: &ApiRequest) -> Reply {
    call.order_ids().for_each(|id| account.materialize(id));
    let is_path = |path: &str| {
        path.split('/').count() == call.segments.len()
            && path.split('/').zip(&call.segments).all(|(part, own)| part == "*" || part == own)
    };
    let route = routes().find(|(method, path, _)| *method == call.method.as_str() && is_path(path));
    let reply = route.map_or_else(|| Err(no_such_operation(call)), |(_, _, handler)| handler(account, call));
    reply.unwrap_or_else(|refusal| refusal)
}

fn no_such_operation(call: &ApiRequest) -> Reply {
    let is_resource = |name: &str| routes().any(|(_, path, _)| path.split('/').next() == Some(name));
    if call.segments.len() < 3 && call.segments.first().is_some_and(|first| is_resource(first)) {
        let message = format!("The requested resource does not support http method '{}'.", call.method);
        return Reply::message(405, &message);
    }
    Reply::unknown_resource()
}

fn found<T>(row: Option<T>) -> Result<T, Reply> {
    row.ok_or_else(|| Reply::empty(404))
}
