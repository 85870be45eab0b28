//! The enumerations of orders and shipments, all of them open. V1 reference, Models / Enumerations.

use super::super::wire::open_enum;

open_enum! {
    /// The state of an order.
    pub enum OrderStatus {
        /// Not yet paid.
        AwaitingPayment = "awaiting_payment",
        /// To be shipped.
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
        /// None.
        None = "none",
        /// Proof of delivery.
        Delivery = "delivery",
        /// A signature.
        Signature = "signature",
        /// An adult's signature.
        AdultSignature = "adult_signature",
        /// The recipient's own signature, with `FedEx`.
        DirectSignature = "direct_signature",
    }

    /// A unit of weight.
    pub enum WeightUnits {
        /// Pounds.
        Pounds = "pounds",
        /// Ounces.
        Ounces = "ounces",
        /// Grams.
        Grams = "grams",
        /// Ounces, as the answers to bought labels write them.
        Ounce = "Ounce",
    }

    /// A unit of length.
    pub enum DimensionUnits {
        /// Inches.
        Inches = "inches",
        /// Centimeters.
        Centimeters = "centimeters",
        /// Inches, as the answers to bought labels write them.
        Inch = "Inch",
    }

    /// Who insures a shipment.
    pub enum InsuranceProvider {
        /// Shipsurance.
        Shipsurance = "shipsurance",
        /// The carrier.
        Carrier = "carrier",
        /// Another provider.
        Provider = "provider",
        /// `XCover`.
        XCover = "xcover",
        /// `ParcelGuard`.
        ParcelGuard = "parcelguard",
    }

    /// What a parcel holds, for customs.
    pub enum CustomsContents {
        /// Goods for sale.
        Merchandise = "merchandise",
        /// Documents.
        Documents = "documents",
        /// A gift.
        Gift = "gift",
        /// Goods sent back.
        ReturnedGoods = "returned_goods",
        /// A sample.
        Sample = "sample",
    }

    /// What happens to a parcel abroad that cannot be delivered.
    pub enum NonDelivery {
        /// It comes back.
        ReturnToSender = "return_to_sender",
        /// It is given up.
        TreatAsAbandoned = "treat_as_abandoned",
    }

    /// Who pays the carrier.
    pub enum BillToParty {
        /// The account itself.
        MyAccount = "my_account",
        /// Another carrier account of the merchant.
        MyOtherAccount = "my_other_account",
        /// The recipient.
        Recipient = "recipient",
        /// Somebody else.
        ThirdParty = "third_party",
        /// A number that shipments have been recorded with; whom it stands for is not established.
        Number4 = "4",
    }

    /// What ShipStation thinks of an address.
    pub enum AddressVerification {
        /// Not looked at.
        NotYetValidated = "Address not yet validated",
        /// Good.
        Validated = "Address validated successfully",
        /// Doubtful.
        Warning = "Address validation warning",
        /// Bad.
        Failed = "Address validation failed",
    }
}
