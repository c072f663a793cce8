"""The tables of the standard: properties, and what packets may carry."""

from .cases import PROTOCOL, V5, field

# Identifier, name, type, places, places where it repeats.
PROPERTIES = [
    (0x01, "payload_format_indicator", "bool", "PW", ""),
    (0x02, "message_expiry_interval", "u32", "PW", ""),
    (0x03, "content_type", "string", "PW", ""),
    (0x08, "response_topic", "topic", "PW", ""),
    (0x09, "correlation_data", "binary", "PW", ""),
    (0x0B, "subscription_identifier", "varint+", "PS", "P"),
    (0x11, "session_expiry_interval", "u32", "CKD", ""),
    (0x12, "assigned_client_identifier", "string", "K", ""),
    (0x13, "server_keep_alive", "u16", "K", ""),
    (0x15, "authentication_method", "string", "CKX", ""),
    (0x16, "authentication_data", "binary", "CKX", ""),
    (0x17, "request_problem_information", "bool", "C", ""),
    (0x18, "will_delay_interval", "u32", "W", ""),
    (0x19, "request_response_information", "bool", "C", ""),
    (0x1A, "response_information", "string", "K", ""),
    (0x1C, "server_reference", "string", "KD", ""),
    (0x1F, "reason_string", "string", "KARLMsuDX", ""),
    (0x21, "receive_maximum", "u16+", "CK", ""),
    (0x22, "topic_alias_maximum", "u16", "CK", ""),
    (0x23, "topic_alias", "u16+", "P", ""),
    (0x24, "maximum_qos", "qos", "K", ""),
    (0x25, "retain_available", "bool", "K", ""),
    (0x26, "user_property", "pair", "CWKPARLMSsUuDX", "CWKPARLMSsUuDX"),
    (0x27, "maximum_packet_size", "u32+", "CK", ""),
    (0x28, "wildcard_subscription_available", "bool", "K", ""),
    (0x29, "subscription_identifier_available", "bool", "K", ""),
    (0x2A, "shared_subscription_available", "bool", "K", ""),
]

# Place: packet, first byte, bytes before the list, bytes behind it, fields of the packet.
PLACES = {
    "C": ("CONNECT", 0x10, PROTOCOL[V5] + b"\0\0\0", field("c"), {"clean_start": False, "keep_alive": 0, "client_id": "c"}),
    "W": (
        "CONNECT", 0x10, PROTOCOL[V5] + b"\x04\0\0\0" + field("c"), field("w") + field("x"),
        {"clean_start": False, "keep_alive": 0, "client_id": "c", "will": {"topic": "w", "payload": "78", "qos": 0, "retain": False}},
    ),
    "K": ("CONNACK", 0x20, b"\0\0", b"", {"session_present": False, "reason_code": "0x00"}),
    "P": ("PUBLISH", 0x30, field("t"), b"hi", {"topic": "t", "qos": 0, "dup": False, "retain": False, "payload": "6869"}),
    "A": ("PUBACK", 0x40, b"\0\x0A\0", b"", {"packet_id": 10, "reason_code": "0x00"}),
    "R": ("PUBREC", 0x50, b"\0\x0A\0", b"", {"packet_id": 10, "reason_code": "0x00"}),
    "L": ("PUBREL", 0x62, b"\0\x0A\0", b"", {"packet_id": 10, "reason_code": "0x00"}),
    "M": ("PUBCOMP", 0x70, b"\0\x0A\0", b"", {"packet_id": 10, "reason_code": "0x00"}),
    "S": (
        "SUBSCRIBE", 0x82, b"\0\x0A", field("f") + b"\0",
        {"packet_id": 10, "subscriptions": [{"filter": "f", "qos": 0, "no_local": False, "retain_as_published": False, "retain_handling": 0}]},
    ),
    "s": ("SUBACK", 0x90, b"\0\x0A", b"\0", {"packet_id": 10, "reason_codes": ["0x00"]}),
    "U": ("UNSUBSCRIBE", 0xA2, b"\0\x0A", field("f"), {"packet_id": 10, "filters": ["f"]}),
    "u": ("UNSUBACK", 0xB0, b"\0\x0A", b"\0", {"packet_id": 10, "reason_codes": ["0x00"]}),
    "D": ("DISCONNECT", 0xE0, b"\0", b"", {"reason_code": "0x00"}),
    "X": ("AUTH", 0xF0, b"\0", b"", {"reason_code": "0x00"}),
}

PUBLISH_CODES = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
CONNACK_CODES = [0x00, *range(0x80, 0x8B), 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F]
DISCONNECT_CODES = [0x00, 0x04, *range(0x80, 0x84), 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, *range(0x93, 0xA3)]

# Packet, first byte, legal codes, statement.
ACK = [("PUBACK", 0x40, PUBLISH_CODES, "3.4.2-1"), ("PUBREC", 0x50, PUBLISH_CODES, "3.5.2-1"),
       ("PUBREL", 0x62, [0, 0x92], "3.6.2-1"), ("PUBCOMP", 0x70, [0, 0x92], "3.7.2-1")]
