"""Topic names, topic filters, packet identifiers and subscription options."""

import json

from .cases import MALFORMED, PROTOCOL_ERROR, V5, VERSIONS, accept, empty_list, field, packet, reject
from .tables import ACK

def topics():
    file = "topics"
    for version in VERSIONS:
        none = empty_list(version)
        for topic, at in (("+", 0), ("#", 0), ("a/+", 2), ("a+", 1), ("a/#/b", 2)):
            reject(file, f"PUBLISH to {topic}", version, packet(0x30, field(topic), none), "TopicName", 0x90, 4 + at, "3.3.2-2")
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
        # With the byte of the text that is wrong; of an empty one, its length.
        bad = [("", -2, "4.7.3-1"), ("a#", 1, ("4.7.1-2", "4.7.1-1")), ("#/a", 0, ("4.7.1-2", "4.7.1-1")),
               ("a/#/b", 2, ("4.7.1-2", "4.7.1-1")), ("a+", 1, ("4.7.1-3", "4.7.1-2")), ("++", 0, ("4.7.1-3", "4.7.1-2")),
               ("a/b+/c", 3, ("4.7.1-3", "4.7.1-2")), ("$share/", 6, (None, "4.8.2-1")), ("$share//a", 7, (None, "4.8.2-1")),
               ("$share/g", 7, (None, "4.8.2-2")), ("$share/g/", 8, (None, "4.8.2-2")), ("$share/g+/a", 8, (None, "4.8.2-2")),
               ("$share/g#/a", 8, (None, "4.8.2-2")), ("$share/g/a#", 10, ("4.7.1-2", "4.7.1-1"))]
        for kind, first, behind in (("SUBSCRIBE", 0x82, b"\0"), ("UNSUBSCRIBE", 0xA2, b"")):
            for text in good:
                entry = {"filter": text, "qos": 0}
                if version == V5:
                    entry.update(no_local=False, retain_as_published=False, retain_handling=0)
                fields = {"packet_id": 10, **({"subscriptions": [entry]} if kind == "SUBSCRIBE" else {"filters": [text]})}
                accept(file, f"{kind} of {json.dumps(text)}", version, packet(first, b"\0\x0A", none, field(text), behind), kind, fields)
            for text, at, statement in bad:
                reject(file, f"{kind} of {json.dumps(text)}", version, packet(first, b"\0\x0A", none, field(text), behind),
                       "TopicFilter", PROTOCOL_ERROR, 6 + len(none) + at, statement)


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
