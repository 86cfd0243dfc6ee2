//! `SelectObjectContent`: an object and a query become an event stream.

use std::sync::Arc;

use cumulet_core::body::{Event, Events};
use cumulet_core::{AwsError, Body, Cx, Value};
use http::header::RANGE;

use crate::api::{input, output};
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
    Some((event.map(|event| Box::new(union(event)) as Event), (None, selection)))
}

/// An event in the stream's union. Not by its types: their code would be several times this.
fn union(event: select::Event) -> Value {
    let long = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let (name, inside) = match event {
        select::Event::Records(bytes) => ("Records", Some(("Payload", Value::Blob(bytes)))),
        select::Event::Cont => ("Cont", None),
        select::Event::End => ("End", None),
        select::Event::Progress(stats) | select::Event::Stats(stats) => {
            let last = matches!(event, select::Event::Stats(_));
            let details = Value::map([
                ("BytesScanned", long(stats.scanned)),
                ("BytesProcessed", long(stats.processed)),
                ("BytesReturned", long(stats.returned)),
            ]);
            (if last { "Stats" } else { "Progress" }, Some(("Details", details)))
        }
    };
    Value::map([(name, Value::map(inside))])
}
