//! For tests: the same suite on both databases.
//!
//! With `CINNABAR_TEST_DATABASE_URL` set, each test gets a schema of its own in that PostgreSQL, found by the test's folder; without
//! it, a file in that folder. Nothing removes the schemas: the cluster is to be thrown away (`scripts/postgres.sh run`).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::{Db, Error, Migration};

/// The variable that leads the suites to a PostgreSQL.
pub const VARIABLE: &str = "CINNABAR_TEST_DATABASE_URL";

/// Opens the database of a test that has this folder; opened again it is the same one.
///
/// # Errors
/// As [`Db::open`] and [`Db::connect`].
pub fn open(folder: &Path, migrations: &[Migration]) -> Result<Db, Error> {
    match url(folder)? {
        Some(url) => Db::connect(&url, migrations),
        None => Db::open(&folder.join("state.db"), migrations),
    }
}

/// The URL of a schema for the test that has this folder, which is made if need be; `None` without the variable.
///
/// # Errors
/// As [`Db::connect`].
pub fn url(folder: &Path) -> Result<Option<String>, Error> {
    let Ok(base) = std::env::var(VARIABLE) else { return Ok(None) };
    let schema = schema(folder);
    crate::postgres::run(&base, &format!("CREATE SCHEMA IF NOT EXISTS {schema}"))?;
    let separator = if base.contains('?') { '&' } else { '?' };
    Ok(Some(format!("{base}{separator}options=-csearch_path%3D{schema}")))
}

fn schema(folder: &Path) -> String {
    let mut hash = DefaultHasher::new();
    folder.hash(&mut hash);
    format!("test_{:016x}", hash.finish())
}
