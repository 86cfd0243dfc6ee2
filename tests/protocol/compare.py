"""When two values are the same on the wire: the one place where this test looks away, a reason for each time.

Both sides go through `comparable`, so a rule here says "the wire cannot tell these two apart" or "that is botocore's
affair", never "ours may be wrong".
"""

import base64
import struct

NOTHING = object()
NUMBERS = ("float", "double")


def comparable(shape, value, protocol, side, top=True):
    """The value as plain JSON, without what its wire cannot show. NOTHING, if nothing is left."""
    kind = shape.type_name
    form = side == "input" and protocol in ("query", "ec2")
    xml = protocol == "rest-xml" or not form and protocol in ("query", "ec2")
    flat = xml and shape.serialization.get("flattened")

    def inner(shape, value):
        return comparable(shape, value, protocol, side, top=False)

    if kind == "structure" and not shape.is_document_type:
        payload = shape.serialization.get("payload") if top else None
        members = {}
        for name, member in shape.members.items():
            # Events are not members: they travel beside the message.
            if value.get(name) is not None and not member.serialization.get("eventstream"):
                is_payload = top and (name == payload or member.serialization.get("eventpayload"))
                found = bound(member, inner(member, value[name]), is_payload, top)
                if found is not NOTHING:
                    members[name] = found
        # A form has no key for a structure, only for its members.
        return NOTHING if form and not members and not top else members
    if kind == "list":
        items = [inner(shape.member, item) for item in value]
        # Without items there is no element, and in EC2's form no key.
        return NOTHING if not items and (flat or form and protocol == "ec2") else items
    if kind == "map":
        entries = {key: inner(shape.value, item) for key, item in sorted(value.items())}
        return NOTHING if not entries and (flat or form) else entries
    return scalar(kind, value)


def bound(member, value, payload, top):
    """A message's own member: what its place in HTTP cannot show is NOTHING."""
    place = member.serialization.get("location") if top else None
    if place and value in ([], {}):
        # No header and no parameter. botocore's parser fills in the empty map.
        return NOTHING
    if place == "header" and value == "":
        # Servers and proxies alike take an empty header for none.
        return NOTHING
    if payload and value in ("", {}):
        # A body of no bytes; `{}` is also what botocore sends for an absent structure.
        return NOTHING
    return value


def scalar(kind, value):
    if kind in NUMBERS:
        # botocore's json parser hands "NaN" through as text.
        number = float(value)
        if kind == "float":
            number = struct.unpack(">f", struct.pack(">f", number))[0]
        return repr(number)
    if kind == "blob":
        value = value.read() if hasattr(value, "read") else value
        value = value.encode() if isinstance(value, str) else value
        return base64.b64encode(value).decode()
    if kind == "timestamp":
        return round(value.timestamp() * 1000)
    return value


def without_gaps(shape, value, protocol):
    """A form has no key for an empty structure or map, so that one in a list cannot be sent: it is left out."""
    if shape.type_name == "structure":
        return {name: without_gaps(shape.members[name], item, protocol) for name, item in value.items()}
    if shape.type_name == "list":
        items = [without_gaps(shape.member, item, protocol) for item in value]
        return [i for i in items if comparable(shape.member, i, protocol, "input", top=False) is not NOTHING]
    if shape.type_name == "map":
        entries = {key: without_gaps(shape.value, item, protocol) for key, item in value.items()}
        return {k: i for k, i in entries.items()
                if comparable(shape.value, i, protocol, "input", top=False) is not NOTHING}
    return value


def differences(expected, found, path=""):
    """Where two comparable values part, as lines for a person."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *(key for key in found if key not in expected)]:
            yield from differences(expected.get(key, NOTHING), found.get(key, NOTHING), f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (left, right) in enumerate(zip(expected, found)):
            yield from differences(left, right, f"{path}[{index}]")
    elif expected is NOTHING or found is NOTHING or (type(expected), expected) != (type(found), found):
        show = ["nothing" if value is NOTHING else repr(value)[:200] for value in (expected, found)]
        yield f"{path or 'the whole'}: {show[0]} became {show[1]}"
