//! Lists that contradict themselves, pages with text that is no JSON, members that cannot be read, and webhooks.

mod contradictions;
mod deliveries;
mod lying;
mod members;
mod products;
mod text;
mod vocabulary;
mod webhook_errors;
