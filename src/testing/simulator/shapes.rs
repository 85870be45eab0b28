//! The members of every kind of row in wire order, with their defaults. (V1 reference, models; order and defaults as recorded.)

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::{Digits, Field, Kind, Member, Record, Shape};

/// `NAME, Digits { member: Kind(shape) = default }`; without a default a member is null.
macro_rules! shapes {
    ($($(#[$doc:meta])* $shape:ident, $digits:ident {
        $($name:ident: $kind:ident $(($inner:ident))? $(= $default:expr)?),* $(,)?
    })*) => {
        $($(#[$doc])*
        pub(super) static $shape: Shape = Shape {
            digits: Digits::$digits,
            members: &[$(Member {
                name: stringify!($name),
                kind: Kind::$kind $((&$inner))?,
                default: shapes!(@default $($default)?),
            }),*],
        };)*
    };
    (@default) => { Field::Null };
    (@default $default:expr) => { $default };
}

#[cfg(test)]
pub(super) use shapes;

const NO: Field = Field::Flag(false);
const YES: Field = Field::Flag(true);
const ZERO: Field = Field::Amount(Decimal::ZERO);
const FIRST: Field = Field::Int(0);
const BLANK: Field = text("");
const EMPTY: Field = Field::List(Vec::new());

const fn text(text: &'static str) -> Field {
    Field::Text(Cow::Borrowed(text))
}

const fn row(shape: &'static Shape) -> Field {
    Field::Row(Record::new(shape))
}

shapes! {
    ADDRESS, Seven {
        name: Text, company: Text, street1: Text, street2: Text, street3: Text, city: Text, state: Text,
        postalCode: Text, country: Text, phone: Text, residential: Flag, addressVerified: Text,
    }
    WEIGHT, Seven { value: Amount = ZERO, units: Text = text("ounces"), WeightUnits: Int = Field::Int(1) }
    DIMENSIONS, Seven { units: Text = BLANK, length: Amount = ZERO, width: Amount = ZERO, height: Amount = ZERO }
    INSURANCE, Seven { provider: Text, insureShipment: Flag = NO, insuredValue: Amount = ZERO }
    CUSTOMS, Seven { contents: Text, customsItems: Rows(CUSTOMS_ITEM), nonDelivery: Text }
    CUSTOMS_ITEM, Seven {
        customsItemId: Int = FIRST, description: Text = BLANK, quantity: Int = FIRST, value: Amount = ZERO,
        harmonizedTariffCode: Text, countryOfOrigin: Text = BLANK,
    }
    ADVANCED_OPTIONS, Seven {
        warehouseId: Int, nonMachinable: Flag = NO, saturdayDelivery: Flag = NO, containsAlcohol: Flag = NO,
        mergedOrSplit: Flag = NO, mergedIds: Ids = EMPTY, parentId: Int, storeId: Int, customField1: Text,
        customField2: Text, customField3: Text, source: Text, billToParty: Text, billToAccount: Text,
        billToPostalCode: Text, billToCountryCode: Text, billToMyOtherAccount: Int,
    }
    OPTION, Seven { name: Text = BLANK, value: Text }
    /// A line. `unnumbered` keeps the number at 0.
    LINE, Trimmed {
        orderItemId: Int = FIRST, lineItemKey: Text, sku: Text, name: Text = BLANK, imageUrl: Text,
        weight: Row(WEIGHT) = row(&WEIGHT), quantity: Int = Field::Int(1), unitPrice: Amount = ZERO,
        taxAmount: Amount, shippingAmount: Amount, warehouseLocation: Text, options: Rows(OPTION) = EMPTY,
        productId: Int, fulfillmentSku: Text, adjustment: Flag = NO, upc: Text, createDate: Time, modifyDate: Time,
        unnumbered: Hidden,
    }
    /// An order. It was brought by `importBatch`, as webhook addresses name it, and cannot be found once it is `deleted` or
    /// `mergedInto` another.
    ORDER, Seven {
        orderId: Int = FIRST, orderNumber: Text = BLANK, orderKey: Text = BLANK, orderDate: Time, createDate: Time,
        modifyDate: Time, paymentDate: Time, shipByDate: Time, orderStatus: Text, customerId: Int,
        customerUsername: Text, customerEmail: Text, billTo: Row(ADDRESS) = row(&ADDRESS),
        shipTo: Row(ADDRESS) = row(&ADDRESS), items: Rows(LINE) = EMPTY, orderTotal: Amount = ZERO,
        amountPaid: Amount = ZERO, taxAmount: Amount = ZERO, shippingAmount: Amount = ZERO, customerNotes: Text,
        internalNotes: Text, gift: Flag = NO, giftMessage: Text, paymentMethod: Text, requestedShippingService: Text,
        carrierCode: Text, serviceCode: Text, packageCode: Text, confirmation: Text = text("none"), shipDate: Text,
        holdUntilDate: Text, weight: Row(WEIGHT) = row(&WEIGHT), dimensions: Row(DIMENSIONS),
        insuranceOptions: Row(INSURANCE) = row(&INSURANCE), internationalOptions: Row(CUSTOMS) = row(&CUSTOMS),
        advancedOptions: Row(ADVANCED_OPTIONS) = row(&ADVANCED_OPTIONS), tagIds: Ids, userId: Text,
        externallyFulfilled: Flag = NO, externallyFulfilledBy: Text, externallyFulfilledById: Int,
        externallyFulfilledByName: Text, labelMessages: Any, importBatch: Hidden, deleted: Hidden, mergedInto: Hidden,
    }
    /// A shipment made outside ShipStation, shown in lists from `visibleFrom` on.
    FULFILLMENT, Seven {
        fulfillmentId: Int, orderId: Int, orderNumber: Text, userId: Text, customerEmail: Text, trackingNumber: Text,
        createDate: Time, shipDate: Time, voidDate: Time, deliveryDate: Time, carrierCode: Text,
        sellerFillProviderId: Int, sellerFillProviderName: Text, fulfillmentProviderCode: Text,
        fulfillmentServiceCode: Text, fulfillmentFee: Amount = ZERO, voidRequested: Flag = NO, voided: Flag = NO,
        marketplaceNotified: Flag = NO, notifyErrorMessage: Text, shipTo: Row(ADDRESS), visibleFrom: Hidden,
    }
    /// A bought label. Its lines are printed when they are asked for, its documents only in the answer to the purchase.
    SHIPMENT, Seven {
        shipmentId: Int, orderId: Int, orderKey: Text, userId: Text, customerEmail: Text, orderNumber: Text,
        createDate: Time, shipDate: Text, shipmentCost: Amount = Field::Amount(Decimal::from_parts(798, 0, 0, false,
        2)), insuranceCost: Amount = Field::Amount(Decimal::from_parts(0, 0, 0, false, 1)), trackingNumber: Text,
        isReturnLabel: Flag = NO, batchNumber: Text, carrierCode: Text, serviceCode: Text, packageCode: Text,
        confirmation: Text = text("delivery"), warehouseId: Int, voided: Flag = NO, voidDate: Time,
        marketplaceNotified: Flag = NO, notifyErrorMessage: Text, shipTo: Row(ADDRESS), weight: Row(WEIGHT),
        dimensions: Row(DIMENSIONS), insuranceOptions: Row(INSURANCE), advancedOptions: Any,
        shipmentItems: Rows(LINE), labelData: Text, formData: Text,
    }
    PRODUCT, Trimmed {
        aliases: Any, productId: Int = FIRST, sku: Text, name: Text, price: Amount = ZERO, defaultCost: Amount,
        length: Amount, width: Amount, height: Amount, weightOz: Amount, internalNotes: Text, fulfillmentSku: Text,
        createDate: Time, modifyDate: Time, active: Flag = YES, productCategory: Any, productType: Any,
        warehouseLocation: Text, defaultCarrierCode: Text, defaultServiceCode: Text, defaultPackageCode: Text,
        defaultIntlCarrierCode: Text, defaultIntlServiceCode: Text, defaultIntlPackageCode: Text,
        defaultConfirmation: Text, defaultIntlConfirmation: Text, customsDescription: Text, customsValue: Amount,
        customsTariffNo: Text, customsCountryCode: Text, noCustoms: Flag, tags: Rows(NAMED_TAG), upc: Text,
        thumbnailURL: Text,
    }
    NAMED_TAG, Seven { tagId: Int = FIRST, name: Text = BLANK }
    TAG, Seven { tagId: Int, name: Text, color: Text = text("#33CCCC") }
    /// A store. Lists were never seen with status mappings.
    STORE, Trimmed {
        storeId: Int, storeName: Text, marketplaceId: Int, marketplaceName: Text, accountName: Text, email: Text,
        integrationUrl: Text, active: Flag = YES, companyName: Text = BLANK, phone: Text, publicEmail: Text,
        website: Text, refreshDate: Time, lastRefreshAttempt: Time, createDate: Time, modifyDate: Time,
        autoRefresh: Flag = YES, statusMappings: Rows(STATUS_MAPPING),
    }
    STATUS_MAPPING, Seven { orderStatus: Text = BLANK, statusKey: Text = BLANK }
    /// A user. One that is `inactive` is listed on request only, and cannot be assigned.
    USER, Seven { userId: Text, userName: Text, name: Text, inactive: Hidden }
    CARRIER, Seven {
        name: Text, code: Text, accountNumber: Text, requiresFundedAccount: Flag = NO, balance: Amount = ZERO,
        nickname: Text, shippingProviderId: Int, primary: Flag = NO,
    }
    CUSTOMER, Seven {
        customerId: Int, createDate: Time, modifyDate: Time, name: Text, company: Text, street1: Text, street2: Text,
        city: Text, state: Text, postalCode: Text, countryCode: Text, phone: Text, email: Text,
        addressVerified: Text = text("Unverified"), marketplaceUsernames: Any, tags: Rows(NAMED_TAG),
    }
    WAREHOUSE, Seven {
        warehouseId: Int, warehouseName: Text, originAddress: Row(ADDRESS), returnAddress: Row(ADDRESS),
        createDate: Time, isDefault: Flag = NO, sellerIntegrationId: Int, extInventoryIdentity: Text,
        registerFedexMeter: Flag,
    }
    /// A webhook, in its `PascalCase` shape. The simulator keeps it and delivers nothing.
    WEBHOOK, Seven {
        IsLabelAPIHook: Flag = NO, WebHookID: Int, SellerID: Int = Field::Int(2_400_000), StoreID: Int,
        HookType: Text, MessageFormat: Text = text("Json"), Url: Text, Name: Text, BulkCopyBatchID: Int,
        BulkCopyRecordID: Int, Active: Flag = YES, WebhookLogs: Any = EMPTY, Seller: Any, Store: Any,
    }
}
