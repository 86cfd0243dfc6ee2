//! Telling of events: queues, topics, functions and EventBridge, each called as any client would,
//! on S3's behalf, in the order in which things happened. A target that cannot be told is passed
//! over, as S3 gives up on it in the end; the caller whose write it was never notices.

use std::sync::Arc;

use cumulet_core::{AccountId, Arn, AwsError, Body, Cx, Region, Value};

use crate::bucket;
use crate::events::{Event, Target};
use crate::records;
use crate::state::{Bucket, S3};

/// Events told in one go; others than S3 have work that falls due, too.
const BATCH_MAX: usize = 256;

/// Tells of what happened.
pub(crate) async fn run(s3: &S3, cx: &Cx) {
    for _ in 0..BATCH_MAX {
        let taken = s3.write(cx, |t| {
            t.bring(cx);
            let first = t.events.iter().next().map(|(number, _)| *number);
            Ok(first.and_then(|number| Some((number, t.events.remove(&number)?))))
        });
        let Ok(Some((number, event))) = taken else { return };
        for target in &event.targets {
            // There is nobody to hear of a failure.
            let _ = tell(cx, number, &event, target).await;
        }
    }
}

async fn tell(cx: &Cx, number: u64, event: &Arc<Event>, target: &Target) -> Result<(), AwsError> {
    match target {
        Target::Arn { arn, id } => {
            let record = records::record(event, number, id).to_string();
            send(cx, &event.bucket, arn, record, event.trace.as_deref()).await
        }
        Target::EventBridge => {
            let cx = on_behalf(cx, &event.bucket, event.bucket.owner, event.bucket.region);
            let entry = Value::map([
                ("Source", "aws.s3".into()),
                ("DetailType", event.kind.detail_type.into()),
                ("Detail", records::detail(event, number).to_string().into()),
                ("Resources", Value::List(vec![bucket::arn(&event.bucket).into()])),
                ("Time", Value::Timestamp(event.at)),
            ]);
            let input = Value::map([("Entries", Value::List(vec![entry]))]);
            cx.tell("events", "PutEvents", input).await
        }
    }
}

/// Sends a message to a queue, a topic or a function.
pub(crate) async fn send(
    cx: &Cx,
    bucket: &Bucket,
    arn: &str,
    message: String,
    trace: Option<&str>,
) -> Result<(), AwsError> {
    let unknown = || AwsError::internal(format!("{arn} is no destination"));
    let to = Arn::parse(arn).ok_or_else(unknown)?;
    let account = AccountId::parse(to.account).ok_or_else(unknown)?;
    let cx = on_behalf(cx, bucket, account, Region::parse(to.region).ok_or_else(unknown)?);
    match to.service {
        "sqs" => {
            let mut input = vec![
                ("QueueUrl", format!("/{account}/{}", to.resource).into()),
                ("MessageBody", message.into()),
            ];
            if let Some(trace) = trace {
                let header = [("DataType", "String".into()), ("StringValue", trace.into())];
                let header = Value::map([("AWSTraceHeader", Value::map(header))]);
                input.push(("MessageSystemAttributes", header));
            }
            cx.tell("sqs", "SendMessage", Value::map(input)).await?;
        }
        "sns" => {
            let input = Value::map([
                ("TopicArn", arn.into()),
                ("Message", message.into()),
                ("Subject", "Amazon S3 Notification".into()),
            ]);
            cx.tell("sns", "Publish", input).await?;
        }
        "lambda" => {
            let input = [("FunctionName", arn.into()), ("InvocationType", "Event".into())];
            let body = Some(Body::from(message));
            cx.call_with("lambda", "Invoke", Value::map(input), body).await?;
        }
        _ => return Err(unknown()),
    }
    Ok(())
}

/// S3 itself, acting for a bucket.
pub(crate) fn on_behalf(cx: &Cx, bucket: &Bucket, account: AccountId, region: Region) -> Cx {
    cx.to(account, region).as_service("s3.amazonaws.com", bucket::arn(bucket))
}
