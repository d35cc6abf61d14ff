//! At the start: who this process is, which host it is on, and whose the folder of nodes is.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use db::{Db, Tx};
use engine::Clock;

use super::StartError;
use crate::app::App;
use crate::background::beat;
use crate::config::Config;
use crate::folder::nodes::{self, Owner};
use crate::folder::{Folder, FolderError};
use crate::model::host::{self, Hosting, Process, Role};
use crate::{ids, store};

/// In the data folder: what the host was called at the first start.
const FILE: &str = "host";
/// So long a process that ended without a word stays written down, in milliseconds.
const MEMORY: i64 = 24 * 3600 * 1000;

/// This process among those that share the state; from here on the clock goes by the database's.
///
/// # Errors
/// When the role needs others, or the machine has no usable name.
pub(super) fn join(
    config: &Config,
    folder: &Folder,
    db: &Db,
    clock: &Clock,
    address: Option<SocketAddr>,
) -> Result<Hosting, StartError> {
    let shared = db.is_shared();
    if !shared && config.role != Role::All {
        return Err(StartError::Role(config.role.as_str()));
    }
    beat::follow(db, clock);
    let process = Process {
        id: kept(&folder.path.join("process"), ids::process_id)?,
        host: host_name(&config.host.name, &folder.path)?,
        role: config.role,
        address: address.map_or_else(String::new, |address| address.to_string()),
        seen_at: clock.steady_ms(),
    };
    Ok(Hosting::new(process, shared, i64::try_from(config.host.dead_after).unwrap_or(i64::MAX)))
}

/// What stands in the file, and if there is none what is made for it now.
fn kept(path: &Path, make: impl FnOnce() -> String) -> Result<String, FolderError> {
    let unusable = |error| FolderError::Unusable(path.to_owned(), error);
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = make();
            std::fs::write(path, &text).map_err(unusable)?;
            Ok(text)
        }
        Err(error) => Err(unusable(error)),
    }
}

/// Says for the first time that this process is there, before anybody hears of it by a request.
///
/// # Errors
/// The database's.
pub(super) async fn enter(app: &Arc<App>) -> Result<(), StartError> {
    Ok(beat::beat(app).await?)
}

/// Says that it is gone, so that nobody has to find out.
pub(super) async fn leave(app: &App) {
    let (id, long_ago) = (app.hosting.process.id.clone(), app.clock.steady_ms().saturating_sub(MEMORY));
    if let Err(error) = app.db.write(move |tx| store::host::leave(tx, &id, long_ago)).await {
        tracing::warn!(%error, "cannot say that this process is gone");
    }
}

/// What was given, else what it was called before, else what the machine is called; kept, since a machine may be renamed
/// and its instances stay.
fn host_name(given: &str, data: &Path) -> Result<String, StartError> {
    let path = data.join(FILE);
    let unusable = |error| StartError::Folder(FolderError::Unusable(data.to_owned(), error));
    if !given.is_empty() {
        std::fs::write(&path, given).map_err(unusable)?;
        return Ok(given.to_owned());
    }
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").map_err(unusable)?;
    checked(&kept(&path, || machine.trim().to_owned())?)
}

fn checked(name: &str) -> Result<String, StartError> {
    if host::is_name(name) { Ok(name.to_owned()) } else { Err(StartError::HostName(name.to_owned())) }
}

/// The folder of nodes. Where this process works it is made sure that the folder is this host's and that this host's is no
/// other.
///
/// # Errors
/// [`FolderError`], or that the host has its nodes elsewhere.
pub(super) async fn nodes(
    config: &Config,
    folder: &Folder,
    hosting: &Hosting,
    db: &Db,
    now: i64,
) -> Result<PathBuf, StartError> {
    let path = match config.host.instances.as_os_str() {
        empty if empty.is_empty() => folder.path.join("instances"),
        _ => config.host.instances.clone(),
    };
    if !hosting.process.role.works() {
        return Ok(path);
    }
    let deployment = db.write(move |tx| store::host::deployment(tx, &ids::process_id(), now)).await?;
    let new = Owner { deployment, shared: hosting.shared, host: hosting.process.host.clone(), id: ids::process_id() };
    let (path, owner) = nodes::claim(&path, &new)?;
    // An embedded state lies beside its nodes, so that who puts another one there means it.
    if owner.deployment != new.deployment && (owner.shared || new.shared) {
        return Err(FolderError::OtherState(path, owner.host).into());
    }
    if owner.host != new.host && hosting.shared {
        return Err(FolderError::OtherHost(path, owner.host).into());
    }
    let owner = Owner { id: owner.id, ..new };
    if !hosting.shared {
        nodes::give(&path, &owner)?;
    }
    let shared = hosting.shared;
    db.write(move |tx| register(tx, &owner, shared, now)).await?;
    Ok(path)
}

fn register(tx: &Tx<'_>, owner: &Owner, shared: bool, now: i64) -> Result<(), StartError> {
    if !shared {
        store::host::take_all(tx, &owner.host)?;
    } else if store::host::folder(tx, &owner.host)?.is_some_and(|known| known != owner.id)
        && store::host::instances(tx, &owner.host)? > 0
    {
        return Err(StartError::HostElsewhere(owner.host.clone()));
    }
    Ok(store::host::put(tx, &owner.host, &owner.id, now)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_keeps_the_name_that_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let machine = host_name("", folder.path()).unwrap();
        assert!(!machine.is_empty());
        assert_eq!(host_name("west-1", folder.path()).unwrap(), "west-1");
        assert_eq!(host_name("", folder.path()).unwrap(), "west-1");
        std::fs::write(folder.path().join(FILE), "not a name").unwrap();
        assert!(host_name("", folder.path()).unwrap_err().to_string().contains("--host-name"));
    }
}
