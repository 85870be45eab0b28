//! The contract between a host and any sales channel: the [`ChannelConnector`] trait, its vocabulary, its
//! reports, and the storage traits that a host implements.
//!
//! Nothing here knows of ShipStation, HTTP or SQL: a second channel can be written against these types
//! without touching them.
//!
//! | to read about | see |
//! | --- | --- |
//! | what a channel can do | [`ChannelConnector`], [`Capabilities`], [`Readiness`] |
//! | what a host gets | [`ChannelOrder`], [`ImportReport`], [`SyncReport`], [`LinkReport`], [`Diagnosis`], [`Timeline`] |
//! | what a host gives | [`Listing`], [`Shipment`], [`ShippingRule`](shipping::ShippingRule), [`Stores`](store::Stores) |
//! | the storage contracts | [`store`] |

mod action;
mod capability;
mod connector;
mod date;
mod diagnosis;
mod error;
mod fingerprint;
pub(crate) mod hash;
mod hold;
mod ids;
mod kinds;
mod listing;
mod money;
mod observer;
mod order;
mod overview;
mod parcel;
mod policy;
mod record;
pub mod report;
mod request;
mod scope;
mod shipment;
pub mod shipping;
pub mod store;
mod stuck;
mod timeline;
mod unrecognized;
pub(crate) mod wording;

pub(crate) use self::action::ActionRequest;
pub use self::{
    action::{
        ActionKind, ActionState, ActionStateKind, CloseKind, CloseReason, HoldOrder, OrderAction,
        ReleaseOrder, TagOrder, UntagOrder,
    },
    capability::{Capabilities, Operation, OrderFeatures, Readiness, RemoteWrite, ShipmentFeatures, Support},
    connector::ChannelConnector,
    date::{CalendarDate, ParseDateError},
    diagnosis::{Check, Diagnosis, DiagnosisNote, Verdict},
    error::{ChannelError, Refusal},
    fingerprint::OrderFingerprint,
    hold::{HoldKind, HoldReason},
    ids::{
        ActionId, ChannelOrderId, ChannelProductId, ChannelTagId, ChannelUserId, ChannelWarehouseId,
        ConnectionId, HostOrderId, LineId, ListingId, RunId, ShipmentId,
    },
    listing::{LinkState, Listing, ListingLink, NewLink},
    money::Money,
    observer::{ItemOutcome, RunEvent, RunEventKind, RunObserver, RunReport},
    order::{
        Address, AddressVerification, BillingParty, Buyer, CarrierBilling, ChannelOrder, Confirmation,
        Customs, CustomsContents, CustomsItem, Dimensions, ExternalFulfiller, ExtraMembers, Handling,
        Insurance, InsuranceProvider, LengthUnit, LineKind, LineQuantity, Lineage, NonDelivery, OrderLine,
        OrderOption, OrderTotals, Weight, WeightUnit,
    },
    overview::{ImportOverview, StatusTotals},
    parcel::{ChannelParcel, ParcelSource},
    policy::{ImportDecision, ImportPolicy, ProposedImport},
    report::{
        ActionReport, CheckReport, Finding, ImportReport, LinkReport, ResolveReport, RunStatus, Severity,
        SyncReport, WebhookItem, WebhookOutcome, WebhookReport,
    },
    request::{
        Bypass, CancelOrder, CancelToken, CheckConnection, Delivery, DiagnoseOrder, EnsureWebhooks,
        ExplainImports, GetOrders, ImportOrder, LinkListings, OrderSelector, OrderTimeline, PublishListings,
        ResolveHeld, ResolveShipping, RunActions, RunControl, SyncListings, SyncShipments, Trigger,
    },
    scope::{AgeBasis, OrderRange, OrderScope},
    shipment::{
        BlockKind, BlockReason, FailKind, FailReason, IllegalTransition, NotificationStatus, OutboxId,
        Package, RetryClass, Shipment, ShipmentState, ShipmentStateKind, SupersedeReason,
    },
    stuck::{FindStuck, StuckItem, StuckKind, StuckReport},
    timeline::Timeline,
    unrecognized::Unrecognized,
};
pub(crate) use self::{parcel::shown_tracking, policy::PolicyVerdict};
