//! A request's way, from the connection to the answer; [`Gateway::answer`] and the steps below it
//! read in the order in which they happen.
//!
//! It knows no service's operations and no wire format: `protocol` reads and writes, the service's
//! description says what is special.

use std::sync::Arc;

use bytes::Bytes;
use cumulet_compress::{Format, unpack};
use cumulet_core::codec::ReadError;
use cumulet_core::dispatch::dispatch;
use cumulet_core::{
    AwsError, Body, Cloud, Cx, Operation, Origin, Protocol, Route, Service, Verdict,
};
use cumulet_crc::CRC32;
use cumulet_sigv4::chunked;
use cumulet_sigv4::{Credential, Dialect};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HOST, SERVER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::admin::Admin;
use crate::answer;
use crate::browser::{Browsers, Visitor};
use crate::catalog::Entry;
use crate::config::Config;
use crate::detect::{Clues, detect, is_form};
use crate::identity::{Endpoint, Identity};
use crate::init::Hooks;
use crate::server::Stop;
use crate::signature::sign_off;

/// The longest body that is held in memory: what Lambda's `CreateFunction` may have,
/// the most of all AWS services for a body that is no stream.
const BODY_MAX: usize = 70_167_211;

const MARK: HeaderName = HeaderName::from_static("x-localstack");

/// Everything between the server and the services.
#[derive(Debug)]
pub struct Gateway {
    cloud: Arc<Cloud>,
    admin: Admin,
    browsers: Browsers,
    endpoint: Endpoint,
    /// Access keys of AWS's form carry their account.
    aws_keys: bool,
    mark: bool,
    /// `:4566`
    port: String,
}

impl Gateway {
    /// A gateway to the services of `cloud`, reachable at `ports`.
    pub fn new(
        cloud: Arc<Cloud>,
        config: &Config,
        ports: &[u16],
        stop: Stop,
        hooks: Arc<Hooks>,
    ) -> Self {
        let port = ports.first().copied().unwrap_or(crate::config::DEFAULT_PORT);
        Self {
            admin: Admin::new(Arc::clone(&cloud), config, stop, hooks),
            browsers: Browsers::new(config, ports),
            endpoint: Endpoint::new(config.public_host.as_deref(), port, config.use_ssl),
            port: format!(":{port}"),
            aws_keys: config.aws_keys,
            mark: config.response_header,
            cloud,
        }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        if !settle_host(&mut parts) {
            return answer::text(StatusCode::BAD_REQUEST, "A request has one Host header.\n");
        }
        log::debug!("{} {}", parts.method, parts.uri.path());
        let is_head = parts.method == Method::HEAD;
        let visitor = self.browsers.judge(&parts);
        let early = match &visitor {
            Visitor::WrongHost(_) => visitor.refusal(),
            visitor => self.browsers.preflight(&parts, visitor),
        };
        let mut answer = match early {
            Some(answer) => answer,
            None => self.route(parts, body, &visitor).await,
        };
        if is_head && !answer.status().is_success() {
            *answer.body_mut() = Body::empty();
        }
        if self.mark {
            answer.headers_mut().insert(MARK, HeaderValue::from_static("true"));
        }
        self.browsers.allow(&visitor, answer.headers_mut());
        answer
    }

    /// Our own pages, the services' own routes, then AWS's APIs.
    async fn route(&self, parts: Parts, body: Body, visitor: &Visitor) -> Response<Body> {
        let path = parts.uri.path();
        if under(path, "/_localstack") || under(path, "/_cumulet") {
            return match visitor.refusal() {
                Some(refusal) => refusal,
                None => self.admin.answer(&parts, body).await,
            };
        }
        for service in self.cloud.services() {
            let mut routes = service.description().routes.iter();
            if let Some(route) = routes.find(|route| (route.matches)(&parts)) {
                return self.own_route(service, route, parts, body, visitor).await;
            }
        }
        if under(path, "/_aws") {
            return answer::text(StatusCode::NOT_FOUND, "There is no such page.\n");
        }
        self.operate(parts, body, visitor).await
    }

    async fn own_route(
        &self,
        service: &Arc<Service>,
        route: &Route,
        parts: Parts,
        body: Body,
        visitor: &Visitor,
    ) -> Response<Body> {
        let identity = self.identity(cumulet_sigv4::credential(&parts).as_ref(), &parts);
        let parts = Arc::new(parts);
        let cx = self.cx(identity, &parts);
        let headers = match admit(service, &cx, &parts, visitor) {
            Admission::Granted(headers) => headers,
            Admission::Answered(answer) => return answer,
            Admission::Refused(error) => {
                return answer::text(error.status(), error.message().to_owned());
            }
        };
        let request = Request::from_parts(Parts::clone(&parts), body);
        let mut answer = (route.answer)(Arc::clone(service.state()), cx, request).await;
        answer.headers_mut().extend(headers);
        mark(service, &mut answer);
        log::info!(
            "{} {} {} => {}",
            service.name(),
            parts.method,
            parts.uri.path(),
            answer.status().as_u16()
        );
        answer
    }

    /// A call of an AWS API: which service, who calls, and what came of it.
    async fn operate(&self, mut parts: Parts, mut body: Body, visitor: &Visitor) -> Response<Body> {
        let form = match form(&parts, &mut body).await {
            Ok(form) => form,
            Err(error) => return self.stray(None, &parts, visitor, &error),
        };
        let (entry, identity) = {
            let credential = cumulet_sigv4::credential(&parts);
            let scope = credential.as_ref().and_then(Credential::service);
            let scope = scope.filter(|service| !service.is_empty());
            match detect(&self.cloud, &parts, scope, &form) {
                Ok(entry) => (entry, self.identity(credential.as_ref(), &parts)),
                Err(error) => return self.stray(None, &parts, visitor, &error),
            }
        };
        let Some(service) = self.cloud.service(entry.name) else {
            let error = absent(entry, &parts, &form);
            return self.stray(Some(entry), &parts, visitor, &error);
        };
        let world = || Cx::background(&self.cloud, self.cloud.world());
        let signed = sign_off(service, world, &parts, &self.port);
        (service.description().address)(&mut parts);
        let chain = signed.as_ref().ok().cloned().flatten();
        let decoder = chunked::Decoder::new(&parts.headers, chain);
        if let Ok(Some(decoder)) = &decoder {
            decoded(&mut parts, decoder);
        }
        let parts = Arc::new(parts);
        let cx = self.cx(identity, &parts);
        let mut call = Call {
            service,
            protocol: cumulet_protocol::detect(service.model(), &parts),
            cx,
            parts,
            operation: "",
        };
        let headers = match admit(service, &call.cx, &call.parts, visitor) {
            Admission::Granted(headers) => headers,
            Admission::Answered(mut answer) => {
                let id = call.cx.request_id();
                cumulet_protocol::put_ids(answer.headers_mut(), call.protocol, id);
                mark(service, &mut answer);
                return answer;
            }
            Admission::Refused(error) => {
                let mut answer = call.finish(Err(error));
                mark(service, &mut answer);
                return answer;
            }
        };
        let body = match decoder {
            Ok(Some(decoder)) => Ok(cumulet_sigv4::decoded(body, decoder)),
            Ok(None) => Ok(body),
            Err(error) => Err(error.shape().into()),
        };
        let outcome = match (signed, body) {
            (Err(error), _) => Err(error.shape(call.dialect()).into()),
            (_, Err(error)) => Err(error),
            (_, Ok(body)) => call.run(body, form).await,
        };
        let as_json =
            call.protocol == Protocol::Query && cumulet_protocol::accepts_json(&call.parts);
        let mut answer = call.finish(outcome);
        answer.headers_mut().extend(headers);
        mark(service, &mut answer);
        if as_json { cumulet_protocol::in_json(answer, service.model()).await } else { answer }
    }

    fn identity(&self, credential: Option<&Credential<'_>>, parts: &Parts) -> Identity {
        Identity::of(credential, &parts.headers, self.aws_keys)
    }

    fn cx(&self, identity: Identity, parts: &Arc<Parts>) -> Cx {
        let Identity { account, region, principal } = identity;
        let endpoint = self.endpoint.of(&parts.headers, parts.extensions.get());
        let http = Some(Arc::clone(parts));
        let origin = Origin { account, region, principal, endpoint, http };
        Cx::new(&self.cloud, self.cloud.world(), origin)
    }

    /// The answer to a call of a service that is not here, or is none.
    fn stray(
        &self,
        entry: Option<&Entry>,
        parts: &Parts,
        visitor: &Visitor,
        error: &AwsError,
    ) -> Response<Body> {
        if let Some(refusal) = visitor.refusal() {
            return refusal;
        }
        let name = entry.map_or("?", |entry| entry.name);
        log::info!("AWS {name} => {} ({})", error.status().as_u16(), error.code());
        answer::stray(entry, parts, error, &self.cloud.world().ids().uuid())
    }
}

/// One call on its way through a service that is here.
struct Call<'a> {
    service: &'a Arc<Service>,
    protocol: Protocol,
    cx: Cx,
    parts: Arc<Parts>,
    /// The operation's name, once it is known.
    operation: &'static str,
}

impl Call<'_> {
    /// Operation, body, input, dispatch, output.
    async fn run(&mut self, mut body: Body, form: Bytes) -> Result<Response<Body>, AwsError> {
        let (model, protocol) = (self.service.model(), self.protocol);
        let matched = cumulet_protocol::find_operation(protocol, model, &self.parts, &form)?;
        let name = model.operations.get(matched.operation).map_or("", |operation| operation.name);
        self.operation = name;
        let operation: &'static Operation = self
            .service
            .operation(name)
            .ok_or_else(|| AwsError::not_implemented(self.service.name(), name))?;
        let streams = cumulet_protocol::streams_input(model, matched.operation);
        let whole = if streams {
            Bytes::new()
        } else {
            let whole = body.collect(BODY_MAX, too_large).await?;
            if let Some(check) = self.service.description().check_body {
                let demanded =
                    model.operations.get(matched.operation).is_some_and(|o| o.checksum_required);
                check(&self.cx, &whole, body.trailers(), demanded)?;
            }
            self.unpacked(whole)?
        };
        let input =
            cumulet_protocol::read_input(protocol, model, &matched, &self.parts, &whole, |r| {
                operation.read(r)
            });
        // A handler may wait for long, and a short body may have been unpacked to a long one.
        drop((form, whole));
        let mut input = input.map_err(|error| self.malformed(&error))?;
        if streams {
            input.set_body(body);
        }
        let mut output = dispatch(self.cx.clone(), self.service, operation, input).await?;
        let body = output.take_body();
        let id = self.cx.request_id();
        let index = matched.operation;
        let mut answer = cumulet_protocol::write_output(protocol, model, index, &*output, body, id);
        answer.headers_mut().extend(self.cx.take_answer_headers());
        Ok(answer)
    }

    /// A body that is no stream, as it was before it was compressed. Models have SDKs compress the
    /// input of CloudWatch's `PutMetricData` only; other clients do it where no model speaks of it.
    fn unpacked(&self, whole: Bytes) -> Result<Bytes, AwsError> {
        match encoding(&self.parts) {
            gzip if is_gzip(gzip) => match unpack(Format::Gzip, &whole, BODY_MAX) {
                Ok(unpacked) => Ok(unpacked.into()),
                Err(cumulet_compress::Error::TooLarge) => Err(too_large()),
                Err(cumulet_compress::Error::Damaged) => {
                    Err(self.malformed(&ReadError::new("The body is not in GZIP format")))
                }
            },
            b"deflate" | b"br" | b"zstd" => {
                let message = "Of Content-Encoding, only gzip is implemented.";
                Err(AwsError::new("NotImplemented", 501, message))
            }
            // Some SDKs write `amz-1.0` here, which says nothing.
            _ => Ok(whole),
        }
    }

    /// The service's error for what is not in its operation's form.
    fn malformed(&self, error: &ReadError) -> AwsError {
        match self.service.description().malformed {
            Some(malformed) => malformed(error),
            None => cumulet_protocol::malformed(self.protocol, error),
        }
    }

    /// The access log line, and an error's form.
    fn finish(self, outcome: Result<Response<Body>, AwsError>) -> Response<Body> {
        let (service, operation) = (self.service.name(), self.operation);
        let answered = self.service.description().answered;
        let code = outcome.as_ref().err().map(|error| error.code().to_owned());
        let answer = match outcome {
            Ok(mut answer) => {
                // What HTTP calls a part; models have no status for it.
                if answer.status() == StatusCode::OK && answer.headers().contains_key(CONTENT_RANGE)
                {
                    *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
                }
                log::info!("AWS {service}.{operation} => {}", answer.status().as_u16());
                answer
            }
            Err(error) => {
                log::info!(
                    "AWS {service}.{operation} => {} ({})",
                    error.status().as_u16(),
                    error.code()
                );
                if let Some(source) = error.source() {
                    log::error!("{service}.{operation}: {source}");
                }
                let bare = self.service.description().bare_errors;
                let (model, id) = (Some(self.service.model()), self.cx.request_id());
                cumulet_protocol::write_error(self.protocol, model, &error, id, bare)
            }
        };
        if let Some(answered) = answered {
            answered(self.service.state(), &self.cx, operation, code.as_deref(), &answer);
        }
        answer
    }

    /// In whose words errors of signatures are told.
    fn dialect(&self) -> Dialect {
        if self.service.description().bare_errors {
            Dialect::S3
        } else {
            Dialect::Other(self.protocol)
        }
    }
}

/// What a service puts on all of its answers.
fn mark(service: &Service, answer: &mut Response<Body>) {
    if let Some(name) = service.description().server {
        answer.headers_mut().insert(SERVER, HeaderValue::from_static(name));
    }
    if service.description().crc32
        && let Some(bytes) = answer.body().held()
    {
        let sum = HeaderValue::from(CRC32.of(bytes));
        answer.headers_mut().insert(HeaderName::from_static("x-amz-crc32"), sum);
    }
}

/// Gives a request one `Host` header and a path without host: HTTP/2 and proxies put the host into
/// the address. False if there are several.
fn settle_host(parts: &mut Parts) -> bool {
    if let Some(authority) = parts.uri.authority() {
        if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
            parts.headers.insert(HOST, host);
        }
        let path = parts.uri.path_and_query().cloned();
        parts.uri = path.map(Uri::from).unwrap_or_default();
    }
    parts.headers.get_all(HOST).iter().nth(1).is_none()
}

fn under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What becomes of a request as far as browsers are concerned.
enum Admission {
    /// It runs; these headers go with its answer.
    Granted(HeaderMap),
    /// This is its answer.
    Answered(Response<Body>),
    /// This is its answer, in the service's form.
    Refused(AwsError),
}

/// Lets a request in, with headers for its answer, or says what is answered instead. A service may
/// decide over web pages in our stead, but not over names under which we are not known.
fn admit(service: &Service, cx: &Cx, parts: &Parts, visitor: &Visitor) -> Admission {
    let asks = match visitor {
        Visitor::Nobody => parts.method == Method::OPTIONS,
        Visitor::Allowed(_) | Visitor::Stranger(_) => true,
        Visitor::WrongHost(_) => false,
    };
    let policy = service.description().browser_policy.filter(|_| asks);
    match policy.map_or(Verdict::Gateway, |policy| policy(service.state(), cx, parts)) {
        Verdict::Pass(headers) => Admission::Granted(headers),
        Verdict::Welcome(headers) => {
            let mut answer = Response::new(Body::empty());
            *answer.headers_mut() = headers;
            Admission::Answered(answer)
        }
        Verdict::Refuse(_) if matches!(visitor, Visitor::Allowed(_)) => {
            Admission::Answered(Response::new(Body::empty()))
        }
        Verdict::Refuse(error) => Admission::Refused(error),
        Verdict::Gateway => match visitor.refusal() {
            Some(refusal) => Admission::Answered(refusal),
            None => Admission::Granted(HeaderMap::new()),
        },
    }
}

/// Headers that spoke of the framing now speak of the data.
fn decoded(parts: &mut Parts, decoder: &chunked::Decoder) {
    chunked::strip_encoding(&mut parts.headers);
    match decoder.decoded_length() {
        Some(length) => drop(parts.headers.insert(CONTENT_LENGTH, length.into())),
        None => drop(parts.headers.remove(CONTENT_LENGTH)),
    }
}

/// The body, if it is a form: the service may be named in there, and the query protocols need it
/// whole anyway.
async fn form(parts: &Parts, body: &mut Body) -> Result<Bytes, AwsError> {
    if !is_form(parts) {
        return Ok(Bytes::new());
    }
    let form = body.collect(BODY_MAX, too_large).await?;
    *body = Body::from(form.clone());
    if is_gzip(encoding(parts))
        && let Ok(unpacked) = unpack(Format::Gzip, &form, BODY_MAX)
    {
        return Ok(unpacked.into());
    }
    Ok(form)
}

fn encoding(parts: &Parts) -> &[u8] {
    parts.headers.get(CONTENT_ENCODING).map_or(b"", HeaderValue::as_bytes)
}

fn is_gzip(encoding: &[u8]) -> bool {
    matches!(encoding, b"gzip" | b"x-gzip")
}

fn too_large() -> AwsError {
    let message = format!("Request size must be at most {BODY_MAX} bytes.");
    AwsError::new("RequestEntityTooLargeException", 413, message)
}

fn absent(entry: &Entry, parts: &Parts, form: &[u8]) -> AwsError {
    let operation = Clues::of(parts, form).operation.unwrap_or_default();
    let (name, call) = (entry.name, if operation.is_empty() { "" } else { " for " });
    AwsError::new(
        "NotImplemented",
        501,
        format!(
            "The service {name} is not available here{call}{operation}: it is not implemented, not compiled in or not in SERVICES."
        ),
    )
}

#[cfg(test)]
mod tests;
