"""Every operation, error and event of every model, in each of its protocols, with botocore as the other side.

Inputs that botocore has written are read by us, and outputs, errors and events that we have written are read by
botocore. Nothing is looked up: values come from `generate`, what may differ is said in `compare`, in the tables here
and in `expected_…`. A failure names service, protocol, operation and case, and shows the message: `-k sqs-query` runs
one pair. What these 44 models do not have is not here either: sparse lists, JSON in headers, events in inputs.
"""

import base64
import io
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.eventstream import EventStream
from botocore.exceptions import EventStreamError
from botocore.handlers import parse_get_bucket_location

from compare import comparable, differences, without_gaps
from driver import Driver, from_driver, to_driver
from generate import STYLES, UNSEEN, Generator, Unseen
from speakers import speakers

# The driver gives every answer this one.
REQUEST_ID = "request-id"
XML = ("query", "ec2", "rest-xml")
# A test says this much and stops.
TOLD = 12

# Two operations of S3's model with one and the same request: a server can only mean the one of today.
SAME_REQUEST = {
    ("s3", "GetBucketLifecycle"): "GetBucketLifecycleConfiguration",
    ("s3", "PutBucketLifecycle"): "PutBucketLifecycleConfiguration",
    ("s3", "GetBucketNotification"): "GetBucketNotificationConfiguration",
    ("s3", "PutBucketNotification"): "PutBucketNotificationConfiguration",
    # This one differs by its host.
    ("s3", "ListDirectoryBuckets"): "ListBuckets",
}
# `Event` and the flattened list `Events` are one element in this model. No request reaches the operation, see above.
AMBIGUOUS_OUTPUTS = {("s3", "GetBucketNotification")}


@pytest.fixture(params=list(speakers()), ids=str, scope="module")
def speaker(request):
    return request.param


@pytest.fixture(scope="module")
def driver(speaker):
    driver = Driver(speaker)
    yield driver
    driver.end()


def test_both_have_the_same_operations(speaker):
    assert sorted(speaker.ours["operations"]) == sorted(speaker.model.operation_names)


def test_inputs(speaker, driver, count):
    subjects = [(operation, operation.input_shape) for operation in speaker.operations]
    run(input_differences, "input", subjects, speaker, driver, count)


def test_outputs(speaker, driver, count):
    count("operations", len(speaker.operations))
    subjects = [(operation, operation.output_shape) for operation in speaker.operations]
    run(output_differences, "output", subjects, speaker, driver, count)


def test_errors(speaker, driver, count):
    listed = {}
    for operation in speaker.operations:
        for error in operation.error_shapes:
            listed.setdefault(error.name, (operation, error))
    count("error shapes", len(listed))
    run(error_differences, "error", listed.values(), speaker, driver, count)


def test_events(speaker, driver, count):
    subjects = []
    for operation in speaker.operations:
        if operation.has_event_stream_output:
            stream = operation.get_event_stream_output()
            subjects += [(operation, event) for event in stream.members.values()]
    if subjects:
        run(event_differences, "event", subjects, speaker, driver, count)


@pytest.mark.parametrize("status", [403, 503])
def test_an_error_that_no_model_knows(speaker, driver, status):
    answer = write_error(speaker, driver, "AccessDenied", status, "No <entry>", {})
    parsed = speaker.parser.parse(response_of(answer), speaker.operations[0].output_shape)
    assert (parsed["Error"]["Code"], parsed["Error"]["Message"]) == ("AccessDenied", "No <entry>")
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == status


def run(compare, side, subjects, speaker, driver, count):
    """Every style for every (operation, shape), until each member that the shapes reach has had its turn."""
    unseen = Unseen(shape for _, shape in subjects)
    found = []
    for operation, shape, style in cases(subjects, unseen):
        count(f"{side}s")
        seed = f"{speaker} {operation.name} {shape and shape.name}"
        generator = Generator(seed, style, speaker.protocol, side, unseen, operation.http.get("requestUri", ""))
        lines = compare(speaker, driver, operation, shape, generator.message(shape))
        found += [f"{operation.name}, {shape and shape.name}, {style}: {line}" for line in lines]
        assert len(found) < TOLD, "\n".join(found)
    assert not found, "\n".join(found)


def cases(subjects, unseen):
    for operation, shape in subjects:
        for style in STYLES:
            yield operation, shape, style
    for operation, shape in subjects:
        for number in range(50):
            if shape and unseen.is_beyond(shape):
                yield operation, shape, f"{UNSEEN} {number}"
    assert not unseen.members, "no case has these"


def input_differences(speaker, driver, operation, shape, value):
    if speaker.protocol in ("query", "ec2") and shape:
        value = without_gaps(shape, value, speaker.protocol)
    request = request_of(speaker, operation, value)
    answer = driver.ask("parse", **request, protocol=None)
    if "error" in answer:
        return [f"{answer['error']}: {request}"]
    meant = SAME_REQUEST.get((speaker.service, operation.name), operation.name)
    found = differences([speaker.protocol, meant], [answer["protocol"], answer["operation"]], "protocol and operation")
    found = list(found)
    if found or meant != operation.name or not shape:
        return found
    parsed = from_driver(answer["params"])
    payload = shape.serialization.get("payload")
    if answer["stream_b64"] is not None:
        # A stream travels beside the members.
        parsed[payload] = base64.b64decode(answer["stream_b64"])
    streams = payload is not None and shape.members[payload].serialization.get("streaming", False)
    found += differences(streams, answer["stream_b64"] is not None, "streaming")
    fill_in(shape, "Content-Length", value, parsed)
    expected = comparable(shape, value, speaker.protocol, "input")
    parsed = comparable(shape, parsed, speaker.protocol, "input")
    return [f"{line} in {request}" for line in [*found, *differences(expected, parsed)]]


def request_of(speaker, operation, value):
    """What botocore would send, but for the signature and what it does for single services."""
    serialized = speaker.serializer.serialize_to_request(value, operation)
    prepare_request_dict(serialized, "http://localhost:4566")
    prepared = create_request_object(serialized).prepare()
    target = urlsplit(prepared.url)
    body = prepared.body or b""
    return {
        "method": prepared.method,
        "url": target.path + (f"?{target.query}" if target.query else ""),
        "headers": [[name, str(value)] for name, value in prepared.headers.items()],
        "body_b64": base64.b64encode(body.encode() if isinstance(body, str) else body).decode(),
    }


def response_of(answer):
    return {
        "status_code": answer["status"],
        # The driver gives a byte of a header as a character.
        "headers": HeadersDict(answer["headers"]),
        "body": base64.b64decode(answer["body_b64"]),
        "context": {},
    }


def output_differences(speaker, driver, operation, shape, value):
    members, stream = beside(operation, value)
    answer = driver.ask("write", operation=operation.name, output=to_driver(members), **stream)
    response = response_of(answer)
    body = response["body"]
    if operation.has_event_stream_output:
        response["body"] = SimpleNamespace(stream=lambda: iter([body]))
    elif operation.has_streaming_output:
        response["body"] = io.BytesIO(body)
    try:
        parsed = speaker.parser.parse(response, shape)
    except Exception as error:
        return [f"botocore cannot read it: {error!r}: {answer['status']} {answer['headers']} {body}"]
    metadata = parsed.pop("ResponseMetadata", {})
    if (speaker.service, operation.name) == ("s3", "GetBucketLocation"):
        # botocore has a handler for this one only, to which an element without text says nothing.
        parse_get_bucket_location(parsed, SimpleNamespace(raw=body, content=body))
        value = {name: text for name, text in value.items() if text}
    found = [*differences(expected_status(speaker, operation, value), answer["status"], "status")]
    if body and not (shape and "payload" in shape.serialization):
        found += differences(media_type(speaker, operation), response["headers"].get("Content-Type"), "media type")
    # Where there is no output, botocore's CBOR looks at nothing.
    if shape or speaker.protocol not in ("cbor", "smithy-rpc-v2-cbor"):
        found += differences(REQUEST_ID, metadata.get("RequestId"), "request id")
    if shape and (speaker.service, operation.name) not in AMBIGUOUS_OUTPUTS:
        if operation.has_event_stream_output:
            # Whatever the message says, an event stream's media type is its own.
            value = {n: v for n, v in value.items() if shape.members[n].serialization.get("name") != "Content-Type"}
        fill_in(shape, "Content-Type", value, parsed)
        expected = comparable(shape, value, speaker.protocol, "output")
        found += differences(expected, comparable(shape, parsed, speaker.protocol, "output"))
    return [f"{line} in {answer['headers']} {body}" for line in found]


def event_differences(speaker, driver, operation, shape, value):
    """One event, read as a client reads its stream."""
    stream = operation.get_event_stream_output()
    name = next(name for name, event in stream.members.items() if event.name == shape.name)
    if shape.metadata.get("exception"):
        error = {"code": name, "message": "A message", "members": to_driver(value)}
        message = driver.ask("exception", error=error)
    else:
        message = driver.ask("event", operation=operation.name, output={name: to_driver(value)})
    body = base64.b64decode(message["body_b64"])
    source = SimpleNamespace(stream=lambda: iter([body]))
    events = EventStream(source, stream, speaker.parser._event_stream_parser, operation.name)
    try:
        parsed = list(events)
    except EventStreamError as error:
        expected = {"Code": name, "Message": value.get("message", value.get("Message", "A message"))}
        return differences(expected, {key: error.response["Error"].get(key) for key in expected})
    expected = comparable(shape, value, speaker.protocol, "event")
    found = [comparable(shape, event.get(name, {}), speaker.protocol, "event") for event in parsed]
    return [f"{line} in {body}" for line in differences([expected], found)]


def beside(operation, value):
    """The members, and the byte stream that travels beside them."""
    members = operation.output_shape.members if operation.output_shape else {}
    for name in value:
        if members[name].serialization.get("streaming"):
            rest = {other: item for other, item in value.items() if other != name}
            return rest, {"body_b64": base64.b64encode(value[name]).decode()}
    return value, {}


def fill_in(shape, header, value, parsed):
    """HTTP has the header also where the message names none."""
    for name, member in shape.members.items():
        if member.serialization.get("name") == header and value.get(name) in (None, "") and name in parsed:
            value[name] = parsed[name]


def media_type(speaker, operation):
    if operation.has_event_stream_output:
        return "application/vnd.amazon.eventstream"
    return {
        "query": "text/xml",
        "ec2": "text/xml;charset=UTF-8",
        "json": f"application/x-amz-json-{speaker.model.metadata.get('jsonVersion')}",
        "rest-json": "application/json",
        "rest-xml": "application/xml",
        "cbor": "application/x-amz-cbor-1.1",
        "smithy-rpc-v2-cbor": "application/cbor",
    }[speaker.protocol]


def expected_status(speaker, operation, value):
    """By our model, which knows statuses that AWS's leaves out (scripts/models, STATUSES)."""
    members = operation.output_shape.members if operation.output_shape else {}
    for name, member in members.items():
        if member.serialization.get("location") == "statusCode":
            return value[name]
        if member.serialization.get("name") == "Content-Range" and value.get(name):
            return 206
    return speaker.ours["operations"][operation.name]["http"].get("responseCode", 200)


def write_error(speaker, driver, code, status, message, members):
    error = {"code": code, "status": status, "message": message, "members": to_driver(members)}
    return driver.ask("write", error=error, bare=speaker.service == "s3")


def error_differences(speaker, driver, operation, shape, value):
    message_member = next((name for name in shape.members if name.lower() == "message"), None)
    message = value.pop(message_member, "A message: <&> \"é\"")
    traits = shape.metadata.get("error", {})
    status = traits.get("httpStatusCode") or (500 if shape.metadata.get("fault") else 400)
    answer = write_error(speaker, driver, shape.name, status, message, value)
    response = response_of(answer)
    try:
        parsed = speaker.parser.parse(response, operation.output_shape)
        modelled = speaker.parser.parse(response, shape)
    except Exception as error:
        return [f"botocore cannot read it: {error!r}: {answer['status']} {answer['headers']} {response['body']}"]
    expected = {"Message": message, **expected_codes(speaker, shape, status)}
    head = {key: parsed["Error"].get(key) or "" for key in expected}
    found = [*differences(expected, head, "Error")]
    metadata = {"HTTPStatusCode": status, "RequestId": REQUEST_ID}
    found += differences(metadata, {key: parsed["ResponseMetadata"].get(key) for key in metadata}, "ResponseMetadata")
    if message_member:
        name = shape.members[message_member].serialization.get("name", message_member)
        if not message or speaker.protocol in XML and name != "Message":
            # No message is none at all; and AWS writes <Message>, which is not a member of another name.
            modelled.pop(message_member, None)
        else:
            value[message_member] = message
    expected = comparable(shape, value, speaker.protocol, "error")
    found += differences(expected, comparable(shape, modelled, speaker.protocol, "error"), "members")
    return [f"{line} in {answer['headers']} {response['body']}" for line in found]


def expected_codes(speaker, shape, status):
    """XML names an error by its code, JSON and CBOR by its shape, and where query came before them by both."""
    blame = {"Type": "Receiver" if status >= 500 else "Sender"}
    if speaker.protocol in XML:
        return {"Code": shape.error_code, **(blame if speaker.protocol == "query" else {})}
    if speaker.model.is_query_compatible:
        code = speaker.ours["shapes"][shape.name].get("error", {}).get("code", shape.name)
        return {"Code": code, "QueryErrorCode": shape.name, **blame}
    return {"Code": shape.name, "QueryErrorCode": ""}
