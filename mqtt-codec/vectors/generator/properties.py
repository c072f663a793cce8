"""Each property in each place, and the lengths of property lists."""

import json

from .cases import MALFORMED, PROTOCOL_ERROR, V5, accept, add, field, incomplete, packet, reject, varint
from .tables import PLACES, PROPERTIES
from .values import ends, illegal, legal

def with_list(place, properties, length=None):
    _, first, head, tail, _ = PLACES[place]
    return packet(first, head, varint(len(properties)) if length is None else length, properties, tail)


def with_properties(place, values):
    """The fields of the packet in this place with these properties."""
    fields = dict(PLACES[place][4])
    if values and place == "W":
        fields["will"] = {**fields["will"], "properties": values}
    elif values:
        fields["properties"] = values
    return fields


def list_at(place):
    """The offset of the first property in a short list."""
    return 2 + len(PLACES[place][2]) + 1


def as_json(place, identifier, name, *values):
    if identifier == 0x26 or (identifier == 0x0B and place == "P"):
        return {name: list(values)}
    return {name: values[0]}


def properties():
    known = {row[0] for row in PROPERTIES}
    for place, (kind, first, head, tail, _) in PLACES.items():
        where = "will of CONNECT" if place == "W" else kind
        file = "properties_connect" if place in "CWK" else "properties"
        at = list_at(place)
        for identifier, name, value_type, places, repeats in PROPERTIES:
            title = f"{where}: {name}"
            values = legal(value_type)
            one = bytes([identifier])
            # AUTH cannot be without a method, nor can data in CONNECT.
            base, base_json = b"", {}
            if (place == "X" and identifier != 0x15) or (place, identifier) == ("C", 0x16):
                base, base_json = b"\x15" + field("M"), {"authentication_method": "M"}
            start = at + len(base)
            if place not in places:
                reject(file, f"{title} does not belong here", V5, with_list(place, base + one + values[0][0]),
                       "PropertyNotAllowed", MALFORMED, start)
                continue
            for data, value in values:
                accept(file, f"{title} = {json.dumps(value)}", V5, with_list(place, base + one + data), kind,
                       with_properties(place, {**base_json, **as_json(place, identifier, name, value)}))
            for what, data, error, reason, statement, offset in illegal(value_type, name):
                # A byte that is 0 or 1 stands for all the others.
                rest = {"any_of": {"offset": start + 1, "bytes": bytes(range(2, 256)).hex()}} if value_type in ("bool", "qos") else {}
                reject(file, f"{title}, {what}", V5, with_list(place, base + one + data), error, reason, start + 1 + offset,
                       statement, **rest)
            for cut, offset in ends(value_type, values[-1][0]):
                reject(file, f"{title}, {cut} bytes of its value", V5, with_list(place, base + one + values[-1][0][:cut]), "Truncated",
                       MALFORMED, start + 1 + offset)
            first_value, second = values[0], values[-1]
            twice = with_list(place, base + one + first_value[0] + one + second[0])
            if place in repeats:
                accept(file, f"{title} twice", V5, twice, kind,
                       with_properties(place, {**base_json, **as_json(place, identifier, name, first_value[1], second[1])}))
            else:
                for what, other in (("with the same value", first_value), ("with another value", second)):
                    reject(file, f"{title} twice, {what}", V5, with_list(place, base + one + first_value[0] + one + other[0]),
                           "DuplicateProperty", PROTOCOL_ERROR, start + 1 + len(first_value[0]))
        unknown = bytes(n for n in range(256) if n not in known)
        reject(file, f"{where}: property identifiers that do not exist", V5, with_list(place, unknown[:1] + b"\0\0"),
               "UnknownProperty", MALFORMED, at, any_of={"offset": at, "bytes": unknown.hex()})
        reject(file, f"{where}: a property identifier in two bytes", V5, with_list(place, b"\xA6\0\0\0\0\0"), "UnknownProperty",
               MALFORMED, at)
        # The length of the list.
        name_len = 2 + len(head)
        for length in (2, 3, 4):
            data = with_list(place, b"", varint(0, length))
            reject(file, f"{where}: property length 0 in {length} bytes", V5, data, "NotMinimal", MALFORMED, name_len, "1.5.5-1")
        reject(file, f"{where}: property length of five bytes", V5, with_list(place, b"", b"\xFF\xFF\xFF\x80\x01"),
               "VarintTooLong", MALFORMED, name_len, "1.5.5-1")
        longer = len(tail) + 1
        reject(file, f"{where}: property length one beyond the packet", V5, with_list(place, b"", varint(longer)), "Truncated",
               MALFORMED, name_len + 1)
        for size in (126, 127, 128, 16382, 16383, 16384, 2097151, 2097152):
            lengths(file, where, place, size)


def lengths(file, where, place, size):
    """A property list of this length, out of User Properties; the largest in the compact form."""
    kind, first, head, tail, _ = PLACES[place]
    base, values = (b"\x15" + field("M"), {"authentication_method": "M"}) if place == "X" else (b"", {})
    if size > 70000:
        # Nothing but the head: the answer is that more bytes are needed.
        data = bytes([first]) + varint(len(head) + len(varint(size)) + size + len(tail)) + head + varint(size)
        incomplete(file, f"{where}: property length {size}, its properties to come", V5, data)
        return
    text = size - len(base) - 5 - 1
    data = packet(first, head, varint(size), base, b"\x26" + field("k") + text.to_bytes(2, "big") + b"v" * text, tail)
    cut = data.index(b"v" * text)
    repeat = {"byte": "76", "times": text, "then": data[cut + text:].hex()}
    values["user_property"] = [["k", {"byte": "v", "times": text}]]
    add(file, f"{where}: property length {size}", V5, data[:cut], "accept", repeat=repeat, type=kind,
        fields=with_properties(place, values))
