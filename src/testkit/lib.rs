//! Calls services in process, without a socket, on a clock that moves only when it is turned.
//! For tests only: what goes wrong here panics.
//!
//! ```ignore
//! let cloud = TestCloud::new([cumulet_sqs::service(&platform)]);
//! let url = cloud.call("sqs.CreateQueue", value!({"QueueName": "q"})).await;
//! cloud.advance(Duration::from_secs(31)).await;
//! ```

#![expect(clippy::panic, clippy::missing_panics_doc, reason = "a test ends where it goes wrong")]

mod outbound;

pub use outbound::FakeOutbound;

use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{
    AccountId, AwsError, Body, Clock, Cloud, Cx, Ids, Origin, Region, Service, Timestamp, Value,
    World,
};

/// Some services in one world whose clock stands still and whose ids repeat.
#[derive(Debug)]
pub struct TestCloud {
    cloud: Arc<Cloud>,
    world: Arc<World>,
    origin: Origin,
    outbound: Arc<FakeOutbound>,
}

impl TestCloud {
    /// When every test begins: 2026-11-22T00:00:00Z.
    pub const START: Timestamp = Timestamp::from_secs(1_795_305_600);

    /// A cloud of these services.
    pub fn new(services: impl IntoIterator<Item = Service>) -> Self {
        let clock = Clock::default();
        clock.freeze();
        clock.set(Self::START);
        let cloud = Cloud::new(services, clock, Ids::new(Some(1)));
        let world = Arc::clone(cloud.world());
        let outbound = Arc::new(FakeOutbound::default());
        let client: Arc<FakeOutbound> = Arc::clone(&outbound);
        cloud.set_outbound(client);
        Self { cloud, world, origin: Origin::local(), outbound }
    }

    /// The same cloud, called from another account and region.
    #[must_use]
    pub fn from(&self, account: &str, region: &str) -> Self {
        let mut origin = self.origin.clone();
        origin.account = AccountId::parse(account).unwrap_or_else(|| panic!("{account}"));
        origin.region = Region::parse(region).unwrap_or_else(|| panic!("{region}"));
        Self { origin, ..self.like() }
    }

    fn like(&self) -> Self {
        Self {
            cloud: Arc::clone(&self.cloud),
            world: Arc::clone(&self.world),
            origin: self.origin.clone(),
            outbound: Arc::clone(&self.outbound),
        }
    }

    /// What services sent to other hosts.
    pub fn outbound(&self) -> &FakeOutbound {
        &self.outbound
    }

    /// Waits until the background work that was begun is done.
    pub async fn settle(&self) {
        self.world.settle(&self.cloud).await;
    }

    /// The same services in a copy of this world.
    #[must_use]
    pub fn fork(&self) -> Self {
        let world = self.cloud.fork(&self.world);
        Self { world, ..self.like() }
    }

    /// The cloud.
    pub fn cloud(&self) -> &Arc<Cloud> {
        &self.cloud
    }

    /// The world.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// A new call's context.
    pub fn cx(&self) -> Cx {
        Cx::new(&self.cloud, &self.world, self.origin.clone())
    }

    /// What `service.Operation` answers.
    pub async fn try_call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        let (service, operation) = split(operation);
        self.cx().call(service, operation, input).await
    }

    /// What `service.Operation` answers, which must be a success.
    pub async fn call(&self, operation: &str, input: Value) -> Value {
        let answer = self.try_call(operation, input).await;
        answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// The error that `service.Operation` must answer.
    pub async fn fail(&self, operation: &str, input: Value) -> AwsError {
        match self.try_call(operation, input).await {
            Err(error) => error,
            Ok(answer) => panic!("{operation} succeeded: {answer:?}"),
        }
    }

    /// A call with bytes beside the members of its input, and those beside its output's.
    pub async fn send(
        &self,
        operation: &str,
        input: Value,
        body: impl Into<Body>,
    ) -> Result<(Value, Vec<u8>), AwsError> {
        let (service, operation) = split(operation);
        let answer = self.cx().call_with(service, operation, input, Some(body.into())).await;
        let (output, body) = answer?;
        let mut body = body.unwrap_or_default();
        let bytes = body.collect(usize::MAX, || AwsError::internal("too large")).await?;
        Ok((output, bytes.to_vec()))
    }

    /// Turns the clock and waits for the work that falls due.
    pub async fn advance(&self, by: Duration) {
        self.world.advance(&self.cloud, by).await;
    }
}

fn split(operation: &str) -> (&str, &str) {
    operation.split_once('.').unwrap_or_else(|| panic!("{operation} is not service.Operation"))
}

/// A [`Value`] written as JSON: `value!({"QueueUrl": url, "MaxNumberOfMessages": 10})`.
#[macro_export]
macro_rules! value {
    ({ $($key:literal : $value:tt),* $(,)? }) => {
        $crate::map(vec![$(($key, $crate::value!($value))),*])
    };
    ([ $($item:tt),* $(,)? ]) => { $crate::list(vec![$($crate::value!($item)),*]) };
    ($value:expr) => { $crate::scalar($value) };
}

/// A map; for [`value!`].
pub fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::map(entries)
}

/// A list; for [`value!`].
pub fn list(items: Vec<Value>) -> Value {
    Value::List(items)
}

/// Anything else; for [`value!`].
pub fn scalar(value: impl Into<Value>) -> Value {
    value.into()
}

/// The text at a path of names and list positions: `text(&answer, "Messages.0.Body")`.
pub fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    at(value, path).as_str().unwrap_or_else(|| panic!("{path} is no text in {value:?}"))
}

/// The value at a path of names and list positions.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |here, step| {
        let next = match step.parse::<usize>() {
            Ok(i) => here.items().get(i),
            Err(_) => here.get(step),
        };
        next.unwrap_or_else(|| panic!("no {path} in {value:?}"))
    })
}
