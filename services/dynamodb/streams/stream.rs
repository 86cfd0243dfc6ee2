//! Streams as such: which there are, and their shards.

use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx, Scope, Timestamp};

use super::Streams;
use super::api::{
    self, KeySchemaElement, SequenceNumberRange, Stream, StreamDescription, input, output,
};
use super::errors;
use crate::errors::constraint_broken;
use crate::name::TableRef;
use crate::state::Tables;
use crate::stream::{KEPT, Shard, StreamKey, StreamRow, sequence_text};

/// Streams or shards that one answer lists, at most.
const PAGE: usize = 100;

/// A stream by its ARN, in whoever's account and region it is.
pub(super) struct StreamRef<'a> {
    pub(super) scope: Scope,
    pub(super) arn: &'a str,
    key: StreamKey,
}

impl<'a> StreamRef<'a> {
    pub(super) fn parse(cx: &Cx, arn: &'a str) -> Result<Self, AwsError> {
        let table = TableRef::of_arn(cx, arn);
        let label = arn.split_once("/stream/").map(|(_, label)| label.to_owned());
        let (Some(table), Some(label)) = (table, label) else {
            return Err(errors::invalid("StreamArn"));
        };
        Ok(Self { scope: table.scope, arn, key: (table.name.to_owned(), label) })
    }

    pub(super) fn table(&self) -> &str {
        &self.key.0
    }

    pub(super) fn label(&self) -> &str {
        &self.key.1
    }

    pub(super) fn find<'t>(
        &self,
        tx: &'t Tables,
        now: Timestamp,
    ) -> Result<&'t StreamRow, AwsError> {
        let found = tx.streams.get(&self.key).filter(|stream| is_there(stream, now));
        found.map(Arc::as_ref).ok_or_else(|| errors::stream_not_found(self.arn))
    }
}

fn is_there(stream: &StreamRow, now: Timestamp) -> bool {
    stream.closed.is_none_or(|closed| closed.plus(KEPT) > now)
}

/// A page's length.
pub(super) fn limit(given: Option<i32>, most: usize) -> Result<usize, AwsError> {
    let limit = given.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(most);
    if limit <= most {
        return Ok(limit);
    }
    let constraint = format!("Member must have value less than or equal to {most}");
    Err(constraint_broken(limit, "limit", &constraint))
}

pub(super) fn list_streams(
    streams: &Streams,
    cx: &Cx,
    input: input::ListStreams,
) -> Result<output::ListStreams, AwsError> {
    let limit = limit(input.limit, PAGE)?;
    let wanted = input.table_name.as_deref();
    let after = match &input.exclusive_start_stream_arn {
        Some(arn) => Bound::Excluded(StreamRef::parse(cx, arn)?.key),
        None => Bound::Unbounded,
    };
    streams.store.read_here(cx, |tx| {
        let mut found = tx
            .streams
            .range((after, Bound::Unbounded))
            .filter(|((table, _), _)| wanted.is_none_or(|wanted| wanted == table))
            .filter(|(_, stream)| is_there(stream, cx.now()));
        let page: Vec<_> = found.by_ref().take(limit).collect();
        let last = found.next().and(page.last()).map(|(_, stream)| stream.arn.clone());
        let describe = |((table, label), stream): (&StreamKey, &Arc<StreamRow>)| Stream {
            stream_arn: Some(stream.arn.clone()),
            table_name: Some(table.clone()),
            stream_label: Some(label.clone()),
        };
        Ok(output::ListStreams {
            streams: Some(page.into_iter().map(describe).collect()),
            last_evaluated_stream_arn: last,
        })
    })
}

pub(super) fn describe_stream(
    streams: &Streams,
    cx: &Cx,
    input: input::DescribeStream,
) -> Result<output::DescribeStream, AwsError> {
    let limit = limit(input.limit, PAGE)?;
    let arn = input.stream_arn.unwrap_or_default();
    let at = StreamRef::parse(cx, &arn)?;
    let children_of = match input.shard_filter {
        Some(filter) => Some(shard_time(filter.shard_id.as_deref())?),
        None => None,
    };
    let after = match &input.exclusive_start_shard_id {
        Some(id) => Some(shard_time(Some(id))?),
        None => None,
    };
    streams.store.read(cx, at.scope, |tx| {
        let stream = at.find(tx, cx.now())?;
        let mut shards = tx.shards(stream, cx.now());
        shards.retain(|shard| {
            after.is_none_or(|after| shard.begun > after)
                && (children_of.is_none() || shard.parent == children_of)
        });
        let more = shards.len() > limit;
        shards.truncate(limit);
        let last = shards.last().filter(|_| more).map(|shard| shard_id(shard.begun));
        let element = |e: crate::api::KeySchemaElement| KeySchemaElement {
            attribute_name: e.attribute_name,
            key_type: e.key_type,
        };
        let status = if stream.closed.is_none() { "ENABLED" } else { "DISABLED" };
        Ok(output::DescribeStream {
            stream_description: Some(StreamDescription {
                stream_arn: Some(stream.arn.clone()),
                stream_label: Some(at.label().to_owned()),
                stream_status: Some(status.to_owned()),
                stream_view_type: Some(stream.view.clone()),
                creation_request_date_time: Some(stream.created),
                table_name: Some(at.table().to_owned()),
                key_schema: Some(stream.key.describe().into_iter().map(element).collect()),
                shards: Some(shards.iter().map(describe_shard).collect()),
                last_evaluated_shard_id: last,
            }),
        })
    })
}

fn describe_shard(shard: &Shard) -> api::Shard {
    api::Shard {
        shard_id: Some(shard_id(shard.begun)),
        sequence_number_range: Some(SequenceNumberRange {
            starting_sequence_number: Some(sequence_text(shard.start)),
            ending_sequence_number: shard.end.map(|end| sequence_text(end.saturating_sub(1))),
        }),
        parent_shard_id: shard.parent.map(shard_id),
    }
}

/// A shard is named after when it began.
pub(super) fn shard_id(begun: Timestamp) -> String {
    format!("shardId-{:020}-{:08x}", begun.millis(), begun.millis() & 0xffff_ffff)
}

pub(super) fn shard_time(id: Option<&str>) -> Result<Timestamp, AwsError> {
    let number = id.and_then(|id| id.strip_prefix("shardId-")?.split('-').next()?.parse().ok());
    number.map(Timestamp::from_millis).ok_or_else(|| errors::invalid("ShardId"))
}
