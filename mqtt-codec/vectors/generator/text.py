"""Strings that are legal and strings that are not, in every place."""

from .cases import MALFORMED, PROTOCOL, V5, VERSIONS, accept, empty_list, field, packet, reject

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
