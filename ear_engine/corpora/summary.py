"""What a corpus holds, counted: by source, license and author; and whom to thank."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ear_engine.corpora.corpus import Corpus, Recording
from ear_engine.corpora.manifest import known_licenses, split_terms

UNKNOWN = "not stated"


@dataclass(frozen=True)
class Count:
    """Recordings that share a label."""

    name: str
    recordings: int
    hours: float


def counted(corpus: Corpus, label: str) -> tuple[Count, ...]:
    """Recordings and hours for each value of a label, the longest first; recordings without it are ``not stated``."""
    return _counted(corpus, corpus.recordings, lambda recording: recording.labels.get(label) or UNKNOWN)


def _counted(corpus: Corpus, recordings: Iterable[Recording], key: Callable[[Recording], str]) -> tuple[Count, ...]:
    found: dict[str, list[Recording]] = {}
    for recording in recordings:
        found.setdefault(key(recording), []).append(recording)
    rows = [
        Count(name, len(group), sum(r.length for r in group) / corpus.sample_rate / 3600)
        for name, group in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.hours, row.name)))


def attributions(corpus: Corpus) -> str:
    """A Markdown list of whom to thank for which recordings under which license, for model cards.

    License texts that ask to be kept with the work are quoted in full.
    """
    licenses = known_licenses()
    groups: dict[tuple[str, ...], list[Recording]] = {}
    for recording in corpus.recordings:
        labels = recording.labels
        key = tuple(labels.get(label, "") for label in ("source", "homepage", "author", "license", "copyright"))
        groups.setdefault(key, []).append(recording)
    lines = [
        f"Thanks to everyone named here; none of them endorses this. Recordings of the corpus `{corpus.name}`, "
        f"changed to mono, 16 bit and {corpus.sample_rate} Hz:",
        "",
    ]
    for (source, homepage, author, terms, notice), recordings in sorted(groups.items()):
        hours = sum(r.length for r in recordings) / corpus.sample_rate / 3600
        where = f"[{_plain(source)}]({homepage})" if homepage else _plain(source or UNKNOWN)
        under = " and ".join(
            f"[{name}]({licenses[name].url})" if name in licenses else _plain(name)
            for name in split_terms(terms) or (UNKNOWN,)
        )
        names = _named([recording.name for recording in recordings])
        said = f" {_plain(notice)}." if notice else ""
        lines.append(f"- **{where}** by {_plain(author or UNKNOWN)}, {under}.{said} {hours:.2f} h: {names}.")
    used = {name for key in groups for name in split_terms(key[3])}
    for name, license in licenses.items():
        if name in used and "\n" in license.text:
            lines += ["", f"{name}:", "", *(f"> {line}".rstrip() for line in license.text.splitlines())]
    return "\n".join(lines) + "\n"


_MOST = 60  # names in a row


def _named(names: list[str]) -> str:
    """Names, without the folder that all share; of very many, how many."""
    folder = names[0].rpartition("/")[0]
    while folder and not all(name.startswith(f"{folder}/") for name in names):
        folder = folder.rpartition("/")[0]
    short = [name[len(folder) + 1 :] if folder else name for name in names]
    if len(short) > _MOST:
        return f"{len(short)} recordings, {_plain(short[0])} to {_plain(short[-1])}"
    return ", ".join(_plain(name) for name in short)


def _plain(text: str) -> str:
    """A text that Markdown takes as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*[]<>" else letter for letter in text)
