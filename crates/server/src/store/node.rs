//! Nodes: the redis processes that should exist, their ports, and what was last seen of them.

use std::collections::HashSet;

use db::{Error, Row, Tx, params};

use crate::model::instance::{DOUBTFUL, Node, Place, Seen};

/// Adds a node without a place, on the host of its instance.
///
/// # Errors
/// The database's.
pub fn add(tx: &Tx<'_>, instance_id: &str, node: &Node) -> Result<(), Error> {
    let sql = "INSERT INTO node (instance_id, name, shard, ordinal, node_id, host)
               VALUES ($1, $2, $3, $4, $5, (SELECT host FROM instance WHERE id = $1))";
    tx.execute(sql, params![instance_id, &node.name, node.shard, node.ordinal, &node.node_id]).map(drop)
}

/// The nodes of an instance, shard by shard, the master's place first.
///
/// # Errors
/// The database's.
pub fn of_instance(tx: &Tx<'_>, instance_id: &str) -> Result<Vec<Node>, Error> {
    let sql = "SELECT name, shard, ordinal, node_id, address, port, seen_state, seen_role, seen_memory, seen_keys, seen_version, seen_at
               FROM node WHERE instance_id = $1 ORDER BY shard, ordinal";
    tx.query(sql, params![instance_id], from_row)
}

fn from_row(row: &Row<'_>) -> Result<Node, Error> {
    let port = row.opt_int(5)?.and_then(|port| u16::try_from(port).ok());
    Ok(Node {
        name: row.text(0)?,
        shard: row.int(1)?,
        ordinal: row.int(2)?,
        node_id: row.text(3)?,
        place: row.opt_text(4)?.zip(port),
        seen: Seen {
            state: row.text(6)?,
            role: row.text(7)?,
            memory: row.int(8)?,
            keys: row.int(9)?,
            version: row.text(10)?,
            at: row.opt_int(11)?,
        },
    })
}

/// Gives a node its place. A conflict means that another node of the host has it.
///
/// # Errors
/// The database's.
pub fn set_place(tx: &Tx<'_>, instance_id: &str, name: &str, address: &str, port: u16) -> Result<(), Error> {
    let sql = "UPDATE node SET address = $3, port = $4 WHERE instance_id = $1 AND name = $2";
    tx.execute(sql, params![instance_id, name, address, port]).map(drop)
}

/// Takes the places of all nodes of an instance away.
///
/// # Errors
/// The database's.
pub fn release_places(tx: &Tx<'_>, instance_id: &str) -> Result<(), Error> {
    tx.execute("UPDATE node SET address = NULL, port = NULL WHERE instance_id = $1", params![instance_id]).map(drop)
}

/// All places of a host that are taken.
///
/// # Errors
/// The database's.
pub fn places(tx: &Tx<'_>, host: &str) -> Result<HashSet<Place>, Error> {
    let sql = "SELECT address, port FROM node WHERE host = $1 AND port IS NOT NULL";
    Ok(tx.query(sql, params![host], |row| Ok((row.text(0)?, row.small(1)?)))?.into_iter().collect())
}

/// Has all nodes of an instance set up anew by the next who looks after it.
///
/// # Errors
/// The database's.
pub fn doubt(tx: &Tx<'_>, instance_id: &str) -> Result<(), Error> {
    tx.execute("UPDATE node SET seen_state = $2 WHERE instance_id = $1", params![instance_id, DOUBTFUL]).map(drop)
}

/// They have been set up, under this generation; nothing changes when a task has touched them since.
///
/// # Errors
/// The database's.
pub fn trust(tx: &Tx<'_>, instance_id: &str, generation: i64) -> Result<(), Error> {
    let sql = "UPDATE node SET seen_state = '' WHERE instance_id = $1 AND seen_state = $3
               AND EXISTS (SELECT 1 FROM instance i WHERE i.id = $1 AND i.generation = $2)";
    tx.execute(sql, params![instance_id, generation, DOUBTFUL]).map(drop)
}

/// Writes down what was seen of a node.
///
/// # Errors
/// The database's.
pub fn set_seen(tx: &Tx<'_>, instance_id: &str, name: &str, seen: &Seen) -> Result<(), Error> {
    let sql = "UPDATE node SET seen_state = $3, seen_role = $4, seen_memory = $5, seen_keys = $6, seen_version = $7, seen_at = $8
               WHERE instance_id = $1 AND name = $2";
    let values = params![instance_id, name, &seen.state, &seen.role, seen.memory, seen.keys, &seen.version, seen.at];
    tx.execute(sql, values).map(drop)
}
