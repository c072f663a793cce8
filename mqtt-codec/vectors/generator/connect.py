"""CONNECT and CONNACK."""

import json

from .cases import MALFORMED, PROTOCOL, PROTOCOL_ERROR, V5, VERSIONS, accept, empty_list, field, packet, reject
from .properties import with_list

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
        for topic, at, statement in [("", 0, "4.7.3-1"), ("#", 2, ("4.7.1-1", "4.7.0-1")), ("a/+", 4, ("4.7.1-1", "4.7.0-1"))]:
            tail = empty_list(version) + field(topic) + field("x")
            data = connect(version, 0x04, tail)
            reject(file, f"will topic {json.dumps(topic)}", version, data, "TopicName", 0x90,
                   len(data) - len(tail) + len(empty_list(version)) + at, statement)
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
                reject(file, f"CONNECT of {other}", version, connect(other, 0), "WrongVersion", 0x84, 2, "3.1.2-2")
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
