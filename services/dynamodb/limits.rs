//! What an account may have, and where DynamoDB is.

use cumulet_core::{AwsError, Cx};

use crate::DynamoDb;
use crate::api::{self, input, output};
use crate::capacity::UNITS_MAX;

#[expect(clippy::unnecessary_wraps, reason = "handlers can fail, this one never does")]
pub(crate) fn describe_limits(
    _: &DynamoDb,
    _: &Cx,
    _: input::DescribeLimits,
) -> Result<output::DescribeLimits, AwsError> {
    Ok(output::DescribeLimits {
        account_max_read_capacity_units: Some(2 * UNITS_MAX),
        account_max_write_capacity_units: Some(2 * UNITS_MAX),
        table_max_read_capacity_units: Some(UNITS_MAX),
        table_max_write_capacity_units: Some(UNITS_MAX),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "handlers can fail, this one never does")]
pub(crate) fn describe_endpoints(
    _: &DynamoDb,
    cx: &Cx,
    _: input::DescribeEndpoints,
) -> Result<output::DescribeEndpoints, AwsError> {
    let address = cx.endpoint().split_once("://").map_or(cx.endpoint(), |(_, host)| host);
    let endpoint =
        api::Endpoint { address: Some(address.to_owned()), cache_period_in_minutes: Some(1440) };
    Ok(output::DescribeEndpoints { endpoints: Some(vec![endpoint]) })
}
