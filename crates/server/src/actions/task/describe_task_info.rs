//! DescribeTaskInfo, the seed: the result of one task, in five strings.

use api::redis::actions::DescribeTaskInfo;
use api::redis::{DescribeTaskInfoRequest, DescribeTaskInfoResponse};
use engine::Brief;

use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, product};
use crate::model::task_type;

impl Action for DescribeTaskInfo {
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeTaskInfoRequest,
    ) -> Result<DescribeTaskInfoResponse, Error> {
        let unknown = || product::task_not_found(request.task_id);
        let id = i64::try_from(request.task_id).map_err(|_| unknown())?;
        let answer = |task: &Brief<'_>| DescribeTaskInfoResponse {
            status: task.status.as_str().to_owned(),
            start_time: app.wire_time(task.created_at),
            task_type: task_type::find(task.kind).map_or("", |kind| kind.text(context.language)).to_owned(),
            instance_id: task.subject.to_owned(),
            task_message: task.message.to_owned(),
        };
        app.engine.brief(context.account(), id, answer)?.ok_or_else(unknown)
    }
}
