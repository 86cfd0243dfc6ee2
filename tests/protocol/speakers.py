"""Every pair of service and protocol that our models list, with botocore's side of it.

botocore speaks from its own full model, which is what ours was stripped from: what the stripping lost shows as a
difference. Two pairs are not in botocore 1.44.5, and are made here: SQS' query, whose names are only in our model
(they come from botocore 1.31.80), and Kinesis' own CBOR, as the Java SDK speaks it.
"""

import datetime
import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import (
    PROTOCOL_PARSERS,
    BaseCBORParser,
    BaseJSONParser,
    EventStreamCBORParser,
    RpcV2CBORParser,
)
from botocore.serialize import SERIALIZERS, RpcV2CBORSerializer

ROOT = Path(__file__).resolve().parents[2]


class Strict:
    """What botocore's parsers forgive and those of other SDKs do not: the format of a time, the type of a number."""

    FORMATS = {
        "iso8601": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"),
        "rfc822": re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"),
        "unixtimestamp": re.compile(r"-?\d+(\.\d{1,3})?"),
    }
    JSON_TYPES = {"integer": int, "long": int, "float": (int, float, str), "double": (int, float, str), "boolean": bool}

    def _parse_shape(self, shape, node):
        place = shape.serialization.get("location")
        is_json = isinstance(self, BaseJSONParser) and place not in ("header", "statusCode")
        if is_json and shape.type_name in self.JSON_TYPES:
            assert isinstance(node, self.JSON_TYPES[shape.type_name]), f"{shape.name} is {node!r}"
        if shape.type_name == "timestamp" and not isinstance(self, BaseCBORParser):
            default = "rfc822" if place == "header" else "unixtimestamp" if is_json else "iso8601"
            wanted = shape.serialization.get("timestampFormat", default).lower()
            if is_json:
                assert isinstance(node, str) == (wanted != "unixtimestamp"), f"{shape.name} is {node!r}"
            text = str(getattr(node, "text", node))
            assert self.FORMATS[wanted].fullmatch(text), f"{shape.name} is {text}, not in {wanted}"
        return super()._parse_shape(shape, node)


class KinesisCborSerializer(RpcV2CBORSerializer):
    """CBOR by X-Amz-Target; a timestamp is tag 1 with whole milliseconds."""

    def serialize_to_request(self, parameters, operation):
        request = super().serialize_to_request(parameters, operation)
        request["url_path"] = "/"
        request["body"] = request["body"] or b"\xa0"
        request["headers"] = {
            "X-Amz-Target": f"{operation.metadata['targetPrefix']}.{operation.name}",
            "Content-Type": "application/x-amz-cbor-1.1",
        }
        return request

    def _timestamp_unixtimestamp(self, value):
        return round(value.timestamp() * 1000)


class Milliseconds:
    """The same on the way back."""

    def _parse_datetime(self, value):
        assert isinstance(value, int), "Kinesis' timestamps are whole milliseconds"
        return datetime.datetime.fromtimestamp(value / 1000, datetime.timezone.utc)


class KinesisCborEventParser(Milliseconds, EventStreamCBORParser):
    pass


class KinesisCborParser(Milliseconds, RpcV2CBORParser):
    EVENT_STREAM_PARSER_CLS = KinesisCborEventParser


def query_names(model):
    """A model that serves json and query, as the query protocol sees it: queryName is the name."""
    for shape in model["shapes"].values():
        for member in shape.get("members", {}).values():
            if "queryName" in member:
                member["locationName"] = member.pop("queryName")
    model["metadata"].pop("awsQueryCompatible", None)
    return model


@dataclass(frozen=True)
class Speaker:
    """A service in one of its protocols."""

    path: Path
    protocol: str

    @property
    def service(self):
        if self.path.name != "model.json":
            return self.path.stem
        # A folder within a service's is one more of AWS's services: dynamodb/streams.
        return "".join(self.path.parent.relative_to(ROOT / "services").parts)

    def __str__(self):
        return f"{self.service}-{self.protocol}"

    @functools.cached_property
    def ours(self):
        return json.loads(self.path.read_text())

    @functools.cached_property
    def model(self):
        botocores = Loader(include_default_extras=False).load_service_model(self.service, "service-2")
        if self.protocol == "query" and "query" not in botocores["metadata"]["protocols"]:
            return ServiceModel(query_names(json.loads(self.path.read_text())), self.service)
        return ServiceModel(botocores, self.service)

    @property
    def operations(self):
        return [self.model.operation_model(name) for name in self.ours["operations"]]

    @functools.cached_property
    def serializer(self):
        return KinesisCborSerializer() if self.protocol == "cbor" else SERIALIZERS[self.protocol]()

    @functools.cached_property
    def parser(self):
        parser = KinesisCborParser if self.protocol == "cbor" else PROTOCOL_PARSERS[self.protocol]
        return type(f"Strict{parser.__name__}", (Strict, parser), {})()


def speakers():
    paths = [*ROOT.glob("services/**/model.json"), *ROOT.glob("tests/models/*.json")]
    for path in sorted(paths):
        for protocol in json.loads(path.read_text())["metadata"]["protocols"]:
            yield Speaker(path, protocol)
