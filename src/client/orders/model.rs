//! What an order is made of. V1 reference, Models / Order to `AdvancedOptions`.

use serde_json::Value;

use super::super::{
    CustomerId, CustomsItemId, Decimal, OrderId, OrderItemId, PacificDate, PacificTime, ProductId,
    ShippingProviderId, StoreId, TagId, UserId, WarehouseId, wire::model,
};
use super::{
    AddressVerification, BillToParty, Confirmation, CustomsContents, DimensionUnits, InsuranceProvider,
    NonDelivery, OrderStatus, WeightUnits,
};

model! {
    /// An order.
    ///
    /// It is identified by `order_id` alone: numbers repeat, and the two halves of a split order share their key.
    pub struct Order {
        order_id: OrderId = "orderId",
        /// The number that the channel gave it. Not unique.
        @public order_number: Option<String> = "orderNumber",
        /// The channel's key; a GUID if ShipStation made it up. Not unique.
        order_key: Option<String> = "orderKey",
        /// When it was ordered, as the channel wrote it: some channels write UTC digits.
        order_date: Option<PacificTime> = "orderDate",
        /// When it was created in ShipStation.
        create_date: Option<PacificTime> = "createDate",
        /// When it was last modified in ShipStation.
        modify_date: Option<PacificTime> = "modifyDate",
        /// When it was paid, as the channel wrote it.
        payment_date: Option<PacificTime> = "paymentDate",
        /// By when it should leave, as the channel wrote it.
        @droppable ship_by_date: Option<PacificTime> = "shipByDate",
        order_status: Option<OrderStatus> = "orderStatus",
        @droppable customer_id: Option<CustomerId> = "customerId",
        /// The buyer's login at the channel.
        @personal @droppable customer_username: Option<String> = "customerUsername",
        @personal @droppable customer_email: Option<String> = "customerEmail",
        @droppable bill_to: Option<Address> = "billTo",
        ship_to: Option<Address> = "shipTo",
        /// The lines, discounts and fees among them.
        items: Vec<OrderItem> = "items",
        /// Items, tax and shipping together, computed by ShipStation, in the store's currency.
        @droppable order_total: Option<Decimal> = "orderTotal",
        /// What was paid, in the store's currency.
        @droppable amount_paid: Option<Decimal> = "amountPaid",
        /// The tax, in the store's currency.
        @droppable tax_amount: Option<Decimal> = "taxAmount",
        /// What the buyer pays for shipping, in the store's currency.
        @droppable shipping_amount: Option<Decimal> = "shippingAmount",
        @personal @droppable customer_notes: Option<String> = "customerNotes",
        @personal @droppable internal_notes: Option<String> = "internalNotes",
        @droppable gift: Option<bool> = "gift",
        @personal @droppable gift_message: Option<String> = "giftMessage",
        @droppable payment_method: Option<String> = "paymentMethod",
        /// The shipping that the buyer chose, in the store's own words.
        requested_shipping_service: Option<String> = "requestedShippingService",
        /// The carrier it will go with.
        @public carrier_code: Option<String> = "carrierCode",
        @public service_code: Option<String> = "serviceCode",
        @public @droppable package_code: Option<String> = "packageCode",
        @droppable confirmation: Option<Confirmation> = "confirmation",
        /// The day it was shipped.
        @droppable ship_date: Option<PacificDate> = "shipDate",
        /// The day until which it is held.
        @droppable hold_until_date: Option<PacificDate> = "holdUntilDate",
        @droppable weight: Option<Weight> = "weight",
        @droppable dimensions: Option<Dimensions> = "dimensions",
        @droppable insurance_options: Option<InsuranceOptions> = "insuranceOptions",
        @droppable international_options: Option<InternationalOptions> = "internationalOptions",
        /// Everything else: store, warehouse, lineage, custom fields.
        advanced_options: Option<AdvancedOptions> = "advancedOptions",
        tag_ids: Vec<TagId> = "tagIds",
        /// The user it is assigned to.
        user_id: Option<UserId> = "userId",
        /// Whether a marketplace or provider ships it.
        externally_fulfilled: Option<bool> = "externallyFulfilled",
        /// Who ships it.
        @droppable externally_fulfilled_by: Option<String> = "externallyFulfilledBy",
        /// The provider's id; a number or a text.
        @droppable externally_fulfilled_by_id: Option<String> = "externallyFulfilledById",
        @droppable externally_fulfilled_by_name: Option<String> = "externallyFulfilledByName",
        /// Null in every recording; its type is not established.
        @personal @droppable label_messages: Option<Value> = "labelMessages",
    }

    /// A line of an order or of a shipment.
    #[derive(Default)]
    pub struct OrderItem {
        order_item_id: Option<OrderItemId> = "orderItemId",
        /// The channel's id of the line.
        line_item_key: Option<String> = "lineItemKey",
        /// The SKU, verbatim: leading blanks occur. Often absent on discounts.
        @public sku: Option<String> = "sku",
        /// The name. Stores that engrave or print to order put the buyer's words into it.
        @personal @droppable name: Option<String> = "name",
        @droppable image_url: Option<String> = "imageUrl",
        /// The weight of one piece.
        @droppable weight: Option<Weight> = "weight",
        quantity: Option<i64> = "quantity",
        /// The price of one piece, in the store's currency; negative for discounts.
        unit_price: Option<Decimal> = "unitPrice",
        /// The tax, in the store's currency.
        @droppable tax_amount: Option<Decimal> = "taxAmount",
        /// The shipping, in the store's currency.
        @droppable shipping_amount: Option<Decimal> = "shippingAmount",
        @droppable warehouse_location: Option<String> = "warehouseLocation",
        /// What the buyer chose.
        @droppable options: Vec<ItemOption> = "options",
        /// The product. Made some seconds after the order, so that it may be absent at first.
        product_id: Option<ProductId> = "productId",
        /// The SKU that a fulfillment provider knows it by.
        fulfillment_sku: Option<String> = "fulfillmentSku",
        /// Whether it is a discount or fee and nothing to ship.
        adjustment: Option<bool> = "adjustment",
        @droppable upc: Option<String> = "upc",
        @droppable create_date: Option<PacificTime> = "createDate",
        @droppable modify_date: Option<PacificTime> = "modifyDate",
    }

    /// Something the buyer chose about an item, such as its color.
    #[derive(Default)]
    pub struct ItemOption {
        /// What is chosen.
        @droppable name: Option<String> = "name",
        /// The choice. Engravings and the like are the buyer's own words.
        @personal @droppable value: Option<String> = "value",
    }

    /// An address.
    #[derive(Default)]
    pub struct Address {
        /// The person.
        @personal name: Option<String> = "name",
        @personal company: Option<String> = "company",
        @personal street1: Option<String> = "street1",
        @personal street2: Option<String> = "street2",
        @personal street3: Option<String> = "street3",
        @personal city: Option<String> = "city",
        /// The state: two letters in the US and Canada, free text elsewhere.
        @personal state: Option<String> = "state",
        @personal postal_code: Option<String> = "postalCode",
        /// The country, two letters.
        country: Option<String> = "country",
        @personal @droppable phone: Option<String> = "phone",
        /// Whether somebody lives there.
        @droppable residential: Option<bool> = "residential",
        /// What ShipStation thinks of it.
        @droppable address_verified: Option<AddressVerification> = "addressVerified",
    }

    /// A weight.
    #[derive(Default)]
    pub struct Weight {
        /// How much.
        @droppable value: Option<Decimal> = "value",
        /// Of what.
        @droppable units: Option<WeightUnits> = "units",
        /// The unit as ShipStation's own number; 1 is ounces. Read-only.
        @droppable weight_units: Option<i64> = "WeightUnits",
    }

    /// The measures of a parcel.
    #[derive(Default)]
    pub struct Dimensions {
        /// The unit of the three.
        @droppable units: Option<DimensionUnits> = "units",
        @droppable length: Option<Decimal> = "length",
        @droppable width: Option<Decimal> = "width",
        @droppable height: Option<Decimal> = "height",
    }

    /// The insurance of a shipment.
    #[derive(Default)]
    pub struct InsuranceOptions {
        /// Who insures it.
        @droppable provider: Option<InsuranceProvider> = "provider",
        @droppable insure_shipment: Option<bool> = "insureShipment",
        /// The value insured, in the store's currency.
        @droppable insured_value: Option<Decimal> = "insuredValue",
    }

    /// What customs want to know.
    #[derive(Default)]
    pub struct InternationalOptions {
        /// What the parcel holds.
        @droppable contents: Option<CustomsContents> = "contents",
        @droppable customs_items: Vec<CustomsItem> = "customsItems",
        /// What happens if it cannot be delivered.
        @droppable non_delivery: Option<NonDelivery> = "nonDelivery",
    }

    /// A line of a customs form.
    #[derive(Default)]
    pub struct CustomsItem {
        /// The line's id. Sent back, it changes the line; left out, it adds one.
        @droppable customs_item_id: Option<CustomsItemId> = "customsItemId",
        @droppable description: Option<String> = "description",
        @droppable quantity: Option<i64> = "quantity",
        /// The value of the line, in US dollars.
        @droppable value: Option<Decimal> = "value",
        @droppable harmonized_tariff_code: Option<String> = "harmonizedTariffCode",
        /// The country it was made in, two letters.
        @droppable country_of_origin: Option<String> = "countryOfOrigin",
    }

    /// Everything about an order that has no place of its own. On shipments only the five billing and store members exist.
    #[derive(Default)]
    pub struct AdvancedOptions {
        @droppable warehouse_id: Option<WarehouseId> = "warehouseId",
        /// Whether machines cannot sort it.
        @droppable non_machinable: Option<bool> = "nonMachinable",
        @droppable saturday_delivery: Option<bool> = "saturdayDelivery",
        @droppable contains_alcohol: Option<bool> = "containsAlcohol",
        /// Whether the order was merged or split. The other members show which of the two.
        merged_or_split: Option<bool> = "mergedOrSplit",
        /// The children of a split order, which live, or the orders merged into this one, which do not.
        merged_ids: Vec<OrderId> = "mergedIds",
        /// The order this one was split from.
        parent_id: Option<OrderId> = "parentId",
        /// The store. It can be set at creation only.
        store_id: Option<StoreId> = "storeId",
        /// Free text.
        @personal custom_field1: Option<String> = "customField1",
        /// Free text.
        @personal custom_field2: Option<String> = "customField2",
        /// Free text.
        @personal custom_field3: Option<String> = "customField3",
        /// Where the order came from, such as the marketplace's name.
        source: Option<String> = "source",
        @droppable bill_to_party: Option<BillToParty> = "billToParty",
        @personal @droppable bill_to_account: Option<String> = "billToAccount",
        @personal @droppable bill_to_postal_code: Option<String> = "billToPostalCode",
        /// The payer's country, two letters.
        @droppable bill_to_country_code: Option<String> = "billToCountryCode",
        /// The merchant's other carrier account, with [`BillToParty::MyOtherAccount`].
        @droppable bill_to_my_other_account: Option<ShippingProviderId> = "billToMyOtherAccount",
        /// Seen in one client only; its meaning is not established.
        @droppable movement_indicator: Option<String> = "movementIndicator",
    }
}

impl Weight {
    /// This much of that.
    ///
    /// ```
    /// use shipstation_connector::client::{Weight, WeightUnits};
    /// let weight = Weight::new(14, WeightUnits::Ounces);
    /// assert_eq!(weight.units, Some(WeightUnits::Ounces));
    /// ```
    pub fn new(value: impl Into<Decimal>, units: WeightUnits) -> Self {
        Self { value: Some(value.into()), units: Some(units), ..Self::default() }
    }
}

impl Dimensions {
    /// Length, width and height in one unit.
    pub fn new(
        length: impl Into<Decimal>,
        width: impl Into<Decimal>,
        height: impl Into<Decimal>,
        units: DimensionUnits,
    ) -> Self {
        Self {
            length: Some(length.into()),
            width: Some(width.into()),
            height: Some(height.into()),
            units: Some(units),
            ..Self::default()
        }
    }
}
