//! On whose behalf, where and when: what every handler is given beside its input.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::Notify;

use crate::body::Body;
use crate::cloud::Cloud;
use crate::codec::{Message, Schema};
use crate::dispatch::dispatch;
use crate::dynamic::{from_value_boxed, to_value};
use crate::error::AwsError;
use crate::ids::{Ids, UuidText};
use crate::name::{AccountId, Region};
use crate::time::{Clock, Timestamp};
use crate::value::Value;
use crate::world::{Scope, World};

/// How many calls may stand inside each other (a topic whose queue's function publishes …).
const DEPTH_MAX: u8 = 16;

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Principal {
    /// A request without a signature.
    #[default]
    Anonymous,
    /// The holder of this access key id.
    Key(String),
    /// A service on somebody's behalf: `sns.amazonaws.com`.
    Service(&'static str),
}

/// One call's context. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cx(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    cloud: Arc<Cloud>,
    world: Arc<World>,
    account: AccountId,
    region: Region,
    principal: Principal,
    source_arn: Option<Arc<str>>,
    request_id: UuidText,
    endpoint: Arc<str>,
    http: Option<Arc<http::request::Parts>>,
    depth: u8,
    /// Nobody reads the answer.
    told: bool,
    caller: Arc<Caller>,
    answer: AnswerHeaders,
}

/// Headers of one call's answer: a context that was made of another has none yet.
#[derive(Debug, Default)]
struct AnswerHeaders(Mutex<HeaderMap>);

impl Clone for AnswerHeaders {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Whether the client still waits for its answer.
#[derive(Debug, Default)]
pub(crate) struct Caller {
    gone: AtomicBool,
    left: Notify,
}

impl Caller {
    pub(crate) fn leave(&self) {
        self.gone.store(true, Ordering::Release);
        self.left.notify_waiters();
    }
}

/// What the gateway knows of a request.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Whose resources.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// Who calls.
    pub principal: Principal,
    /// Scheme and host for URLs in answers, without a slash at the end: `http://localhost:4566`.
    pub endpoint: Arc<str>,
    /// The request line and headers, for what no model binds.
    pub http: Option<Arc<http::request::Parts>>,
}

impl Origin {
    /// The default account in us-east-1, at the default endpoint.
    pub fn local() -> Self {
        Self {
            account: AccountId::DEFAULT,
            region: Region::US_EAST_1,
            principal: Principal::Anonymous,
            endpoint: "http://localhost:4566".into(),
            http: None,
        }
    }
}

impl Cx {
    /// The context of one request.
    pub fn new(cloud: &Arc<Cloud>, world: &Arc<World>, origin: Origin) -> Self {
        Self(Arc::new(Inner {
            cloud: Arc::clone(cloud),
            world: Arc::clone(world),
            account: origin.account,
            region: origin.region,
            principal: origin.principal,
            source_arn: None,
            request_id: world.ids().uuid_text(),
            endpoint: origin.endpoint,
            http: origin.http,
            depth: 0,
            told: false,
            caller: Arc::default(),
            answer: AnswerHeaders::default(),
        }))
    }

    /// The context of work that no request asked for.
    pub fn background(cloud: &Arc<Cloud>, world: &Arc<World>) -> Self {
        Self::new(cloud, world, Origin::local())
    }

    /// The world.
    pub fn world(&self) -> &Arc<World> {
        &self.0.world
    }

    /// All services and worlds.
    pub fn cloud(&self) -> &Arc<Cloud> {
        &self.0.cloud
    }

    /// Whose resources.
    pub fn account(&self) -> AccountId {
        self.0.account
    }

    /// Where.
    pub fn region(&self) -> Region {
        self.0.region
    }

    /// Who calls.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The resource on whose behalf a service calls.
    pub fn source_arn(&self) -> Option<&str> {
        self.0.source_arn.as_deref()
    }

    /// The request id that the answer carries.
    pub fn request_id(&self) -> &str {
        self.0.request_id.as_str()
    }

    /// Whether anybody reads the answer ([`Cx::tell`]): if not, what only stands there need not be made.
    pub fn is_answered(&self) -> bool {
        !self.0.told
    }

    /// Scheme and host for URLs in answers: those the caller used, or as configured.
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// A request header that the model does not bind.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.http.as_ref()?.headers.get(name)?.to_str().ok()
    }

    /// The request line and headers; none in calls between services.
    pub fn http(&self) -> Option<&http::request::Parts> {
        self.0.http.as_deref()
    }

    /// Sets a header of the answer that the model does not bind; an error has its own
    /// ([`AwsError::with_header`]). Values that no header can have are left out.
    pub fn answer_header(&self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.answer_headers().insert(HeaderName::from_static(name), value);
        }
    }

    /// The headers that the handler has set, for whoever writes the answer.
    pub fn take_answer_headers(&self) -> HeaderMap {
        std::mem::take(&mut self.answer_headers())
    }

    fn answer_headers(&self) -> MutexGuard<'_, HeaderMap> {
        self.0.answer.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world's clock.
    pub fn clock(&self) -> &Clock {
        self.0.world.clock()
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// The world's source of identifiers.
    pub fn ids(&self) -> &Ids {
        self.0.world.ids()
    }

    /// The scope of this account and region.
    pub fn scope(&self) -> Scope {
        Scope { world: self.0.world.id(), account: self.0.account, region: self.0.region }
    }

    /// The scope of what is global to an account (users) or, for the default account, to the
    /// partition (bucket names).
    pub fn global_scope(&self, account: AccountId) -> Scope {
        Scope { world: self.0.world.id(), account, region: Region::GLOBAL }
    }

    /// The same caller in another account and region.
    #[must_use]
    pub fn to(&self, account: AccountId, region: Region) -> Self {
        if (account, region) == (self.0.account, self.0.region) {
            return self.clone();
        }
        self.with(|inner| (inner.account, inner.region) = (account, region))
    }

    /// A service that acts for a resource: `cx.as_service("sns.amazonaws.com", topic_arn)`.
    #[must_use]
    pub fn as_service(&self, principal: &'static str, source_arn: impl Into<Arc<str>>) -> Self {
        self.with(|inner| {
            inner.principal = Principal::Service(principal);
            inner.source_arn = Some(source_arn.into());
        })
    }

    fn with(&self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = (*self.0).clone();
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// Runs an operation of a service, this one or another, as a client would, without HTTP.
    ///
    /// # Errors
    /// What the operation answers; 501 for a service or operation that is not compiled in.
    pub async fn call(
        &self,
        service: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, AwsError> {
        Ok(self.call_with(service, operation, input, None).await?.0)
    }

    /// The same for those who only want it done.
    ///
    /// # Errors
    /// As [`Cx::call`].
    pub async fn tell(&self, service: &str, operation: &str, input: Value) -> Result<(), AwsError> {
        self.run(service, operation, input, None, true).await.map(|_| ())
    }

    /// The same as [`Cx::call`] with a byte stream beside the members of input and output.
    pub async fn call_with(
        &self,
        service: &str,
        operation: &str,
        input: Value,
        body: Option<Body>,
    ) -> Result<(Value, Option<Body>), AwsError> {
        let (mut output, schema) = self.run(service, operation, input, body, false).await?;
        let body = output.take_body();
        let value = schema.map_or(Value::Map(Vec::new()), |schema| to_value(schema, &*output));
        Ok((value, body))
    }

    async fn run(
        &self,
        service: &str,
        operation: &str,
        input: Value,
        body: Option<Body>,
        told: bool,
    ) -> Result<(Box<dyn Message>, Option<Schema>), AwsError> {
        let absent = || AwsError::not_implemented(service, operation);
        if self.0.depth >= DEPTH_MAX {
            return Err(AwsError::internal(format!(
                "{service}.{operation}: calls {DEPTH_MAX} deep"
            )));
        }
        let service = self.0.cloud.service(service).ok_or_else(absent)?;
        let operation = service.operation(operation).ok_or_else(absent)?;
        let model = service.model();
        let shapes = model.operation(operation.name).and_then(|i| model.operations.get(i));
        let schema = |shape: Option<usize>| shape.map(|shape| Schema { model, shape });
        let mut input = from_value_boxed(operation, schema(shapes.and_then(|s| s.input)), input)?;
        if let Some(body) = body {
            input.set_body(body);
        }
        let cx = self.with(|inner| {
            inner.depth += 1;
            inner.told = told;
            inner.http = None;
            inner.request_id = inner.world.ids().uuid_text();
        });
        let output = dispatch(cx, service, operation, input).await?;
        Ok((output, schema(shapes.and_then(|s| s.output))))
    }

    /// Runs `task` in the background, owned by the world.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.world.spawn(task);
    }

    /// Sleeps on the world's clock inside a task of [`Cx::spawn`].
    pub async fn rest(&self, length: Duration) {
        self.0.world.rest_until(self.now().plus(length)).await;
    }

    /// Returns when the client has gone; never if it stays. Whoever waits for something before
    /// taking it waits for this too, and then takes nothing.
    pub async fn gone(&self) {
        loop {
            let left = self.0.caller.left.notified();
            if self.0.caller.gone.load(Ordering::Acquire) {
                return;
            }
            left.await;
        }
    }

    pub(crate) fn caller(&self) -> &Arc<Caller> {
        &self.0.caller
    }

    /// Returns when what the call changed is as safe as it was promised to be: at once, as long
    /// as no journal stands behind the stores.
    #[expect(clippy::unused_async, reason = "the journal will wait here")]
    pub async fn durable(&self) {}
}
