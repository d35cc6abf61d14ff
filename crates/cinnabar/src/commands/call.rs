//! `cinnabar call`: any action of the contract.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::connection::Connection;
use crate::error::Error;
use crate::{output, params};

/// Call an action
///
/// Signs the request, sends it, and prints the inner Response as JSON. Exit status 0 when the action answered, 1 when it
/// answered an error or nobody did, 2 for wrong usage.
///
/// Parameters are Key=Value, with dotted keys for lists and objects (InstanceIds.0=crs-…, NodeSet.0.ZoneId=100003) or JSON for a
/// whole one (Status=[2,-2]).
#[derive(Args)]
pub(crate) struct Call {
    /// A service and an action, or an action alone, then Key=Value…; the service is redis when none is named
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// A file with the parameters as one JSON object; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

impl Call {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let (service, action, arguments) = split(&self.words)?;
        let version = version(service)?;
        let body = match &self.json {
            Some(_) if !arguments.is_empty() => {
                return Err(Error::Usage("give the parameters either as Key=Value or by --json, not both".to_owned()));
            }
            Some(file) => read(file)?,
            None => {
                let shape = api::find(service, version, action).map(|info| info.request);
                params::typed(shape, arguments).map_err(Error::Usage)?.to_string()
            }
        };
        let reply = self.connection.client()?.send(service, version, action, &body)?;
        output::json(&reply.text);
        reply.error.map_or(Ok(ExitCode::SUCCESS), |error| Err(error.into()))
    }
}

/// Service, action and parameters.
fn split(words: &[String]) -> Result<(&str, &str, &[String]), Error> {
    let names = words.iter().take_while(|word| !word.contains('=')).count();
    let (names, arguments) = words.split_at(names);
    match names {
        [action] => Ok(("redis", action, arguments)),
        [service, action] => Ok((service, action, arguments)),
        _ => Err(Error::Usage(
            "name one action, or a service and an action, and then Key=Value: cinnabar call redis DescribeInstances Limit=5"
                .to_owned(),
        )),
    }
}

fn version(service: &str) -> Result<&'static str, Error> {
    let found = api::services().iter().find(|(name, _)| *name == service);
    found.map(|(_, version)| *version).ok_or_else(|| {
        let known: Vec<_> = api::services().iter().map(|(name, _)| *name).collect();
        Error::Usage(format!("there is no service `{service}`; there are {}", known.join(", ")))
    })
}

/// The file's text, which must be an object.
fn read(file: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let done = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    done.map_err(Error::io(format!("cannot read {}", file.display())))?;
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(_)) => Ok(text),
        Ok(_) => Err(Error::Usage(format!("{} must hold one JSON object", file.display()))),
        Err(error) => Err(Error::Usage(format!("{} is not JSON: {error}", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_service_may_be_left_out() {
        let both = words("tag ModifyResourceTags A=1");
        assert_eq!(split(&both).unwrap(), ("tag", "ModifyResourceTags", &both[2..]));
        let one = words("DescribeInstances A=1 B=2");
        assert_eq!(split(&one).unwrap(), ("redis", "DescribeInstances", &one[1..]));
        assert!(split(&words("A=1")).is_err() && split(&words("a b c")).is_err());
    }

    #[test]
    fn an_unknown_service_is_answered_with_the_known_ones() {
        assert_eq!(version("redis").unwrap(), "2018-04-12");
        assert!(version("rediss").unwrap_err().to_string().contains("redis,"));
    }
}
