"""All values of a reason code, in each packet that has one."""

from .cases import MALFORMED, V5, VERSIONS, accept, code, packet, reject
from .tables import ACK, CONNACK_CODES, DISCONNECT_CODES

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
