//! The API model of one service at run time: operations, shapes, members and their wire traits,
//! stripped to facts from AWS's published models.
//!
//! A model travels inside the binary in a packed form (`model.bin`, written by `codegen`) and is
//! unpacked once, on first use. Both directions are one description: every type's `code` visits its
//! fields in order, and [`Packer`] writes what [`Unpacker`] reads. This file uses `std` alone,
//! because `codegen` compiles it too (by path) without depending on this crate.
//!
//! Not here: how any protocol uses the traits; that is `protocol`'s matter.

use std::collections::HashMap;

/// Index of a shape in [`Model::shapes`].
pub type ShapeId = usize;

/// What a shape is on the wire. Numbers keep the model's width; handlers see `i64` and `f64`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A structure with named members.
    #[default]
    Structure,
    /// A structure of which exactly one member is set.
    Union,
    /// A list of [`Shape::value`].
    List,
    /// A map from [`Shape::key`] to [`Shape::value`].
    Map,
    /// Text, enums included.
    String,
    /// True or false.
    Boolean,
    /// 32-bit integers and smaller ones.
    Integer,
    /// 64-bit integers.
    Long,
    /// 32-bit floating point.
    Float,
    /// 64-bit floating point.
    Double,
    /// Bytes.
    Blob,
    /// A point in time, to the millisecond.
    Timestamp,
    /// Any JSON-like value.
    Document,
}

const KINDS: [Kind; 13] = [
    Kind::Structure,
    Kind::Union,
    Kind::List,
    Kind::Map,
    Kind::String,
    Kind::Boolean,
    Kind::Integer,
    Kind::Long,
    Kind::Float,
    Kind::Double,
    Kind::Blob,
    Kind::Timestamp,
    Kind::Document,
];

/// Where a member of an operation's input or output stands in the HTTP message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// In the body (or, for protocols without bindings, simply in the message).
    #[default]
    Body,
    /// A header, named by [`Member::wire_name`].
    Header,
    /// All headers with the prefix [`Member::wire_name`], as a map.
    Headers,
    /// A label of the path.
    Uri,
    /// A query parameter; a map takes all parameters that no other member has.
    Query,
    /// The status code of a response.
    StatusCode,
}

const LOCATIONS: [Location; 6] = [
    Location::Body,
    Location::Header,
    Location::Headers,
    Location::Uri,
    Location::Query,
    Location::StatusCode,
];

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampFormat {
    /// As the protocol and the location say.
    #[default]
    Unspecified,
    /// `2026-11-22T03:48:44Z`, with milliseconds where there are any.
    Iso8601,
    /// `Sun, 22 Nov 2026 03:48:44 GMT`.
    Rfc822,
    /// Seconds since 1970, with a fraction where there is one.
    Unix,
}

const TIMESTAMP_FORMATS: [TimestampFormat; 4] = [
    TimestampFormat::Unspecified,
    TimestampFormat::Iso8601,
    TimestampFormat::Rfc822,
    TimestampFormat::Unix,
];

/// A wire format, as the model's `protocols` list names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Form in, XML out.
    #[default]
    Query,
    /// EC2's dialect of query.
    Ec2,
    /// JSON by `X-Amz-Target`, versions 1.0 and 1.1.
    Json,
    /// JSON with HTTP bindings.
    RestJson,
    /// XML with HTTP bindings.
    RestXml,
    /// Kinesis-style CBOR by `X-Amz-Target`.
    Cbor,
    /// Smithy RPC v2 with CBOR bodies.
    RpcV2Cbor,
}

const PROTOCOLS: [Protocol; 7] = [
    Protocol::Query,
    Protocol::Ec2,
    Protocol::Json,
    Protocol::RestJson,
    Protocol::RestXml,
    Protocol::Cbor,
    Protocol::RpcV2Cbor,
];

impl Protocol {
    /// The names in a model's `metadata.protocols`.
    pub const NAMES: [&str; 7] =
        ["query", "ec2", "json", "rest-json", "rest-xml", "cbor", "smithy-rpc-v2-cbor"];

    /// The protocol that a model calls `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|n| *n == name).and_then(|i| PROTOCOLS.get(i).copied())
    }

    /// The name a model gives it.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }
}

/// The API model of one service.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Facts about the service as a whole.
    pub metadata: Metadata,
    /// All operations, sorted by name.
    pub operations: Vec<OperationModel>,
    /// All shapes that an operation or error reaches.
    pub shapes: Vec<Shape>,
    errors: HashMap<&'static str, ShapeId>,
}

/// Facts about the service as a whole. Absent text is empty.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// `2012-11-05`: the `Version` of query requests.
    pub api_version: &'static str,
    /// `SQS`, `API Gateway`.
    pub service_id: &'static str,
    /// First part of the host name.
    pub endpoint_prefix: &'static str,
    /// The service in a signature's scope.
    pub signing_name: &'static str,
    /// `AmazonSQS` in `X-Amz-Target: AmazonSQS.SendMessage`; empty where there is none.
    pub target_prefix: &'static str,
    /// `1.0` or `1.1`.
    pub json_version: &'static str,
    /// Default namespace of XML answers.
    pub xml_namespace: &'static str,
    /// The protocol that AWS's own current SDKs speak comes first.
    pub protocols: Vec<Protocol>,
    /// JSON and CBOR errors carry the code of the query days in `x-amzn-query-error`.
    pub query_compatible: bool,
}

/// One operation of the model.
#[derive(Clone, Debug, Default)]
pub struct OperationModel {
    /// `CreateQueue`.
    pub name: &'static str,
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Path and fixed query, with labels: `/{Bucket}/{Key+}?uploads`.
    pub uri: &'static str,
    /// Status of a success where it is not 200, else 0.
    pub status: u16,
    /// The input structure, where there is one.
    pub input: Option<ShapeId>,
    /// The output structure, where there is one.
    pub output: Option<ShapeId>,
    /// Name of the element around a query answer's members.
    pub result_wrapper: &'static str,
    /// Name of a rest-xml input's root element where the payload has none of its own.
    pub input_element: &'static str,
    /// Namespace of that element.
    pub input_namespace: &'static str,
    /// The errors that the model lists.
    pub errors: Vec<ShapeId>,
    /// A body digest (`Content-MD5` or `x-amz-checksum-*`) is demanded.
    pub checksum_required: bool,
}

/// One shape of the model.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of AWS's models")]
pub struct Shape {
    /// The model's name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Members of a structure or union, in the model's order.
    pub members: Vec<Member>,
    /// The key of a map.
    pub key: Option<Box<Member>>,
    /// The element of a list or the value of a map.
    pub value: Option<Box<Member>>,
    /// Index of the member that is the HTTP payload.
    pub payload: Option<usize>,
    /// Its items stand side by side, without an element around them.
    pub flattened: bool,
    /// Lists and maps that may hold null.
    pub sparse: bool,
    /// Its service has a type of its own for it, which checks itself.
    pub own: bool,
    /// An event stream: a union of events.
    pub event_stream: bool,
    /// It is an error.
    pub error: bool,
    /// The error's code where it is not the shape's name.
    pub error_code: &'static str,
    /// The error's HTTP status; 0 where the model gives none.
    pub error_status: u16,
    /// The error is the server's fault.
    pub error_fault: bool,
    /// The format of a timestamp.
    pub timestamp: TimestampFormat,
    /// Name of the root element.
    pub wire: &'static str,
    /// Lower bound of a length or number.
    pub min: Option<i64>,
    /// Upper bound of a length or number.
    pub max: Option<i64>,
    /// Regular expression that text must match.
    pub pattern: &'static str,
    /// Allowed texts, empty for free text.
    pub values: Vec<&'static str>,
    /// The payload of a blob may be of any length and is streamed.
    pub streaming: bool,
    /// An XML namespace of its own.
    pub xml_namespace: &'static str,
}

/// A member of a structure, the element of a list, or the key or value of a map.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of AWS's models")]
pub struct Member {
    /// The model's name; empty in lists and maps.
    pub name: &'static str,
    /// Its shape.
    pub shape: ShapeId,
    /// Where it stands.
    pub location: Location,
    /// `locationName`; empty where the member's own name serves.
    pub wire: &'static str,
    /// Name in the query protocols where it differs from `wire`.
    pub query: &'static str,
    /// The member must be present.
    pub required: bool,
    /// Overrides the shape's own flag.
    pub flattened: bool,
    /// An attribute of the element, not an element.
    pub xml_attribute: bool,
    /// Namespace of the element.
    pub xml_namespace: &'static str,
    /// Prefix of that namespace (`xsi`).
    pub xml_prefix: &'static str,
    /// Overrides the shape's format.
    pub timestamp: TimestampFormat,
    /// The message's byte stream or event stream.
    pub streaming: bool,
    /// JSON text in a header, base64 encoded.
    pub json_value: bool,
    /// The body of an event.
    pub event_payload: bool,
    /// A header of an event.
    pub event_header: bool,
    /// Filled in by SDKs when the caller gives none.
    pub idempotency_token: bool,
}

impl Member {
    /// The name on the wire of protocols that are not query.
    pub fn wire_name(&self) -> &'static str {
        if self.wire.is_empty() { self.name } else { self.wire }
    }
}

impl Model {
    /// Reads the packed form. What is compiled in is right by construction: bytes that are not
    /// `codegen`'s give an empty or odd model, never a panic.
    pub fn unpack(bytes: &'static [u8]) -> Self {
        let mut model = Self::default();
        let mut unpacker = Unpacker::new(bytes);
        model.code(&mut unpacker);
        model.finish();
        model
    }

    /// Writes the packed form.
    pub fn pack(mut self) -> Vec<u8> {
        let mut packer = Packer::default();
        self.code(&mut packer);
        packer.finish()
    }

    fn finish(&mut self) {
        for (id, shape) in self.shapes.iter().enumerate() {
            if shape.error {
                self.errors.insert(shape.name, id);
                if !shape.error_code.is_empty() {
                    self.errors.entry(shape.error_code).or_insert(id);
                }
            }
        }
    }

    fn code(&mut self, c: &mut dyn Codec) {
        self.metadata.code(c);
        many(c, &mut self.operations, OperationModel::code);
        many(c, &mut self.shapes, Shape::code);
    }

    /// The shape with this index. An index from elsewhere gives an empty structure.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        static EMPTY: std::sync::LazyLock<Shape> = std::sync::LazyLock::new(Shape::default);
        self.shapes.get(id).unwrap_or(&EMPTY)
    }

    /// Index of the operation called `name`.
    pub fn operation(&self, name: &str) -> Option<usize> {
        self.operations.binary_search_by(|o| o.name.cmp(name)).ok()
    }

    /// The error shape that is called `name` or has this code.
    pub fn error(&self, name: &str) -> Option<&Shape> {
        self.errors.get(name).map(|id| self.shape(*id))
    }
}

impl Metadata {
    fn code(&mut self, c: &mut dyn Codec) {
        c.text(&mut self.api_version);
        c.text(&mut self.service_id);
        c.text(&mut self.endpoint_prefix);
        c.text(&mut self.signing_name);
        c.text(&mut self.target_prefix);
        c.text(&mut self.json_version);
        c.text(&mut self.xml_namespace);
        many(c, &mut self.protocols, |p, c| choice(c, p, &PROTOCOLS));
        c.flags(&mut [&mut self.query_compatible]);
    }
}

impl OperationModel {
    fn code(&mut self, c: &mut dyn Codec) {
        c.text(&mut self.name);
        c.text(&mut self.method);
        c.text(&mut self.uri);
        number(c, &mut self.status);
        index(c, &mut self.input);
        index(c, &mut self.output);
        c.text(&mut self.result_wrapper);
        c.text(&mut self.input_element);
        c.text(&mut self.input_namespace);
        many(c, &mut self.errors, |id, c| number(c, id));
        c.flags(&mut [&mut self.checksum_required]);
    }
}

impl Shape {
    fn is_plain(&self) -> bool {
        let flags =
            [self.flattened, self.sparse, self.own, self.event_stream, self.error, self.streaming];
        let texts = [self.wire, self.pattern, self.xml_namespace];
        self.members.is_empty()
            && self.value.is_none()
            && !flags.contains(&true)
            && texts.iter().all(|t| t.is_empty())
            && self.timestamp == TimestampFormat::Unspecified
            && (self.min, self.max) == (None, None)
            && self.values.is_empty()
    }

    fn code(&mut self, c: &mut dyn Codec) {
        c.text(&mut self.name);
        choice(c, &mut self.kind, &KINDS);
        // Most shapes are plain text: one flag says so and ends them here.
        let mut plain = self.is_plain();
        c.flags(&mut [&mut plain]);
        if plain {
            return;
        }
        many(c, &mut self.members, Member::code);
        boxed(c, &mut self.key);
        boxed(c, &mut self.value);
        index(c, &mut self.payload);
        c.flags(&mut [
            &mut self.flattened,
            &mut self.sparse,
            &mut self.own,
            &mut self.event_stream,
            &mut self.error,
            &mut self.error_fault,
            &mut self.streaming,
        ]);
        c.text(&mut self.error_code);
        number(c, &mut self.error_status);
        choice(c, &mut self.timestamp, &TIMESTAMP_FORMATS);
        c.text(&mut self.wire);
        bound(c, &mut self.min);
        bound(c, &mut self.max);
        c.text(&mut self.pattern);
        many(c, &mut self.values, |v, c| c.text(v));
        c.text(&mut self.xml_namespace);
    }
}

impl Member {
    fn code(&mut self, c: &mut dyn Codec) {
        c.text(&mut self.name);
        number(c, &mut self.shape);
        // Two groups of flags: the second and all text only where one of its parts is there.
        let mut more = !(self.wire.is_empty()
            && self.query.is_empty()
            && self.xml_namespace.is_empty()
            && self.location == Location::Body
            && self.timestamp == TimestampFormat::Unspecified
            && !self.flattened
            && !self.xml_attribute
            && !self.streaming
            && !self.json_value
            && !self.event_payload
            && !self.event_header);
        c.flags(&mut [&mut more, &mut self.required, &mut self.idempotency_token]);
        if !more {
            return;
        }
        choice(c, &mut self.location, &LOCATIONS);
        c.text(&mut self.wire);
        c.text(&mut self.query);
        c.flags(&mut [
            &mut self.flattened,
            &mut self.xml_attribute,
            &mut self.streaming,
            &mut self.json_value,
            &mut self.event_payload,
            &mut self.event_header,
        ]);
        c.text(&mut self.xml_namespace);
        c.text(&mut self.xml_prefix);
        choice(c, &mut self.timestamp, &TIMESTAMP_FORMATS);
    }
}

/// One direction of the packed form.
trait Codec {
    fn number(&mut self, value: &mut u64);
    fn text(&mut self, value: &mut &'static str);
    /// At most eight flags, in one byte.
    fn flags(&mut self, flags: &mut [&mut bool]);
}

/// Writes the packed form: numbers as LEB128; a text is its index in a table of all texts, or
/// the next free index followed by length and bytes where it is new.
#[derive(Default)]
pub struct Packer {
    out: Vec<u8>,
    texts: HashMap<&'static str, u64>,
}

impl Packer {
    fn finish(self) -> Vec<u8> {
        self.out
    }
}

impl Codec for Packer {
    fn number(&mut self, value: &mut u64) {
        let mut rest = *value;
        while rest >= 0x80 {
            self.out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push((rest & 0x7f) as u8);
    }

    fn text(&mut self, value: &mut &'static str) {
        let next = self.texts.len() as u64;
        let mut at = *self.texts.entry(value).or_insert(next);
        self.number(&mut at);
        if at == next {
            self.number(&mut (value.len() as u64));
            self.out.extend_from_slice(value.as_bytes());
        }
    }

    fn flags(&mut self, flags: &mut [&mut bool]) {
        let byte = flags.iter().enumerate().fold(0, |b, (i, f)| b | (u8::from(**f) << i));
        self.out.push(byte);
    }
}

/// Reads the packed form.
pub struct Unpacker {
    rest: &'static [u8],
    texts: Vec<&'static str>,
}

impl Unpacker {
    fn new(bytes: &'static [u8]) -> Self {
        Self { rest: bytes, texts: Vec::new() }
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }
}

impl Codec for Unpacker {
    fn number(&mut self, value: &mut u64) {
        *value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            *value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return;
            }
        }
    }

    fn text(&mut self, value: &mut &'static str) {
        let mut at = 0;
        self.number(&mut at);
        if at == self.texts.len() as u64 {
            let mut len = 0;
            self.number(&mut len);
            let len = usize::try_from(len).unwrap_or(usize::MAX).min(self.rest.len());
            let (text, rest) = self.rest.split_at(len);
            self.rest = rest;
            self.texts.push(std::str::from_utf8(text).unwrap_or_default());
        }
        *value = usize::try_from(at).ok().and_then(|i| self.texts.get(i)).copied().unwrap_or("");
    }

    fn flags(&mut self, flags: &mut [&mut bool]) {
        let byte = self.byte();
        for (i, flag) in flags.iter_mut().enumerate() {
            **flag = byte >> i & 1 == 1;
        }
    }
}

fn many<T: Default>(c: &mut dyn Codec, list: &mut Vec<T>, code: fn(&mut T, &mut dyn Codec)) {
    let mut len = list.len() as u64;
    c.number(&mut len);
    // A bound against nonsense; the largest model (EC2) has under 7,000 shapes.
    list.resize_with(usize::try_from(len).unwrap_or(0).min(1 << 20), T::default);
    for item in list {
        code(item, c);
    }
}

fn choice<T: Copy + PartialEq>(c: &mut dyn Codec, value: &mut T, all: &[T]) {
    let mut at = all.iter().position(|x| x == value).unwrap_or(0) as u64;
    c.number(&mut at);
    if let Some(found) = usize::try_from(at).ok().and_then(|i| all.get(i)) {
        *value = *found;
    }
}

fn number<T: Copy + TryInto<u64> + TryFrom<u64> + Default>(c: &mut dyn Codec, value: &mut T) {
    let mut wide = (*value).try_into().unwrap_or(0);
    c.number(&mut wide);
    *value = T::try_from(wide).unwrap_or_default();
}

/// An optional index: 0 is none.
fn index(c: &mut dyn Codec, value: &mut Option<usize>) {
    let mut wide = value.map_or(0, |v| v as u64 + 1);
    c.number(&mut wide);
    *value = wide.checked_sub(1).and_then(|v| usize::try_from(v).ok());
}

/// An optional signed number: 0 is none, else zigzag + 1.
fn bound(c: &mut dyn Codec, value: &mut Option<i64>) {
    let mut wide = value.map_or(0, |v| ((v << 1) ^ (v >> 63)).cast_unsigned().saturating_add(1));
    c.number(&mut wide);
    *value = wide.checked_sub(1).map(|z| (z >> 1).cast_signed() ^ -((z & 1).cast_signed()));
}

fn boxed(c: &mut dyn Codec, value: &mut Option<Box<Member>>) {
    let mut present = value.is_some();
    c.flags(&mut [&mut present]);
    if present {
        value.get_or_insert_default().code(c);
    }
}
