//! All that the levers hold: what is planned, what has come of it, the paces, the date and the seed.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::notes::Note;
use super::pace::NewPace;
use super::plan::NewPlan;
use super::{Levers, read};
use crate::app::App;
use crate::store::{lever, lever_seed};

/// Everything, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// How far the date is ahead of the true one, in milliseconds.
    pub leapt_ms: i64,
    /// The paces that are set.
    pub paces: Vec<NewPace>,
    /// The plans, also used ones.
    pub plans: Vec<Plan>,
    /// The latest tasks and requests that were taken by plans and paces.
    pub uses: Vec<Use>,
    /// The instances of the seed.
    pub seed: Vec<Seeded>,
}

/// A plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// Its number.
    pub id: i64,
    /// For how many more tasks or requests it is.
    pub uses_left: i64,
    /// When it was made.
    pub created: String,
    /// What is planned.
    pub plan: NewPlan,
}

/// A task or a request that was taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Use {
    /// The plan; absent when only a pace is at work.
    pub plan: Option<i64>,
    /// The task; absent for a request that was refused.
    pub task: Option<i64>,
    /// The task's kind.
    pub kind: Option<String>,
    /// The task's status.
    pub status: Option<String>,
    /// The request, also the one that the task came from.
    pub request_id: String,
    /// The instance; may be empty.
    pub instance: String,
    /// What was decided for it.
    pub script: Value,
    /// How often DescribeTaskInfo has asked for the task.
    pub polls: i64,
    /// When it was taken.
    pub at: String,
    /// What happened by plan, and when.
    pub notes: Vec<Noted>,
}

/// What happened, and when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Noted {
    /// When.
    pub at: String,
    /// What.
    pub text: String,
}

/// An instance of the seed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Seeded {
    /// Its name in the file.
    pub name: String,
    /// Its id.
    pub instance: String,
}

/// So many uses are shown.
const MOST_USES: i64 = 1_000;

impl Levers {
    /// Everything, as it stands.
    ///
    /// # Errors
    /// The database's.
    pub fn overview(&self, app: &App) -> Result<Overview, db::Error> {
        let (leapt_ms, paces, plans, uses, seed) = self.db.read(|tx| {
            let (leapt, paces, plans) = (lever::leapt(tx)?, lever::paces(tx)?, lever::plans(tx)?);
            Ok::<_, db::Error>((leapt, paces, plans, lever::uses(tx, MOST_USES)?, lever_seed::all(tx)?))
        })?;
        Ok(Overview {
            leapt_ms,
            paces: paces.into_iter().map(pace).collect::<Result<_, _>>()?,
            plans: plans.into_iter().map(|stored| plan(app, stored)).collect::<Result<_, _>>()?,
            uses: uses.into_iter().map(|stored| used(app, stored)).collect::<Result<_, _>>()?,
            seed: seed.into_iter().map(|(name, instance)| Seeded { name, instance }).collect(),
        })
    }
}

fn pace((kind, spec): (String, String)) -> Result<NewPace, db::Error> {
    Ok(NewPace { kind: Some(kind).filter(|kind| !kind.is_empty()), ..read(&spec)? })
}

fn plan(app: &App, stored: lever::Plan) -> Result<Plan, db::Error> {
    let lever::Plan { id, uses_left, spec, created_at } = stored;
    Ok(Plan { id, uses_left, created: app.wire_time(created_at), plan: read(&spec)? })
}

fn used(app: &App, stored: lever::Listed) -> Result<Use, db::Error> {
    let notes: Vec<Note> = read(&stored.notes)?;
    let noted = |note: Note| Noted { at: app.wire_time(note.at), text: note.text };
    Ok(Use {
        plan: stored.plan_id,
        task: stored.task_id,
        kind: stored.kind,
        status: stored.status,
        request_id: stored.request_id,
        instance: stored.subject,
        script: read(&stored.script)?,
        polls: stored.polls,
        at: app.wire_time(stored.at),
        notes: notes.into_iter().map(noted).collect(),
    })
}
