"""A packet directly behind another, and what may be left out."""

from .cases import MALFORMED, PROTOCOL_ERROR, V5, VERSIONS, accept, empty_list, field, packet, reject
from .tables import ACK

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
    reject(file, "AUTH without a method", V5, b"\xF0\x02\x18\0", "NoAuthenticationMethod", PROTOCOL_ERROR, 3, "4.12.0-5")
    reject(file, "AUTH with a code alone", V5, b"\xF0\x01\x18", "Truncated", MALFORMED, 3)
