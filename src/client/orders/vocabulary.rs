//! The enumerations of orders and shipments, all of them open. V1 reference, Models / Enumerations.

use super::super::wire::open_enum;

open_enum! {
    /// The state of an order.
    pub enum OrderStatus {
        AwaitingPayment = "awaiting_payment",
        AwaitingShipment = "awaiting_shipment",
        /// Handed to an external fulfillment provider.
        PendingFulfillment = "pending_fulfillment",
        /// Refused by the fulfillment provider.
        RejectedFulfillment = "rejected_fulfillment",
        /// Held until a date.
        OnHold = "on_hold",
        /// Shipped; locked.
        Shipped = "shipped",
        /// Cancelled; locked.
        Cancelled = "cancelled",
    }

    /// The proof of delivery that is asked of the carrier.
    pub enum Confirmation {
        None = "none",
        Delivery = "delivery",
        Signature = "signature",
        AdultSignature = "adult_signature",
        /// The recipient's own signature, with `FedEx`.
        DirectSignature = "direct_signature",
    }

    /// A unit of weight.
    pub enum WeightUnits {
        Pounds = "pounds",
        Ounces = "ounces",
        Grams = "grams",
        /// Ounces, as the answers to bought labels write them.
        Ounce = "Ounce",
    }

    /// A unit of length.
    pub enum DimensionUnits {
        Inches = "inches",
        Centimeters = "centimeters",
        /// Inches, as the answers to bought labels write them.
        Inch = "Inch",
    }

    /// Who insures a shipment.
    pub enum InsuranceProvider {
        Shipsurance = "shipsurance",
        Carrier = "carrier",
        /// Another provider.
        Provider = "provider",
        XCover = "xcover",
        ParcelGuard = "parcelguard",
    }

    /// What a parcel holds, for customs.
    pub enum CustomsContents {
        Merchandise = "merchandise",
        Documents = "documents",
        Gift = "gift",
        ReturnedGoods = "returned_goods",
        Sample = "sample",
    }

    /// What happens to a parcel abroad that cannot be delivered.
    pub enum NonDelivery {
        ReturnToSender = "return_to_sender",
        TreatAsAbandoned = "treat_as_abandoned",
    }

    /// Who pays the carrier.
    pub enum BillToParty {
        MyAccount = "my_account",
        /// Another carrier account of the merchant.
        MyOtherAccount = "my_other_account",
        Recipient = "recipient",
        ThirdParty = "third_party",
        /// A number that shipments have been recorded with; whom it stands for is not established.
        Number4 = "4",
    }

    /// What ShipStation thinks of an address.
    pub enum AddressVerification {
        NotYetValidated = "Address not yet validated",
        Validated = "Address validated successfully",
        Warning = "Address validation warning",
        Failed = "Address validation failed",
    }
}
