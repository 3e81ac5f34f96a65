"""Times f5-timing, pysubs2 and the loop of the system that f5-timing succeeds, in turns.

    python3 -m venv VENV && VENV/bin/pip install pysubs2==1.8.1
    VENV/bin/python f5-timing/benches/against_python.py

All three get the same words, times in seconds in a list, and give the text of a whole file. The
words of pysubs2 are made into its events outside the timed part.
"""

import collections, json, pathlib, random, statistics, subprocess, tempfile, time

import pysubs2

COUNT, ROUNDS = 100_000, 5
BASE = "the quick brown fox jumps over a lazy dog, and runs away.".split()
ROOT = pathlib.Path(__file__).resolve().parents[2]


def clock(seconds, separator, hours, ticks):
    """Cuts the binary fraction off, as the earlier system does: half of its times are a tick early."""
    h, m, s = int(seconds // 3600), int((seconds % 3600) // 60), int(seconds % 60)
    fraction = int((seconds % 1) * ticks)
    return f"{h:0{hours}d}:{m:02d}:{s:02d}{separator}{fraction:0{len(str(ticks)) - 1}d}"


def loop_srt(words):
    out = ""
    for i, (word, start, end) in enumerate(words, 1):
        out += f"{i}\n{clock(start, ',', 2, 1000)} --> {clock(end, ',', 2, 1000)}\n{word}\n\n"
    return out


def loop_vtt(words):
    out = "WEBVTT\n\n"
    for word, start, end in words:
        out += f"{clock(start, '.', 2, 1000)} --> {clock(end, '.', 2, 1000)}\n{word}\n\n"
    return out


def loop_ass(words):
    out = "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    for word, start, end in words:
        out += f"Dialogue: 0,{clock(start, '.', 1, 100)},{clock(end, '.', 1, 100)},Default,,0,0,0,,{word}\n"
    return out


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main():
    draw = random.Random(1)
    words = [(draw.choice(BASE), round(i * 0.3137, 6), round(i * 0.3137 + 0.25, 6)) for i in range(COUNT)]
    subs = pysubs2.SSAFile()
    subs.events = [pysubs2.SSAEvent(round(s * 1000), round(e * 1000), w) for w, s, e in words]
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "f5-timing", "--example", "write_speed"], cwd=ROOT, check=True)
    times = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "words.json")
        entries = [{"word": w, "start": s, "end": e} for w, s, e in words]
        path.write_text(json.dumps({"schema": "f5-timing/1", "words": entries}))
        command = ["cargo", "run", "--release", "-q", "-p", "f5-timing", "--example", "write_speed", "--", str(path)]
        for _ in range(ROUNDS):
            for line in subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines():
                name, seconds = line.split()
                times["f5-timing", name].append(float(seconds))
            for name, loop in (("srt", loop_srt), ("vtt", loop_vtt), ("ass", loop_ass)):
                times["loop", name].append(timed(lambda: loop(words)))
                times["pysubs2", name].append(timed(lambda: subs.to_string(name)))
    print(f"Mwords/s, medians of {ROUNDS} rounds, {COUNT} words")
    for name in ("srt", "vtt", "ass"):
        ours, loop, peer = (statistics.median(times[who, name]) for who in ("f5-timing", "loop", "pysubs2"))
        rates = ", ".join(f"{who} {COUNT / took / 1e6:.3f}" for who, took in (("f5-timing", ours), ("loop", loop), ("pysubs2", peer)))
        print(f"{name}: {rates}; {loop / ours:.0f} times the loop, {peer / ours:.0f} times pysubs2")


if __name__ == "__main__":
    main()
