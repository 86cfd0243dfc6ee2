//! Two tiny services for the tests of this crate, under names that the catalogue has: `sqs` speaks
//! json and query and answers what it is told, `s3` is rest-xml and streams.

use std::any::Any;
use std::sync::{Arc, LazyLock};

use cumulet_core::model::{Kind, Location, Member, OperationModel, Shape};
use cumulet_core::{
    AwsError, Body, BoxFuture, Clock, Cloud, Cx, Description, Empty, Encode, Ids, Kept, Keys,
    Message, Model, Operation, Protocol, ReadError, Reader, Route, Run, Service, SigningFacts,
    State, Verdict, Writer,
};
use http::header::VARY;
use http::{HeaderMap, HeaderValue};

use crate::config::Config;

/// The configuration that these variables come to.
pub(crate) fn config(variables: &[(&str, &str)]) -> Config {
    Config::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// Both services, in a world of its own.
pub(crate) fn cloud() -> Arc<Cloud> {
    let services = [Service::new(&SQS, Nothing), Service::new(&S3, Nothing)];
    Cloud::new(services, Clock::default(), Ids::default())
}

struct Nothing;

impl State for Nothing {
    fn kept(&self) -> &dyn Kept {
        &()
    }
}

static SQS: Description = {
    let mut sqs = Description::new("sqs", || &SQS_MODEL, &[ECHO, PANIC]);
    sqs.claims = |parts| parts.uri.path() == "/000000000000/q";
    sqs.routes = &[Route {
        matches: |parts| parts.uri.path() == "/_aws/sqs/messages",
        answer: |_, cx, _| {
            Box::pin(async move { http::Response::new(cx.endpoint().to_owned().into()) })
        },
    }];
    sqs
};

static S3: Description = {
    let mut s3 = Description::new("s3", || &S3_MODEL, &[PUT]);
    s3.bare_errors = true;
    s3.server = Some("AmazonS3");
    s3.catch_all = true;
    s3.signing = Some(|_, parts| {
        let facts = SigningFacts { keys: Keys::All, host_bucket: None };
        parts.uri.path().ends_with("/verified").then_some(facts)
    });
    // Pages of one site may do what they like here, and another's may not ask.
    s3.browser_policy = Some(|_, _, parts| {
        let named = HeaderMap::from_iter([(VARY, HeaderValue::from_static("policy"))]);
        match parts.headers.get("origin").map_or(&b""[..], HeaderValue::as_bytes) {
            b"https://friend.test" if parts.method == http::Method::OPTIONS => {
                Verdict::Welcome(named)
            }
            b"https://friend.test" => Verdict::Pass(named),
            _ if parts.method == http::Method::OPTIONS => {
                Verdict::Refuse(AwsError::new("AccessForbidden", 403, "no"))
            }
            _ => Verdict::Gateway,
        }
    });
    s3
};

fn metadata(model: &mut Model, service_id: &'static str, protocols: &[Protocol]) {
    model.metadata.service_id = service_id;
    model.metadata.protocols = protocols.to_vec();
    model.shapes.push(Shape { name: "String", kind: Kind::String, ..Shape::default() });
}

static SQS_MODEL: LazyLock<Model> = LazyLock::new(|| {
    let mut model = Model::default();
    metadata(&mut model, "SQS", &[Protocol::Json, Protocol::Query]);
    model.metadata.api_version = "2012-11-05";
    model.metadata.target_prefix = "AmazonSQS";
    model.metadata.json_version = "1.0";
    model.shapes.push(Shape {
        name: "Echo",
        members: vec![Member { name: "Text", ..Member::default() }],
        ..Shape::default()
    });
    for name in ["Absent", "Echo", "Panic"] {
        model.operations.push(OperationModel {
            name,
            method: "POST",
            uri: "/",
            input: Some(1),
            output: Some(1),
            result_wrapper: "EchoResult",
            ..OperationModel::default()
        });
    }
    model
});

static S3_MODEL: LazyLock<Model> = LazyLock::new(|| {
    let mut model = Model::default();
    metadata(&mut model, "S3", &[Protocol::RestXml]);
    model.shapes.push(Shape {
        name: "Blob",
        kind: Kind::Blob,
        streaming: true,
        ..Shape::default()
    });
    model.shapes.push(Shape {
        name: "Put",
        members: vec![
            Member { name: "Body", shape: 1, streaming: true, ..Member::default() },
            Member {
                name: "Key",
                location: Location::Uri,
                wire: "Key",
                required: true,
                ..Member::default()
            },
        ],
        payload: Some(0),
        ..Shape::default()
    });
    model.operations.push(OperationModel {
        name: "Put",
        method: "PUT",
        uri: "/{Key+}",
        input: Some(2),
        output: Some(2),
        ..OperationModel::default()
    });
    model
});

/// Answers its text, with account and region around it.
const ECHO: Operation = Operation {
    name: "Echo",
    action: "Echo",
    resource: None,
    input: || Box::new(Echo::default()),
    run: Run::Async(|_, cx, input| handler(cx, input, echo)),
};

const PANIC: Operation = Operation {
    name: "Panic",
    action: "Panic",
    resource: None,
    input: || Box::new(Empty {}),
    run: Run::Async(|_, _, _| Box::pin(async { panic!("on purpose") })),
};

/// Sends its body back; a key `refused` is refused before the body is read.
const PUT: Operation = Operation {
    name: "Put",
    action: "Put",
    resource: None,
    input: || Box::new(Put::default()),
    run: Run::Async(|_, cx, input| handler(cx, input, put)),
};

type Outcome = Result<Box<dyn Message>, AwsError>;

fn handler<T: Any, F: Future<Output = Outcome> + Send + 'static>(
    cx: Cx,
    input: Box<dyn Message>,
    run: fn(Cx, T) -> F,
) -> BoxFuture<Outcome> {
    match input.into_any().downcast::<T>() {
        Ok(input) => Box::pin(run(cx, *input)),
        Err(_) => Box::pin(async { Err(AwsError::internal("not my input")) }),
    }
}

async fn echo(cx: Cx, input: Echo) -> Outcome {
    let text = input.text.ok_or_else(|| AwsError::new("MissingParameter", 400, "No text"))?;
    let text = format!("{} {} {text}", cx.account(), cx.region());
    Ok(Box::new(Echo { text: Some(text) }))
}

async fn put(_: Cx, mut input: Put) -> Outcome {
    if input.key == "refused" {
        return Err(AwsError::new("AccessDenied", 403, "Access Denied"));
    }
    let too_large = || AwsError::new("EntityTooLarge", 400, "");
    let body = input.body.collect(1 << 20, too_large).await?;
    Ok(Box::new(Put { key: input.key, body: Body::from(body) }))
}

#[derive(Default)]
struct Echo {
    text: Option<String>,
}

impl Encode for Echo {
    fn encode(&self, w: &mut dyn Writer) {
        w.structure(&|_, w| self.text.encode(w));
    }
}

impl Message for Echo {
    fn fill(&mut self, r: &mut dyn Reader) -> Result<(), ReadError> {
        r.structure(&mut |_, r| {
            self.text = Some(r.string()?);
            Ok(())
        })
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

#[derive(Default)]
struct Put {
    key: String,
    body: Body,
}

impl Encode for Put {
    fn encode(&self, w: &mut dyn Writer) {
        w.structure(&|_, _| {});
    }
}

impl Message for Put {
    fn fill(&mut self, r: &mut dyn Reader) -> Result<(), ReadError> {
        r.structure(&mut |i, r| {
            if i == 1 {
                self.key = r.string()?;
            }
            Ok(())
        })
    }
    fn take_body(&mut self) -> Option<Body> {
        Some(std::mem::take(&mut self.body))
    }
    fn set_body(&mut self, body: Body) {
        self.body = body;
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
