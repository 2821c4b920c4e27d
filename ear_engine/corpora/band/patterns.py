"""Rhythms by name: grooves of drums, patterns of percussion, and what basses and accompaniments play in a bar.

A pattern is one bar of sixteenths, so 16 marks for 4/4 and 12 for 3/4 or 6/8. Shorter and longer meters take the 4/4
pattern, cut off or begun again.
"""

from __future__ import annotations

GROOVES = """
rock 4        k x.....x.x....... s ....x.......x... h x.x.x.x.x.x.x.x.
rock 4        k x.x.....x.x..... s ....x.......x... h x.o.x.o.x.o.x.o.
rock 4        k x......xx.x..... s ....x.......x... r x...x...x...x...
rock 6        k x........... s ......x..... h x.o.o.x.o.o.
rock 6        k x...x.......  s ......x..... r x.x.x.x.x.x.
rock 3        k x.......x... s ....x...x... h x.x.x.x.x.x.
rock_half 4   k x.........x..... s ........x....... h x.x.x.x.x.x.x.x.
rock_half 4   k x..x......x...x. s ........x....... r x...x...x...x...
rock_half 6   k x........x.. s ......x..... h x.o.o.x.o.o.
rock_busy 4   k x.xx..x.x.xx..x. s ....x..o.o..x..o h x.x.x.x.x.x.x.x.
rock_busy 4   k x..x..x.x..x..x. s ....x.......x.xx b x.x.x.x.x.x.x.x.
rock_busy 6   k x..x..x..x.x s ......x....o r x.x.x.x.x.x.
pop 4         k x.......x....... s ....x.......x... h x.o.x.o.x.o.x.o.
pop 4         k x.....x...x..... s ....x.......x... h xoxoxoxoxoxoxoxo
pop 4         k x..x..x...x..... m ....x.......x... h x.o.x.o.x.o.x.o. S x.x.x.x.x.x.x.x.
disco 4       k x...x...x...x... s ....x.......x... h x.o.x.o.x.o.x.o. o ..x...x...x...x.
disco 4       k x...x...x...x... l ....x.......x... h xoxxxoxxxoxxxoxx o ..x...x...x...x.
electro 4     k x.....x...x..... s ....x.......x... h x.x.x.x.x.x.x.xx C ..x..x....x.....
electro 4     k x..x..x...x...x. l ....x.......x..x h xxoxxxoxxxoxxxox o ......x.........
metal 4       k xxxxxxxxxxxxxxxx s ....x.......x... r x...x...x...x...
metal 4       k x.xxx.xxx.xxx.xx s ....x.......x... c x.......x.......
metal 4       k x.x.x.x.x.x.x.x. s ..x...x...x...x. r x.x.x.x.x.x.x.x.
metal 6       k x.xx.xx.xx.x s ......x..... c x.....x.....
metal 3       k x.xxx.xxx.xx s ....x...x... r x...x...x...
metal_half 4  k x..x.x.xx..x.x.. s ........x....... c x...x...x...x...
metal_half 6  k x.....x..x.. s .........x.. r x..x..x..x..
swing 4       r x...x.x.x...x.x. p ....x.......x... k o...o...o...o... s ..........o.....
swing 4       r x...x.x.x...x.x. p ....x.......x... k ......o......... s ......o.......o.
swing 4       r x...x.x.x...x.x. p ....x.......x... s ..o.......o...o. k ..............o.
swing_brush 4 s o...x.o.o...x.o. p ....x.......x... k o.......o.......
swing_busy 4  r x...x.x.x...x.x. p ....x.......x... k o...o...o...o... s ..x...x...o...x. c x...............
jazz_waltz 3  r x...x.x.x.x. p ....x....... k x........... s ......o...o.
jazz_waltz 3  r x...x...x.x. p ....x...x... k x.....o..... s ..........o.
shuffle 4     k x.......x.......  s ....x.......x... h x.x.x.x.x.x.x.x.
shuffle 4     k x.....x.x.......  s ....x.o.....x.o. r x.x.x.x.x.x.x.x.
shuffle 6     k x........x.. s ......x..... h x.x.x.x.x.x.
funk 4        k x.x....x..x..... s ....x..o.o..x..o h x.x.x.x.x.x.x.x.
funk 4        k x..x......x..x.. s ....x..o.o.ox..o h xoxoxoxoxoxoxoxo o ..............x.
funk 4        k x.....x..x....x. s ....x.o..o..x... h x.o.x.oxx.o.x.o. o ......x.........
bossa 4       k x..ox..ox..ox..o m x..x..x...x..x.. h xoxoxoxoxoxoxoxo
bossa 4       k x..ox..ox..ox..o m ..x..x....x..x.. S xoxoxoxoxoxoxoxo
salsa 4       C x.x.x.x.x.x.x.x. k ......x.......x. m x..x..x...x.x... u ..............xx
salsa 4       b x.xxx.xxx.xxx.xx k ......x.....x... m ..x.x...x..x..x.
waltz 3       k x........... s ....o...o... G x...........
waltz 3       k x........... h ....x...x... c x...........
folk 4        k x.......x....... T ....x.......x... S x.x.x.x.x.x.x.x.
folk 3        k x........... T ....x...x...
folk 6        k x.....x..... T ..o..x..o..x y ......o....o
brushes 4     s ooxoooxoooxoooxo k x.......x.......
brushes 3     s o.o.x.o.x.o. k x...........
train 4       s oxooxooxoxooxoox k x...x...x...x... h ....x.......x...
march 4       s x.xxx.x.x.xxxxxx k x...x...x...x... c x...............
march 4       s x.oox.o.x.oox.xx k x.......x.......
march 6       s x..xxxx..x.x k x.....x..... c x...........
reggae 4      k ........x....... m ........x....... h ..x.x.x...x.x.x.
reggae 4      k x...x...x...x... s ........x....... h x.o.x.o.x.o.x.o.
ska 4         k x...x...x...x... s ....x.......x... h ..x...x...x...x.
hip_hop 4     k x.....x...x..x.. s ....x.......x... h x.x.x.x.x.x.x.xx
hip_hop 4     k x..x.......x.x.. s ....x.......x..o h xoxoxoxoxoxoxoxo
hip_hop 4     k x.......x.x..... s ....x.......x... h x.oxx.o.x.oxx.ox o ......x.........
timpani 4     T x............... z x.........x.x.xx
timpani 3     z x.......x.x.
timpani 6     z x.....x..xxx
cinematic 4   k x.....x.....x... t x..x..x.x..x.xx.
cinematic 4   k x.......o....... z ..x...x...x.x.x.
cinematic 3   k x.....x..... z x..x..x.x.x.
cinematic 6   k x.....o..... t x.xx.xx.xx.x
congas 4      q ............xx.. w ....x.........x. e x..x..x.x..x..x.
congas 6      w x....x...... q ..x...x..xx.
clave 4       v x..x..x...x.x...
clave 4       v ..x.x...x..x..x.
clave 6       v x.x.xx.x.x.x
shaker 4      S xoxoxoxoxoxoxoxo
shaker 4      M x.o.x.o.x.o.x.o.
shaker 6      S xooxooxooxoo
shaker 3      S x.oox.oox.oo
tambourine 4  T ....x.......x...
tambourine 4  T xoxoxoxoxoxoxoxo
tambourine 6  T x.....x.....
timbales 4    u x.xx.x.xx.x.xx.x
timbales 6    a x..x.x.x..x.
"""
"""Name, meter (4, 3 or 6: 4/4, 3/4 or 6/8), then instruments and their marks: ``x`` loud, ``o`` soft, ``.`` none."""

DRUMS = {
    "k": 36, "s": 38, "m": 37, "l": 39, "h": 42, "p": 44, "o": 46, "r": 51, "b": 53, "c": 49, "t": 45, "y": 41, "z": 43,
    "T": 54, "C": 56, "S": 82, "M": 70, "q": 64, "w": 63, "e": 62, "v": 75, "a": 67, "u": 65, "G": 81,
}  # fmt: skip
"""General MIDI keys of the drum channel, by the letters of grooves."""

COMPS = """
block        hold  4 C...............            3 C...........             6 C...........
block        hold  4 C.......c.......            3 C.......c...             6 C.....c.....
beats        short 4 C...c...c...c...            3 C...c...c...             6 C.....c.....
eighths      short 4 C.c.c.c.C.c.c.c.            3 C.c.c.c.c.c.             6 C.c.c.C.c.c.
pulse        short 4 CcccCcccCcccCccc,C.c.C.c.C.c.C.c. 3 C.c.c.c.c.c.       6 C.c.c.C.c.c.
skank        short 4 ....C.......C...,..C...C...C...C. 3 ....C...C...       6 ....C.....C.
offbeats     short 4 ..C...C...C...C.            3 ..C...C...C.             6 ....C.....C.
afterbeat    short 4 ....C.......C...,..C...C...C...C. 3 ....C...c...       6 ....c.....c.
power        short 4 C.c.c.C.c.c.C.c.,C..C..C.C..C..C.,CcccCcccCcccCccc 3 C.c.C.c.c.c. 6 C.c.c.C.c.c.
gallop       short 4 C.ccC.ccC.ccC.cc            3 C.ccC.ccC.cc             6 C.cC.cC.cC.c
strum        ring  4 C...C.c...c.C.c.,C...c.cc..c.c.cc,C.c.C.ccC.c.C.cc 3 C...C.c.C.c. 6 C...c.C...c.
charleston   short 4 C.....c.........,......C.......c.,....C.....c.....  3 C.....c.....,....C.....c.   6 C.....c.....
freddie      short 4 c...C...c...C...            3 c...C...c...             6 C.....c.....
stabs        short 4 ......C.........,C.....C...C.....,..........C.C.C. 3 C.....c..... 6 C..c..c.....
bossa        short 4 C...c..c....c..c,C..c..C...c..c..   3 C..c..c..c..         6 C..c..c..c..
tango        short 4 C.....c.c...c...,C..c..c.C.......  3 C..c..c.....         6 C..c..c.....
funk         short 4 C..c..c.c..cc..c,..cC..cc..cC.cc.,c.cc.c.c..cc.c.. 3 C..c..cc.c.. 6 C.cc.cC.cc.c
bubble       short 4 ..c.cc....c.cc..            3 ..c.c.c.c...             6 ..c.c...c.c.
boogie_right short 4 C..c....C..c....,..C...C...C...C. 3 C..c..C.....        6 C...c.C...c.
montuno      short 4 4.C.C.4C.C.4C.C.,C..4C.4.C.C.4.C. 3 C.4C.4C.4.C.        6 C.4C.4C.4.C.
alberti      hold  4 1.3.2.3.1.3.2.3.,1323132313231323 3 1.3.2.3.2.3.        6 1.2.3.1.2.3.
arpeggio     ring  4 1.2.3.4.5.4.3.2.,1234543212345432,1.2.3.5.4.3.2.3. 3 1.2.3.4.3.2.,123454321234 6 1.2.3.4.3.2.
broken       ring  4 1.3.2.4.3.5.2.4.,1324352413243524,4.2.1.3.4.2.1.3. 3 1.3.2.4.3.2.,132435243524 6 1.3.5.2.4.3.
nocturne     ring  4 b.2.4.5.4.2.4.2.,b.3.5.4.3.5.4.3. 3 b.2.4.5.4.2.      6 b.2.4.5.4.2.
stride       short 4 B...C...f...C...            3 B...C...C...             6 B...C.f...C.
boom_chick   short 4 b...C...f...C...,b.C.c.C.f.C.c.C. 3 b...C...c...       6 b...C.f...C.
travis       ring  4 b.3.2.4.f.3.2.4.,b.4.f.3.b.4.f.2.,b..4f.3.b..4f.3. 3 b.3.4.5.4.3. 6 b.3.4.f.3.4.
"""
"""Name, how long notes last, then patterns by meter.

Marks: ``C`` and ``c`` a chord, loud or soft; ``1`` to ``5`` its notes from the lowest on, ``b`` its root below, ``B``
that in octaves, ``f`` the fifth below. ``hold``: to the next mark; ``ring``: to the chord's end; ``short``: detached.
"""

BASSES = """
roots        4 R...............,R...........r...  3 R...........            6 R...........
pulse        4 R...r...r...r...                   3 R...r...r...            6 R.....r.....
root_fifth   4 R.......f.......,R.....r.f.....f.  3 R.......f...            6 R.....f.....
two          4 R.......f.......,R.......f.....a.  3 R...........,R.......a... 6 R.....f.....
eighths      4 R.r.r.r.R.r.r.r.,R.r.r.r.R.r.r.a.  3 R.r.r.r.r.r.            6 R.r.r.R.r.r.
gallop       4 R.rrR.rrR.rrR.rr                   3 R.rrR.rrR.rr            6 R.rR.rR.rR.r
walking      4 R...w...w...a...,R...w...w.w.a... 3 R...w...a...            6 R...w.w...a.
octaves      4 R.o.R.o.R.o.R.o.,R.o.r.o.R.o.f.o. 3 R.o.r.o.r.o.            6 R..o..R..o..
oompah       4 R.......f.......,R.......f.....w. 3 R...........            6 R.....f.....
bossa        4 R.....f.f.....r.                  3 R.....f.f...            6 R.....f.....
tumbao       4 ......f.....n...,R.....f.....n... 3 R.....f..n..            6 R..f.....n..
tango        4 R.....r.f...o...,R..r....f...r... 3 R..r..f.....            6 R..r..f.....
boogie       4 R...t...f...s...,R.r.t.t.f.f.s.s. 3 R...t...f...            6 R.t.f.s.f.t.
reggae       4 R..r..f...r.....,....R.t.f.......,R...r.t.f...t... 3 R..r..f..... 6 R..r..f.....
funk         4 R..r..o...o.s.f.,R.r....o..s.r..a,R...r.oo..r...s. 3 R..r..o.s... 6 R..o..r.o.s.
"""
"""Name, then patterns by meter.

Marks: ``R`` and ``r`` the chord's bass, ``f`` its fifth, ``t`` its third, ``s`` its seventh or sixth, ``o`` the octave,
``w`` a step on the way to the next chord, ``a`` the note before its bass, ``n`` its bass, ahead of time.
"""


def fit(pattern: str, steps: int) -> str:
    """The pattern, cut off or begun again, so that it has so many steps."""
    return (pattern * (steps // len(pattern) + 1))[:steps]


def grooves(name: str, meter: int) -> list[dict[int, str]]:
    """Grooves of a name: marks by General MIDI key; those of ``meter`` (4, 3 or 6), or of 4/4 where it has none."""
    found: dict[int, list[dict[int, str]]] = {}
    for line in GROOVES.strip().splitlines():
        title, written, *rest = line.split()
        if title == name:
            marks = {DRUMS[letter]: marks for letter, marks in zip(rest[::2], rest[1::2], strict=True)}
            found.setdefault(int(written), []).append(marks)
    return found.get(meter) or next(iter(found.values()))


def patterns(table: str, name: str, meter: int) -> tuple[str, list[str]]:
    """(How long notes last or an empty text, patterns) of a name in :data:`COMPS` or :data:`BASSES`, for a meter."""
    found, length = dict[int, list[str]](), ""
    for line in table.strip().splitlines():
        title, *rest = line.split()
        if title == name:
            if not rest[0].isdigit():
                length = rest.pop(0)
            for written, marks in zip(rest[::2], rest[1::2], strict=True):
                found.setdefault(int(written), []).extend(marks.split(","))
    return length, found[meter]
