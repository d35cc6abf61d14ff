//! `cinnabar task list`: DescribeTaskList as a table.

use std::process::ExitCode;

use api::redis::actions::DescribeTaskList;
use api::redis::{DescribeTaskListRequest, TaskInfoDetail};
use clap::{Args, ValueEnum};

use crate::connection::Connection;
use crate::error::Error;
use crate::output;

/// List tasks, the newest first
#[derive(Args)]
pub(crate) struct List {
    /// Only this instance's
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    /// Only those in this status (repeatable)
    #[arg(long, value_enum)]
    status: Vec<Status>,
    /// Only tasks of this type, for example 006 (repeatable)
    #[arg(long = "type", value_name = "CODE")]
    types: Vec<String>,
    /// Only those that began at this time or later: "YYYY-MM-DD HH:MM:SS"
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only those that began at this time or earlier
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: i64,
    /// How many to skip
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: i64,
    #[command(flatten)]
    connection: Connection,
}

/// The statuses as the list counts them; its 4 covers `failed` and `error`.
#[derive(Clone, Copy, ValueEnum)]
enum Status {
    Preparing,
    Running,
    Succeed,
    Failed,
}

impl Status {
    const fn code(self) -> i64 {
        match self {
            Self::Preparing => 0,
            Self::Running => 1,
            Self::Succeed => 2,
            Self::Failed => 4,
        }
    }

    fn name(code: i64) -> String {
        let known = Self::value_variants().iter().find(|status| status.code() == code);
        known.and_then(Self::to_possible_value).map_or_else(|| code.to_string(), |name| name.get_name().to_owned())
    }
}

impl List {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.connection.client()?;
        let answer = client.call::<DescribeTaskList>(&self.request())?;
        let header = ["TASK", "TYPE", "STATUS", "PROGRESS", "INSTANCE", "NAME", "START", "END"];
        output::table(&header, answer.tasks.iter().map(row).collect());
        Ok(ExitCode::SUCCESS)
    }

    fn request(self) -> DescribeTaskListRequest {
        DescribeTaskListRequest {
            instance_id: self.instance,
            task_status: some(self.status.into_iter().map(Status::code).collect()),
            task_types: some(self.types),
            begin_time: self.since,
            end_time: self.until,
            limit: Some(self.limit),
            offset: Some(self.offset),
            ..Default::default()
        }
    }
}

/// No filter rather than an empty one.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

fn row(task: &TaskInfoDetail) -> Vec<String> {
    vec![
        task.task_id.to_string(),
        task.task_type.clone(),
        Status::name(task.result),
        format!("{:.0} %", task.progress * 100.0),
        task.instance_id.clone(),
        task.instance_name.clone(),
        task.start_time.clone(),
        task.end_time.clone(),
    ]
}
