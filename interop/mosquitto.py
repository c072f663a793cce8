"""Drives a broker with mosquitto_pub and mosquitto_sub."""

import os
import signal
import subprocess
import tempfile
import threading

import suite
from suite import DEADLINE, Inbox, equal, numbered

VERSION_OPTION = {"3.1": "mqttv31", "3.1.1": "mqttv311", "5.0": "mqttv5"}
# The payload in hexadecimal, so that any message is one line.
FORMAT = "message|%q|%r|%t|%x|%C|%D|%F|%R|%P"


class Subscriber:
    """A mosquitto_sub process; returns from its constructor when it is subscribed."""

    def __init__(self, case, *filters, client_id=None, options=()):
        self.messages = Inbox()
        self.log = Inbox()
        self.topics = [word for name in filters for word in ("-t", name)]
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", *command("mosquitto_sub", case, client_id), "-d", "-F", FORMAT,
             "-q", "2", *self.topics, *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._read, daemon=True).start()
        self.log.until(lambda line: line.startswith("Subscribed"), "SUBACK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def _read(self):
        text = "no output"
        for line in self._process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            if text.startswith("message|"):
                _, qos, retain, topic, payload, *properties = text.split("|")
                self.messages.put((topic, bytes.fromhex(payload), int(qos), int(retain), properties))
            else:
                self.log.put(text)
        for inbox in (self.messages, self.log):
            inbox.close(f"mosquitto_sub ended ({text})")

    def kill(self):
        """Ends the process without a DISCONNECT."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def before_end(self, case):
        """(topic, payload, qos, retain) of each message before the one on the end topic."""
        received = self.messages.until(lambda message: message[0] == case.end, "the end message")
        return [message[:4] for message in received]


def command(program, case, client_id=None):
    return [program, "-h", case.host, "-p", str(case.port), "-V", VERSION_OPTION[case.version],
            "-i", client_id or case.client_id()]


def publish(case, topic, payload, qos=0, options=(), client_id=None):
    """Publishes a message, or one for each item of a list, over one connection."""
    content = ["-m", payload] if isinstance(payload, str) else ["-l"]
    if payload == "":
        content = ["-n"]
    lines = None if isinstance(payload, str) else "".join(f"{line}\n" for line in payload)
    run([*command("mosquitto_pub", case, client_id), "-t", topic, "-q", str(qos), *content, *options], lines)


def run(words, stdin=None):
    try:
        done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"waited {DEADLINE} s for {words[0]} to end") from None
    if done.returncode:
        raise AssertionError(f"{words[0]} ended with status {done.returncode}: {done.stdout}")


def quality_of_service(qos):
    def check(case):
        with Subscriber(case, case.topic, case.end) as subscriber:
            publish(case, case.topic, f"payload {qos}", qos)
            publish(case, case.end, "end", qos)
            expected = [(case.topic, f"payload {qos}".encode(), qos, 0)]
            equal(subscriber.before_end(case), expected, "messages")
    return check


def wildcard(filter_end, matching, others):
    def check(case):
        with Subscriber(case, case.topic + filter_end, case.end) as subscriber:
            for name in [*others, *matching]:
                publish(case, case.topic + name, "x", 1)
            publish(case, case.end, "end", 1)
            received = [topic for topic, *_ in subscriber.before_end(case)]
            equal(received, [case.topic + name for name in matching], "topics")
    return check


def retained(case):
    publish(case, case.topic, "kept", 1, ["-r"])
    with Subscriber(case, case.topic, case.end) as subscriber:
        publish(case, case.end, "end", 1)
        equal(subscriber.before_end(case), [(case.topic, b"kept", 1, 1)], "messages")
    publish(case, case.topic, "", 1, ["-r"])


def cleared(case):
    publish(case, case.topic, "kept", 1, ["-r"])
    publish(case, case.topic, "", 1, ["-r"])
    with Subscriber(case, case.topic, case.end) as subscriber:
        publish(case, case.end, "end", 1)
        equal(subscriber.before_end(case), [], "messages")


def will(case):
    options = ["--will-topic", case.topic, "--will-payload", "gone", "--will-qos", "1"]
    with Subscriber(case, case.topic) as watcher:
        with Subscriber(case, case.end, options=options) as dying:
            dying.kill()
        equal(watcher.messages.get("the will")[:4], (case.topic, b"gone", 1, 0), "will")


def session(case):
    client_id = case.client_id()
    keep = ["-c", "-x", "300"] if case.version == "5.0" else ["-c"]
    # -E ends with a DISCONNECT as soon as the subscription stands.
    run([*command("mosquitto_sub", case, client_id), "-q", "2", "-t", case.topic, "-E", *keep])
    publish(case, case.topic, numbered("one ", 10), 1)
    publish(case, case.topic, numbered("two ", 10), 2)
    with Subscriber(case, case.end, client_id=client_id, options=keep) as subscriber:
        publish(case, case.end, "end", 2)
        received = subscriber.before_end(case)
    for qos, prefix in ((1, "one "), (2, "two ")):
        payloads = [message[1].decode() for message in received if message[2] == qos]
        equal(payloads, numbered(prefix, 10), f"queued messages of QoS {qos}")
    equal(len(received), 20, "number of messages")


def takeover(case):
    client_id = case.client_id()
    with Subscriber(case, case.topic) as watcher:
        with Subscriber(case, case.end, client_id=client_id) as first:
            publish(case, case.topic, "second", 1, client_id=client_id)
            # Without a DISCONNECT mosquitto_sub does not report the loss, but it connects again.
            sign = "Received DISCONNECT (142)" if case.version == "5.0" else f"Client {client_id} sending CONNECT"
            first.log.until(lambda line: line == sign, f"{sign!r}, the end of the first connection")
        equal(watcher.messages.get("the second connection's message")[1], b"second", "payload")


def properties(case):
    options = [
        "content-type", "text/plain", "correlation-data", "c-17", "payload-format-indicator", "1",
        "response-topic", f"{case.topic}/reply",
    ]
    words = [word for pair in zip(options[::2], options[1::2]) for word in ("-D", "publish", *pair)]
    for name, value in (("b", "1"), ("a", "2"), ("b", "3"), ("b", "1")):
        words += ["-D", "publish", "user-property", name, value]
    with Subscriber(case, case.topic) as subscriber:
        publish(case, case.topic, "x", 1, words)
        *_, received = subscriber.messages.get("the message")
        expected = ["text/plain", "c-17", "1", f"{case.topic}/reply", "b:1 a:2 b:3 b:1"]
        equal(received, expected, "properties")


def shared(case):
    filters = (f"$share/g/{case.topic}", case.end)
    with Subscriber(case, *filters) as one, Subscriber(case, *filters) as other:
        publish(case, case.topic, numbered("", 40), 1)
        publish(case, case.end, "end", 1)
        shares = [[int(message[1]) for message in member.before_end(case)] for member in (one, other)]
    equal(sorted(shares[0] + shares[1]), list(range(40)), "messages of both members")
    equal([bool(share) for share in shares], [True, True], "whether each member got some")


def mebibyte(case):
    payload = os.urandom(1 << 20)
    with tempfile.NamedTemporaryFile() as file, Subscriber(case, case.topic) as subscriber:
        file.write(payload)
        file.flush()
        run([*command("mosquitto_pub", case), "-t", case.topic, "-q", "1", "-f", file.name])
        received = subscriber.messages.get("the message")[1]
        equal(len(received), len(payload), "length")
        equal(received == payload, True, "whether the payload is the same")


def thousand(case):
    with Subscriber(case, case.topic, case.end) as subscriber:
        publish(case, case.topic, numbered("", 1000), 2)
        publish(case, case.end, "end", 2)
        received = [(message[1].decode(), message[2]) for message in subscriber.before_end(case)]
        equal(received, [(payload, 2) for payload in numbered("", 1000)], "messages")


suite.main("mosquitto", {
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
