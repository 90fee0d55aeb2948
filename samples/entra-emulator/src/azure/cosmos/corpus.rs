//! The items of Contoso's shop.

use serde_json::{Value, json};

use super::refusal;
use crate::azure::Denial;

/// A container of a database.
pub(super) struct Container {
    database: &'static str,
    name: &'static str,
    pub(super) rid: &'static str,
    /// The property by which items are distributed.
    pub(super) partition_key: &'static str,
}

const CONTAINERS: [Container; 2] = [
    Container { database: "shop", name: "orders", rid: "Zs9hAKx1mQE=", partition_key: "customer" },
    Container { database: "shop", name: "customers", rid: "Zs9hAJv3nRI=", partition_key: "id" },
];

impl Container {
    pub(super) fn find(database: &str, name: &str) -> Result<&'static Self, Denial> {
        let found = CONTAINERS.iter().find(|it| it.database == database && it.name == name);
        found.ok_or_else(refusal::not_found)
    }

    pub(super) fn items(&self) -> Vec<Value> {
        let mut items = if self.name == "orders" { orders() } else { customers() };
        for (item, number) in items.iter_mut().zip(1_i64..) {
            item["_rid"] = json!(format!("{}0{number}", self.rid.trim_end_matches('=')));
            item["_self"] = json!(format!("dbs/Zs9hAA==/colls/{}/docs/{number}/", self.rid));
            item["_etag"] = json!(format!("\"0000{number:04}-0000-0200-0000-683d70f30000\""));
            item["_attachments"] = json!("attachments/");
            item["_ts"] = json!(1_748_857_000 + number);
        }
        items
    }
}

fn orders() -> Vec<Value> {
    let order = |id: &str, customer: &str, status: &str, total: f64, city: &str| json!({"id": id, "customer": customer, "status": status, "total": total, "shipTo": {"city": city}});
    vec![
        order("o-1001", "fabrikam", "open", 129.9, "Berlin"),
        order("o-1002", "fabrikam", "shipped", 18.5, "Berlin"),
        order("o-1003", "northwind", "open", 640.0, "Lyon"),
        order("o-1004", "northwind", "cancelled", 75.25, "Lyon"),
        order("o-1005", "tailwind", "shipped", 310.0, "Turin"),
    ]
}

fn customers() -> Vec<Value> {
    vec![
        json!({"id": "fabrikam", "name": "Fabrikam, Inc.", "country": "DE", "active": true}),
        json!({"id": "northwind", "name": "Northwind Traders", "country": "FR", "active": true}),
        json!({"id": "tailwind", "name": "Tailwind Toys", "country": "IT", "active": false}),
    ]
}
