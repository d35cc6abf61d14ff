//! `cinnabar task wait`: follows a task to its end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use api::redis::actions::{DescribeTaskInfo, DescribeTaskList};
use api::redis::{DescribeTaskInfoRequest, DescribeTaskInfoResponse, DescribeTaskListRequest};
use clap::Args;

use crate::client::Client;
use crate::connection::Connection;
use crate::error::Error;
use crate::output::Progress;

/// Follow a task to its end
///
/// Shows a bar on a terminal, otherwise a line for each new status. Exit status 0 when the task ended in `succeed`, 1 in
/// `failed`, 2 in `error`; 3 when its end is not known: no such task, nobody answers, or the timeout passed.
#[derive(Args)]
pub(crate) struct Wait {
    /// The TaskId that the action answered
    #[arg(value_name = "ID")]
    id: u64,
    /// Give up after so many seconds (default: never)
    #[arg(long, value_name = "S")]
    timeout: Option<u64>,
    #[command(flatten)]
    connection: Connection,
}

/// The first pause between two looks; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Wait {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.connection.client()?;
        let (start, mut pause, mut progress) = (Instant::now(), FIRST_PAUSE, Progress::new());
        loop {
            let task = look(&client, self.id)?;
            let what = format!("task {}, {} of {}", self.id, task.task_type, task.instance_id);
            progress.show(&what, &task.status, share_done(&client, self.id, &task));
            if let Some(code) = exit_code(&task.status) {
                progress.end(&what, &task.status, &task.task_message);
                return Ok(code);
            }
            if let Some(seconds) = self.timeout.filter(|s| start.elapsed() >= Duration::from_secs(*s)) {
                return Err(Error::Timeout { id: self.id, status: task.status, seconds });
            }
            rest(&mut pause);
        }
    }
}

fn exit_code(status: &str) -> Option<ExitCode> {
    match status {
        "succeed" => Some(ExitCode::SUCCESS),
        "failed" => Some(1.into()),
        "error" => Some(2.into()),
        _ => None,
    }
}

/// Asks again when others have used up the limit of the second.
fn look(client: &Client, id: u64) -> Result<DescribeTaskInfoResponse, Error> {
    let mut pause = LONGEST_PAUSE;
    loop {
        match client.call::<DescribeTaskInfo>(&DescribeTaskInfoRequest { task_id: id }) {
            Err(Error::Api { code, .. }) if code.starts_with("RequestLimitExceeded") => rest(&mut pause),
            answer => return answer,
        }
    }
}

/// How much of the task is done, from the list, which alone knows; 0 when the list does not show it.
fn share_done(client: &Client, id: u64, task: &DescribeTaskInfoResponse) -> f64 {
    match task.status.as_str() {
        "succeed" => 1.0,
        "running" => progress(client, id, &task.instance_id),
        _ => 0.0,
    }
}

fn progress(client: &Client, id: u64, instance: &str) -> f64 {
    let (instance_id, running) = (Some(instance.to_owned()), Some(vec![1]));
    let request = DescribeTaskListRequest { instance_id, task_status: running, ..Default::default() };
    let list = client.call::<DescribeTaskList>(&request).map_or_else(|_| Vec::new(), |answer| answer.tasks);
    list.iter().find(|row| u64::try_from(row.task_id) == Ok(id)).map_or(0.0, |row| row.progress)
}

#[expect(clippy::disallowed_methods, reason = "the command has one thread and nothing else to do")]
fn rest(pause: &mut Duration) {
    std::thread::sleep(*pause);
    *pause = LONGEST_PAUSE.min(*pause * 2);
}
