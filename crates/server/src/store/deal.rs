//! Deals: what was ordered, and which instances came of it.

use db::{Error, Tx, params};

use super::{from_json, to_json};

/// One order.
#[derive(Debug, Clone)]
pub struct Deal {
    /// `DealId`, counted up.
    pub id: i64,
    /// `DealName`: 23 digits, beginning with the day.
    pub name: String,
    /// Who ordered, a uin.
    pub creator: String,
    /// How many instances.
    pub goods: i64,
    /// Which.
    pub instance_ids: Vec<String>,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// What is known of an order before it has an id.
pub struct NewDeal<'a> {
    /// `DealName`.
    pub name: &'a str,
    /// The main account's uin.
    pub account: &'a str,
    /// Where.
    pub region: &'a str,
    /// Who ordered, a uin.
    pub creator: &'a str,
    /// Which instances.
    pub instance_ids: &'a [String],
    /// Milliseconds since 1970.
    pub now: i64,
}

/// Adds an order and answers its id.
///
/// # Errors
/// The database's.
pub fn add(tx: &Tx<'_>, deal: &NewDeal<'_>) -> Result<i64, Error> {
    let sql = "INSERT INTO deal (name, account, region, creator, goods, instance_ids, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    let goods = i64::try_from(deal.instance_ids.len()).unwrap_or(i64::MAX);
    let ids = to_json(deal.instance_ids);
    let values = params![deal.name, deal.account, deal.region, deal.creator, goods, &ids, deal.now];
    let id = tx.query_opt(sql, values, |row| row.int(0))?;
    id.ok_or_else(|| Error::Database("a new deal got no id".to_owned()))
}

/// The account's order with this id or this name.
///
/// # Errors
/// The database's.
pub fn find(tx: &Tx<'_>, account: &str, id_or_name: &str) -> Result<Option<Deal>, Error> {
    let sql = "SELECT id, name, creator, goods, instance_ids, created_at FROM deal
               WHERE account = $1 AND (name = $2 OR id = $3)";
    // A name is all digits too, but longer than any id.
    let id = id_or_name.parse().unwrap_or(-1_i64);
    tx.query_opt(sql, params![account, id_or_name, id], |row| {
        Ok(Deal {
            id: row.int(0)?,
            name: row.text(1)?,
            creator: row.text(2)?,
            goods: row.int(3)?,
            instance_ids: from_json(&row.text(4)?)?,
            created_at: row.int(5)?,
        })
    })
}
