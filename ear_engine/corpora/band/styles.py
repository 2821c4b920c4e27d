"""What bands are drawn from: styles of music with their meters, harmonies and players, and the instruments by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """What one or more players of a style do.

    Attributes:
        kind: ``drums``, ``bass``, ``comp``, ``pad``, ``lead``, ``counter``, ``voices`` (four of them) or ``perc``.
        ways: of playing, to choose from: grooves, patterns or textures of that kind.
        instruments: names of :func:`programs`, to choose from; kits for drums.
        chance: probability 0..1 that a band has it.
    """

    kind: str
    ways: tuple[str, ...]
    instruments: tuple[str, ...]
    chance: float


@dataclass(frozen=True)
class Style:
    """What bands of one style have in common.

    Attributes:
        name: of the style.
        weight: how often it is drawn, in proportion.
        tempo: lowest and highest, in beats a minute.
        meters: to choose from (``6/8`` has two beats).
        swing: least and most, 0 straight .. 1 triplets.
        harmony: families of chord progressions.
        scales: to choose from.
        rich: least and most notes in a chord.
        forms: families of forms.
        roles: who plays.
    """

    name: str
    weight: float
    tempo: tuple[float, float]
    meters: tuple[str, ...]
    swing: tuple[float, float]
    harmony: tuple[str, ...]
    scales: tuple[str, ...]
    rich: tuple[int, int]
    forms: tuple[str, ...]
    roles: tuple[Role, ...]


STYLES = """
piano_solo   6  55 140 4/4,4/4,3/4,6/8,2/4 0 0     functional,loop   major,minor,harmonic_minor,dorian 3 4 song,classical
    comp    alberti,nocturne,stride,arpeggio,block,broken  piano,piano,upright,epiano,harpsichord 1
    lead    melody,chords,octaves              same 1
etude        2  80 170 4/4,3/4,6/8 0 0             functional        major,minor,harmonic_minor        3 3 classical
    comp    broken,arpeggio,alberti            piano,harpsichord,nylon,marimba,harp 1
    lead    running                            same .6
quartet      4  58 150 4/4,3/4,6/8,2/4 0 0         functional        major,minor,harmonic_minor        3 4 classical
    voices  hymn,pulse,figured                 quartet,quartet,strings4,pizz4 1
    lead    melody,running                     violin,violin,viola,cello .8
orchestra    5  58 150 4/4,4/4,3/4,6/8 0 0         functional,loop   major,minor,harmonic_minor,dorian 3 4 classical,build
    pad     swell,tremolo,block                strings,strings,slow_strings,choir,brass 1
    bass    roots,root_fifth,eighths           contrabass,contrabass,cello,tuba,pizz .9
    lead    melody,octaves                     flute,oboe,clarinet,horn,trumpet,violin,strings,english_horn,cello,piccolo 1
    counter thirds,guide,echo                  clarinet,bassoon,horn,viola,cello,flute,oboe .7
    comp    arpeggio,beats,afterbeat,broken    harp,pizz,celesta,glock,strings,tremolo_strings .5
    drums   timpani,cinematic                  orchestra .4
chorale      3  55 110 4/4,4/4,3/4 0 0             functional        major,minor,harmonic_minor,dorian 3 4 classical
    voices  hymn,hymn,figured                  choir,choir,church,brass4,winds4,quartet,recorders,saxes,reed 1
rock         6  85 175 4/4,4/4,4/4,6/8 0 .1        loop,loop,vamp    major,minor,mixolydian,dorian,minor 3 3 song
    drums   rock,rock_half,rock_busy           standard,room,power 1
    bass    eighths,roots,riff                 finger,pick,pick,fretless 1
    comp    power,strum,eighths                overdrive,distortion,clean,distortion 1
    comp    strum,block,arpeggio,broken        clean,steel,organ,piano,muted .6
    lead    melody,riff,octaves                distortion,overdrive,organ,clean,voice,strings .75
    pad     swell                              strings,organ,choir .25
metal        2  95 180 4/4,4/4,6/8,3/4 0 0         vamp,loop         minor,phrygian,harmonic_minor     3 3 song,build
    drums   metal,metal_half,rock_busy         power,room 1
    bass    eighths,riff,gallop                pick,finger 1
    comp    power,gallop                       distortion 1
    lead    running,melody,riff                distortion,overdrive,strings,church .6
pop          5  70 130 4/4 0 .2                    loop              major,major,minor,mixolydian      3 4 song
    drums   pop,rock,disco                     standard,room,electronic .9
    bass    root_fifth,eighths,riff,roots      finger,synth_bass,fretless .95
    comp    strum,block,beats,arpeggio         steel,piano,epiano,clean,nylon 1
    pad     swell                              strings,warm_pad,synth_strings,choir .5
    lead    melody,octaves                     voice,flute,alto_sax,clean,piano,synth_lead,harmonica 1
    counter guide,thirds                       strings,choir,clean,epiano .3
jazz         6  75 180 4/4 .6 1                    jazz,jazz,blues   major,minor,dorian                4 5 jazz
    drums   swing,swing_brush,swing            jazz,brush,standard,jazz 1
    bass    walking,walking,two                acoustic_bass,acoustic_bass,fretless 1
    comp    charleston,charleston,block,freddie piano,piano,jazz_guitar,vibes,organ,epiano 1
    lead    bebop,melody                       tenor_sax,alto_sax,muted_trumpet,trumpet,vibes,piano,jazz_guitar,clarinet,flute,trombone 1
big_band     3  95 180 4/4 .7 1                    jazz,blues        major,minor,dorian                4 5 jazz,song
    drums   swing,swing_busy                   jazz,room,standard 1
    bass    walking,two                        acoustic_bass 1
    comp    stabs,charleston                   brass,brass,saxes_one,trombone 1
    comp    freddie                            jazz_guitar,piano .6
    lead    octaves,melody,bebop               trumpet,brass,tenor_sax,clarinet,trombone 1
    counter thirds                             alto_sax,tenor_sax,trombone .7
jazz_waltz   2  90 170 3/4 .4 1                    jazz              major,minor,dorian                4 5 jazz
    drums   jazz_waltz                         jazz,brush .9
    bass    walking,two                        acoustic_bass 1
    comp    charleston,block                   piano,jazz_guitar,vibes,epiano 1
    lead    bebop,melody                       flute,soprano_sax,piano,vibes,muted_trumpet,jazz_guitar,violin 1
blues        3  60 150 4/4,4/4,6/8 .5 1            blues             mixolydian                        4 4 jazz,song
    drums   shuffle                            standard,room,brush .9
    bass    boogie,walking,riff                finger,acoustic_bass,pick 1
    comp    boogie_right,beats,charleston      piano,organ,clean,overdrive,upright 1
    lead    bebop,riff,melody                  harmonica,overdrive,tenor_sax,clean,jazz_guitar,organ 1
funk         4  88 125 4/4 0 .35                   vamp,vamp,loop    dorian,mixolydian,minor           4 5 build,song
    drums   funk,funk,disco                    standard,room,power 1
    bass    funk,riff,octaves                  finger,slap,slap,synth_bass 1
    comp    funk,skank                         clavinet,clean,muted,epiano 1
    comp    stabs,block                        brass,organ,epiano,synth_brass .6
    lead    riff,melody,bebop                  alto_sax,trumpet,synth_lead,organ,tenor_sax .6
    perc    congas,tambourine                  standard .4
disco        2 105 130 4/4 0 .15                   loop,vamp         minor,dorian,major                3 5 build,song
    drums   disco                              standard,electronic,room 1
    bass    octaves,riff                       finger,synth_bass 1
    comp    funk,skank,beats                   clean,epiano,piano 1
    pad     swell,block                        strings,synth_strings 1
    lead    riff,melody,octaves                strings,brass,synth_lead,flute .8
    perc    congas,tambourine,shaker           standard .5
bossa        4  95 150 4/4 0 .15                   jazz,loop         major,minor,dorian                4 5 jazz,song
    drums   bossa                              brush,standard,jazz .9
    bass    bossa                              acoustic_bass,fretless,finger 1
    comp    bossa                              nylon,nylon,piano,epiano 1
    lead    melody,bebop                       flute,nylon,piano,tenor_sax,vibes,clarinet,accordion,voice 1
    pad     swell                              strings,warm_pad .3
    perc    shaker                             standard .5
latin        4  80 115 4/4 0 .1                    vamp,loop,jazz    minor,major,dorian,harmonic_minor 3 4 build,song
    drums   salsa                              standard .8
    bass    tumbao                             acoustic_bass,finger 1
    comp    montuno                            piano,piano,vibes,marimba,nylon 1
    comp    stabs                              brass,brass .6
    lead    melody,riff,octaves                trumpet,flute,trombone,piano,brass,steel_drums .8
    perc    congas,clave,timbales              standard 1
tango        2  58 130 4/4,2/4 0 0                 functional        minor,harmonic_minor,major        3 4 classical,song
    bass    tango,root_fifth                   contrabass,acoustic_bass 1
    comp    beats,tango,afterbeat              piano,nylon,accordion,strings 1
    lead    melody,octaves                     accordion,violin,nylon,piano,clarinet 1
    counter guide,thirds                       strings,cello,accordion .5
waltz        4  75 180 3/4 0 .1                    functional        major,minor,harmonic_minor        3 4 classical,song
    bass    oompah                             contrabass,tuba,cello,acoustic_bass,pizz 1
    comp    afterbeat                          strings,piano,accordion,harp,horn,nylon 1
    lead    melody,octaves,running             violin,strings,clarinet,accordion,flute,trumpet,music_box,piano 1
    counter thirds,guide                       viola,clarinet,horn,cello .5
    drums   waltz                              orchestra,standard,brush .3
folk         5  70 150 4/4,2/4,3/4,4/4 0 .4        loop,functional   major,mixolydian,dorian,minor     3 3 song
    comp    travis,strum,boom_chick            steel,nylon,banjo,dulcimer,koto 1
    bass    root_fifth,roots                   acoustic_bass,finger .6
    lead    melody,running,octaves             fiddle,harmonica,flute,whistle,recorder,voice,accordion,ocarina,banjo 1
    counter thirds                             fiddle,accordion,voice,nylon .35
    drums   brushes,folk                       brush,standard .35
jig          4  85 130 6/8 0 .1                    loop,functional   major,dorian,mixolydian,minor     3 3 song
    lead    running,running,octaves            fiddle,whistle,flute,bagpipe,accordion,banjo,recorder 1
    comp    strum,boom_chick,block             steel,nylon,accordion,dulcimer,harp,piano .95
    bass    root_fifth,roots                   acoustic_bass,contrabass .5
    drums   folk                               standard,orchestra .5
country      2  85 170 4/4,2/4 0 .4                loop,functional   major,major,mixolydian            3 3 song
    drums   train,folk                         standard,brush 1
    bass    oompah,root_fifth                  finger,acoustic_bass 1
    comp    boom_chick,travis,strum            steel,clean,banjo,piano 1
    lead    melody,running                     fiddle,steel,harmonica,clean,voice,banjo 1
march        3  95 130 2/4,4/4,6/8 0 0             functional        major,major,minor                 3 4 classical,song
    drums   march                              orchestra,standard 1
    bass    oompah                             tuba,contrabass,trombone 1
    comp    afterbeat,beats                    horn,brass,clarinet,trombone 1
    lead    melody,octaves                     trumpet,clarinet,piccolo,brass,bagpipe,flute 1
    counter guide,thirds,echo                  trombone,horn,bari_sax,flute .7
reggae       3  65 95 4/4 0 .6                     loop,vamp         minor,major,dorian                3 4 song,build
    drums   reggae                             standard,room 1
    bass    reggae,riff                        finger,synth_bass 1
    comp    skank                              clean,organ,piano,muted 1
    comp    bubble                             organ .6
    lead    melody,riff                        trombone,harmonica,alto_sax,voice,organ,clean .8
ska          1 120 175 4/4 0 .3                    loop              major,minor                       3 3 song
    drums   ska                                standard 1
    bass    walking,eighths                    finger,acoustic_bass 1
    comp    offbeats                           clean,organ,piano 1
    lead    octaves,riff,melody                brass,trumpet,trombone,tenor_sax 1
minimal      5  70 150 4/4,3/4,6/8,5/4,4/4 0 0     vamp,loop         major,dorian,minor,mixolydian     3 5 build
    comp    cells,broken,arpeggio              marimba,piano,vibes,harp,xylophone,kalimba,celesta,epiano,nylon 1
    comp    cells,pulse                        marimba,piano,clarinet,pizz,vibes,strings,flute,organ 1
    comp    cells,block                        glock,flute,clarinet,voice,strings,alto_sax .7
    bass    roots,pulse,riff                   contrabass,bass_clarinet,synth_bass,fretless,piano .6
    pad     swell                              strings,choir,warm_pad,organ .5
film         4  55 120 4/4,4/4,3/4,6/8,5/4 0 0     loop,functional   minor,major,dorian,phrygian       3 5 build
    pad     swell,swell,tremolo                slow_strings,strings,choir,warm_pad,synth_strings,horn 1
    bass    roots                              contrabass,cello,synth_bass .8
    lead    melody,slow                        cello,horn,oboe,piano,violin,voice,flute,english_horn,music_box .9
    comp    cells,arpeggio,broken              piano,harp,celesta,strings,pizz,music_box .7
    counter guide                              horn,viola,choir,cello .4
    drums   cinematic,timpani                  orchestra,power .5
synth_pop    4  90 150 4/4 0 .1                    loop,vamp         minor,major,dorian                3 4 build,song
    drums   disco,electro,pop                  electronic,tr808,electronic 1
    bass    octaves,eighths,riff               synth_bass 1
    comp    arpeggio,broken,cells              synth_lead,epiano,synth_brass,clavinet 1
    pad     swell,block                        synth_strings,warm_pad,choir,synth_brass .8
    lead    melody,riff                        synth_lead,synth_lead,bells,voice .8
hip_hop      3  68 100 4/4 .1 .7                   vamp,jazz,loop    minor,dorian,phrygian             4 5 build
    drums   hip_hop                            room,tr808,standard,jazz 1
    bass    riff,roots                         synth_bass,acoustic_bass,finger 1
    comp    block,charleston,cells             epiano,piano,vibes,nylon,harp 1
    lead    riff,slow                          flute,muted_trumpet,strings,synth_lead,vibes,koto .6
    pad     swell                              strings,warm_pad,choir .4
mallets      2  80 150 4/4,3/4,6/8,5/4 0 0         vamp,loop         phrygian,dorian,major,minor       3 4 build
    comp    cells,broken                       vibes,marimba,xylophone,kalimba,bells,steel_drums,celesta,glock 1
    comp    cells                              marimba,vibes,bells,dulcimer,kalimba 1
    lead    slow,running                       bells,steel_drums,vibes,koto,shamisen,flute .7
    bass    roots,pulse                        marimba,contrabass,kalimba .6
    perc    congas,clave,shaker                standard .6
world        2  65 130 4/4,6/8,5/4,3/4 0 .2        vamp              phrygian,dorian,mixolydian,harmonic_minor 3 3 build
    comp    pulse,cells,strum                  sitar,koto,shamisen,kalimba,dulcimer,nylon,harp 1
    lead    running,melody,slow                sitar,pan_flute,shakuhachi,shanai,fiddle,koto,voice,bagpipe,oboe 1
    pad     drone                              strings,warm_pad,choir,reed,bagpipe .6
    perc    congas,clave,shaker,timbales       standard .9
drum_solo    3  70 175 4/4,4/4,3/4,6/8,5/4 0 .8    none              major                             3 3 build
    drums   rock,funk,salsa,swing,march,hip_hop,disco,metal,rock_busy,cinematic,reggae,train standard,room,power,electronic,tr808,jazz,brush,orchestra 1
    perc    congas,shaker,clave,tambourine,timbales standard .5
"""  # noqa: E501
"""Each style: name, weight, tempi, meters, swing, harmonies, scales, sizes of chords, forms; then a role a line."""

PROGRAMS = """
piano 0 0 0 1 | upright 3 | epiano 4 5 | harpsichord 6 | clavinet 7 | celesta 8 | glock 9 | music_box 10 | vibes 11
marimba 12 | xylophone 13 | bells 14 | dulcimer 15 | organ 16 17 18 | church 19 | reed 20 | accordion 21 23
harmonica 22 | nylon 24 | steel 25 | jazz_guitar 26 | clean 27 | muted 28 | overdrive 29 | distortion 30
acoustic_bass 32 | finger 33 | pick 34 | fretless 35 | slap 36 37 | synth_bass 38 39 | violin 40 | viola 41 | cello 42
contrabass 43 | tremolo_strings 44 | pizz 45 | harp 46 | strings 48 48 49 | slow_strings 49 | synth_strings 50 51
choir 52 53 | voice 53 54 | trumpet 56 | trombone 57 | tuba 58 | muted_trumpet 59 | horn 60 | brass 61
synth_brass 62 63 | soprano_sax 64 | alto_sax 65 | saxes_one 65 66 | tenor_sax 66 | bari_sax 67 | oboe 68
english_horn 69 | bassoon 70 | clarinet 71 | bass_clarinet 71 70 | piccolo 72 | flute 73 | recorder 74 | pan_flute 75
shakuhachi 77 | whistle 78 | ocarina 79 | synth_lead 80 81 82 84 87 | warm_pad 88 89 90 91 92 94 95 | sitar 104
banjo 105 | shamisen 106 | koto 107 | kalimba 108 | bagpipe 109 | fiddle 110 | shanai 111 | steel_drums 114
standard 0 | room 8 | power 16 | electronic 24 | tr808 25 | jazz 32 | brush 40 | orchestra 48
"""
"""General MIDI programs, counted from 0, of each instrument; kits are the programs of the drum channel."""

ENSEMBLES: dict[str, tuple[str, str, str, str]] = {
    "quartet": ("violin", "violin", "viola", "cello"),
    "strings4": ("strings", "strings", "strings", "strings"),
    "pizz4": ("pizz", "pizz", "pizz", "pizz"),
    "choir": ("choir", "choir", "choir", "choir"),
    "church": ("church", "church", "church", "church"),
    "reed": ("reed", "reed", "reed", "reed"),
    "brass4": ("trumpet", "horn", "trombone", "tuba"),
    "winds4": ("flute", "oboe", "clarinet", "bassoon"),
    "recorders": ("recorder", "recorder", "english_horn", "bassoon"),
    "saxes": ("soprano_sax", "alto_sax", "tenor_sax", "bari_sax"),
}
"""Instruments of four voices, the highest first."""

CENTERS = {
    "cello": 52, "bassoon": 50, "trombone": 54, "bari_sax": 53, "tuba": 41, "horn": 59, "viola": 62, "tenor_sax": 60,
    "piccolo": 84, "glock": 84, "celesta": 79, "music_box": 80, "xylophone": 76, "flute": 76, "violin": 74,
    "whistle": 78, "recorder": 76, "english_horn": 64, "koto": 64, "banjo": 66, "distortion": 66, "overdrive": 67,
    "harpsichord": 72, "clarinet": 66, "bagpipe": 70, "contrabass": 38, "marimba": 64, "choir": 64, "organ": 68,
}  # fmt: skip
"""MIDI pitches about which instruments play melodies; 70 for others."""


def programs() -> dict[str, tuple[int, ...]]:
    """Programs of each instrument, as read from :data:`PROGRAMS`."""
    entries = (entry.split() for line in PROGRAMS.strip().splitlines() for entry in line.split("|"))
    return {name: tuple(map(int, numbers)) for name, *numbers in entries}


def styles() -> tuple[Style, ...]:
    """The styles, as read from :data:`STYLES`."""
    found, head, roles = list[Style](), list[str](), list[Role]()
    for line in (*STYLES.strip().splitlines(), "end"):
        words = line.split()
        if line.startswith(" "):
            roles.append(Role(words[0], tuple(words[1].split(",")), tuple(words[2].split(",")), float(words[3])))
            continue
        if head:
            name, weight, slow, fast, meters, least, most, harmony, scales, few, many, forms = head
            swing, rich = (float(least), float(most)), (int(few), int(many))
            tempo, split = (
                (float(slow), float(fast)),
                [tuple(text.split(",")) for text in (meters, harmony, scales, forms)],
            )
            found.append(
                Style(name, float(weight), tempo, split[0], swing, split[1], split[2], rich, split[3], tuple(roles))
            )
        head, roles = words, []
    return tuple(found)
