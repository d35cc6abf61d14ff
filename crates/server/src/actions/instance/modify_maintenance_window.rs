//! ModifyMaintenanceWindow: when the instance may be maintained.

use api::redis::actions::ModifyMaintenanceWindow;
use api::redis::{ModifyMaintenanceWindowRequest, ModifyMaintenanceWindowResponse};
use db::Tx;

use crate::action::Action;
use crate::actions::load::Scope;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::model::change::Change;
use crate::model::window;
use crate::store;

impl Action for ModifyMaintenanceWindow {
    async fn handle(
        context: &Context,
        app: &App,
        request: ModifyMaintenanceWindowRequest,
    ) -> Result<ModifyMaintenanceWindowResponse, Error> {
        window::check(&request.start_time, &request.end_time)?;
        let scope = Scope::of(app, context)?;
        let write = move |tx: &Tx<'_>| {
            let instance = scope.find(tx, &request.instance_id)?;
            let window = Change::Window(request.start_time, request.end_time);
            Ok::<_, Error>(store::instance_change::change(tx, &instance.id, &window)?)
        };
        app.db.write(write).await?;
        Ok(ModifyMaintenanceWindowResponse { status: "success".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tasks::testing::Bench;

    #[tokio::test]
    async fn the_window_is_changed_at_once() {
        let bench = Bench::with_running().await;
        let request = json!({"InstanceId": bench.id(), "StartTime": "04:00", "EndTime": "05:30"});
        assert_eq!(bench.call::<ModifyMaintenanceWindow>(request).await.unwrap(), json!({"Status": "success"}));
        assert_eq!(bench.instance().window, ("04:00".to_owned(), "05:30".to_owned()));
        let request = json!({"InstanceId": "crs-unknown1", "StartTime": "04:00", "EndTime": "05:30"});
        assert_eq!(bench.refused::<ModifyMaintenanceWindow>(request).await.0, "ResourceNotFound.InstanceNotExists");
    }
}
