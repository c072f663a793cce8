"""Drives a broker with paho-mqtt."""

import os
import socket

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import suite
from suite import DEADLINE, Inbox, equal, numbered

PROTOCOL = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5.0": mqtt.MQTTv5}
SESSION_TAKEN_OVER = 0x8E


class Peer:
    """A connected client; `session` keeps its session on the broker."""

    def __init__(self, case, client_id=None, session=False, will=None):
        self.messages = Inbox()
        self.ended = Inbox()
        self._connected = Inbox()
        self._subscribed = Inbox()
        five = case.version == "5.0"
        clean = {} if five else {"clean_session": not session}
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id or case.client_id(),
            protocol=PROTOCOL[case.version], reconnect_on_failure=False, **clean)
        self._client.on_connect = lambda _c, _u, flags, code, _p: self._connected.put((flags, code))
        self._client.on_subscribe = lambda _c, _u, _mid, codes, _p: self._subscribed.put(codes)
        self._client.on_message = lambda _c, _u, message: self.messages.put(message)
        self._client.on_disconnect = self._on_disconnect
        if will:
            self._client.will_set(*will)
        start = {}
        if five:
            start["properties"] = Properties(PacketTypes.CONNECT)
            start["properties"].SessionExpiryInterval = 300 if session else 0
            start["clean_start"] = not session
        self._client.connect(case.host, case.port, **start)
        self._client.loop_start()
        flags, code = self._connected.get("CONNACK")
        equal(code.is_failure, False, f"CONNACK {code}: whether it refuses")
        self.session_present = flags.session_present

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()

    def _on_disconnect(self, _client, _userdata, flags, code, _properties):
        self.ended.put(code.value if flags.is_disconnect_packet_from_server else "no DISCONNECT")
        for inbox in (self.messages, self._connected, self._subscribed):
            inbox.close(f"connection ended ({code})")

    def subscribe(self, *filters):
        self._client.subscribe([(name, 2) for name in filters])
        codes = self._subscribed.get("SUBACK")
        equal([code.value for code in codes], [2 for _ in filters], "granted QoS")

    def publish(self, topic, payload, qos=0, retain=False, properties=None):
        """Publishes and waits until the exchange is complete."""
        sent = self._client.publish(topic, payload, qos, retain, properties)
        sent.wait_for_publish(DEADLINE)
        equal(sent.is_published(), True, f"whether a message of QoS {qos} was acknowledged in {DEADLINE} s")

    def publish_all(self, topic, payloads, qos):
        for payload in payloads:
            last = self._client.publish(topic, payload, qos)
        last.wait_for_publish(DEADLINE)
        equal(last.is_published(), True, f"whether the last message was acknowledged in {DEADLINE} s")

    def before_end(self, case):
        """(topic, payload, qos, retain) of each message before the one on the end topic."""
        received = self.messages.until(lambda message: message.topic == case.end, "the end message")
        return [summary(message) for message in received]

    def kill(self):
        """Closes the connection without a DISCONNECT."""
        self._client.socket().shutdown(socket.SHUT_RDWR)


def summary(message):
    return (message.topic, message.payload, message.qos, message.retain)


def quality_of_service(qos):
    def check(case):
        with Peer(case) as peer:
            peer.subscribe(case.topic, case.end)
            peer.publish(case.topic, f"payload {qos}", qos)
            peer.publish(case.end, "end", qos)
            expected = [(case.topic, f"payload {qos}".encode(), qos, False)]
            equal(peer.before_end(case), expected, "messages")
    return check


def wildcard(filter_end, matching, others):
    def check(case):
        with Peer(case) as peer:
            peer.subscribe(case.topic + filter_end, case.end)
            for name in [*others, *matching]:
                peer.publish(case.topic + name, "x", 1)
            peer.publish(case.end, "end", 1)
            received = [topic for topic, *_ in peer.before_end(case)]
            equal(received, [case.topic + name for name in matching], "topics")
    return check


def retained(case):
    with Peer(case) as publisher, Peer(case) as late:
        publisher.publish(case.topic, "kept", 1, retain=True)
        late.subscribe(case.topic, case.end)
        publisher.publish(case.end, "end", 1)
        equal(late.before_end(case), [(case.topic, b"kept", 1, True)], "messages")
        publisher.publish(case.topic, "", 1, retain=True)


def cleared(case):
    with Peer(case) as publisher, Peer(case) as late:
        publisher.publish(case.topic, "kept", 1, retain=True)
        publisher.publish(case.topic, "", 1, retain=True)
        late.subscribe(case.topic, case.end)
        publisher.publish(case.end, "end", 1)
        equal(late.before_end(case), [], "messages")


def will(case):
    with Peer(case) as watcher, Peer(case, will=(case.topic, "gone", 1)) as dying:
        watcher.subscribe(case.topic)
        dying.kill()
        equal(summary(watcher.messages.get("the will")), (case.topic, b"gone", 1, False), "will")


def session(case):
    client_id = case.client_id()
    with Peer(case, client_id, session=True) as first:
        equal(first.session_present, False, "session present on the first connection")
        first.subscribe(case.topic)
    with Peer(case) as publisher:
        publisher.publish_all(case.topic, numbered("one ", 10), 1)
        publisher.publish_all(case.topic, numbered("two ", 10), 2)
    with Peer(case, client_id, session=True) as second:
        if case.version != "3.1":  # its CONNACK has no such flag
            equal(second.session_present, True, "session present on the second connection")
        second.subscribe(case.end)
        second.publish(case.end, "end", 2)
        received = second.before_end(case)
    for qos, prefix in ((1, "one "), (2, "two ")):
        payloads = [payload.decode() for _, payload, its, _ in received if its == qos]
        equal(payloads, numbered(prefix, 10), f"queued messages of QoS {qos}")
    equal(len(received), 20, "number of messages")
    with Peer(case, client_id):
        pass  # a clean start ends the session on the broker


def takeover(case):
    client_id = case.client_id()
    with Peer(case, client_id) as first, Peer(case, client_id) as second:
        reason = first.ended.get("the end of the first connection")
        if case.version == "5.0":
            equal(reason, SESSION_TAKEN_OVER, "reason code of DISCONNECT")
        second.subscribe(case.topic)
        second.publish(case.topic, "second", 1)
        equal(second.messages.get("the message to the second connection").payload, b"second", "payload")


def properties(case):
    sent = Properties(PacketTypes.PUBLISH)
    sent.ContentType = "text/plain"
    sent.CorrelationData = bytes(range(256))
    sent.PayloadFormatIndicator = 1
    sent.ResponseTopic = f"{case.topic}/reply"
    sent.UserProperty = [("b", "1"), ("a", "2"), ("b", "3"), ("b", "1")]
    with Peer(case) as peer:
        peer.subscribe(case.topic)
        peer.publish(case.topic, "x", 1, properties=sent)
        got = peer.messages.get("the message").properties
        equal(got.json(), sent.json(), "properties")


def shared(case):
    with Peer(case) as one, Peer(case) as other, Peer(case) as publisher:
        for member in (one, other):
            member.subscribe(f"$share/g/{case.topic}", case.end)
        publisher.publish_all(case.topic, numbered("", 40), 1)
        publisher.publish(case.end, "end", 1)
        shares = [[int(message[1]) for message in member.before_end(case)] for member in (one, other)]
    equal(sorted(shares[0] + shares[1]), list(range(40)), "messages of both members")
    equal([bool(share) for share in shares], [True, True], "whether each member got some")


def mebibyte(case):
    payload = os.urandom(1 << 20)
    with Peer(case) as peer:
        peer.subscribe(case.topic)
        peer.publish(case.topic, payload, 1)
        received = peer.messages.get("the message").payload
        equal(len(received), len(payload), "length")
        equal(received == payload, True, "whether the payload is the same")


def thousand(case):
    with Peer(case) as subscriber, Peer(case) as publisher:
        subscriber.subscribe(case.topic, case.end)
        publisher.publish_all(case.topic, numbered("", 1000), 2)
        publisher.publish(case.end, "end", 2)
        received = [(payload.decode(), qos) for _, payload, qos, _ in subscriber.before_end(case)]
        equal(received, [(payload, 2) for payload in numbered("", 1000)], "messages")


suite.main("paho", {
    "qos0": quality_of_service(0),
    "qos1": quality_of_service(1),
    "qos2": quality_of_service(2),
    "plus": wildcard("/+/c", ["/a/c", "//c", "/b/c"], ["/c", "/a/b/c", "/a/C", "/a/c/", ""]),
    "hash": wildcard("/x/#", ["/x", "/x/", "/x/a", "/x/a/b"], ["", "/", "/xy", "/X/a", "/y/x"]),
    "retained": retained,
    "cleared": cleared,
    "will": will,
    "session": session,
    "takeover": takeover,
    "properties": properties,
    "shared": shared,
    "mebibyte": mebibyte,
    "thousand": thousand,
})
