"""Legal and illegal values of properties."""

from .cases import MALFORMED, PROTOCOL_ERROR, field, varint
from .text import BAD_TEXT

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


def illegal(kind, name):
    """Values: what, bytes, kind of error, reason code, statement, offset within the value."""
    def wrong(what, data):
        alias = name == "topic_alias"
        return (what, data, "PropertyValue", 0x94 if alias else PROTOCOL_ERROR, "3.3.2-8" if alias else None, 0)

    out = []
    if kind in ("bool", "qos"):
        out += [wrong("neither 0 nor 1", b"\x02")]
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
        for text, at in (("a/+", 2), ("#", 0), ("a+b", 1)):
            out.append((text, field(text), "ResponseTopic", PROTOCOL_ERROR, "3.3.2-14", 2 + at))
    if kind == "pair":
        for what, text, error, statement in BAD_TEXT[:4]:
            out.append((what + " in the name", field(text) + field(""), error, MALFORMED, statement, 2))
            out.append((what + " in the value", field("n") + field(text), error, MALFORMED, statement, 5))
    return out


def ends(kind, data):
    """Where a list may end too early within this value, and the offset of the part of it that is cut."""
    if kind == "pair":
        name = 2 + int.from_bytes(data[:2], "big")
        return [(cut, offset) for cut, offset in ends("string", data[:name])] + \
            [(name + cut, name + offset) for cut, offset in ends("string", data[name:])]
    lengths = ("string", "topic", "binary")
    return [(cut, 2 if kind in lengths and cut >= 2 else 0) for cut in range(len(data))]
