//! The state's format: numbered SQL texts, each applied once, and the refusal of a format from the future.

use rusqlite::Connection;

use crate::Error;

/// One numbered step of the schema. Numbers start at 1 and have no gaps; a published step is never changed.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The format number that the state has after this step.
    pub number: i64,
    /// The portable SQL text. `@id` stands for a primary key that the database counts up itself.
    pub sql: &'static str,
}

/// SQLite's spelling of `@id`: a rowid alias that never gives a number twice.
const COUNTED_KEY: &str = "INTEGER PRIMARY KEY AUTOINCREMENT";

pub(crate) fn migrate(connection: &mut Connection, migrations: &[Migration]) -> Result<(), Error> {
    let known = migrations.last().map_or(0, |migration| migration.number);
    let found = current_format(connection)?;
    if found > known {
        return Err(Error::NewerFormat { found, known });
    }
    for migration in migrations.iter().filter(|migration| migration.number > found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(&migration.sql.replace("@id", COUNTED_KEY))?;
        transaction.execute("INSERT INTO format(number) VALUES (?1)", [migration.number])?;
        transaction.commit()?;
    }
    Ok(())
}

fn current_format(connection: &Connection) -> Result<i64, Error> {
    connection.execute_batch("CREATE TABLE IF NOT EXISTS format (number BIGINT PRIMARY KEY)")?;
    Ok(connection.query_row("SELECT COALESCE(MAX(number), 0) FROM format", [], |row| row.get(0))?)
}
