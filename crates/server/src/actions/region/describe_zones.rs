//! DescribeZones of `region`, `api` and `cvm`: the zones of the request's region.

use api::{api as apis, cvm, region};

use super::{AVAILABLE, check_product, check_scene};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Language};
use crate::model::region::Zone;

impl Action for region::actions::DescribeZones {
    async fn handle(
        context: &Context,
        _app: &App,
        request: region::DescribeZonesRequest,
    ) -> Result<region::DescribeZonesResponse, Error> {
        check_product(&request.product)?;
        check_scene(request.scene)?;
        let (total_count, zone_set) = all(context, |zone| region::ZoneInfo {
            zone: zone.name(),
            zone_name: title(zone, context.language),
            zone_id: zone.id().to_string(),
            zone_state: AVAILABLE.to_owned(),
            ..Default::default()
        })?;
        Ok(region::DescribeZonesResponse { total_count, zone_set })
    }
}

impl Action for apis::actions::DescribeZones {
    async fn handle(
        context: &Context,
        _app: &App,
        request: apis::DescribeZonesRequest,
    ) -> Result<apis::DescribeZonesResponse, Error> {
        check_product(&request.product)?;
        let (total_count, zone_set) = all(context, |zone| apis::ZoneInfo {
            zone: zone.name(),
            zone_name: title(zone, context.language),
            zone_id: zone.id().to_string(),
            zone_state: AVAILABLE.to_owned(),
            ..Default::default()
        })?;
        Ok(apis::DescribeZonesResponse { total_count, zone_set })
    }
}

impl Action for cvm::actions::DescribeZones {
    async fn handle(
        context: &Context,
        _app: &App,
        _request: cvm::DescribeZonesRequest,
    ) -> Result<cvm::DescribeZonesResponse, Error> {
        let (total_count, zone_set) = all(context, |zone| cvm::ZoneInfo {
            zone: zone.name(),
            zone_name: title(zone, context.language),
            zone_id: zone.id().to_string(),
            zone_state: AVAILABLE.to_owned(),
        })?;
        Ok(cvm::DescribeZonesResponse { total_count, zone_set })
    }
}

fn all<T>(context: &Context, info: impl Fn(Zone) -> T) -> Result<(u64, Vec<T>), Error> {
    let all: Vec<_> = context.region()?.zones().map(info).collect();
    Ok((all.len() as u64, all))
}

fn title(zone: Zone, language: Language) -> String {
    let (en, zh) = zone.title();
    match language {
        Language::English => en,
        Language::Chinese => zh,
    }
}
