//! Streams of Kinesis that hear of a table's changes: `EnableKinesisStreamingDestination` and its kin.
//!
//! What a change has to say is put beside the items in the same section, and sent afterwards, in order,
//! through Kinesis' own API.

use std::sync::Arc;

use cumulet_core::ids::hyphenated;
use cumulet_core::{AccountId, Arn, AwsError, Cx, Region, Timestamp, Value};
use serde_json::{Value as Json, json};

use crate::api::{self, input, output};
use crate::errors::validation;
use crate::name::TableRef;
use crate::space::{Change, RowKey};
use crate::state::{TableRow, Tables};
use crate::stored::Stored;
use crate::stream::{DELETER, Record, digest, is_expiry};
use crate::value::{Item, item_size};
use crate::{DynamoDb, interchange, key};

/// Destinations of a table, as AWS has it.
const DESTINATIONS_MAX: usize = 2;
/// Changes that are sent before others get their turn.
const SENT_AT_ONCE: usize = 100;

/// A stream that hears of a table's changes.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    stream: String,
    is_active: bool,
    precision: Option<String>,
}

/// A change that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    table: Arc<str>,
    destination: Destination,
    at: Timestamp,
    /// Tells the items of a table apart.
    partition: String,
    keys: Item,
    record: Record,
}

fn state(operation: &str, reason: &str) -> AwsError {
    let text = "Table is not in a valid state to";
    validation(format!("{text} {operation} Kinesis Streaming Destination: {reason}"))
}

pub(crate) async fn enable_kinesis_streaming_destination(
    db: &DynamoDb,
    cx: &Cx,
    input: input::EnableKinesisStreamingDestination,
) -> Result<output::EnableKinesisStreamingDestination, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    db.store.read(cx, at.scope, |tx| tx.named(at.name).map(|_| ()))?;
    let stream = input.stream_arn.unwrap_or_default();
    check_stream(cx, &stream).await?;
    let asked = input.enable_kinesis_streaming_configuration.unwrap_or_default();
    let precision = asked.approximate_creation_date_time_precision.clone();
    let new = Destination { stream: stream.clone(), is_active: true, precision };
    db.store.write(cx, at.scope, |tx| {
        let mut table = TableRow::clone(tx.named(at.name)?);
        let active = table.destinations.iter().filter(|d| d.is_active);
        if active.clone().any(|d| d.stream == stream) {
            return Err(state(
                "enable",
                "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform \
                 ENABLE operation.",
            ));
        }
        if active.count() >= DESTINATIONS_MAX {
            let message = format!("A table has at most {DESTINATIONS_MAX} Kinesis streams");
            return Err(AwsError::new("LimitExceededException", 400, message));
        }
        table.destinations.retain(|d| d.stream != stream);
        table.destinations.push(new);
        tx.put(table);
        Ok(output::EnableKinesisStreamingDestination {
            table_name: Some(at.name.to_owned()),
            stream_arn: Some(stream),
            destination_status: Some("ENABLING".to_owned()),
            enable_kinesis_streaming_configuration: Some(asked),
        })
    })
}

/// Whether Kinesis has the stream.
async fn check_stream(cx: &Cx, arn: &str) -> Result<(), AwsError> {
    let asked = Value::map([("StreamARN", arn.into())]);
    match at_stream(cx, arn).call("kinesis", "DescribeStreamSummary", asked).await {
        Err(error) if error.status() == 501 => Err(error),
        Err(_) => Err(validation("User does not have a permission to use kinesis stream")),
        Ok(_) => Ok(()),
    }
}

/// The account and region of a stream.
fn at_stream(cx: &Cx, arn: &str) -> Cx {
    let place = || {
        let arn = Arn::parse(arn)?;
        Some((AccountId::parse(arn.account)?, Region::parse(arn.region)?))
    };
    place().map_or_else(|| cx.clone(), |(account, region)| cx.to(account, region))
}

pub(crate) fn disable_kinesis_streaming_destination(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DisableKinesisStreamingDestination,
) -> Result<output::DisableKinesisStreamingDestination, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let stream = input.stream_arn.unwrap_or_default();
    db.store.write(cx, at.scope, |tx| {
        let mut table = TableRow::clone(tx.named(at.name)?);
        let mut all = table.destinations.iter_mut();
        let Some(found) = all.find(|d| d.stream == stream && d.is_active) else {
            return Err(state(
                "disable",
                "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.",
            ));
        };
        found.is_active = false;
        tx.put(table);
        Ok(output::DisableKinesisStreamingDestination {
            table_name: Some(at.name.to_owned()),
            stream_arn: Some(stream),
            destination_status: Some("DISABLING".to_owned()),
            enable_kinesis_streaming_configuration: None,
        })
    })
}

pub(crate) fn update_kinesis_streaming_destination(
    db: &DynamoDb,
    cx: &Cx,
    input: input::UpdateKinesisStreamingDestination,
) -> Result<output::UpdateKinesisStreamingDestination, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let stream = input.stream_arn.unwrap_or_default();
    let asked = input.update_kinesis_streaming_configuration.unwrap_or_default();
    let Some(precision) = asked.approximate_creation_date_time_precision.clone() else {
        return Err(validation(
            "Streaming destination cannot be updated with given parameters: \
             UpdateKinesisStreamingConfiguration cannot be null or contain only null values",
        ));
    };
    db.store.write(cx, at.scope, |tx| {
        let mut table = TableRow::clone(tx.named(at.name)?);
        let id = table.id.clone();
        let mut all = table.destinations.iter_mut();
        let Some(found) = all.find(|d| d.stream == stream && d.is_active) else {
            let reason = format!(
                "No streaming destination with streamArn: {stream} found for table with \
                 tableName: {}",
                at.name
            );
            return Err(state("enable", &reason));
        };
        if found.precision.as_ref() == Some(&precision) {
            return Err(validation(format!(
                "Invalid Request: Precision is already set to the desired value of {precision} \
                 for tableId: {id}, kdsArn: {stream}"
            )));
        }
        found.precision = Some(precision);
        tx.put(table);
        Ok(output::UpdateKinesisStreamingDestination {
            table_name: Some(at.name.to_owned()),
            stream_arn: Some(stream),
            destination_status: Some("UPDATING".to_owned()),
            update_kinesis_streaming_configuration: Some(asked),
        })
    })
}

pub(crate) fn describe_kinesis_streaming_destination(
    db: &DynamoDb,
    cx: &Cx,
    input: input::DescribeKinesisStreamingDestination,
) -> Result<output::DescribeKinesisStreamingDestination, AwsError> {
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    let describe = |d: &Destination| api::KinesisDataStreamDestination {
        stream_arn: Some(d.stream.clone()),
        destination_status: Some(if d.is_active { "ACTIVE" } else { "DISABLED" }.to_owned()),
        destination_status_description: None,
        approximate_creation_date_time_precision: d.precision.clone(),
    };
    db.store.read(cx, at.scope, |tx| {
        let all = tx.named(at.name)?.destinations.iter().map(describe).collect();
        Ok(output::DescribeKinesisStreamingDestination {
            table_name: Some(at.name.to_owned()),
            kinesis_data_stream_destinations: Some(all),
        })
    })
}

impl Tables {
    /// Notes a change for every destination of a table.
    pub(crate) fn note_for_kinesis(
        &mut self,
        cx: &Cx,
        table: &TableRow,
        at: &RowKey,
        change: &Change,
    ) {
        if table.destinations.is_empty() || change.old == change.new {
            return;
        }
        let Some(item) = change.new.as_ref().or(change.old.as_ref()) else { return };
        let keys = key::attributes(table, None, item);
        let partition = format!("{:032x}", u128::from_be_bytes(digest(at)));
        for destination in table.destinations.iter().filter(|d| d.is_active) {
            let number = self.outgoing.last().map_or(0, |(last, _)| last + 1);
            let outgoing = Outgoing {
                table: table.name.as_str().into(),
                destination: destination.clone(),
                at: cx.now(),
                partition: partition.clone(),
                keys: keys.clone(),
                record: Record { change: change.clone(), is_expiry: is_expiry(cx) },
            };
            self.outgoing.insert(number, Arc::new(outgoing));
        }
    }
}

impl DynamoDb {
    /// Sends what was noted. What Kinesis refuses is lost.
    pub(crate) async fn send_to_kinesis(&self, cx: &Cx) {
        for scope in self.store.due(cx) {
            let cx = cx.to(scope.account, scope.region);
            let Ok(noted) = self.store.read(&cx, scope, |tx| {
                let noted = tx.outgoing.iter().take(SENT_AT_ONCE);
                Ok::<_, AwsError>(noted.map(|(at, o)| (*at, Arc::clone(o))).collect::<Vec<_>>())
            }) else {
                continue;
            };
            if noted.is_empty() {
                continue;
            }
            for (_, outgoing) in &noted {
                let stream = &outgoing.destination.stream;
                let input = outgoing.input(scope.region);
                let cx = at_stream(&cx, stream).as_service(DELETER, "");
                drop(cx.tell("kinesis", "PutRecord", input).await);
            }
            let done = self.store.write(&cx, scope, |tx| {
                for (at, _) in &noted {
                    tx.outgoing.remove(at);
                }
                Ok::<_, AwsError>(())
            });
            drop(done);
        }
    }
}

impl Outgoing {
    /// The input of `PutRecord`.
    fn input(&self, region: Region) -> Value {
        let data = self.json(region).to_string();
        Value::map([
            ("StreamARN", self.destination.stream.as_str().into()),
            ("PartitionKey", self.partition.as_str().into()),
            ("Data", Value::Blob(data.into())),
        ])
    }

    fn json(&self, region: Region) -> Json {
        let Change { old, new } = &self.record.change;
        let images = [old, new].into_iter().flatten();
        let size = item_size(&self.keys) + images.map(Stored::size).sum::<usize>();
        let precision = self.destination.precision.as_deref();
        let scale = if precision == Some("MICROSECOND") { 1000 } else { 1 };
        let mut change = json!({
            "ApproximateCreationDateTime": self.at.millis() * scale,
            "Keys": interchange::item_json(&self.keys),
            "SizeBytes": size,
        });
        let optional = [
            ("NewImage", new.as_ref().map(|item| interchange::item_json(&item.item()))),
            ("OldImage", old.as_ref().map(|item| interchange::item_json(&item.item()))),
            ("ApproximateCreationDateTimePrecision", precision.map(Json::from)),
        ];
        if let Some(change) = change.as_object_mut() {
            let given = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
            change.extend(given.map(|(name, value)| (name.to_owned(), value)));
        }
        let by = json!({"type": "Service", "principalId": DELETER});
        let id = hyphenated(&digest(format!("{}{change}", self.partition)));
        json!({
            "awsRegion": region.to_string(),
            "eventID": id,
            "eventName": self.record.event(),
            "userIdentity": if self.record.is_expiry { by } else { Json::Null },
            "recordFormat": "application/json",
            "tableName": &*self.table,
            "dynamodb": change,
            "eventSource": "aws:dynamodb",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::AttributeValue;

    #[test]
    fn kinesis_is_told_of_a_change_in_json() {
        let keys = Item::from([("id".to_owned(), AttributeValue::S("test".to_owned()))]);
        let mut item = keys.clone();
        item.insert("b".to_owned(), AttributeValue::B(vec![1, 2].into()));
        let change = Change { old: None, new: Some(Stored::new(&item)) };
        let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/s".to_owned();
        let outgoing = |precision: Option<&str>| Outgoing {
            table: "table".into(),
            destination: Destination {
                stream: stream.clone(),
                is_active: true,
                precision: precision.map(str::to_owned),
            },
            at: Timestamp::from_secs(7),
            partition: "0".to_owned(),
            keys: keys.clone(),
            record: Record { change: change.clone(), is_expiry: false },
        };
        let told = outgoing(None).json(Region::US_EAST_1);
        assert_eq!(
            told["dynamodb"],
            json!({
                "ApproximateCreationDateTime": 7_000,
                "Keys": {"id": {"S": "test"}},
                "NewImage": {"b": {"B": "AQI="}, "id": {"S": "test"}},
                "SizeBytes": 15,
            })
        );
        assert_eq!(told["eventName"], "INSERT");
        assert_eq!(told["userIdentity"], Json::Null);
        assert_eq!(told["eventID"].as_str().unwrap().len(), 36);
        let finer = outgoing(Some("MICROSECOND")).json(Region::US_EAST_1);
        assert_eq!(finer["dynamodb"]["ApproximateCreationDateTime"], 7_000_000);
    }
}
