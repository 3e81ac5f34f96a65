"""Writes inputs (`make DIR`) and checks what came of them with other people's parsers (`check DIR`)."""

import csv, functools, http.server, json, math, pathlib, re, subprocess, sys, tempfile, threading
from decimal import ROUND_HALF_UP, Decimal

import pysubs2
import srt
import webvtt

from cases import BAD, GOOD

# Characters that show nothing, and the space that joins words: not compared.
IGNORED = re.compile("[\\s\u200b\u2060\ufeff\ufffd\x00-\x1f\x7f]+")
failures = []
passed = 0


def expect(ok, *what):
    global passed
    if ok:
        passed += 1
    else:
        failures.append(" ".join(str(part)[:300] for part in what))


def squash(text):
    return IGNORED.sub("", text)


def ticks(seconds, tick):
    return int((Decimal(repr(seconds)) / Decimal(tick)).quantize(Decimal(1), ROUND_HALF_UP))


def expected(words, tick):
    """Cues of one word each in ticks: what has no length joins the next cue, the last the previous."""
    cues, wait = [], ""
    for word, start, end in words:
        text, start, end = squash(word), ticks(start, tick), ticks(end, tick)
        if not text:
            continue
        if start == end:
            wait += text
        else:
            cues.append([start, end, wait + text])
            wait = ""
    if wait:
        cues[-1][2] += wait
    return cues


def compare(case, parser, found, wanted):
    found = [[start, end, squash(text)] for start, end, text in found]
    expect(len(found) == len(wanted), case, parser, "cues", len(found), "for", len(wanted))
    for got, want in zip(found, wanted):
        expect(got == want, case, parser, got, "for", want)


def millis(delta):
    return round(delta.total_seconds() * 1000)


def check_srt(case, path, words):
    wanted = expected(words, "0.001")
    text = path.read_text(encoding="utf-8")
    compare(case, "srt", [(millis(c.start), millis(c.end), c.content) for c in srt.parse(text)], wanted)
    # pysubs2 clamps at 100 hours, and takes raw \N and any line with two times for its own.
    if case not in ("long", "nasty"):
        subs = pysubs2.load(str(path), encoding="utf-8", format_="srt", keep_html_tags=True, keep_unknown_html_tags=True)
        compare(case, "pysubs2 srt", [(e.start, e.end, e.text.replace("\\N", "\n")) for e in subs], wanted)
    packets(case, path, [w[:2] for w in wanted], 1000)


def check_vtt(case, path, words):
    wanted = expected(words, "0.001")
    clock = lambda text: round(functools.reduce(lambda a, b: a * 60 + b, map(float, text.split(":"))) * 1000)
    unescape = lambda text: text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    if wanted:
        cues = [(clock(c.start), clock(c.end), unescape(c.raw_text)) for c in webvtt.read(str(path))]
        compare(case, "webvtt-py", cues, wanted)
    packets(case, path, [w[:2] for w in wanted], 1000)


def check_ass(case, path, words):
    wanted = expected(words, "0.01")
    if case not in ("long",):  # pysubs2 does not read three digits of hours
        subs = pysubs2.load(str(path), encoding="utf-8", format_="ass")
        plain = lambda text: text.replace("\\{", "{").replace("\\}", "}").replace("\\\u2060", "\\")
        compare(case, "pysubs2 ass", [(e.start // 10, e.end // 10, plain(e.text)) for e in subs], wanted)
    packets(case, path, [w[:2] for w in wanted], 100)


def packets(case, path, wanted, rate):
    """Times as ffprobe's demuxer reads them."""
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time,duration_time", "-of", "json", str(path)],
        capture_output=True, text=True)
    if not wanted:
        return
    expect(out.returncode == 0, case, "ffprobe", path.name, out.stderr)
    found = []
    for packet in json.loads(out.stdout or "{}").get("packets", []):
        start = Decimal(packet["pts_time"]) * rate
        found.append((round(start), round(start + Decimal(packet["duration_time"]) * rate)))
    expect(found == [tuple(w) for w in wanted], case, "ffprobe", path.name, found[:5], "for", wanted[:5])


def check_tables(case, base, words):
    wanted = [[w, ticks(s, "0.001"), ticks(e, "0.001")] for w, s, e in words]
    for name, guarded in (("words.csv", False), ("guarded.csv", True)):
        with open(f"{base}.{name}", encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        expect(rows[0][:4] == ["index", "start", "end", "word"], case, name, rows[0])
        unguard = lambda w: w[1:] if guarded and w.startswith("'") else w
        found = [[unguard(r[3]), ticks(float(r[1]), "0.001"), ticks(float(r[2]), "0.001")] for r in rows[1:]]
        expect(found == wanted, case, name, found, wanted)
        if guarded:
            expect(not any(r[3][:1] in tuple("=+-@\t\r") and r[3] for r in rows[1:]), case, "unguarded cell")
    no_nan = lambda text: json.loads(text, parse_constant=lambda name: 1 / 0)
    document = no_nan(pathlib.Path(f"{base}.words.json").read_text(encoding="utf-8"))
    expect(document["schema"] == "f5-timing/1", case, "schema")
    lines = pathlib.Path(f"{base}.words.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    for name, entries in (("json", document["words"]), ("jsonl", map(no_nan, lines))):
        found = [[w["word"], ticks(w["start"], "0.001"), ticks(w["end"], "0.001")] for w in entries]
        expect(found == wanted, case, name, found, wanted)


def check_cues(case, base, words):
    """Segmented cues keep every word, columns, lines and order."""
    text = "".join(squash(word) for word, _, _ in words)
    cues = list(srt.parse(pathlib.Path(f"{base}.cues.srt").read_text(encoding="utf-8")))
    expect(squash("".join(c.content for c in cues)) == text, case, "cues.srt lost text")
    for before, after in zip(cues, cues[1:]):
        expect(before.end <= after.start, case, "cues overlap", before, after)
    if case in ("plain", "cjk"):
        for cue in cues:
            lines = cue.content.split("\n")
            width = lambda line: sum(2 if ord(c) > 0x2E80 else 1 for c in line)
            expect(len(lines) <= 2 and max(map(width, lines)) <= 42, case, "too large", cue.content)
            expect((cue.end - cue.start).total_seconds() <= 7.001, case, "too long", cue.content)
    dialogue = pathlib.Path(f"{base}.karaoke.ass").read_text(encoding="utf-8")
    for line in re.findall(r"^Dialogue: (.*)$", dialogue, re.M):
        fields = line.split(",", 9)
        clock = lambda t: round(functools.reduce(lambda a, b: a * 60 + b, map(float, t.split(":"))) * 100)
        total = sum(map(int, re.findall(r"\{\\kf?(\d+)\}", fields[9])))
        expect(clock(fields[1]) + total <= clock(fields[2]), case, "karaoke runs over", line)


def check_libass(case, base, words):
    """libass shows ink while a cue is on, none while none is."""
    rate, seconds = 10, math.ceil(words[-1][2]) + 1
    path = str(pathlib.Path(f"{base}.words.ass").resolve())
    out = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"color=black:s=160x90:r={rate}:d={seconds}",
         "-vf", f"ass={path}", "-f", "rawvideo", "-pix_fmt", "gray", "-"], capture_output=True)
    expect(out.returncode == 0, case, "libass", out.stderr)
    cues = expected(words, "0.01")
    for frame in range(len(out.stdout) // (160 * 90)):
        at = frame * 100 // rate
        # Frames on the edge of a cue may fall on either side.
        if any(abs(at - edge) <= 1 for cue in cues for edge in cue[:2]):
            continue
        pixels = out.stdout[frame * 160 * 90:(frame + 1) * 160 * 90]
        on = any(start <= at < end for start, end, _ in cues)
        expect((max(pixels) > 40) == on, case, "libass ink", at, on)


PAGE = """<!doctype html><meta charset=utf-8><body><script>
(async () => {
  const all = {};
  for (const name of NAMES) {
    const video = document.createElement('video'), track = document.createElement('track');
    track.src = name; track.kind = 'subtitles'; video.append(track); document.body.append(video);
    track.track.mode = 'hidden';
    all[name] = await new Promise(done => {
      track.onerror = () => done(null);
      track.onload = () => done([...track.track.cues].map(cue => {
        const nodes = cue.getCueAsHTML(), stamps = [];
        const walk = document.createTreeWalker(nodes, NodeFilter.SHOW_PROCESSING_INSTRUCTION);
        while (walk.nextNode()) stamps.push(walk.currentNode.data);
        return [cue.startTime, cue.endTime, nodes.textContent, stamps];
      }));
    });
  }
  const out = document.createElement('pre');
  out.id = 'out'; out.textContent = JSON.stringify(all).replace(/[<>&\\u007f-\\uffff]/g,
      c => '\\\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
  document.body.replaceChildren(out);
})();
</script>"""


def check_chromium(files):
    names = [f"{case}.{kind}.vtt" for case in GOOD for kind in ("words", "cues", "karaoke")]
    (files / "page.html").write_text(PAGE.replace("NAMES", json.dumps(names)), encoding="utf-8")
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *a: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(files)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        out = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={profile}", "--virtual-time-budget=60000", "--dump-dom",
             f"http://127.0.0.1:{server.server_port}/page.html"],
            capture_output=True, text=True, timeout=300)
    server.shutdown()
    found = re.search(r'<pre id="out">(.*?)</pre>', out.stdout, re.S)
    expect(found, "chromium gave nothing", out.stderr[-300:])
    for name, cues in json.loads(found[1] if found else "{}").items():
        case, kind, _ = name.split(".")
        words = GOOD[case]
        if not words:
            continue
        expect(cues is not None, "chromium refused", name)
        plain = [(round(s * 1000), round(e * 1000), t) for s, e, t, _ in cues or []]
        if kind == "words":
            compare(case, "chromium", plain, expected(words, "0.001"))
        else:
            text = "".join(squash(word) for word, _, _ in words)
            expect(squash("".join(t for _, _, t in plain)) == text, case, "chromium", kind, "lost text")
        if kind == "karaoke" and case == "plain":
            expect(sum(len(stamps) for *_, stamps in cues) > len(words) / 2, case, "stamps")


def make(folder):
    (folder / "in").mkdir()
    cases = dict(GOOD, **{name: words for name, (words, _) in BAD.items()})
    for name, words in cases.items():
        entries = [{"word": w, "start": s, "end": e} for w, s, e in words]
        (folder / "in" / f"{name}.json").write_text(json.dumps({"name": name, "words": entries}))


def check(folder):
    files = folder / "files"
    for case, words in GOOD.items():
        base = files / case
        expect(not (files / f"{case}.err").exists(), case, "was refused")
        check_srt(case, files / f"{case}.words.srt", words)
        check_vtt(case, files / f"{case}.words.vtt", words)
        check_ass(case, files / f"{case}.words.ass", words)
        check_tables(case, base, words)
        check_cues(case, base, words)
        if case in ("plain", "cjk", "short"):
            check_libass(case, base, words)
    check_chromium(files)
    for case, (_, index) in BAD.items():
        path = files / f"{case}.err"
        said = path.read_text() if path.exists() else ""
        expect(re.match(rf"word {index}: .*\n\Z", said), case, "said", said)
        expect(not list(files.glob(f"{case}.*.*")), case, "wrote files")
    print(f"{passed} checks passed, {len(failures)} failed")
    for failure in failures[:40]:
        print("FAILED", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    sys.exit(make(folder) if mode == "make" else check(folder))
