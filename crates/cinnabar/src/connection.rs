//! Where the server is and who asks: flags first, then the environment, then the data folder.

use std::path::{Path, PathBuf};

use api::Secret;
use clap::Args;
use server::folder::Credentials;

use crate::client::Client;
use crate::error::Error;

/// The folder that `serve` uses when nothing else is said; relative to the current one.
const DEFAULT_DATA: &str = "cinnabar-data";

/// The server's data folder.
#[derive(Args)]
pub(crate) struct Data {
    /// The server's data folder, which holds its key pair and address (default: cinnabar-data)
    #[arg(long, value_name = "DIR", env = "CINNABAR_DATA")]
    data: Option<PathBuf>,
}

impl Data {
    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        self.data.as_deref().unwrap_or_else(|| Path::new(DEFAULT_DATA))
    }

    /// What the folder holds.
    pub(crate) fn credentials(&self) -> Result<Credentials, Error> {
        let folder = self.folder();
        Credentials::read(folder).map_err(|error| Error::NoCredentials(folder.to_owned(), error))
    }
}

/// The flags of every command that calls the API.
#[derive(Args)]
pub(crate) struct Connection {
    #[command(flatten)]
    data: Data,
    /// The server's address, instead of the data folder's (or CINNABAR_ENDPOINT, unless a folder is named)
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The region to ask in (default: the server's)
    #[arg(long, value_name = "REGION", env = "TENCENTCLOUD_REGION")]
    region: Option<String>,
    /// The language of messages: en-US or zh-CN
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
}

/// The region when neither flag, environment nor folder names one.
const DEFAULT_REGION: &str = "ap-guangzhou";

impl Connection {
    /// A client for these flags.
    ///
    /// A data folder that is named gives the key pair; otherwise the environment does, as for other clients; otherwise the
    /// folder in the current one.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let named = self.data.data.is_some();
        let pair = if named { None } else { key_pair(variable) };
        let endpoint = self.endpoint.clone().or_else(|| if named { None } else { variable("CINNABAR_ENDPOINT") });
        let (id, key, endpoint, region) = match (pair, endpoint) {
            (Some((id, key)), Some(endpoint)) => (id, key, endpoint, DEFAULT_REGION.to_owned()),
            (pair, endpoint) => {
                let folder = self.data.credentials()?;
                let (id, key) = pair.unwrap_or((folder.secret_id, folder.secret_key));
                (id, key, endpoint.unwrap_or(folder.endpoint), folder.region)
            }
        };
        let region = self.region.clone().unwrap_or(region);
        Client::new(&endpoint, id, key, region, self.language.clone())
    }
}

/// A whole pair of one family of variables; half a pair counts as none.
fn key_pair(variable: impl Fn(&str) -> Option<String>) -> Option<(String, Secret)> {
    let given = |name: String| variable(&name);
    ["CINNABAR", "TENCENTCLOUD"]
        .iter()
        .find_map(|family| Some((given(format!("{family}_SECRET_ID"))?, given(format!("{family}_SECRET_KEY"))?.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_variables_win_and_half_a_pair_counts_as_none() {
        let all = key_pair(|name| Some(name.to_owned())).unwrap();
        assert_eq!((all.0.as_str(), all.1.expose()), ("CINNABAR_SECRET_ID", "CINNABAR_SECRET_KEY"));
        let half = key_pair(|name| (name != "CINNABAR_SECRET_KEY").then(|| name.to_owned())).unwrap();
        assert_eq!(half.0, "TENCENTCLOUD_SECRET_ID");
        assert!(key_pair(|_| None).is_none());
    }
}
