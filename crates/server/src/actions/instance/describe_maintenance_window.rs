//! DescribeMaintenanceWindow: when work that may interrupt is done.

use api::redis::actions::DescribeMaintenanceWindow;
use api::redis::{DescribeMaintenanceWindowRequest, DescribeMaintenanceWindowResponse};

use crate::action::Action;
use crate::actions::load;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for DescribeMaintenanceWindow {
    async fn handle(
        context: &Context,
        app: &App,
        request: DescribeMaintenanceWindowRequest,
    ) -> Result<DescribeMaintenanceWindowResponse, Error> {
        let (start_time, end_time) = app.db.read(|tx| load::find(app, context, tx, &request.instance_id))?.window;
        Ok(DescribeMaintenanceWindowResponse { start_time, end_time })
    }
}
