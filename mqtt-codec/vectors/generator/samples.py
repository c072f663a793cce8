"""A plain packet of each kind, written out in bytes; most were made and read by an independent codec."""

from .cases import V5, accept


def samples():
    def row(version, kind, data, fields, encoded=None):
        data = bytes.fromhex(data)
        accept("samples", f"{kind} of {len(data)} bytes", version, data, kind, fields, encoded and bytes.fromhex(encoded))

    c1 = {"clean_start": True, "keep_alive": 60, "client_id": "c1"}
    publish = {"topic": "a/b", "qos": 0, "dup": False, "retain": False, "payload": "6869"}
    options = {"no_local": False, "retain_as_published": False, "retain_handling": 0}
    success = {"reason_code": "0x00"}

    row(V5, "CONNECT", "100F 0004 4D515454 05 02 003C 00 0002 6331", c1)
    row(V5, "CONNECT", "1017 0004 4D515454 05 00 003C 08 11 00000E10 21 0014 0002 6331",
        {**c1, "clean_start": False, "properties": {"session_expiry_interval": 3600, "receive_maximum": 20}})
    row(V5, "CONNECT", "1023 0004 4D515454 05 EE 003C 00 0002 6331 05 18 00000005 0003 772F70 0001 78 0001 75 0001 70",
        {**c1, "user_name": "u", "password": "70",
         "will": {"topic": "w/p", "payload": "78", "qos": 1, "retain": True, "properties": {"will_delay_interval": 5}}})
    row(V5, "CONNACK", "2003 00 00 00", {"session_present": False, **success})
    row(V5, "CONNACK", "2009 00 00 06 12 0003 616263",
        {"session_present": False, **success, "properties": {"assigned_client_identifier": "abc"}})
    row(V5, "CONNACK", "2003 00 84 00", {"session_present": False, "reason_code": "0x84"})
    row(V5, "PUBLISH", "3008 0003 612F62 00 6869", publish)
    row(V5, "PUBLISH", "3B0A 0003 612F62 000A 00 6869", {**publish, "qos": 1, "dup": True, "retain": True, "packet_id": 10})
    row(V5, "PUBLISH", "3408 0000 000B 03 23 0001",
        {**publish, "topic": "", "qos": 2, "packet_id": 11, "payload": "", "properties": {"topic_alias": 1}})
    row(V5, "PUBACK", "4002 000A", {"packet_id": 10, **success})
    row(V5, "PUBACK", "4003 000A 10", {"packet_id": 10, "reason_code": "0x10"})
    row(V5, "PUBACK", "4004 000A 87 00", {"packet_id": 10, "reason_code": "0x87"}, "4003 000A 87")
    row(V5, "PUBREC", "5002 000B", {"packet_id": 11, **success})
    row(V5, "PUBREL", "6202 000B", {"packet_id": 11, **success})
    row(V5, "PUBCOMP", "7003 000B 92", {"packet_id": 11, "reason_code": "0x92"})
    row(V5, "SUBSCRIBE", "8209 000A 00 0003 612F62 01", {"packet_id": 10, "subscriptions": [{"filter": "a/b", "qos": 1, **options}]})
    row(V5, "SUBSCRIBE", "8209 000A 02 0B 07 0001 23 2E",
        {"packet_id": 10, "properties": {"subscription_identifier": 7},
         "subscriptions": [{"filter": "#", "qos": 2, "no_local": True, "retain_as_published": True, "retain_handling": 2}]})
    row(V5, "SUBACK", "9004 000A 00 01", {"packet_id": 10, "reason_codes": ["0x01"]})
    row(V5, "UNSUBSCRIBE", "A208 000B 00 0003 612F62", {"packet_id": 11, "filters": ["a/b"]})
    row(V5, "UNSUBACK", "B004 000B 00 11", {"packet_id": 11, "reason_codes": ["0x11"]})
    row(V5, "DISCONNECT", "E000", success)
    row(V5, "DISCONNECT", "E001 04", {"reason_code": "0x04"})
    row(V5, "DISCONNECT", "E002 8E 00", {"reason_code": "0x8E"}, "E001 8E")
    row(V5, "DISCONNECT", "E007 00 05 11 00000000", {**success, "properties": {"session_expiry_interval": 0}})
    row(V5, "AUTH", "F00A 18 08 15 0001 4D 16 0001 01",
        {"reason_code": "0x18", "properties": {"authentication_method": "M", "authentication_data": "01"}})

    row("3.1.1", "CONNECT", "100E 0004 4D515454 04 02 003C 0002 6331", c1)
    row("3.1.1", "CONNECT", "1018 0004 4D515454 04 2E 003C 0002 6331 0003 772F70 0003 6F6666",
        {**c1, "will": {"topic": "w/p", "payload": "6f6666", "qos": 1, "retain": True}})
    row("3.1.1", "CONNACK", "2002 00 00", {"session_present": False, "return_code": 0})
    row("3.1.1", "CONNACK", "2002 01 00", {"session_present": True, "return_code": 0})
    row("3.1.1", "CONNACK", "2002 00 05", {"session_present": False, "return_code": 5})
    row("3.1.1", "PUBLISH", "3007 0003 612F62 6869", publish)
    row("3.1.1", "PUBLISH", "3209 0003 612F62 000A 6869", {**publish, "qos": 1, "packet_id": 10})
    row("3.1.1", "SUBSCRIBE", "8208 000A 0003 612F62 01", {"packet_id": 10, "subscriptions": [{"filter": "a/b", "qos": 1}]})
    row("3.1.1", "SUBSCRIBE", "820E 000A 0003 612F62 01 0003 632F23 02",
        {"packet_id": 10, "subscriptions": [{"filter": "a/b", "qos": 1}, {"filter": "c/#", "qos": 2}]})
    row("3.1.1", "SUBACK", "9003 000A 80", {"packet_id": 10, "reason_codes": ["0x80"]})
    row("3.1.1", "UNSUBSCRIBE", "A207 000B 0003 612F62", {"packet_id": 11, "filters": ["a/b"]})
    row("3.1.1", "UNSUBACK", "B002 000B", {"packet_id": 11})
    for kind, first in (("PUBACK", "40"), ("PUBREC", "50"), ("PUBREL", "62"), ("PUBCOMP", "70")):
        row("3.1.1", kind, first + "02 000A", {"packet_id": 10})
    row("3.1", "CONNECT", "1010 0006 4D5149736470 03 02 003C 0002 6331", c1)
