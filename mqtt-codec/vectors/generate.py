#!/usr/bin/env python3
"""Writes the JSON files beside it, or with --check says whether they are what it would write.

The tables in `generator` are those of the standard, written down without a look at the codec. README.md has the format.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

from generator import connect, cuts, headers, neighbours, properties, reason_codes, samples, text, topics  # noqa: E402
from generator.cases import FILES  # noqa: E402


def documents():
    for make in (samples.samples, headers.headers, connect.connects, connect.connacks, topics.topics, topics.options, text.strings,
                 properties.properties, reason_codes.reason_codes, cuts.cuts, neighbours.neighbours):
        make()
    for name, cases in FILES.items():
        lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
        yield name + ".json", f"[\n{lines}\n]\n"


def main():
    here = pathlib.Path(__file__).parent
    written = dict(documents())
    count = sum(len(cases) for cases in FILES.values())
    stale = {path.name for path in here.glob("*.json")} - written.keys()
    if "--check" in sys.argv[1:]:
        wrong = sorted(stale | {name for name, text in written.items()
                                if not (here / name).exists() or (here / name).read_text() != text})
        if wrong:
            sys.exit("not what generate.py writes: " + ", ".join(wrong))
    else:
        for name in stale:
            (here / name).unlink()
        for name, text in written.items():
            (here / name).write_text(text)
    print(f"{count} cases in {len(written)} files")


if __name__ == "__main__":
    main()
