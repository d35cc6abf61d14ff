//! `cinnabar audit`: who asked for what.

use std::process::ExitCode;

use clap::Args;
use server::admin::audit::Audited;
use server::audit::record::Record;

use crate::admin::Side;
use crate::error::Error;
use crate::output;

/// List the requests that the server has answered and written down, the newest first
///
/// `audit.requests` of the configuration says which are: by default all but the answered ones that only read.
#[derive(Args)]
pub(crate) struct Audit {
    /// Only those of this time or later: UTC, or the beginning of one, such as 2026-11-26T09
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only those of before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only those of this main account
    #[arg(long, value_name = "UIN")]
    account: Option<String>,
    /// Only those of this user: a uin, ROLEID:SESSION or UIN:NAME
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only those that name this key
    #[arg(long, value_name = "ID")]
    secret_id: Option<String>,
    /// Only those from this address
    #[arg(long, value_name = "ADDRESS")]
    client: Option<String>,
    /// Only this action
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// Only those that ended with this code; `refused` is every one but `ok`
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Only those that name this instance, task or other thing
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Only the one with this RequestId
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    side: Side,
}

impl Audit {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let admin = self.side.admin()?;
        let answer = admin.get(&self.path())?;
        self.side.show(&admin, &answer, |audited: Audited| {
            let header = ["TIME", "USER", "CLIENT", "ACTION", "REGION", "RESOURCES", "TASK", "CODE", "MS", "REQUEST"];
            output::table(&header, audited.records.iter().map(row).collect());
        })
    }

    fn path(&self) -> String {
        let given = [
            ("since", &self.since),
            ("until", &self.until),
            ("account", &self.account),
            ("user", &self.user),
            ("secret_id", &self.secret_id),
            ("client", &self.client),
            ("action", &self.action),
            ("code", &self.code),
            ("resource", &self.resource),
            ("request_id", &self.request_id),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &self.limit.to_string());
        for (name, value) in given {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        format!("/audit?{}", query.finish())
    }
}

fn row(record: &Record) -> Vec<String> {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    vec![
        record.time.clone(),
        or_dash(&record.user),
        record.client.clone(),
        or_dash(&record.action),
        or_dash(&record.region),
        or_dash(&record.resources.join(",")),
        record.task.map_or_else(|| "-".to_owned(), |task| task.to_string()),
        record.code.clone(),
        format!("{:.1}", std::time::Duration::from_micros(record.micros).as_secs_f64() * 1e3),
        record.request_id.clone(),
    ]
}
