//! Products: the records that ShipStation keeps by SKU. V1 reference, Endpoints / Products.

use serde_json::Value;

use super::{
    ActionResponse, Confirmation, Decimal, Error, PacificTime, ProductCategoryId, ProductId, ProductTypeId,
    Products, TagId,
    call::Call,
    endpoints,
    page::list_request,
    wire::{model, open_enum},
};

impl Products {
    /// Lists products.
    pub fn list(&self) -> ListProducts {
        ListProducts::new(&self.0)
    }

    /// Fetches one product.
    pub async fn get(&self, product: ProductId) -> Result<Product, Error> {
        self.0.fetch(&endpoints::GET_PRODUCT, product, |found: &Product| found.product_id).await
    }

    /// Replaces a product as a whole: what is absent is cleared. Fetch it, change it, and send it back; members that
    /// this crate does not know go back with it. ShipStation does not return the product. Repeatable.
    pub async fn update(&self, product: &Product) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::UPDATE_PRODUCT).id(product.product_id).json(product)).await
    }
}

open_enum! {
    /// What products can be sorted by.
    pub enum ProductSort {
        Sku = "SKU",
        ModifyDate = "ModifyDate",
        CreateDate = "CreateDate",
    }
}

list_request! {
    /// A request for products; see [`Products::list`].
    pub struct ListProducts of Product: LIST_PRODUCTS;
    sort ProductSort;
    texts {
        /// Only products whose SKU *begins* with this text: compare the rows exactly.
        sku = "sku",
        /// Only products with this name, or a part of it: compare the rows.
        name = "name",
        /// Only products with this bar code. Newer documentation only.
        upc = "upc",
    }
    values {
        category: ProductCategoryId = "productCategoryId",
        product_type: ProductTypeId = "productTypeId",
        tag: TagId = "tagId",
        /// Whether inactive products are listed too. Default false.
        show_inactive: bool = "showInactive",
    }
    dates {
        "products created" {
            created_since = "startDate", created_before = "endDate",
            read by create_date, sorted by "CreateDate"
        }
    }
}

model! {
    /// What ShipStation knows of one SKU. SKUs are unique by custom only.
    pub struct Product {
        /// Other SKUs of the product. Null in every recording; its type is not established.
        aliases: Option<Value> = "aliases",
        product_id: ProductId = "productId",
        /// The SKU, verbatim: leading blanks occur.
        @public sku: Option<String> = "sku",
        @droppable name: Option<String> = "name",
        /// The price, in the account's currency.
        @droppable price: Option<Decimal> = "price",
        /// The cost, in the account's currency.
        @droppable default_cost: Option<Decimal> = "defaultCost",
        /// The length, in inches.
        @droppable length: Option<Decimal> = "length",
        /// The width, in inches.
        @droppable width: Option<Decimal> = "width",
        /// The height, in inches.
        @droppable height: Option<Decimal> = "height",
        /// The weight, in ounces.
        @droppable weight_oz: Option<Decimal> = "weightOz",
        @personal @droppable internal_notes: Option<String> = "internalNotes",
        /// The SKU that a fulfillment provider knows it by.
        fulfillment_sku: Option<String> = "fulfillmentSku",
        create_date: Option<PacificTime> = "createDate",
        @droppable modify_date: Option<PacificTime> = "modifyDate",
        /// Whether it is in use.
        active: Option<bool> = "active",
        /// Its category: an object, a text or a list, depending on the account.
        @droppable product_category: Option<Value> = "productCategory",
        /// Its type: a text or an object, depending on the account.
        @droppable product_type: Option<Value> = "productType",
        @droppable warehouse_location: Option<String> = "warehouseLocation",
        @public @droppable default_carrier_code: Option<String> = "defaultCarrierCode",
        @public @droppable default_service_code: Option<String> = "defaultServiceCode",
        @public @droppable default_package_code: Option<String> = "defaultPackageCode",
        @public @droppable default_intl_carrier_code: Option<String> = "defaultIntlCarrierCode",
        @public @droppable default_intl_service_code: Option<String> = "defaultIntlServiceCode",
        @public @droppable default_intl_package_code: Option<String> = "defaultIntlPackageCode",
        @droppable default_confirmation: Option<Confirmation> = "defaultConfirmation",
        @droppable default_intl_confirmation: Option<Confirmation> = "defaultIntlConfirmation",
        @droppable customs_description: Option<String> = "customsDescription",
        /// Its value on the customs form, in US dollars.
        @droppable customs_value: Option<Decimal> = "customsValue",
        @droppable customs_tariff_no: Option<String> = "customsTariffNo",
        /// The country it was made in, two letters.
        @droppable customs_country_code: Option<String> = "customsCountryCode",
        @droppable no_customs: Option<bool> = "noCustoms",
        @droppable tags: Vec<ProductTag> = "tags",
        @droppable upc: Option<String> = "upc",
        @droppable thumbnail_url: Option<String> = "thumbnailURL",
    }

    /// A group of products.
    pub struct ProductCategory {
        category_id: Option<ProductCategoryId> = "categoryId",
        name: Option<String> = "name",
    }

    /// A tag on a product.
    pub struct ProductTag {
        tag_id: Option<TagId> = "tagId",
        name: Option<String> = "name",
    }
}
