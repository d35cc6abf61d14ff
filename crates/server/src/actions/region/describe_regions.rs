//! DescribeRegions of `region`, `api` and `cvm`: every region.

use api::{api as apis, cvm, region};

use super::{AVAILABLE, check_product, check_scene};
use crate::action::Action;
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Language};
use crate::model::region::{REGIONS, Region};

impl Action for region::actions::DescribeRegions {
    async fn handle(
        context: &Context,
        _app: &App,
        request: region::DescribeRegionsRequest,
    ) -> Result<region::DescribeRegionsResponse, Error> {
        check_product(&request.product)?;
        check_scene(request.scene)?;
        let (total_count, region_set) = all(|region| region::RegionInfo {
            region: region.name.to_owned(),
            region_name: title(region, context.language),
            region_state: AVAILABLE.to_owned(),
            ..Default::default()
        });
        Ok(region::DescribeRegionsResponse { total_count, region_set })
    }
}

impl Action for apis::actions::DescribeRegions {
    async fn handle(
        context: &Context,
        _app: &App,
        request: apis::DescribeRegionsRequest,
    ) -> Result<apis::DescribeRegionsResponse, Error> {
        check_product(&request.product)?;
        let (total_count, region_set) = all(|region| apis::RegionInfo {
            region: region.name.to_owned(),
            region_name: title(region, context.language),
            region_state: AVAILABLE.to_owned(),
            ..Default::default()
        });
        Ok(apis::DescribeRegionsResponse { total_count, region_set })
    }
}

impl Action for cvm::actions::DescribeRegions {
    async fn handle(
        context: &Context,
        _app: &App,
        _request: cvm::DescribeRegionsRequest,
    ) -> Result<cvm::DescribeRegionsResponse, Error> {
        let (total_count, region_set) = all(|region| cvm::RegionInfo {
            region: region.name.to_owned(),
            region_name: title(region, context.language),
            region_state: AVAILABLE.to_owned(),
        });
        Ok(cvm::DescribeRegionsResponse { total_count, region_set })
    }
}

fn all<T>(info: impl Fn(&'static Region) -> T) -> (u64, Vec<T>) {
    let all: Vec<_> = REGIONS.iter().map(info).collect();
    (all.len() as u64, all)
}

fn title(region: &Region, language: Language) -> String {
    match language {
        Language::English => region.title.0.to_owned(),
        Language::Chinese => region.title.1.to_owned(),
    }
}
