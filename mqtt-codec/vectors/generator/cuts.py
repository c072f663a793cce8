"""Each packet cut at every byte, with a remaining length that says so and without."""

from .cases import MALFORMED, PROTOCOL, PROTOCOL_ERROR, V5, VERSIONS, accept, field, incomplete, packet, reject
from .tables import ACK

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
