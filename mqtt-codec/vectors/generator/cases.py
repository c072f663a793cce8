"""Cases, and the fields that packets are made of."""

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
