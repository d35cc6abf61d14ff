//! DescribeProducts: the products that have regions.

use api::region::actions::DescribeProducts;
use api::region::{DescribeProductsRequest, DescribeProductsResponse, RegionProduct};

use super::REDIS;
use crate::action::Action;
use crate::actions::values::page;
use crate::app::App;
use crate::context::Context;
use crate::error::Error;

impl Action for DescribeProducts {
    async fn handle(
        _context: &Context,
        _app: &App,
        request: DescribeProductsRequest,
    ) -> Result<DescribeProductsResponse, Error> {
        let (_, offset) = page(request.limit, request.offset, 20, 100)?;
        let products = if offset == 0 { vec![RegionProduct { name: REDIS.to_owned() }] } else { Vec::new() };
        Ok(DescribeProductsResponse { products, total_count: 1 })
    }
}
