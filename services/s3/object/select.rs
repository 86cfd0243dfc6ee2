//! `SelectObjectContent`: an object and a query become an event stream.

use std::sync::Arc;

use bytes::Bytes;
use cumulet_core::body::{Event, Events};
use cumulet_core::{AwsError, Blob, Body, Cx};
use http::header::RANGE;

use crate::api::{ContinuationEvent, EndEvent, Progress, ProgressEvent, RecordsEvent, Stats};
use crate::api::{SelectObjectContentEventStream as Union, StatsEvent, input, output};
use crate::select::{self, Request, Selection};
use crate::state::S3;
use crate::{customer_key, errors};

pub(crate) async fn select_object_content(
    s3: &S3,
    cx: &Cx,
    input: input::SelectObjectContent,
) -> Result<output::SelectObjectContent, AwsError> {
    if cx.http().is_some_and(|parts| parts.headers.contains_key(RANGE)) {
        return Err(errors::unsupported_range_header());
    }
    let version = s3.read(cx, |t| {
        t.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        t.object(&input.bucket, &input.key, None, "POST").map(|(_, version)| Arc::clone(version))
    })?;
    version.attributes.encryption.unlock(&customer_key!(input))?;
    if !version.attributes.storage_class.is_selectable() {
        return Err(errors::unsupported_storage_class());
    }
    let (request, size) = (Request::parse(&input)?, version.body.len());
    let mut selection = Selection::new(request, size, version.body.read(0..size), cx.now())?;
    // What goes wrong before the first event is an error like any other.
    let first = selection.next().await.transpose()?;
    let events = Events::from_source((first, selection), next);
    Ok(output::SelectObjectContent { payload: Body::events(events) })
}

type Source = (Option<select::Event>, Selection);

async fn next((first, mut selection): Source) -> Option<(Result<Event, AwsError>, Source)> {
    let event = match first {
        Some(event) => Ok(event),
        None => selection.next().await?,
    };
    Some((event.map(typed), (None, selection)))
}

fn typed(event: select::Event) -> Event {
    let long = |n: u64| i64::try_from(n).ok();
    let blob = |bytes: Bytes| RecordsEvent { payload: Some(Blob(bytes)) };
    let mut union = Union::default();
    match event {
        select::Event::Records(bytes) => union.records = Some(blob(bytes)),
        select::Event::Cont => union.cont = Some(ContinuationEvent {}),
        select::Event::End => union.end = Some(EndEvent {}),
        select::Event::Progress(select::Stats { scanned, processed, returned }) => {
            let details = Progress {
                bytes_scanned: long(scanned),
                bytes_processed: long(processed),
                bytes_returned: long(returned),
            };
            union.progress = Some(ProgressEvent { details: Some(details) });
        }
        select::Event::Stats(select::Stats { scanned, processed, returned }) => {
            let details = Stats {
                bytes_scanned: long(scanned),
                bytes_processed: long(processed),
                bytes_returned: long(returned),
            };
            union.stats = Some(StatsEvent { details: Some(details) });
        }
    }
    Box::new(union)
}
