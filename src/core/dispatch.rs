//! The one way into every handler, for clients and for services that call services.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::codec::Message;
use crate::cx::{Caller, Cx};
use crate::error::AwsError;
use crate::service::{Operation, Outcome, Run, Service};
use crate::world::{BoxFuture, spawn};

/// Validates the input, authorises the caller, runs the handler, waits until its changes are
/// durable and counts the call. A panic becomes a 500.
///
/// The future may be dropped: work that has begun goes on to its end in the background, so that
/// no change is made by halves; only a handler that waits for [`Cx::gone`] stops.
pub fn dispatch(
    cx: Cx,
    service: &Arc<Service>,
    operation: &'static Operation,
    input: Box<dyn Message>,
) -> impl Future<Output = Outcome> + Send + use<> {
    let service = Arc::clone(service);
    let caller = Arc::clone(cx.caller());
    let work: BoxFuture<Outcome> = Box::pin(async move {
        let outcome = run(&cx, &service, operation, input).await;
        if outcome.is_ok() {
            cx.durable().await;
        }
        service.count(outcome.is_ok());
        outcome
    });
    Finish { work: Some(work), caller }
}

async fn run(
    cx: &Cx,
    service: &Service,
    operation: &Operation,
    input: Box<dyn Message>,
) -> Outcome {
    (service.description().validate)(service.model(), operation, &*input)?;
    // Authorisation comes here: `operation.action` on `operation.resource`, once IAM is born.
    let panicked = |panic: Box<dyn Any + Send>| panicked(service.name(), operation.name, &*panic);
    let run = match operation.run {
        Run::Async(run) => run,
        Run::Sync(run) => {
            return catch_unwind(AssertUnwindSafe(|| run(&**service.state(), cx, input)))
                .unwrap_or_else(|panic| Err(panicked(panic)));
        }
    };
    let mut handler = run(Arc::clone(service.state()), cx.clone(), input);
    poll_fn(|task| {
        catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(task)))
            .unwrap_or_else(|panic| Poll::Ready(Err(panicked(panic))))
    })
    .await
}

fn panicked(service: &str, operation: &str, panic: &(dyn Any + Send)) -> AwsError {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    AwsError::internal(format!("{service}.{operation} panicked: {text}"))
}

struct Finish {
    work: Option<BoxFuture<Outcome>>,
    caller: Arc<Caller>,
}

impl Future for Finish {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.as_mut().poll(cx);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl Drop for Finish {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        self.caller.leave();
        if tokio::runtime::Handle::try_current().is_ok() {
            spawn(async move { drop(work.await) });
        }
    }
}
