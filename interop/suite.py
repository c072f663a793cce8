"""What the Python suites share: running cases, reporting them, waiting with a deadline."""

import itertools
import queue
import sys
import time
import traceback

DEADLINE = 10


class Case:
    """One case of one protocol version, with names of its own."""

    _numbers = itertools.count()

    def __init__(self, client, version, name, token, address):
        self.version = version
        self.host, port = address.split(":")
        self.port = int(port)
        self.topic = f"interop/{token}/{client}/{version}/{name}"
        # A message on this topic ends a wait for messages that must not come.
        self.end = f"{self.topic}-end"
        self._id = f"{client[0]}{token}"

    def client_id(self):
        """A fresh client identifier; MQTT 3.1 allows no more than 23 characters."""
        return f"{self._id}n{next(self._numbers)}"


class Closed:
    """The last item of an inbox."""

    def __init__(self, reason):
        self.reason = reason


class Inbox:
    """What arrived, in order, with waits that say what was missing."""

    def __init__(self):
        self._queue = queue.Queue()

    def put(self, item):
        self._queue.put(item)

    def close(self, reason):
        """Nothing more can arrive: a wait fails at once."""
        self._queue.put(Closed(reason))

    def get(self, what):
        """The next item."""
        return self._next(what, time.monotonic() + DEADLINE, "")

    def until(self, last, what):
        """Everything that arrived before the first item for which `last` is true."""
        items = []
        deadline = time.monotonic() + DEADLINE
        while True:
            item = self._next(what, deadline, f", after {len(items)} other items: {shown(items)}")
            if last(item):
                return items
            items.append(item)

    def _next(self, what, deadline, before):
        try:
            item = self._queue.get(timeout=max(0, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"waited {DEADLINE} s for {what}{before}") from None
        if isinstance(item, Closed):
            self._queue.put(item)
            raise AssertionError(f"{item.reason} while waiting for {what}{before}")
        return item


def equal(got, expected, what):
    if got != expected:
        raise AssertionError(f"{what}: {difference(got, expected)}")


def difference(got, expected):
    if isinstance(got, list) and isinstance(expected, list) and max(len(got), len(expected)) > 10:
        places = range(min(len(got), len(expected)))
        place = next((index for index in places if got[index] != expected[index]), len(places))
        items = [items[place] if place < len(items) else None for items in (got, expected)]
        return (f"expected {len(expected)} items, got {len(got)}, at index {place}: "
                + difference(*items))
    return f"expected {shown(expected)}, got {shown(got)}"


def shown(value):
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}... ({len(text)} characters)"


def numbered(prefix, count):
    return [f"{prefix}{number}" for number in range(count)]


def main(client, cases):
    """Arguments: HOST:PORT TOKEN VERSION:CASE..., see `run`."""
    address, token, *names = sys.argv[1:]
    for name in names:
        version, case = name.split(":")
        title = f"{client} {version} {case}"
        try:
            cases[case](Case(client, version, case, token, address))
            print(f"ok   {title}", flush=True)
        except Exception as error:  # any other error is a failed case, too
            if not isinstance(error, AssertionError):
                traceback.print_exc()
            message = " ".join(str(error).split())
            print(f"FAIL {title}: {message or type(error).__name__}", flush=True)
