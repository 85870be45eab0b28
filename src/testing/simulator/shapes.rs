//! The members of every kind of row in wire order, with their defaults. (V1 reference, models; order and defaults as recorded.)

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::{Digits, Field, Kind, Member, Record, Shape};

/// `NAME, Digits { member: Kind(shape) = default }`; an amount is given by its digits and how many of them are decimals. Without a
/// default a member is null.
macro_rules! shapes {
    ($($(#[$doc:meta])* $shape:ident, $digits:ident {
        $($name:ident: $kind:ident $(($inner:ident))? $(= $default:tt)?),* $(,)?
    })*) => {
        $($(#[$doc])*
        pub(super) static $shape: Shape = Shape {
            digits: Digits::$digits,
            members: &[$(Member {
                name: stringify!($name),
                kind: Kind::$kind $((&$inner))?,
                default: shapes!(@$kind $(($inner))? $($default)?),
            }),*],
        };)*

        /// Every shape and its name.
        pub(super) static ALL: &[(&str, &Shape)] = &[$((stringify!($shape), &$shape)),*];
    };
    (@$kind:ident $(($inner:ident))?) => { Field::Null };
    (@$kind:ident $(($inner:ident))? []) => { Field::List(Vec::new()) };
    (@Row ($inner:ident) {}) => { Field::Row(Record::new(&$inner)) };
    (@Amount 0) => { Field::Amount(Decimal::ZERO) };
    (@Amount ($digits:literal, $decimals:literal)) => {
        Field::Amount(Decimal::from_parts($digits, 0, 0, false, $decimals))
    };
    (@Text $default:literal) => { Field::Text(Cow::Borrowed($default)) };
    (@$kind:ident $default:literal) => { Field::$kind($default) };
}

shapes! {
    ADDRESS, Seven {
        name: Text, company: Text, street1: Text, street2: Text, street3: Text, city: Text, state: Text,
        postalCode: Text, country: Text, phone: Text, residential: Flag, addressVerified: Text,
    }
    WEIGHT, Seven { value: Amount = 0, units: Text = "ounces", WeightUnits: Int = 1 }
    DIMENSIONS, Seven { units: Text = "", length: Amount = 0, width: Amount = 0, height: Amount = 0 }
    INSURANCE, Seven { provider: Text, insureShipment: Flag = false, insuredValue: Amount = 0 }
    CUSTOMS, Seven { contents: Text, customsItems: Rows(CUSTOMS_ITEM), nonDelivery: Text }
    CUSTOMS_ITEM, Seven {
        customsItemId: Int = 0, description: Text = "", quantity: Int = 0, value: Amount = 0,
        harmonizedTariffCode: Text, countryOfOrigin: Text = "",
    }
    ADVANCED_OPTIONS, Seven {
        warehouseId: Int, nonMachinable: Flag = false, saturdayDelivery: Flag = false, containsAlcohol: Flag = false,
        mergedOrSplit: Flag = false, mergedIds: Ids = [], parentId: Int, storeId: Int, customField1: Text,
        customField2: Text, customField3: Text, source: Text, billToParty: Text, billToAccount: Text,
        billToPostalCode: Text, billToCountryCode: Text, billToMyOtherAccount: Int,
    }
    OPTION, Seven { name: Text = "", value: Text }
    /// A line. `unnumbered` keeps the number at 0.
    LINE, Trimmed {
        orderItemId: Int = 0, lineItemKey: Text, sku: Text, name: Text = "", imageUrl: Text, weight: Row(WEIGHT) = {},
        quantity: Int = 1, unitPrice: Amount = 0, taxAmount: Amount, shippingAmount: Amount,
        warehouseLocation: Text, options: Rows(OPTION) = [], productId: Int, fulfillmentSku: Text,
        adjustment: Flag = false, upc: Text, createDate: Time, modifyDate: Time, unnumbered: Hidden,
    }
    /// An order. It was brought by `importBatch`, as webhook addresses name it, and cannot be found once it is `deleted` or
    /// `mergedInto` another.
    ORDER, Seven {
        orderId: Int = 0, orderNumber: Text = "", orderKey: Text = "", orderDate: Time, createDate: Time,
        modifyDate: Time, paymentDate: Time, shipByDate: Time, orderStatus: Text, customerId: Int,
        customerUsername: Text, customerEmail: Text, billTo: Row(ADDRESS) = {}, shipTo: Row(ADDRESS) = {},
        items: Rows(LINE) = [], orderTotal: Amount = 0, amountPaid: Amount = 0, taxAmount: Amount = 0,
        shippingAmount: Amount = 0, customerNotes: Text, internalNotes: Text, gift: Flag = false,
        giftMessage: Text, paymentMethod: Text, requestedShippingService: Text, carrierCode: Text, serviceCode: Text,
        packageCode: Text, confirmation: Text = "none", shipDate: Text, holdUntilDate: Text, weight: Row(WEIGHT) = {},
        dimensions: Row(DIMENSIONS), insuranceOptions: Row(INSURANCE) = {}, internationalOptions: Row(CUSTOMS) = {},
        advancedOptions: Row(ADVANCED_OPTIONS) = {}, tagIds: Ids, userId: Text, externallyFulfilled: Flag = false,
        externallyFulfilledBy: Text, externallyFulfilledById: Int, externallyFulfilledByName: Text,
        labelMessages: Any, importBatch: Hidden, deleted: Hidden, mergedInto: Hidden,
    }
    /// A shipment made outside ShipStation, shown in lists from `visibleFrom` on.
    FULFILLMENT, Seven {
        fulfillmentId: Int, orderId: Int, orderNumber: Text, userId: Text, customerEmail: Text, trackingNumber: Text,
        createDate: Time, shipDate: Time, voidDate: Time, deliveryDate: Time, carrierCode: Text,
        sellerFillProviderId: Int, sellerFillProviderName: Text, fulfillmentProviderCode: Text,
        fulfillmentServiceCode: Text, fulfillmentFee: Amount = 0, voidRequested: Flag = false,
        voided: Flag = false, marketplaceNotified: Flag = false, notifyErrorMessage: Text, shipTo: Row(ADDRESS),
        visibleFrom: Hidden,
    }
    /// A bought label. Its lines are printed when they are asked for, its documents only in the answer to the purchase.
    SHIPMENT, Seven {
        shipmentId: Int, orderId: Int, orderKey: Text, userId: Text, customerEmail: Text, orderNumber: Text,
        createDate: Time, shipDate: Text, shipmentCost: Amount = (798, 2), insuranceCost: Amount = (0, 1),
        trackingNumber: Text, isReturnLabel: Flag = false, batchNumber: Text, carrierCode: Text, serviceCode: Text,
        packageCode: Text, confirmation: Text = "delivery", warehouseId: Int, voided: Flag = false, voidDate: Time,
        marketplaceNotified: Flag = false, notifyErrorMessage: Text, shipTo: Row(ADDRESS), weight: Row(WEIGHT),
        dimensions: Row(DIMENSIONS), insuranceOptions: Row(INSURANCE), advancedOptions: Any,
        shipmentItems: Rows(LINE), labelData: Text, formData: Text,
    }
    PRODUCT, Trimmed {
        aliases: Any, productId: Int = 0, sku: Text, name: Text, price: Amount = 0, defaultCost: Amount,
        length: Amount, width: Amount, height: Amount, weightOz: Amount, internalNotes: Text, fulfillmentSku: Text,
        createDate: Time, modifyDate: Time, active: Flag = true, productCategory: Any, productType: Any,
        warehouseLocation: Text, defaultCarrierCode: Text, defaultServiceCode: Text, defaultPackageCode: Text,
        defaultIntlCarrierCode: Text, defaultIntlServiceCode: Text, defaultIntlPackageCode: Text,
        defaultConfirmation: Text, defaultIntlConfirmation: Text, customsDescription: Text, customsValue: Amount,
        customsTariffNo: Text, customsCountryCode: Text, noCustoms: Flag, tags: Rows(NAMED_TAG), upc: Text,
        thumbnailURL: Text,
    }
    NAMED_TAG, Seven { tagId: Int = 0, name: Text = "" }
    TAG, Seven { tagId: Int, name: Text, color: Text = "#33CCCC" }
    /// A store. Lists were never seen with status mappings.
    STORE, Trimmed {
        storeId: Int, storeName: Text, marketplaceId: Int, marketplaceName: Text, accountName: Text, email: Text,
        integrationUrl: Text, active: Flag = true, companyName: Text = "", phone: Text, publicEmail: Text,
        website: Text, refreshDate: Time, lastRefreshAttempt: Time, createDate: Time, modifyDate: Time,
        autoRefresh: Flag = true, statusMappings: Rows(STATUS_MAPPING),
    }
    STATUS_MAPPING, Seven { orderStatus: Text = "", statusKey: Text = "" }
    /// A user. One that is `inactive` is listed on request only, and cannot be assigned.
    USER, Seven { userId: Text, userName: Text, name: Text, inactive: Hidden }
    CARRIER, Seven {
        name: Text, code: Text, accountNumber: Text, requiresFundedAccount: Flag = false, balance: Amount = 0,
        nickname: Text, shippingProviderId: Int, primary: Flag = false,
    }
    CUSTOMER, Seven {
        customerId: Int, createDate: Time, modifyDate: Time, name: Text, company: Text, street1: Text, street2: Text,
        city: Text, state: Text, postalCode: Text, countryCode: Text, phone: Text, email: Text,
        addressVerified: Text = "Unverified", marketplaceUsernames: Any, tags: Rows(NAMED_TAG),
    }
    WAREHOUSE, Seven {
        warehouseId: Int, warehouseName: Text, originAddress: Row(ADDRESS), returnAddress: Row(ADDRESS),
        createDate: Time, isDefault: Flag = false, sellerIntegrationId: Int, extInventoryIdentity: Text,
        registerFedexMeter: Flag,
    }
    /// A webhook, in its `PascalCase` shape. The simulator keeps it and posts nothing by itself; see [`Simulator::take_deliveries`](super::Simulator::take_deliveries).
    WEBHOOK, Seven {
        IsLabelAPIHook: Flag = false, WebHookID: Int, SellerID: Int = 2_400_000, StoreID: Int, HookType: Text,
        MessageFormat: Text = "Json", Url: Text, Name: Text, BulkCopyBatchID: Int, BulkCopyRecordID: Int,
        Active: Flag = true, WebhookLogs: Any = [], Seller: Any, Store: Any,
    }
}
