"""Words that break careless writers, and times that have to be refused."""

NASTY = [
    "a-->b", "-->", "<b>&amp;", "{\\an8}", "C:\\Network", "\\N", 'say "hi", ok', "a,b;c",
    "=cmd|'/c calc'!A0", "'quoted", "👩‍👩‍👧‍👦", "e\u0301", "שלום", "مرحبا", "你好，世界。",
    "two\nlines", "cr\r\nlf", "nul\0byte", "tab\there", "u\u2028v", "42", "NOTE", "WEBVTT", "[x]",
    "<00:00:01.000>", "{unclosed", "closed}", "trailing\\", "1\n\n00:00:09,000 --> 00:00:10,000",
    "Dialogue: 0,0:00:00.00", "&", "<", ">", "]]>",
]


def spaced(words, start=0.25, length=0.4, gap=0.1):
    out = []
    for word in words:
        out.append((word, round(start, 6), round(start + length, 6)))
        start += length + gap
    return out


TEXT = (
    "The quick brown fox jumps over the lazy dog, and then it runs away into the forest. "
    "Nobody knows why it did that! Some say the dog was never asleep, but others think that "
    "it had been dreaming of a very long and winding road through the hills, where nothing "
    "ever happens and nobody ever comes. Then came the rain."
).split()

GOOD = {
    "plain": spaced(TEXT, 0.0, 0.21, 0.07),
    "nasty": spaced(NASTY),
    "mild": spaced([w for w in NASTY if "\\" not in w and "00:" not in w]),
    "blank": spaced(["", "a", " ", "\n", "b", "\0", "c"]),
    "exact": [(f"w{i}", i / 1000, (i + 1) / 1000) for i in range(2295, 2305)],
    "carry": [("a", 59.9994, 59.9996), ("b", 59.9996, 60.5), ("c", 3599.9996, 3600.25)],
    "long": [("late", 360000.5, 360001.25), ("later", 3600000.125, 3600001.0)],
    "short": [("z0", 1.0, 1.0), ("a", 1.0, 1.5), ("z1", 1.5, 1.5), ("z2", 1.5, 1.5), ("b", 1.5, 2.0),
              ("t1", 2.0001, 2.0002), ("t2", 2.0002, 2.0003), ("z3", 2.5, 2.5)],
    "cjk": spaced(list("今天天气很好，我们去公园散步。明天也许会下雨，所以请带上雨伞。"), 0.0, 0.22, 0.0),
    "one": [("only", 0.0, 0.5)],
    "empty": [],
}

BAD = {
    "nan": ([("a", 0.0, 0.5), ("b", float("nan"), 1.0)], 1),
    "inf": ([("a", 0.0, float("inf"))], 0),
    "negative": ([("a", -0.5, 0.5)], 0),
    "reversed": ([("a", 0.0, 0.5), ("b", 1.0, 0.75)], 1),
    "overlap": ([("a", 0.0, 0.5), ("b", 0.4, 0.75)], 1),
    "disorder": ([("a", 1.0, 1.5), ("b", 2.0, 2.5), ("c", 0.5, 0.75)], 2),
    "missing": ([("a", 0.0, 0.5), ("b", None, 1.0)], 1),
    "huge": ([("a", 0.0, 1e300)], 0),
}
