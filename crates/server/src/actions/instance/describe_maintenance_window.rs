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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::instance::State;
    use crate::testing::{House, NOW};
    use serde_json::json;

    #[tokio::test]
    async fn the_window_of_an_instance_that_is_there() {
        let house = House::new().await;
        house.add("crs-a", |new| new.window = ("01:00".to_owned(), "02:30".to_owned())).await;
        house.add("crs-b", |new| (new.state, new.cleaned_at) = (State::Cleaned, Some(NOW))).await;
        let window = house.call::<DescribeMaintenanceWindow>(json!({"InstanceId": "crs-a"})).await.unwrap();
        assert_eq!(window, json!({"StartTime": "01:00", "EndTime": "02:30"}));
        let gone = house.call::<DescribeMaintenanceWindow>(json!({"InstanceId": "crs-b"})).await.unwrap_err();
        assert_eq!(gone.code, "ResourceNotFound.InstanceNotExists");
    }
}
