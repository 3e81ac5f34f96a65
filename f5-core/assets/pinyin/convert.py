#!/usr/bin/env python3
"""Writes pinyin.txt.gz from the data of the PyPI package pypinyin 0.55.0.

    python3 -m venv VENV && VENV/bin/pip install pypinyin==0.55.0
    VENV/bin/python convert.py pinyin.txt.gz
"""

import gzip
import importlib.resources
import json
import sys

import pypinyin
from pypinyin.constants import RE_HANS
from pypinyin.style.tone import converter


def main(out):
    assert pypinyin.__version__ == "0.55.0", pypinyin.__version__
    package = importlib.resources.files("pypinyin")
    phrases = json.loads(package.joinpath("phrases_dict.json").read_text("utf-8"))
    chars = json.loads(package.joinpath("pinyin_dict.json").read_text("utf-8"))

    # The first reading alone is ever used; characters that pypinyin takes for non-Han never are.
    readings = {chr(int(code)): tone3(value.split(",")[0]) for code, value in chars.items()}
    readings = {char: reading for char, reading in readings.items() if RE_HANS.match(char)}
    by_reading = {}
    for char, reading in sorted(readings.items()):
        by_reading.setdefault(reading, []).append(char)
    lines = [f"{reading}\t{''.join(found)}" for reading, found in sorted(by_reading.items())]
    lines.append("")

    # Sorted by code point, which is the order of the UTF-8 bytes, for binary search. A reading
    # that is the character's own is left out.
    for phrase, spoken in sorted(phrases.items()):
        assert len(phrase) == len(spoken) > 1 and RE_HANS.match(phrase), phrase
        spoken = [tone3(reading[0]) for reading in spoken]
        own = [readings.get(char) for char in phrase]
        if spoken == own:
            lines.append(phrase)
        else:
            other = ["" if a == b else a for a, b in zip(spoken, own)]
            lines.append(f"{phrase}\t{' '.join(other)}")

    text = "".join(line + "\n" for line in lines).encode()
    with open(out, "wb") as file:
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
            packed.write(text)
    print(f"{len(readings)} characters, {len(phrases)} phrases, {len(text)} bytes")


def tone3(reading):
    reading = converter.to_tone3(reading)
    bare = reading[:-1] if reading[-1] in "1234" else reading
    assert bare.isascii() and bare.isalpha(), reading
    return reading


if __name__ == "__main__":
    main(sys.argv[1])
