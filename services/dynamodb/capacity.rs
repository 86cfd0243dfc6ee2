//! What tables and global indexes can take: provisioned, by request, warmed up.

use cumulet_core::AwsError;

use crate::api;
use crate::errors::invalid;
use crate::state::{Capacity, Provisioned};

/// Units that a table or index may be given, at most.
pub(crate) const UNITS_MAX: i64 = 40_000;

/// What is asked for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Given<'a> {
    pub(crate) provisioned: Option<&'a api::ProvisionedThroughput>,
    pub(crate) on_demand: Option<&'a api::OnDemandThroughput>,
    pub(crate) warm: Option<&'a api::WarmThroughput>,
}

impl<'a> Given<'a> {
    pub(crate) fn of_index(index: &'a api::GlobalSecondaryIndex) -> Self {
        Self {
            provisioned: index.provisioned_throughput.as_ref(),
            on_demand: index.on_demand_throughput.as_ref(),
            warm: index.warm_throughput.as_ref(),
        }
    }

    /// Checks it; `index` is the name of a global index.
    pub(crate) fn parse(self, by_request: bool, index: Option<&str>) -> Result<Capacity, AwsError> {
        let provisioned = match (by_request, self.provisioned) {
            (true, Some(_)) => return Err(no_units()),
            (true, None) => None,
            (false, given) => Some(units(given, index)?),
        };
        let most = self.on_demand.map(|g| (g.max_read_request_units, g.max_write_request_units));
        if most.is_some() && !by_request {
            return Err(invalid(
                "Neither MaxReadRequestUnits nor MaxWriteRequestUnits can be specified when \
                 BillingMode is PROVISIONED",
            ));
        }
        let warm = self.warm.map(|g| warm(g, by_request, provisioned.as_ref()));
        Ok(Capacity { provisioned, most, warm })
    }
}

/// Who pays by request says no units.
pub(crate) fn no_units() -> AwsError {
    invalid(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is \
         PAY_PER_REQUEST",
    )
}

/// What is not said is as it is without being asked for.
fn warm(given: &api::WarmThroughput, by_request: bool, units: Option<&Provisioned>) -> (i64, i64) {
    let (read, write) = unwarmed(if by_request { None } else { units });
    (given.read_units_per_second.unwrap_or(read), given.write_units_per_second.unwrap_or(write))
}

/// Units per second that a table takes from its start: what it is given, else AWS's figures for
/// tables that are paid for by request.
fn unwarmed(units: Option<&Provisioned>) -> (i64, i64) {
    units.map_or((12_000, 4_000), |units| (units.read, units.write))
}

pub(crate) fn units(
    given: Option<&api::ProvisionedThroughput>,
    index: Option<&str>,
) -> Result<Provisioned, AwsError> {
    let missing = || match index {
        Some(name) => {
            let text = "ProvisionedThroughput must be specified for index";
            invalid(format!("{text}: {name}"))
        }
        None => invalid(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is \
             PROVISIONED",
        ),
    };
    let given = given.ok_or_else(missing)?;
    let read = given.read_capacity_units.ok_or_else(missing)?;
    let write = given.write_capacity_units.ok_or_else(missing)?;
    for (value, what) in [(read, "ReadCapacityUnits"), (write, "WriteCapacityUnits")] {
        if value > UNITS_MAX * 1_000_000 {
            let text = "is out of bounds; must be within the range";
            return Err(invalid(format!("{what} {value} {text} [1, {UNITS_MAX}]")));
        }
    }
    Ok(Provisioned::new(read, write))
}

impl Capacity {
    /// Bounds and warmth: each as it was, where nothing is said.
    pub(crate) fn set_rest(&mut self, given: Given<'_>) {
        if let Some(most) = given.on_demand {
            self.most = Some((most.max_read_request_units, most.max_write_request_units));
        }
        if let Some(warm) = given.warm {
            let (read, write) = self.warmed();
            self.warm = Some((
                warm.read_units_per_second.unwrap_or(read),
                warm.write_units_per_second.unwrap_or(write),
            ));
        }
    }

    pub(crate) fn describe(&self) -> api::ProvisionedThroughputDescription {
        let units = self.provisioned.as_ref();
        api::ProvisionedThroughputDescription {
            last_increase_date_time: units.and_then(|u| u.increased),
            last_decrease_date_time: units.and_then(|u| u.decreased),
            number_of_decreases_today: Some(0),
            read_capacity_units: Some(units.map_or(0, |u| u.read)),
            write_capacity_units: Some(units.map_or(0, |u| u.write)),
        }
    }

    pub(crate) fn billing_mode(&self) -> String {
        if self.provisioned.is_some() { "PROVISIONED" } else { "PAY_PER_REQUEST" }.to_owned()
    }

    /// As they would be asked for; none where every request is paid for.
    pub(crate) fn units(&self) -> api::ProvisionedThroughput {
        let units = self.provisioned.as_ref();
        api::ProvisionedThroughput {
            read_capacity_units: Some(units.map_or(0, |u| u.read)),
            write_capacity_units: Some(units.map_or(0, |u| u.write)),
        }
    }

    pub(crate) fn describe_most(&self) -> Option<api::OnDemandThroughput> {
        let (read, write) = self.most?;
        Some(api::OnDemandThroughput {
            max_read_request_units: read,
            max_write_request_units: write,
        })
    }

    /// Units per second, to read and to write.
    pub(crate) fn warmed(&self) -> (i64, i64) {
        let (read, write) = unwarmed(self.provisioned.as_ref());
        self.warm.map_or((read, write), |(r, w)| (r.max(read), w.max(write)))
    }
}
