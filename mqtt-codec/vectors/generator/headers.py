"""Packet types, flags of the fixed header, and the remaining length."""

from .cases import MALFORMED, V5, VERSIONS, accept, add, empty_list, field, incomplete, packet, reject, varint

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
