//! The audit log read again, the newest first.

use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;
use utoipa::IntoParams;

use super::log::files;
use super::record::Record;

/// Which records to show; what is not given lets all pass.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those of this time or later: RFC 3339, UTC, or its beginning, such as `2026-11-26T09`.
    pub since: Option<String>,
    /// Those of before this time.
    pub until: Option<String>,
    /// The main account's uin.
    pub account: Option<String>,
    /// The user: a uin, `ROLEID:SESSION` or `UIN:NAME`.
    pub user: Option<String>,
    /// The key's SecretId.
    pub secret_id: Option<String>,
    /// The address, without its port.
    pub client: Option<String>,
    /// The action, such as `ClearInstance`.
    pub action: Option<String>,
    /// The code, such as `ok`; `refused` stands for every other.
    pub code: Option<String>,
    /// An instance, a task or whatever else is named.
    pub resource: Option<String>,
    /// The answer's RequestId.
    pub request_id: Option<String>,
    /// How many at most, 1 to 10000.
    #[serde(default = "usual")]
    #[param(default = 50, minimum = 1, maximum = 10000)]
    pub limit: usize,
}

fn usual() -> usize {
    50
}

impl Wanted {
    fn passes(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        is(&self.account, &record.account)
            && is(&self.user, &record.user)
            && is(&self.secret_id, &record.secret_id)
            && is(&self.action, &record.action)
            && is(&self.request_id, &record.request_id)
            && self.client.as_deref().is_none_or(|client| address(&record.client) == client)
            && self.resource.as_deref().is_none_or(|wanted| names(record, wanted))
            && self.until.as_deref().is_none_or(|until| record.time.as_str() < until)
            && match self.code.as_deref() {
                None => true,
                Some("refused") => record.code != super::record::ANSWERED,
                Some(code) => record.code == code,
            }
    }

    fn is_before(&self, record: &Record) -> bool {
        self.since.as_deref().is_some_and(|since| record.time.as_str() < since)
    }
}

/// The records that pass, the newest first. A line that is no record, since a server died in the midst of it, is left out.
///
/// # Errors
/// The file system's.
pub fn search(data: &Path, wanted: &Wanted) -> io::Result<Vec<Record>> {
    let mut found = Vec::new();
    for file in files(data) {
        let text = match fs::read(&file) {
            // It has moved on since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            read => read?,
        };
        for line in text.rsplit(|byte| *byte == b'\n') {
            let Ok(record) = serde_json::from_slice::<Record>(line) else { continue };
            if found.len() >= wanted.limit || wanted.is_before(&record) {
                return Ok(found);
            }
            if wanted.passes(&record) {
                found.push(record);
            }
        }
    }
    Ok(found)
}

/// `192.0.2.1` of `192.0.2.1:5000`, `2001:db8::1` of `[2001:db8::1]:5000`.
fn address(client: &str) -> &str {
    match client.parse::<std::net::SocketAddr>() {
        Ok(_) => client.rsplit_once(':').map_or(client, |(address, _)| address.trim_matches(['[', ']'])),
        Err(_) => client,
    }
}

fn names(record: &Record, wanted: &str) -> bool {
    record.resources.iter().any(|resource| resource == wanted)
        || record.task.is_some_and(|task| wanted.parse() == Ok(task))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::log::Log;

    fn found(data: &Path, wanted: Wanted) -> Vec<String> {
        search(data, &Wanted { limit: 10, ..wanted }).unwrap().into_iter().map(|record| record.request_id).collect()
    }

    #[test]
    fn each_filter_finds_its_own() {
        let data = tempfile::tempdir().unwrap();
        let record = |hour: u32, action: &str, code: &str, resource: &str| Record {
            time: format!("2026-11-26T{hour:02}:00:00.000Z"),
            request_id: hour.to_string(),
            client: format!("[2001:db8::1]:50{hour:02}"),
            action: action.to_owned(),
            code: code.to_owned(),
            resources: vec![resource.to_owned()],
            task: (hour == 3).then_some(10_007),
            ..Record::default()
        };
        let records = [
            record(1, "ClearInstance", "ok", "crs-a"),
            record(2, "ClearInstance", "MissingParameter", "crs-b"),
            record(3, "CreateInstances", "ok", "crs-b"),
        ];
        // Two files.
        Log::open(data.path(), 1, 3).unwrap().append(&records[..2]).unwrap();
        Log::open(data.path(), 1, 3).unwrap().append(&records[2..]).unwrap();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found(data.path(), Wanted::default()), ["3", "2", "1"]);
        assert_eq!(found(data.path(), Wanted { action: some("ClearInstance"), ..Wanted::default() }), ["2", "1"]);
        assert_eq!(found(data.path(), Wanted { code: some("refused"), ..Wanted::default() }), ["2"]);
        assert_eq!(found(data.path(), Wanted { resource: some("crs-b"), ..Wanted::default() }), ["3", "2"]);
        assert_eq!(found(data.path(), Wanted { resource: some("10007"), ..Wanted::default() }), ["3"]);
        assert_eq!(found(data.path(), Wanted { since: some("2026-11-26T02"), ..Wanted::default() }), ["3", "2"]);
        assert_eq!(found(data.path(), Wanted { until: some("2026-11-26T02"), ..Wanted::default() }), ["1"]);
        assert_eq!(found(data.path(), Wanted { client: some("2001:db8::1"), ..Wanted::default() }).len(), 3);
        assert_eq!(search(data.path(), &Wanted { limit: 1, ..Wanted::default() }).unwrap().len(), 1);
    }
}
