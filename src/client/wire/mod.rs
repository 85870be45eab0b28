//! How ShipStation writes things down: ids, money, Pacific times, open enumerations, lists with holes. Every
//! tolerance towards its JSON lives here, once. Nothing here sends a request.

pub(crate) mod drift;
mod envelope;
mod extra;
mod fields;
pub(crate) mod filters;
mod ids;
mod lists;
mod model;
pub(crate) mod money;
mod open_enum;
pub(crate) mod pacific;
mod repair;
pub(crate) mod rows;
mod scalars;
mod time_text;

pub use self::{
    drift::{Drift, DriftKind, DriftReport},
    extra::Extra,
    ids::*,
    pacific::{PacificDate, PacificTime, ParsePacificError},
    rows::{RowError, RowErrorKind, Rows},
};
pub(crate) use self::{
    envelope::Envelope,
    fields::{
        Field, FieldSeed, Lenient, Masked, Scalar, Shown, Unfit, WrittenField, droppable, inside, standalone,
    },
    lists::only_element,
    model::model,
    open_enum::open_enum,
};
