//! Streams as such.

use cumulet_core::{AwsError, Cx};

use super::Streams;
use super::api::{Stream, input, output};

/// Streams that one answer lists.
const PAGE: usize = 100;

pub(super) fn list_streams(
    streams: &Streams,
    cx: &Cx,
    input: input::ListStreams,
) -> Result<output::ListStreams, AwsError> {
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
    let wanted = input.table_name.as_deref();
    let after = input.exclusive_start_stream_arn;
    streams.store.read_here(cx, |tx| {
        let mut all: Vec<_> = tx
            .tables
            .iter()
            .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name))
            .filter_map(|(name, table)| {
                Some(Stream {
                    stream_arn: Some(table.stream_arn()?),
                    table_name: Some(name.clone()),
                    stream_label: table.stream.as_ref().map(|s| s.label.clone()),
                })
            })
            .filter(|stream| after.is_none() || stream.stream_arn > after)
            .collect();
        all.sort_by(|a, b| a.stream_arn.cmp(&b.stream_arn));
        let more = all.len() > limit;
        all.truncate(limit);
        let last = all.last().filter(|_| more).and_then(|stream| stream.stream_arn.clone());
        Ok(output::ListStreams { streams: Some(all), last_evaluated_stream_arn: last })
    })
}
