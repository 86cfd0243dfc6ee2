"""Values for botocore's shapes: the same for the same seed, and as nasty as the place they go to allows."""

import datetime
import random
import struct

# How a case chooses members. What no case of these has had comes in further ones, in the style `unseen`.
STYLES = ["all", "required", "empty", *(f"random {n}" for n in range(1, 6))]
UNSEEN = "unseen"

# Structures this deep get only what they must have or what is still unseen, and lists this deep nothing.
DEEP, TOO_DEEP = 8, 14
# A message with more values than this gets only what it must have from there on.
LARGE = 1500

TEXTS = [
    "plain",
    "Grüße, 世界 😀 ́",
    "<a href=\"x\">&amp;'</a>]]>",
    "100% + 1/2 = a?b#c;d,e&f",
    "%2F%20+%zz",
    " spaces at both ends ",
    "two\nlines\tand a tab",
    "\\\"back\\slash\"",
    "",
    "null",
    "-0",
    "long " * 60,
]
CARRIAGE_RETURN = "carriage\r\nreturn"
CONTROLS = "\x00\x08\x1f\x7f"
LABELS = ["plain", "Grüße 世界😀", "a/b c", "100%+1%2F", "arn:aws:x:y:z/q?#[]@!$&'()*,;=", "~-._", "<&>\"'"]
PATHS = ["plain", "a/b//c d", "/first", "last/", "Grüße/世界😀/100%+1%2F", "a/?b#c/&=;,", "~-._/!$'()*"]
# Whitespace at the ends of a header's value is not part of it, and its characters are bytes.
HEADERS = ["plain", "text/plain; charset=\"utf-8\"", "a, b", "Grüße", "100%+1/2", "W/\"etag\""]
KEYS = ["", "plain", "Grüße 世界😀", "a.b/c d", "x&y=<z>%", "1"]
HOST_LABELS = ["123456789012", "a-b.c"]

INTEGERS = {
    "integer": [0, 1, -1, 7, 2**31 - 1, -(2**31)],
    "long": [0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)],
}
FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-7, 1e21, 123456789.125, -2.5e-300, float("nan")]
FLOATS += [float("inf"), float("-inf")]
BLOBS = [b"", b"plain", b"\x00\xff\xfe\r\n", bytes(range(256)), "世界".encode()]
# The turn of the millennium's leap day, and far ends.
SECONDS = [0, 1, 951_782_400, 1_700_000_000, 4_102_444_800, 253_370_764_799]
BEFORE_1970 = [-1, -2_000_000_000]
MILLIS = [0, 1, 100, 123, 500, 999]
DOCUMENTS = [
    {"null": None, "yes": True, "no": False, "text": "Grüße <&>", "whole": -7, "fraction": 0.25},
    {"list": [1, "two", [3.5, None], {"four": {}}], "": {"empty": [], "map": {}}},
    {"large": 2**53 + 1, "negative": -(2**63)},
]


def members_of(shape):
    """A structure's members. Events are none: they travel beside the message."""
    return {name: member for name, member in shape.members.items() if not member.serialization.get("eventstream")}


def reachable(shape, found=None):
    """Every member of every structure from here on, as (name of the structure, name of the member)."""
    found = set() if found is None else found
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            members = members_of(shape)
            if not found.issuperset((shape.name, name) for name in members):
                found.update((shape.name, name) for name in members)
                for member in members.values():
                    reachable(member, found)
        case "list":
            reachable(shape.member, found)
        case "map":
            reachable(shape.value, found)
    return found


class Unseen:
    """The members that no value has had yet."""

    def __init__(self, shapes):
        self.cache = {}
        self.members = set().union(*(self.from_here(shape) for shape in shapes if shape))

    def from_here(self, shape):
        if shape.name not in self.cache:
            self.cache[shape.name] = reachable(shape)
        return self.cache[shape.name]

    def is_at(self, shape, name):
        return (shape.name, name) in self.members

    def is_beyond(self, shape):
        return not self.members.isdisjoint(self.from_here(shape))

    def has_seen(self, shape, names):
        self.members.difference_update((shape.name, name) for name in names)


class Generator:
    """One value. `side` is input, output or error; what is in `unseen` is preferred, and taken out."""

    def __init__(self, seed, style, protocol, side, unseen, uri=""):
        self.unseen = unseen
        self.uri = uri
        self.random = random.Random(f"{seed} {side} {style}")
        self.style = style.split()[0]
        self.protocol = protocol
        self.side = side
        self.values = 0

    @property
    def texts(self):
        if self.protocol == "rest-xml" or self.side != "input" and self.protocol in ("query", "ec2"):
            # XML has no control characters; botocore's serializer leaves a carriage return to a parser's mercy.
            return TEXTS if self.side == "input" else [*TEXTS, CARRIAGE_RETURN]
        return [*TEXTS, CARRIAGE_RETURN, CONTROLS]

    def message(self, shape):
        """The members of an input, output or error, without an event stream."""
        if shape is None:
            return {}
        members = members_of(shape)
        status = [n for n, m in members.items() if m.serialization.get("location") == "statusCode"]
        chosen = dict.fromkeys(self.members(shape, members, 0) + status)
        payload = shape.serialization.get("payload")
        return {name: self.member(name, members[name], payload == name) for name in chosen}

    def members(self, shape, members, depth):
        chosen = self.choose(shape, members, depth)
        self.unseen.has_seen(shape, chosen)
        return chosen

    def choose(self, shape, members, depth):
        new = [name for name in members if self.unseen.is_at(shape, name)]
        beyond = [n for n, m in members.items() if self.style == UNSEEN and self.unseen.is_beyond(m)]
        if shape.is_tagged_union:
            return [self.random.choice(new or beyond or self.alternatives(members, depth))]
        chance = {"all": 1, "empty": 1 if depth == 0 else 0, "random": 0.5 if depth < 3 else 0.25}
        wanted = chance.get(self.style, 0) if depth < DEEP and self.values < LARGE else 0
        musts = {*shape.required_members, *beyond, *(new if wanted or self.style == UNSEEN else ())}
        return [name for name in members if name in musts or self.random.random() < wanted]

    def alternatives(self, members, depth):
        """Of a union's members the shallow ones, where depth is used up."""
        shallow = [name for name, member in members.items() if member.type_name != "structure"]
        return shallow if shallow and depth >= DEEP else list(members)

    def member(self, name, member, payload):
        traits = member.serialization
        place = "payload" if payload else traits.get("location")
        if self.side != "input" and place in ("uri", "querystring"):
            place = None
        if traits.get("hostLabel"):
            return self.random.choice(HOST_LABELS)
        if self.side == "input" and place == "uri":
            return self.label(name, member)
        if place == "statusCode":
            return self.random.choice([200, 202, 299])
        return self.value(member, 1, place)

    def label(self, name, member):
        if member.type_name == "string":
            greedy = f"{{{member.serialization.get('name', name)}+}}" in self.uri
            return self.random.choice(PATHS if greedy else LABELS)
        return self.value(member, 1, "uri")

    def value(self, shape, depth, place):
        self.values += 1
        kind = {"double": "float", "character": "string"}.get(shape.type_name, shape.type_name)
        return getattr(self, kind if kind not in ("integer", "long") else "whole")(shape, depth, place)

    def structure(self, shape, depth, place):
        if shape.is_document_type:
            return self.random.choice(DOCUMENTS)
        chosen = self.members(shape, shape.members, depth)
        return {name: self.value(shape.members[name], depth + 1, None) for name in chosen}

    def length(self, depth):
        if self.style == "empty" or depth > TOO_DEEP or self.values > 2 * LARGE:
            return 0
        if depth > DEEP or self.values > LARGE or self.style == UNSEEN:
            return 1
        return self.random.choice([1, 2, 3] if self.style == "all" else [0, 1, 2, 3])

    def list(self, shape, depth, place):
        inner = f"{place} list" if place else None
        return [self.value(shape.member, depth + 1, inner) for _ in range(self.length(depth))]

    def map(self, shape, depth, place):
        if place in ("headers", "querystring"):
            keys = ["one", "two-2", "three_3"]
        else:
            keys = shape.key.enum or KEYS
        keys = self.random.sample(keys, min(self.length(depth), len(keys)))
        return {key: self.value(shape.value, depth + 1, "header" if place == "headers" else None) for key in keys}

    def string(self, shape, depth, place):
        if place == "header":
            return "" if self.style == "empty" else self.random.choice(HEADERS)
        if place == "header list":
            return self.header_item()
        if self.style == "empty":
            return ""
        if shape.enum and self.random.random() < 0.5:
            return self.random.choice(shape.enum)
        return self.random.choice(self.texts)

    def header_item(self):
        # botocore's parser splits at every comma and keeps quotes, its serializer quotes and escapes.
        return self.random.choice(["plain", "a b", "a/b;c"] + (['a, "b"', 'c,d'] if self.side == "input" else []))

    def boolean(self, shape, depth, place):
        return self.style != "empty" and self.random.random() < 0.5

    def whole(self, shape, depth, place):
        return 0 if self.style == "empty" else self.random.choice(INTEGERS[shape.type_name])

    def float(self, shape, depth, place):
        number = 0.0 if self.style == "empty" else self.random.choice(FLOATS)
        return single(number) if shape.type_name == "float" else number

    def blob(self, shape, depth, place):
        return b"" if self.style == "empty" else self.random.choice(BLOBS)

    def timestamp(self, shape, depth, place):
        # HTTP's dates have no fraction and no time before 1970.
        coarse = place == "header" or shape.serialization.get("timestampFormat") == "rfc822"
        seconds = self.random.choice(SECONDS if coarse else SECONDS + BEFORE_1970)
        millis = 0 if coarse or self.style == "empty" else self.random.choice(MILLIS)
        start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return start + datetime.timedelta(seconds=seconds, milliseconds=millis)


def single(number):
    """The nearest 32-bit number."""
    try:
        return struct.unpack(">f", struct.pack(">f", number))[0]
    except OverflowError:
        return 1.5
