//! `cinnabar lever pace`: how fast tasks go.

use std::process::ExitCode;

use clap::Args;
use server::levers::pace::NewPace;
use server::levers::plan::Polls;

use super::Side;
use crate::error::Error;

/// Set how fast the tasks of a kind go from now on, or of all kinds; without a pace they go at once
///
/// For example: cinnabar lever pace --kind CreateInstances --at-least 5000
#[derive(Args)]
pub(crate) struct Pace {
    /// The kind of task (default: all kinds that have no pace of their own)
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// From the enqueue to the first step at least so many milliseconds
    #[arg(long, value_name = "MS")]
    at_least: Option<i64>,
    /// So many answers of DescribeTaskInfo show `preparing`
    #[arg(long, value_name = "N", default_value_t = 0)]
    preparing_polls: i64,
    /// The next so many show `running`; the one after shows the end
    #[arg(long, value_name = "N", default_value_t = 0)]
    running_polls: i64,
    /// At once, as without a pace
    #[arg(long, conflicts_with_all = ["at_least", "preparing_polls", "running_polls"])]
    instant: bool,
    #[command(flatten)]
    side: Side,
}

impl Pace {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let (preparing, running) = (self.preparing_polls, self.running_polls);
        let polls = (preparing != 0 || running != 0).then_some(Polls { preparing, running });
        if self.at_least.is_none() && polls.is_none() && !self.instant {
            return Err(Error::Usage(
                "give --at-least, --preparing-polls or --running-polls, or --instant for none".to_owned(),
            ));
        }
        let pace = NewPace { kind: self.kind, at_least_ms: self.at_least, polls };
        self.side.post("/levers/pace", &pace, |_: &serde_json::Value| "the pace is set".to_owned())
    }
}
