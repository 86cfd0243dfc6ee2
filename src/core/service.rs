//! What a service is to the rest of the program: a description, a table of operations, a state.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::HeaderMap;
use http::request::Parts;

use crate::body::Body;
use crate::codec::{Message, ReadError, Reader};
use crate::cx::Cx;
use crate::error::AwsError;
use crate::model::Model;
use crate::time::Timestamp;
use crate::world::{BoxFuture, WorldId};

/// What a service keeps of each world: `store` does it for all, `()` is nothing.
pub trait Kept {
    /// Makes `to` a copy of `from`; whatever `to` held is gone. No section runs in
    /// either meanwhile.
    fn fork(&self, from: WorldId, to: WorldId);
    /// Forgets everything of a world.
    fn reset(&self, world: WorldId);
    /// When the next work of a world falls due.
    fn next_due(&self, world: WorldId) -> Option<Timestamp>;
}

impl Kept for () {
    fn fork(&self, _: WorldId, _: WorldId) {}
    fn reset(&self, _: WorldId) {}
    fn next_due(&self, _: WorldId) -> Option<Timestamp> {
        None
    }
}

/// A service's state: what it keeps, and what it does when some of that falls due.
pub trait State: Any + Send + Sync {
    /// What it keeps.
    fn kept(&self) -> &dyn Kept;
    /// Hears that something else, or nothing, is kept of this world now.
    fn replaced(&self, _world: WorldId) {}
    /// Does what is due now.
    fn run_due(&self, _cx: Cx) -> DueWork<'_> {
        Box::pin(async {})
    }
}

/// The work of [`State::run_due`].
pub type DueWork<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What a handler makes of its input.
pub type Outcome = Result<Box<dyn Message>, AwsError>;

/// Begins the work of a handler that may wait.
pub type Begin = fn(Arc<dyn State>, Cx, Box<dyn Message>) -> BoxFuture<Outcome>;

/// What does an operation's work; made by [`operations!`](crate::operations).
#[derive(Clone, Copy)]
pub enum Run {
    /// A handler that may wait.
    Async(Begin),
    /// A handler that never waits.
    Sync(fn(&dyn State, &Cx, Box<dyn Message>) -> Outcome),
}

/// One row of a service's table of operations.
pub struct Operation {
    /// AWS's name.
    pub name: &'static str,
    /// The IAM action, where it is not the operation's name.
    pub action: &'static str,
    /// The resource that a call touches: who builds its ARN, out of which input members.
    pub resource: Option<Resource>,
    /// The typed input, without any member.
    pub input: fn() -> Box<dyn Message>,
    /// The handler.
    pub run: Run,
}

impl Operation {
    /// Reads the typed input.
    pub fn read(&self, r: &mut dyn Reader) -> Result<Box<dyn Message>, ReadError> {
        let mut input = (self.input)();
        input.fill(r)?;
        Ok(input)
    }
}

/// A handler's own types of its service's state and of its input.
#[doc(hidden)]
pub fn typed<S: State, I: Any>(
    state: &dyn State,
    input: Box<dyn Message>,
) -> Result<(&S, Box<I>), AwsError> {
    let state: &dyn Any = state;
    match (state.downcast_ref(), input.into_any().downcast()) {
        (Some(state), Ok(input)) => Ok((state, input)),
        _ => Err(AwsError::internal("a handler of another service")),
    }
}

/// How the ARN of the resource that a call touches is found before its handler runs.
pub struct Resource {
    /// Names of the input members, as the model has them.
    pub members: &'static [&'static str],
    /// Builds the ARN of their values, absent ones empty.
    pub arn: fn(&Cx, &[String]) -> String,
}

/// A service's table of operations; the only list of them.
///
/// ```ignore
/// operations! { Sqs:
///     CreateQueue => queue::create_queue;
///     SendMessageBatch => message::send_batch, action "SendMessage", resource queue_arn ["QueueUrl"];
/// }
/// ```
///
/// The types of another table of the crate are in a module: `operations! { Streams, streams: …`.
///
/// A handler is `async fn(&Sqs, &Cx, input::CreateQueue) -> Result<output::CreateQueue, AwsError>`
/// with the types that `codegen` wrote into the crate's `api` module. One that never waits is a plain
/// `fn`, and its row says so first: `CreateQueue => queue::create_queue, is sync, …;`. Where a row says
/// `is dynamic`, input and output are [`Value`](crate::Value)s and no types are generated: for
/// operations that only keep what they are given. Such a handler never waits either. `is dynamic(Shape)`
/// has that shape's type.
#[macro_export]
macro_rules! operations {
    ($state:ty $(, $module:ident)?: $($name:ident => $handler:path $(, is $kind:ident $(($shape:ident))?)?
        $(, action $action:literal)? $(, resource $arn:path [$($member:literal),*])?;)*) => {
        use crate $(::$module)? ::api as operation_types;

        /// Every operation that this service has.
        pub(crate) static OPERATIONS: &[$crate::Operation] = &[$($crate::Operation {
            name: stringify!($name),
            action: $crate::operations!(@first $($action,)? stringify!($name)),
            resource: $crate::operations!(@resource $($arn [$($member),*])?),
            input: || Box::new(operation_types::input::$name::default()),
            run: $crate::operations!(@run $state, $handler $(, $kind)?),
        }),*];
    };
    (@run $state:ty, $handler:path) => {
        $crate::service::Run::Async(|state, cx, input| Box::pin(async move {
            let (state, input) = $crate::service::typed::<$state, _>(&*state, input)?;
            let output = $handler(state, &cx, *input).await?;
            Ok(Box::new(output) as Box<dyn $crate::codec::Message>)
        }))
    };
    (@run $state:ty, $handler:path, dynamic) => {
        $crate::operations!(@run $state, $handler, sync)
    };
    (@run $state:ty, $handler:path, sync) => {
        $crate::service::Run::Sync(|state, cx, input| {
            let (state, input) = $crate::service::typed::<$state, _>(state, input)?;
            let output = $handler(state, cx, *input)?;
            Ok(Box::new(output) as Box<dyn $crate::codec::Message>)
        })
    };
    (@first $first:expr $(, $rest:expr)?) => { $first };
    (@resource) => { None };
    (@resource $arn:path [$($member:literal),*]) => {
        Some($crate::Resource { members: &[$($member),*], arn: $arn })
    };
}

/// The module `api` of a service, or of one of several in a crate (`api!("streams")`): the types
/// that `codegen` wrote, and its model.
#[macro_export]
macro_rules! api {
    ($($folder:literal)?) => {
        /// What `codegen` wrote out of `model.json`, for the operations of the table.
        pub(crate) mod api {
            include!(concat!(env!("OUT_DIR"), $("/", $folder,)? "/types.rs"));

            /// The model, unpacked at the first call.
            pub fn model() -> &'static $crate::Model {
                static MODEL: std::sync::LazyLock<$crate::Model> = std::sync::LazyLock::new(|| {
                    $crate::Model::unpack(include_bytes!(concat!(
                        env!("OUT_DIR"),
                        $("/", $folder,)?
                        "/model.bin"
                    )))
                });
                &MODEL
            }
        }
    };
}

/// What a service is, known before it starts.
pub struct Description {
    /// LocalStack's name; also the feature's and the folder's.
    pub name: &'static str,
    /// The model; unpacked at the first call.
    pub model: fn() -> &'static Model,
    /// The operations that are there.
    pub operations: &'static [Operation],
    /// The service's style of validating input by the model.
    pub validate: Validate,
    /// Checks what a request says of the digest of its body, where that is held whole.
    pub check_body: Option<CheckBody>,
    /// Turns a request that does not have its operation's form into the service's own error;
    /// `None` leaves it to the protocol.
    pub malformed: Option<fn(&ReadError) -> AwsError>,
    /// XML errors stand without `<ErrorResponse>` around them (S3).
    pub bare_errors: bool,
    /// What answers call their server, where AWS names it.
    pub server: Option<&'static str>,
    /// Answers carry the checksum of their bytes in `x-amz-crc32` (DynamoDB).
    pub crc32: bool,
    /// Unsigned requests that are this service's by their host or path (queue URLs).
    pub claims: fn(&Parts) -> bool,
    /// Takes unsigned requests that no other service claims (S3).
    pub catch_all: bool,
    /// Which signatures are verified, given a request as it was sent; `None` of this one.
    pub signing: Option<Signing>,
    /// Knows the access keys that this service has issued.
    pub access_key: Option<FindKey>,
    /// Rewrites an address in the host's name to the one in the path that the model has.
    pub address: fn(&mut Parts),
    /// Paths and hosts of the service's own, outside its model.
    pub routes: &'static [Route],
    /// Hears of every call that was answered.
    pub answered: Option<Answered>,
    /// Decides over requests of web pages in the gateway's stead, and over every `OPTIONS`.
    pub browser_policy: Option<BrowserPolicy>,
}

/// Hears of an answer: to which operation, with which error.
pub type Answered = fn(&Arc<dyn State>, &Cx, &str, Option<&str>, &http::Response<Body>);

/// Finds an access key by its id.
pub type FindKey = fn(&Arc<dyn State>, &Cx, &str) -> Option<AccessKey>;

/// Says whether a request's signature is verified.
pub type Signing = fn(&Arc<dyn State>, &Parts) -> Option<SigningFacts>;

/// How a request's signature is verified.
#[derive(Clone, Debug)]
pub struct SigningFacts {
    /// With which keys.
    pub keys: Keys,
    /// The bucket that the host names: version 2 of S3 signs it.
    pub host_bucket: Option<String>,
}

/// Whose signatures are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Nobody's; a presigned URL does not even end.
    None,
    /// Of those keys whose secret is known.
    Known,
    /// Everybody's; a key that nobody knows has the secret of [`AccessKey::TEST`].
    All,
}

/// What the holder of an access key signs with.
#[derive(Clone, Debug, Default)]
pub struct AccessKey {
    /// The secret.
    pub secret: String,
    /// The session token that must come with it.
    pub token: Option<String>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

impl AccessKey {
    /// The id and the secret of the key that everybody uses.
    pub const TEST: &str = "test";
}

impl Keys {
    /// What a signature by the key `id` is verified with, if it is.
    pub fn find(self, cx: &Cx, id: &str) -> Option<AccessKey> {
        if self == Self::None {
            return None;
        }
        let mut services = cx.cloud().services();
        let issued = services.find_map(|s| s.description().access_key?(s.state(), cx, id));
        let test = self == Self::All || id == AccessKey::TEST;
        issued.or_else(|| {
            test.then(|| AccessKey { secret: AccessKey::TEST.to_owned(), ..AccessKey::default() })
        })
    }
}

/// Checks an input by the model, in a service's style.
pub type Validate = fn(&'static Model, &Operation, &dyn Message) -> Result<(), AwsError>;

/// Says what a web page may do.
pub type BrowserPolicy = fn(&Arc<dyn State>, &Cx, &Parts) -> Verdict;

/// What a service says of a web page's request.
#[derive(Debug)]
pub enum Verdict {
    /// Nothing: the gateway's list of origins decides.
    Gateway,
    /// It may run, and these headers go with its answer.
    Pass(HeaderMap),
    /// It is a preflight, and these headers are its answer.
    Welcome(HeaderMap),
    /// It is a preflight that fails, unless the gateway's list has the origin.
    Refuse(AwsError),
}

/// Checks a body by the headers of its request and its trailers; the last argument says whether the
/// model demands a digest.
pub type CheckBody = fn(&Cx, &[u8], Option<&HeaderMap>, bool) -> Result<(), AwsError>;

/// Answers a request on a service's own path or host.
pub type Answer = fn(Arc<dyn State>, Cx, http::Request<Body>) -> BoxFuture<http::Response<Body>>;

/// A path or host of a service's own.
pub struct Route {
    /// Whether the request is for this route.
    pub matches: fn(&Parts) -> bool,
    /// Answers it.
    pub answer: Answer,
}

impl Description {
    /// A service without anything special.
    pub const fn new(
        name: &'static str,
        model: fn() -> &'static Model,
        operations: &'static [Operation],
    ) -> Self {
        Self {
            name,
            model,
            operations,
            validate: |_, _, _| Ok(()),
            check_body: None,
            malformed: None,
            bare_errors: false,
            server: None,
            crc32: false,
            claims: |_| false,
            catch_all: false,
            signing: None,
            access_key: None,
            answered: None,
            address: |_| {},
            routes: &[],
            browser_policy: None,
        }
    }
}

/// A service that runs: its description and its state.
pub struct Service {
    description: &'static Description,
    operations: Vec<&'static Operation>,
    state: Arc<dyn State>,
    used: AtomicBool,
    calls: AtomicU64,
    errors: AtomicU64,
}

impl Service {
    /// A service with its state.
    pub fn new(description: &'static Description, state: impl State) -> Self {
        // Put in order one by one: a sort of one's own is 4 KB in a program that has no other use for it.
        let mut operations: Vec<&Operation> = Vec::new();
        for operation in description.operations {
            let at = operations.partition_point(|o| o.name < operation.name);
            operations.insert(at, operation);
        }
        Self {
            description,
            operations,
            state: Arc::new(state),
            used: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            errors: AtomicU64::new(0),
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.description.name
    }

    /// Its description.
    pub fn description(&self) -> &'static Description {
        self.description
    }

    /// Its model.
    pub fn model(&self) -> &'static Model {
        (self.description.model)()
    }

    /// Its state.
    pub fn state(&self) -> &Arc<dyn State> {
        &self.state
    }

    /// The operation called `name`, if it is there.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        let at = self.operations.binary_search_by(|o| o.name.cmp(name)).ok()?;
        self.operations.get(at).copied()
    }

    /// True from the first call on.
    pub fn is_running(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Makes it running without a call.
    pub fn start(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// Calls so far, and how many of them ended in an error.
    pub fn counts(&self) -> (u64, u64) {
        (self.calls.load(Ordering::Relaxed), self.errors.load(Ordering::Relaxed))
    }

    pub(crate) fn count(&self, ok: bool) {
        self.start();
        self.calls.fetch_add(1, Ordering::Relaxed);
        if !ok {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl From<Service> for Vec<Service> {
    fn from(service: Service) -> Self {
        vec![service]
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.name())
    }
}
