#!/usr/bin/env python3
"""Writes the JSON files beside it, or with --check says whether they are what it would write.

The tables are those of the standard, written down here without a look at the codec. README.md has the format.
"""

import json
import pathlib
import sys

VERSIONS = ["3.1", "3.1.1", "5"]
V5 = "5"
FILES = {}
PROTOCOL = {"3.1": b"\0\x06MQIsdp\x03", "3.1.1": b"\0\x04MQTT\x04", "5": b"\0\x04MQTT\x05"}
MALFORMED, PROTOCOL_ERROR = 0x81, 0x82


def add(file, name, version, data, verdict, **rest):
    FILES.setdefault(file, []).append({"name": name, "version": version, "hex": data.hex(), "verdict": verdict, **rest})


def accept(file, name, version, data, kind, fields, encoded=None, **rest):
    if encoded is not None and encoded != data:
        rest["encoded"] = encoded.hex()
    add(file, name, version, data, "accept", type=kind, fields=fields, **rest)


def reject(file, name, version, data, kind, code, offset, statement=None, **rest):
    """The statement is one for all versions, or a pair: that of 3.x and that of 5.0."""
    if isinstance(statement, tuple):
        statement = statement[version == V5]
    statement = statement and "MQTT-" + statement
    error = {"kind": kind, "reason_code": f"0x{code:02X}", "statement": statement, "offset": offset}
    add(file, name, version, data, "reject", error=error, **rest)


def incomplete(file, name, version, data, **rest):
    add(file, name, version, data, "incomplete", **rest)


def varint(value, length=1):
    """At least as many bytes as `length`."""
    out = bytearray()
    while value > 0x7F or len(out) + 1 < length:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def field(data):
    data = data.encode() if isinstance(data, str) else data
    return len(data).to_bytes(2, "big") + data


def packet(first, *body):
    body = b"".join(body)
    return bytes([first]) + varint(len(body)) + body


def empty_list(version):
    return b"\0" if version == V5 else b""


def code(value):
    return f"0x{value:02X}"


# ---- Properties: identifier, name, type, places, places where it repeats.
PROPERTIES = [
    (0x01, "payload_format_indicator", "bool", "PW", ""),
    (0x02, "message_expiry_interval", "u32", "PW", ""),
    (0x03, "content_type", "string", "PW", ""),
    (0x08, "response_topic", "topic", "PW", ""),
    (0x09, "correlation_data", "binary", "PW", ""),
    (0x0B, "subscription_identifier", "varint+", "PS", "P"),
    (0x11, "session_expiry_interval", "u32", "CKD", ""),
    (0x12, "assigned_client_identifier", "string", "K", ""),
    (0x13, "server_keep_alive", "u16", "K", ""),
    (0x15, "authentication_method", "string", "CKX", ""),
    (0x16, "authentication_data", "binary", "CKX", ""),
    (0x17, "request_problem_information", "bool", "C", ""),
    (0x18, "will_delay_interval", "u32", "W", ""),
    (0x19, "request_response_information", "bool", "C", ""),
    (0x1A, "response_information", "string", "K", ""),
    (0x1C, "server_reference", "string", "KD", ""),
    (0x1F, "reason_string", "string", "KARLMsuDX", ""),
    (0x21, "receive_maximum", "u16+", "CK", ""),
    (0x22, "topic_alias_maximum", "u16", "CK", ""),
    (0x23, "topic_alias", "u16+", "P", ""),
    (0x24, "maximum_qos", "qos", "K", ""),
    (0x25, "retain_available", "bool", "K", ""),
    (0x26, "user_property", "pair", "CWKPARLMSsUuDX", "CWKPARLMSsUuDX"),
    (0x27, "maximum_packet_size", "u32+", "CK", ""),
    (0x28, "wildcard_subscription_available", "bool", "K", ""),
    (0x29, "subscription_identifier_available", "bool", "K", ""),
    (0x2A, "shared_subscription_available", "bool", "K", ""),
]

# Place: packet, first byte, bytes before the list, bytes behind it, fields of the packet.
PLACES = {
    "C": ("CONNECT", 0x10, PROTOCOL[V5] + b"\0\0\0", field("c"), {"clean_start": False, "keep_alive": 0, "client_id": "c"}),
    "W": (
        "CONNECT", 0x10, PROTOCOL[V5] + b"\x04\0\0\0" + field("c"), field("w") + field("x"),
        {"clean_start": False, "keep_alive": 0, "client_id": "c", "will": {"topic": "w", "payload": "78", "qos": 0, "retain": False}},
    ),
    "K": ("CONNACK", 0x20, b"\0\0", b"", {"session_present": False, "reason_code": "0x00"}),
    "P": ("PUBLISH", 0x30, field("t"), b"hi", {"topic": "t", "qos": 0, "dup": False, "retain": False, "payload": "6869"}),
    "A": ("PUBACK", 0x40, b"\0\x0A\0", b"", {"packet_id": 10, "reason_code": "0x00"}),
    "R": ("PUBREC", 0x50, b"\0\x0A\0", b"", {"packet_id": 10, "reason_code": "0x00"}),
    "L": ("PUBREL", 0x62, b"\0\x0A\0", b"", {"packet_id": 10, "reason_code": "0x00"}),
    "M": ("PUBCOMP", 0x70, b"\0\x0A\0", b"", {"packet_id": 10, "reason_code": "0x00"}),
    "S": (
        "SUBSCRIBE", 0x82, b"\0\x0A", field("f") + b"\0",
        {"packet_id": 10, "subscriptions": [{"filter": "f", "qos": 0, "no_local": False, "retain_as_published": False, "retain_handling": 0}]},
    ),
    "s": ("SUBACK", 0x90, b"\0\x0A", b"\0", {"packet_id": 10, "reason_codes": ["0x00"]}),
    "U": ("UNSUBSCRIBE", 0xA2, b"\0\x0A", field("f"), {"packet_id": 10, "filters": ["f"]}),
    "u": ("UNSUBACK", 0xB0, b"\0\x0A", b"\0", {"packet_id": 10, "reason_codes": ["0x00"]}),
    "D": ("DISCONNECT", 0xE0, b"\0", b"", {"reason_code": "0x00"}),
    "X": ("AUTH", 0xF0, b"\0", b"", {"reason_code": "0x00"}),
}


def legal(kind):
    """Values: as bytes, and as JSON has them."""
    def number(width, *values):
        return [(value.to_bytes(width, "big"), value) for value in values]

    return {
        "bool": [(b"\0", False), (b"\x01", True)],
        "qos": number(1, 0, 1),
        "u16": number(2, 0, 258, 65535),
        "u16+": number(2, 1, 65535),
        "u32": number(4, 0, 0xFFFFFFFF),
        "u32+": number(4, 1, 0xFFFFFFFF),
        "varint+": [(varint(n), n) for n in (1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455)],
        "string": [(field(""), ""), (field("é#\uFEFF"), "é#\uFEFF")],
        "topic": [(field("a/b"), "a/b")],
        "binary": [(field(b""), ""), (field(b"\0\xFF\x80"), "00ff80")],
        "pair": [(field("") * 2, ["", ""]), (field("n") + field("v+"), ["n", "v+"])],
    }[kind]


BAD_TEXT = [
    ("U+0000", b"\0", "Nul", ("1.5.3-2", "1.5.4-2")),
    ("overlong NUL", b"\xC0\x80", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("overlong of three bytes", b"\xE0\x80\x80", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("surrogate U+D800", b"\xED\xA0\x80", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("surrogate U+DFFF", b"\xED\xBF\xBF", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("CESU-8 pair", b"\xED\xA0\xBD\xED\xB8\x80", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("above U+10FFFF", b"\xF4\x90\x80\x80", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("lone continuation", b"\x80", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("cut sequence", b"\xC3", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("byte F5", b"\xF5\x80\x80\x80", "Utf8", ("1.5.3-1", "1.5.4-1")),
    ("byte FF", b"\xFF", "Utf8", ("1.5.3-1", "1.5.4-1")),
]


def illegal(kind, name):
    """Values: what, bytes, kind of error, reason code, statement, offset within the value."""
    def wrong(what, data):
        alias = name == "topic_alias"
        return (what, data, "PropertyValue", 0x94 if alias else PROTOCOL_ERROR, "3.3.2-8" if alias else None, 0)

    out = []
    if kind in ("bool", "qos"):
        out += [wrong("value 2", b"\x02"), wrong("value 255", b"\xFF")]
    if kind in ("u16+", "u32+"):
        out += [wrong("value 0", b"\0" * (2 if kind == "u16+" else 4))]
    if kind == "varint+":
        out += [wrong("value 0", b"\0")]
        for length in (2, 3, 4):
            for value in (1, 127):
                out.append((f"{value} in {length} bytes", varint(value, length), "NotMinimal", MALFORMED, "1.5.5-1", 0))
        out.append(("128 in 3 bytes", varint(128, 3), "NotMinimal", MALFORMED, "1.5.5-1", 0))
        out.append(("16383 in 3 bytes", varint(16383, 3), "NotMinimal", MALFORMED, "1.5.5-1", 0))
        out.append(("2097151 in 4 bytes", varint(2097151, 4), "NotMinimal", MALFORMED, "1.5.5-1", 0))
        out.append(("five bytes", varint(1 << 28), "VarintTooLong", MALFORMED, "1.5.5-1", 0))
    if kind in ("string", "topic"):
        for what, text, error, statement in BAD_TEXT[:4]:
            out.append((what, field(b"ab" + text), error, MALFORMED, statement, 4))
    if kind == "topic":
        out += [("empty", field(""), "ResponseTopic", PROTOCOL_ERROR, None, 0)]
        for text in ("a/+", "#", "a+b"):
            out.append((text, field(text), "ResponseTopic", PROTOCOL_ERROR, "3.3.2-14", 0))
    if kind == "pair":
        for what, text, error, statement in BAD_TEXT[:4]:
            out.append((what + " in the name", field(text) + field(""), error, MALFORMED, statement, 2))
            out.append((what + " in the value", field("n") + field(text), error, MALFORMED, statement, 5))
    return out


def with_list(place, properties, length=None):
    _, first, head, tail, _ = PLACES[place]
    return packet(first, head, varint(len(properties)) if length is None else length, properties, tail)


def with_properties(place, values):
    """The fields of the packet in this place with these properties."""
    fields = dict(PLACES[place][4])
    if values and place == "W":
        fields["will"] = {**fields["will"], "properties": values}
    elif values:
        fields["properties"] = values
    return fields


def list_at(place):
    """The offset of the first property in a short list."""
    return 2 + len(PLACES[place][2]) + 1


def as_json(place, identifier, name, *values):
    if identifier == 0x26 or (identifier == 0x0B and place == "P"):
        return {name: list(values)}
    return {name: values[0]}


def properties():
    known = {row[0] for row in PROPERTIES}
    for place, (kind, first, head, tail, _) in PLACES.items():
        where = "will of CONNECT" if place == "W" else kind
        file = "properties_connect" if place in "CWK" else "properties"
        at = list_at(place)
        for identifier, name, value_type, places, repeats in PROPERTIES:
            title = f"{where}: {name}"
            values = legal(value_type)
            one = bytes([identifier])
            # AUTH cannot be without a method, nor can data in CONNECT.
            base, base_json = b"", {}
            if (place == "X" and identifier != 0x15) or (place, identifier) == ("C", 0x16):
                base, base_json = b"\x15" + field("M"), {"authentication_method": "M"}
            start = at + len(base)
            if place not in places:
                reject(file, f"{title} does not belong here", V5, with_list(place, base + one + values[0][0]),
                       "PropertyNotAllowed", MALFORMED, start)
                continue
            for data, value in values:
                accept(file, f"{title} = {json.dumps(value)}", V5, with_list(place, base + one + data), kind,
                       with_properties(place, {**base_json, **as_json(place, identifier, name, value)}))
            for what, data, error, reason, statement, offset in illegal(value_type, name):
                reject(file, f"{title}, {what}", V5, with_list(place, base + one + data), error, reason, start + 1 + offset,
                       statement)
            first_value, second = values[0], values[-1]
            twice = with_list(place, base + one + first_value[0] + one + second[0])
            if place in repeats:
                accept(file, f"{title} twice", V5, twice, kind,
                       with_properties(place, {**base_json, **as_json(place, identifier, name, first_value[1], second[1])}))
            else:
                for what, other in (("with the same value", first_value), ("with another value", second)):
                    reject(file, f"{title} twice, {what}", V5, with_list(place, base + one + first_value[0] + one + other[0]),
                           "DuplicateProperty", PROTOCOL_ERROR, start + 1 + len(first_value[0]))
        unknown = bytes(n for n in range(256) if n not in known)
        reject(file, f"{where}: property identifiers that do not exist", V5, with_list(place, unknown[:1] + b"\0\0"),
               "UnknownProperty", MALFORMED, at, any_of={"offset": at, "bytes": unknown.hex()})
        reject(file, f"{where}: a property identifier in two bytes", V5, with_list(place, b"\xA6\0\0\0\0\0"), "UnknownProperty",
               MALFORMED, at)
        # The length of the list.
        name_len = 2 + len(head)
        for length in (2, 3, 4):
            data = with_list(place, b"", varint(0, length))
            reject(file, f"{where}: property length 0 in {length} bytes", V5, data, "NotMinimal", MALFORMED, name_len, "1.5.5-1")
        reject(file, f"{where}: property length of five bytes", V5, with_list(place, b"", b"\xFF\xFF\xFF\x80\x01"),
               "VarintTooLong", MALFORMED, name_len, "1.5.5-1")
        longer = len(tail) + 1
        reject(file, f"{where}: property length one beyond the packet", V5, with_list(place, b"", varint(longer)), "Truncated",
               MALFORMED, name_len + 1)
        for size in (127, 128, 16383, 16384, 2097151, 2097152):
            lengths(file, where, place, size)


def lengths(file, where, place, size):
    """A property list of this length, out of User Properties; the largest in the compact form."""
    kind, first, head, tail, _ = PLACES[place]
    base, values = (b"\x15" + field("M"), {"authentication_method": "M"}) if place == "X" else (b"", {})
    if size > 70000:
        # Nothing but the head: the answer is that more bytes are needed.
        data = bytes([first]) + varint(len(head) + len(varint(size)) + size + len(tail)) + head + varint(size)
        incomplete(file, f"{where}: property length {size}, its properties to come", V5, data)
        return
    text = size - len(base) - 5 - 1
    data = packet(first, head, varint(size), base, b"\x26" + field("k") + text.to_bytes(2, "big") + b"v" * text, tail)
    cut = data.index(b"v" * text)
    repeat = {"byte": "76", "times": text, "then": data[cut + text:].hex()}
    values["user_property"] = [["k", {"byte": "v", "times": text}]]
    add(file, f"{where}: property length {size}", V5, data[:cut], "accept", repeat=repeat, type=kind,
        fields=with_properties(place, values))


# ---- Reason codes.
PUBLISH_CODES = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
CONNACK_CODES = [0x00, *range(0x80, 0x8B), 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F]
DISCONNECT_CODES = [0x00, 0x04, *range(0x80, 0x84), 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, *range(0x93, 0xA3)]
# Packet, first byte, legal codes, statement.
ACK = [("PUBACK", 0x40, PUBLISH_CODES, "3.4.2-1"), ("PUBREC", 0x50, PUBLISH_CODES, "3.5.2-1"),
       ("PUBREL", 0x62, [0, 0x92], "3.6.2-1"), ("PUBCOMP", 0x70, [0, 0x92], "3.7.2-1")]


def reason_codes():
    def row(kind, version, codes, statement, build, fields, offset, encoded=lambda value: None):
        for value in codes:
            accept("reason_codes", f"{kind} with code {code(value)}", version, build(value), kind, fields(value), encoded(value))
        bad = bytes(n for n in range(256) if n not in codes)
        reject("reason_codes", f"{kind} with a code that it cannot carry", version, build(bad[0]), "ReasonCode", MALFORMED, offset,
               statement, any_of={"offset": offset, "bytes": bad.hex()})

    row("CONNACK", V5, CONNACK_CODES, "3.2.2-8", lambda n: packet(0x20, bytes([0, n, 0])),
        lambda n: {"session_present": False, "reason_code": code(n)}, 3)
    for version in VERSIONS[:2]:
        row("CONNACK", version, range(6), None, lambda n: packet(0x20, bytes([0, n])),
            lambda n: {"session_present": False, "return_code": n}, 3)
    for kind, first, codes, statement in ACK:
        row(kind, V5, codes, statement, lambda n: packet(first, bytes([0, 10, n])),
            lambda n: {"packet_id": 10, "reason_code": code(n)}, 4,
            lambda n: packet(first, b"\0\x0A") if n == 0 else None)
    for kind, first, codes, statement in [
        ("SUBACK", 0x90, [0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2], "3.9.3-2"),
        ("UNSUBACK", 0xB0, [0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91], "3.11.3-2"),
    ]:
        row(kind, V5, codes, statement, lambda n: packet(first, bytes([0, 10, 0, 0, n])),
            lambda n: {"packet_id": 10, "reason_codes": ["0x00", code(n)]}, 6)
    for version, codes in [("3.1.1", [0, 1, 2, 0x80]), ("3.1", [0, 1, 2])]:
        row("SUBACK", version, codes, "3.9.3-2", lambda n: packet(0x90, bytes([0, 10, 0, n])),
            lambda n: {"packet_id": 10, "reason_codes": ["0x00", code(n)]}, 5)
    row("DISCONNECT", V5, DISCONNECT_CODES, "3.14.2-1", lambda n: packet(0xE0, bytes([n])), lambda n: {"reason_code": code(n)}, 2,
        lambda n: b"\xE0\0" if n == 0 else None)
    row("AUTH", V5, [0, 0x18, 0x19], "3.15.2-1", lambda n: packet(0xF0, bytes([n]), b"\x04\x15\0\x01M"),
        lambda n: {"reason_code": code(n), "properties": {"authentication_method": "M"}}, 2)


# ---- Layouts: each packet of each version, field by field, cut everywhere.
def layouts(version):
    """Packet, first byte, fields as (how, bytes), lengths of the body at which it may end, and those at which a list is empty."""
    five = version == V5
    props = [("list", b"\0")] if five else []
    will_props = props
    # In 3.1 a remaining length that ends in front of them wins over the flags of user name and password.
    without_login = [21, 24] if version == "3.1" else []
    yield "CONNECT", 0x10, [("field", PROTOCOL[version][:-1]), ("level", PROTOCOL[version][-1:]), ("fixed", b"\xC6"),
                            ("fixed", b"\0\x0A"), *props, ("field", field("c")), *will_props, ("field", field("w")),
                            ("field", field("x")), ("field", field("u")), ("field", field("p"))], without_login, None
    yield "CONNACK", 0x20, [("fixed", b"\0"), ("fixed", b"\0"), *props], [], None
    yield "PUBLISH", 0x32, [("field", field("t")), ("fixed", b"\0\x0A"), *props], [], None
    for kind, first, _, _ in ACK:
        tail = [("fixed", b"\0"), ("list", b"\0")] if five else []
        yield kind, first, [("fixed", b"\0\x0A"), *tail], [2, 3] if five else [], None
    yield "SUBSCRIBE", 0x82, [("fixed", b"\0\x0A"), *props, ("field", field("f")), ("fixed", b"\x01")], [], ("3.8.3-3", "3.8.3-2")
    yield "SUBACK", 0x90, [("fixed", b"\0\x0A"), *props, ("fixed", b"\x01")], [], ("3.8.4-5", "3.8.4-6")
    yield "UNSUBSCRIBE", 0xA2, [("fixed", b"\0\x0A"), *props, ("field", field("f"))], [], "3.10.3-2"
    if five:
        yield "UNSUBACK", 0xB0, [("fixed", b"\0\x0A"), *props, ("fixed", b"\0")], [], "3.11.3-2"
        yield "DISCONNECT", 0xE0, [("fixed", b"\0"), ("list", b"\x07\x1F\0\x04gone")], [0, 1], None
        yield "AUTH", 0xF0, [("fixed", b"\x18"), ("list", b"\x04\x15\0\x01M")], [0], None
    else:
        yield "UNSUBACK", 0xB0, [("fixed", b"\0\x0A")], [], None


def cuts():
    for version in VERSIONS:
        for kind, first, fields, may_end, empty in layouts(version):
            body = b"".join(data for _, data in fields)
            first_entry = 2 + (1 if version == V5 else 0)
            start = 0
            for how, data in fields:
                for cut in range(len(data)):
                    end = start + cut
                    if end in may_end:
                        continue
                    if empty and end == first_entry and kind != "CONNECT":
                        reject("truncated", f"{kind} without an entry", version, packet(first, body[:end]), "EmptyList",
                               PROTOCOL_ERROR, 2 + end, empty)
                        continue
                    offset = 2 + start
                    prefix = {"field": 2, "list": 1}.get(how)
                    if prefix and cut >= prefix:
                        offset += prefix
                    reject("truncated", f"{kind} of {end} bytes, which ends within a field", version, packet(first, body[:end]),
                           "Truncated", MALFORMED, offset)
                start += len(data)
            whole = packet(first, body)
            for end in range(len(whole)):
                incomplete("incomplete", f"{kind}, {end} of {len(whole)} bytes", version, whole[:end])
            if kind not in ("PUBLISH", "SUBACK", "UNSUBACK", "SUBSCRIBE", "UNSUBSCRIBE") or (kind, version != V5) == ("UNSUBACK", True):
                reject("truncated", f"{kind} with bytes behind its last field", version, packet(first, body, b"\0\0"),
                       "TrailingBytes", MALFORMED, len(whole))
        for kind, first in [("PINGREQ", 0xC0), ("PINGRESP", 0xD0)] + ([("DISCONNECT", 0xE0)] if version != V5 else []):
            accept("headers", f"{kind}", version, bytes([first, 0]), kind, {})
            reject("truncated", f"{kind} with a byte behind its header", version, packet(first, b"\0"), "TrailingBytes", MALFORMED, 2)


# ---- Fixed headers.
FIXED_FLAGS = [("CONNECT", 1, 0), ("CONNACK", 2, 0), ("PUBACK", 4, 0), ("PUBREC", 5, 0), ("PUBREL", 6, 2), ("PUBCOMP", 7, 0),
               ("SUBSCRIBE", 8, 2), ("SUBACK", 9, 0), ("UNSUBSCRIBE", 10, 2), ("UNSUBACK", 11, 0), ("PINGREQ", 12, 0),
               ("PINGRESP", 13, 0), ("DISCONNECT", 14, 0), ("AUTH", 15, 0)]
FLAG_STATEMENTS = {"PUBREL": "3.6.1-1", "SUBSCRIBE": "3.8.1-1", "UNSUBSCRIBE": "3.10.1-1", "DISCONNECT": "3.14.1-1",
                   "AUTH": "3.15.1-1"}


def headers():
    file = "headers"
    for version in VERSIONS:
        zero = bytes(range(16))
        reject(file, "packet type 0", version, b"\0\0", "ReservedPacketType", MALFORMED, 0, any_of={"offset": 0, "bytes": zero.hex()})
        if version != V5:
            fifteen = bytes(range(0xF0, 0x100))
            reject(file, "packet type 15", version, b"\xF0\0", "ReservedPacketType", MALFORMED, 0,
                   any_of={"offset": 0, "bytes": fifteen.hex()})
        for kind, number, flags in FIXED_FLAGS:
            if kind == "AUTH" and version != V5:
                continue
            wrong = [n for n in range(16) if n != flags]
            if version == "3.1":
                wrong = [n for n in range(16) if n & 7 != flags] if flags else []
            if wrong:
                bad = bytes(number << 4 | n for n in wrong)
                reject(file, f"{kind} with wrong flags", version, bad[:1] + b"\x02\0\x0A", "Flags", MALFORMED, 0,
                       FLAG_STATEMENTS.get(kind, ("2.2.2-2", "2.1.3-1")), any_of={"offset": 0, "bytes": bad.hex()})
        body = field("t") + b"\0\x0A" + empty_list(version)
        bad = bytes([0x36, 0x37, 0x3E, 0x3F])
        reject(file, "PUBLISH of QoS 3", version, packet(0x36, body), "QoS", MALFORMED, 0, "3.3.1-4",
               any_of={"offset": 0, "bytes": bad.hex()})
        for first in range(0x30, 0x3E):
            if first in (0x36, 0x37):
                continue
            qos, dup, retain = first >> 1 & 3, bool(first & 8), bool(first & 1)
            data = packet(first, field("t"), b"\0\x0A" if qos else b"", empty_list(version), b"\xFF")
            if dup and not qos and version != "3.1":
                reject(file, f"PUBLISH {first:02X}: DUP with QoS 0", version, data, "DupOnQoS0", MALFORMED, 0, "3.3.1-2")
                continue
            fields = {"topic": "t", "qos": qos, "dup": dup and qos > 0, "retain": retain, "payload": "ff"}
            if qos:
                fields["packet_id"] = 10
            encoded = data if qos or not dup else bytes([first & 0xF7]) + data[1:]
            accept(file, f"PUBLISH {first:02X}", version, data, "PUBLISH", fields, encoded)
        remaining_lengths(version)
    # What 3.1 ignores in the first byte.
    for kind, first, data, fields in [
        ("PUBACK", 0x4F, b"\0\x0A", {"packet_id": 10}), ("PUBREL", 0x6A, b"\0\x0A", {"packet_id": 10}),
        ("SUBSCRIBE", 0x8A, b"\0\x0A" + field("f") + b"\0", {"packet_id": 10, "subscriptions": [{"filter": "f", "qos": 0}]}),
        ("UNSUBSCRIBE", 0xAA, b"\0\x0A" + field("f"), {"packet_id": 10, "filters": ["f"]}),
        ("CONNACK", 0x21, b"\0\0", {"session_present": False, "return_code": 0}), ("PINGREQ", 0xC3, b"", {}),
    ]:
        canonical = {0x6A: 0x62, 0x8A: 0x82, 0xAA: 0xA2}.get(first, first & 0xF0)
        accept(file, f"{kind} with flags that 3.1 ignores", "3.1", packet(first, data), kind, fields, packet(canonical, data))


def remaining_lengths(version):
    file = "remaining_length"
    head = field("t") + empty_list(version)
    for size in (127, 128, 16383, 16384):
        payload = size - len(head)
        fields = {"topic": "t", "qos": 0, "dup": False, "retain": False, "payload": {"byte": "78", "times": payload}}
        add(file, f"remaining length {size}", version, b"\x30" + varint(size) + head, "accept",
            repeat={"byte": "78", "times": payload, "then": ""}, type="PUBLISH", fields=fields)
    for size in (127, 128, 16383, 16384, 2097151, 2097152, 268435455):
        incomplete(file, f"remaining length {size}, nothing behind it", version, b"\x30" + varint(size))
    for last in (b"\x80", b"\xFF"):
        for kind, first in [("CONNECT", 0x10), ("PUBLISH", 0x30), ("PUBREL", 0x62), ("PINGREQ", 0xC0)]:
            reject(file, f"{kind}: remaining length whose fourth byte is {last.hex()}", version, bytes([first]) + last * 4,
                   "VarintTooLong", MALFORMED, 1, (None, "1.5.5-1"))
    for length in (1, 2, 3):
        incomplete(file, f"remaining length cut after {length} bytes", version, b"\x30" + b"\x80" * length)
    for length in (2, 3, 4):
        for what, value, body, fields, kind, first in [
            ("PINGREQ", 0, b"", {}, "PINGREQ", 0xC0),
            ("PUBACK", 2, b"\0\x0A", {"packet_id": 10, **({"reason_code": "0x00"} if version == V5 else {})}, "PUBACK", 0x40),
        ]:
            data = bytes([first]) + varint(value, length) + body
            name = f"{what}: remaining length {value} in {length} bytes"
            if version == V5:
                reject(file, name, version, data, "NotMinimal", MALFORMED, 1, "1.5.5-1")
            else:
                accept(file, name, version, data, kind, fields, packet(first, body))


# ---- CONNECT.
def connect(version, flags, tail=b"", client="c", keep_alive=9):
    return packet(0x10, PROTOCOL[version], bytes([flags]), keep_alive.to_bytes(2, "big"), empty_list(version), field(client), tail)


def connects():
    file = "connect"
    for version in VERSIONS:
        at = 2 + len(PROTOCOL[version])
        for flags in range(256):
            will, qos, retain = bool(flags & 4), flags >> 3 & 3, bool(flags & 0x20)
            user, password = bool(flags & 0x80), bool(flags & 0x40)
            tail = (empty_list(version) + field("w") + field("x") if will else b"") + (field("u") if user else b"") + \
                (field("p") if password else b"")
            data = connect(version, flags, tail)
            name = f"connect flags {flags:08b}"
            strict = version != "3.1"
            if strict and flags & 1:
                # One error only: what else is wrong with the flags is left out.
                if flags in (0x01, 0x03, 0xC7):
                    reject(file, name, version, data, "ReservedConnectFlag", MALFORMED, at, "3.1.2-3")
            elif strict and not will and qos:
                if not (retain or password and not user and version != V5):
                    reject(file, name, version, data, "WillQoSWithoutWill", MALFORMED, at, "3.1.2-11")
            elif strict and not will and retain:
                if user or not password or version == V5:
                    reject(file, name, version, data, "WillRetainWithoutWill", MALFORMED, at, ("3.1.2-11", "3.1.2-13"))
            elif version != V5 and password and not user:
                if not (will and qos == 3):
                    reject(file, name, version, data, "PasswordWithoutUserName", MALFORMED, at, ("3.1.2-22", None))
            elif will and qos == 3:
                reject(file, name, version, data, "QoS", MALFORMED, at, ("3.1.2-14", "3.1.2-12"))
            else:
                fields = {"clean_start": bool(flags & 2), "keep_alive": 9, "client_id": "c"}
                if will:
                    fields["will"] = {"topic": "w", "payload": "78", "qos": qos, "retain": retain}
                if user:
                    fields["user_name"] = "u"
                if password:
                    fields["password"] = "70"
                kept = flags & (0xFE if will else 0xC6)
                accept(file, name, version, data, "CONNECT", fields, connect(version, kept, tail))
        for topic, kind_statement in [("", "4.7.3-1"), ("#", ("4.7.1-1", "4.7.0-1")), ("a/+", ("4.7.1-1", "4.7.0-1"))]:
            tail = empty_list(version) + field(topic) + field("x")
            data = connect(version, 0x04, tail)
            reject(file, f"will topic {json.dumps(topic)}", version, data, "TopicName", 0x90,
                   len(data) - len(tail) + len(empty_list(version)), kind_statement)
        for client in ("", "c" * 24):
            for flags in (0, 2):
                accept(file, f"client identifier of {len(client)} bytes, connect flags {flags}", version,
                       connect(version, flags, client=client), "CONNECT",
                       {"clean_start": bool(flags), "keep_alive": 9, "client_id": client})
        for keep_alive in (0, 65535):
            accept(file, f"keep alive {keep_alive}", version, connect(version, 0, keep_alive=keep_alive), "CONNECT",
                   {"clean_start": False, "keep_alive": keep_alive, "client_id": "c"})
        for other in VERSIONS:
            if other != version:
                reject(file, f"CONNECT of {other}", version, connect(other, 0), "WrongVersion", PROTOCOL_ERROR, 2)
        for name in (b"MQTX", b"mqtt", b"MQIsd", b"MQTTMQTT", b"", b"MQT\0"):
            reject(file, f"protocol name {name!r}", version, packet(0x10, field(name), b"\x04\x02\0\0\0\x01c"), "ProtocolName",
                   0x84, 2, "3.1.2-1")
        for name, good in ((b"MQTT", (4, 5)), (b"MQIsdp", (3,))):
            bad = bytes(n for n in range(256) if n not in good)
            offset = 4 + len(name)
            reject(file, f"protocol level that does not go with {name.decode()}", version,
                   packet(0x10, field(name), bad[:1], b"\x02\0\0\0\x01c"), "ProtocolLevel", 0x84, offset, "3.1.2-2",
                   any_of={"offset": offset, "bytes": bad.hex()})
    for flags, tail in ((0x80, b""), (0xC0, b""), (0xC0, field("u"))):
        fields = {"clean_start": False, "keep_alive": 9, "client_id": "c", **({"user_name": "u"} if tail else {})}
        kept = 0x80 if tail else 0
        accept(file, f"connect flags {flags:08b}, whose last fields are missing", "3.1", connect("3.1", flags, tail), "CONNECT", fields,
               connect("3.1", kept, tail))
    data = with_list("C", b"\x16\0\x01\x01")
    reject(file, "Authentication Data without a method", V5, data, "AuthenticationDataWithoutMethod", PROTOCOL_ERROR, 12)


# ---- CONNACK.
def connacks():
    file = "connack"
    for version in VERSIONS:
        code_name = "reason_code" if version == V5 else "return_code"
        bad = bytes(range(2, 256))
        for flags in (0, 1):
            present = bool(flags) and version != "3.1"
            accept(file, f"CONNACK, acknowledge flags {flags}", version, packet(0x20, bytes([flags, 0]), empty_list(version)), "CONNACK",
                   {"session_present": present, code_name: "0x00" if version == V5 else 0},
                   packet(0x20, bytes([flags if present else 0, 0]), empty_list(version)))
        if version == "3.1":
            accept(file, "CONNACK of 3.1, whose first byte means nothing", version, b"\x20\x02\xFE\0", "CONNACK",
                   {"session_present": False, "return_code": 0}, b"\x20\x02\0\0")
            continue
        reject(file, "CONNACK with reserved acknowledge flags", version, packet(0x20, b"\x02\0", empty_list(version)), "ConnAckFlags",
               MALFORMED, 2, (None, "3.2.2-1"), any_of={"offset": 2, "bytes": bad.hex()})
        refusal = 0x87 if version == V5 else 5
        reject(file, "a refusal with Session Present", version, packet(0x20, bytes([1, refusal]), empty_list(version)),
               "SessionPresentOnRefusal", PROTOCOL_ERROR, 2, ("3.2.2-4", "3.2.2-6"))
    reject(file, "CONNACK of a server that does not know 5.0", V5, b"\x20\x02\0\x01", "VersionRefused", 0x84, 2)


# ---- Topics, filters, options, identifiers and strings.
def topics():
    file = "topics"
    for version in VERSIONS:
        none = empty_list(version)
        for topic in ("+", "#", "a/+", "a+", "a/#/b"):
            reject(file, f"PUBLISH to {topic}", version, packet(0x30, field(topic), none), "TopicName", 0x90, 2, "3.3.2-2")
        if version == V5:
            reject(file, "PUBLISH with neither topic name nor alias", version, packet(0x30, field(""), none), "NoTopic",
                   PROTOCOL_ERROR, 2, "3.3.2-1")
            accept(file, "PUBLISH with an alias alone", version, packet(0x30, field(""), b"\x03\x23\0\x01"), "PUBLISH",
                   {"topic": "", "qos": 0, "dup": False, "retain": False, "payload": "", "properties": {"topic_alias": 1}})
        else:
            reject(file, "PUBLISH with an empty topic name", version, packet(0x30, field(""), b"x"), "TopicName", 0x90, 2, "4.7.3-1")
        for kind, first, front, tail in [("PUBLISH", 0x32, field("t"), none), ("PUBLISH", 0x34, field("t"), none)] + \
                [(row[0], row[1], b"", b"") for row in ACK] + \
                [("SUBSCRIBE", 0x82, b"", none + field("f") + b"\0"), ("SUBACK", 0x90, b"", none + b"\0"),
                 ("UNSUBSCRIBE", 0xA2, b"", none + field("f")), ("UNSUBACK", 0xB0, b"", none + (b"\0" if version == V5 else b""))]:
            statement = ("2.3.1-1", "2.2.1-3") if kind in ("PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE") else None
            reject(file, f"{kind} {first:02X} with packet identifier 0", version, packet(first, front, b"\0\0", tail), "PacketIdZero",
                   PROTOCOL_ERROR, 2 + len(front), statement)
        good = ["a", "/", "//", "+", "#", "a/#", "+/+/#", "/+", "$SYS/#", "$share/g/a", "$share/g/#", "$share/g//", "a b", "\uFEFFa"]
        bad = [("", "4.7.3-1"), ("a#", ("4.7.1-2", "4.7.1-1")), ("#/a", ("4.7.1-2", "4.7.1-1")), ("a/#/b", ("4.7.1-2", "4.7.1-1")),
               ("a+", ("4.7.1-3", "4.7.1-2")), ("++", ("4.7.1-3", "4.7.1-2")), ("a/b+/c", ("4.7.1-3", "4.7.1-2")),
               ("$share/", (None, "4.8.2-1")), ("$share//a", (None, "4.8.2-1")), ("$share/g", (None, "4.8.2-2")),
               ("$share/g/", (None, "4.8.2-2")), ("$share/g+/a", (None, "4.8.2-2")), ("$share/g#/a", (None, "4.8.2-2")),
               ("$share/g/a#", ("4.7.1-2", "4.7.1-1"))]
        for kind, first, behind in (("SUBSCRIBE", 0x82, b"\0"), ("UNSUBSCRIBE", 0xA2, b"")):
            for text in good:
                entry = {"filter": text, "qos": 0}
                if version == V5:
                    entry.update(no_local=False, retain_as_published=False, retain_handling=0)
                fields = {"packet_id": 10, **({"subscriptions": [entry]} if kind == "SUBSCRIBE" else {"filters": [text]})}
                accept(file, f"{kind} of {json.dumps(text)}", version, packet(first, b"\0\x0A", none, field(text), behind), kind, fields)
            for text, statement in bad:
                reject(file, f"{kind} of {json.dumps(text)}", version, packet(first, b"\0\x0A", none, field(text), behind),
                       "TopicFilter", PROTOCOL_ERROR, 4 + len(none), statement)


def options():
    file = "subscription_options"
    for version in VERSIONS:
        front = b"\0\x0A" + empty_list(version) + field("f")
        at = 2 + len(front)
        if version == V5:
            statement = "3.8.3-5"
            good = [n for n in range(0x30) if n & 3 != 3]
            protocol = [n for n in range(0x40) if n not in good]
            reject(file, "options with Maximum QoS 3 or Retain Handling 3", version, packet(0x82, front, bytes(protocol[:1])),
                   "SubscriptionOptions", PROTOCOL_ERROR, at, statement, any_of={"offset": at, "bytes": bytes(protocol).hex()})
            reserved = bytes(n for n in range(0x40, 0x100) if n & 0x3F in good)
            reject(file, "options with reserved bits", version, packet(0x82, front, reserved[:1]), "ReservedSubscriptionOptions",
                   MALFORMED, at, statement, any_of={"offset": at, "bytes": reserved.hex()})
        else:
            good = [0, 1, 2] if version == "3.1.1" else [n for n in range(256) if n & 3 != 3]
            if version == "3.1":
                three = bytes(n for n in range(256) if n & 3 == 3)
            else:
                three = b"\x03"
                reserved = bytes(n for n in range(4, 256) if n & 3 != 3)
                reject(file, "requested QoS with other bits", version, packet(0x82, front, reserved[:1]),
                       "ReservedSubscriptionOptions", MALFORMED, at, "3.8.3-4", any_of={"offset": at, "bytes": reserved.hex()})
            reject(file, "requested QoS 3", version, packet(0x82, front, three[:1]), "QoS", MALFORMED, at, "3.8.3-4",
                   any_of={"offset": at, "bytes": three.hex()})
        for n in good:
            if version == "3.1" and n not in (0, 1, 2, 4, 0x80, 0xFE):
                continue
            entry = {"filter": "f", "qos": n & 3}
            if version == V5:
                entry.update(no_local=bool(n & 4), retain_as_published=bool(n & 8), retain_handling=n >> 4 & 3)
            canonical = n if version == V5 else n & 3
            accept(file, f"options {n:08b}", version, packet(0x82, front, bytes([n])), "SUBSCRIBE",
                   {"packet_id": 10, "subscriptions": [entry]}, packet(0x82, front, bytes([canonical])))
    data = packet(0x82, b"\0\x0A\0", field("$share/g/a"), b"\x04")
    reject(file, "No Local on a shared subscription", V5, data, "NoLocalOnShared", PROTOCOL_ERROR, len(data) - 1, "3.8.3-4")


GOOD_TEXT = [("U+FEFF in front", "\uFEFFa"), ("U+FEFF within", "a\uFEFFb"), ("U+0001", "\x01"), ("U+001F", "\x1F"), ("U+007F", "\x7F"),
             ("U+009F", "\x9F"), ("U+FDD0", "\uFDD0"), ("U+FFFE", "\uFFFE"), ("U+FFFF", "\uFFFF"), ("U+10FFFF", "\U0010FFFF"),
             ("U+D7FF", "\uD7FF"), ("U+E000", "\uE000")]


def strings():
    file = "strings"
    for version in VERSIONS:
        none = empty_list(version)
        entry = {"qos": 0, **({"no_local": False, "retain_as_published": False, "retain_handling": 0} if version == V5 else {})}
        login = {"clean_start": False, "keep_alive": 9, "client_id": "c"}
        places = [
            ("topic name", 0x30, b"", none, "PUBLISH", lambda t: {"topic": t, "qos": 0, "dup": False, "retain": False, "payload": ""}),
            ("client identifier", 0x10, PROTOCOL[version] + b"\0\0\x09" + none, b"", "CONNECT", lambda t: {**login, "client_id": t}),
            ("will topic", 0x10, PROTOCOL[version] + b"\x04\0\x09" + none + field("c") + none, field(""), "CONNECT",
             lambda t: {**login, "will": {"topic": t, "payload": "", "qos": 0, "retain": False}}),
            ("user name", 0x10, PROTOCOL[version] + b"\x80\0\x09" + none + field("c"), b"", "CONNECT",
             lambda t: {**login, "user_name": t}),
            ("filter of SUBSCRIBE", 0x82, b"\0\x0A" + none, b"\0", "SUBSCRIBE",
             lambda t: {"packet_id": 10, "subscriptions": [{"filter": t, **entry}]}),
            ("filter of UNSUBSCRIBE", 0xA2, b"\0\x0A" + none, b"", "UNSUBSCRIBE", lambda t: {"packet_id": 10, "filters": [t]}),
        ]
        for where, first, front, behind, kind, fields in places:
            for what, text, error, statement in BAD_TEXT:
                reject(file, f"{where}: {what}", version, packet(first, front, field(b"ab" + text), behind), error, MALFORMED,
                       2 + len(front) + 4, statement)
            for what, text in GOOD_TEXT:
                accept(file, f"{where}: {what}", version, packet(first, front, field(text), behind), kind, fields(text))


# ---- Neighbours, and the rest.
def neighbours():
    file = "neighbours"
    for version in VERSIONS:
        for kind, data, fields in [
            (row[0], bytes([row[1], 2, 0, 10]), {"packet_id": 10, **({"reason_code": "0x00"} if version == V5 else {})}) for row in ACK
        ] + [("DISCONNECT", b"\xE0\0", {"reason_code": "0x00"} if version == V5 else {}), ("PINGREQ", b"\xC0\0", {})]:
            for what, next_packet in (("PINGREQ", b"\xC0\0"), ("PUBLISH", packet(0x30, field("t"), empty_list(version)))):
                accept(file, f"{kind} in front of {what}", version, data + next_packet, kind, fields, data, left_over=len(next_packet))
            if data[1]:
                reject(file, f"{kind} with half an identifier in front of PINGREQ", version, data[:1] + b"\x01\0\xC0\0", "Truncated",
                       MALFORMED, 2)
    for kind, first, _, _ in ACK:
        accept(file, f"{kind} with an empty property list", V5, packet(first, b"\0\x0A\0\0"), kind,
               {"packet_id": 10, "reason_code": "0x00"}, packet(first, b"\0\x0A"))
    accept(file, "DISCONNECT with an empty property list", V5, b"\xE0\x02\x8E\0", "DISCONNECT", {"reason_code": "0x8E"}, b"\xE0\x01\x8E")
    reject(file, "AUTH without anything", V5, b"\xF0\0", "NoAuthenticationMethod", PROTOCOL_ERROR, 2, "4.12.0-5")
    reject(file, "AUTH without a method", V5, b"\xF0\x02\x18\0", "NoAuthenticationMethod", PROTOCOL_ERROR, 4, "4.12.0-5")
    reject(file, "AUTH with a code alone", V5, b"\xF0\x01\x18", "Truncated", MALFORMED, 3)


def documents():
    for make in (headers, connects, connacks, topics, options, strings, properties, reason_codes, cuts, neighbours):
        make()
    for name, cases in FILES.items():
        lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
        yield name + ".json", f"[\n{lines}\n]\n"


def main():
    here = pathlib.Path(__file__).parent
    written = dict(documents())
    count = sum(len(cases) for cases in FILES.values())
    stale = {path.name for path in here.glob("*.json")} - written.keys()
    if "--check" in sys.argv[1:]:
        wrong = sorted(stale | {name for name, text in written.items()
                                if not (here / name).exists() or (here / name).read_text() != text})
        if wrong:
            sys.exit("not what generate.py writes: " + ", ".join(wrong))
    else:
        for name in stale:
            (here / name).unlink()
        for name, text in written.items():
            (here / name).write_text(text)
    print(f"{count} cases in {len(written)} files")


if __name__ == "__main__":
    main()
