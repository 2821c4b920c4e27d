"""Commands that teach ears, and ask what they have learned."""

from __future__ import annotations

from ear_engine.arguments.parsers import Commands, Parser

_CORPUS = """\
examples:
  ear-engine corpus info                        all corpora, and what the built-in ones need
  ear-engine corpus build open                  a built-in one, from public packages
  ear-engine corpus build ~/music --name mine   your own; again after a change, only that is decoded
  ear-engine corpus attributions open           whom to thank, as Markdown

Ctrl-C loses nothing that was decoded; the same command goes on from there."""
_TRAIN = """\
examples:
  ear-engine train small --corpus ~/music --run runs/mine
  ear-engine train my.yaml --corpus ~/music --run runs/mine --device cuda --export mine
  ear-engine serve --ear mine

Ctrl-C saves; the same command goes on from there."""
_EVALUATE = """\
examples:
  ear-engine evaluate --quick
  ear-engine evaluate --ear small --ear ~/mine --probe tracks --probe tempo
  ear-engine evaluate --ear small --device cuda --out results

Features are kept: what was heard once is not heard again."""


def add(command: Commands) -> None:
    """Add these commands."""
    _add_corpus(command("corpus", "make music ready to learn from, and say what is in it", _CORPUS))
    _add_train(command("train", "teach an ear on a folder of music", _TRAIN))
    _add_ablate(command("ablate", "compare variants of a recipe, several seeds each, by what can be read from them"))
    _add_evaluate(command("evaluate", "measure what an ear has learned, against features made by hand", _EVALUATE))
    _add_statistics(command("statistics", "measure what every neuron of an ear does, and name what it answers to"))
    _add_directions(command("directions", "find directions in an ear that mean something in music, and name them"))


def _add_corpus(corpus: Parser) -> None:
    actions = corpus.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    build = actions.add_parser("build", help="decode a folder of music, or make a built-in corpus", allow_abbrev=False)
    build.add_argument("source", metavar="FOLDER|NAME", help="music in any format, or a built-in corpus")
    build.add_argument("--name", metavar="NAME", help="call it this (the folder's name)")
    build.add_argument("--workers", type=int, metavar="N", help="processes (one a core)")
    info = actions.add_parser("info", help="all corpora, or what is in one", allow_abbrev=False)
    info.add_argument("name", nargs="?", metavar="NAME|FOLDER", help="all if none is named")
    info.add_argument("--json", action="store_true", help="print JSON instead of tables")
    thanks = actions.add_parser("attributions", help="whom to thank, as Markdown", allow_abbrev=False)
    thanks.add_argument("name", metavar="NAME|FOLDER", help="a corpus that is built")


def _add_train(train: Parser) -> None:
    add = train.add_argument
    add("config", metavar="CONFIG", help="a recipe: a YAML file, or the name of one that ships (small)")
    add(
        "--corpus",
        required=True,
        action="append",
        metavar="NAME|FOLDER[=SHARE]",
        help="a corpus by name, or a folder of music; several may be given, each with its share of the batches",
    )
    run = "where the run is kept; an unfinished one there goes on (torchrun takes the longer name only)"
    add("--run", "--run-folder", required=True, metavar="FOLDER", help=run)
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes (auto)")
    add("--compile", action="store_true", help="compile the networks first: a minute that pays on a GPU")
    add("--steps", type=int, metavar="N", help="optimizer steps, instead of the recipe's")
    add("--export", metavar="NAME|DIR", help="save the ear at the end, by name or in a folder")


def _add_ablate(ablate: Parser) -> None:
    add = ablate.add_argument
    add("config", metavar="CONFIG", help="variants: a YAML file, or the name of one that ships (ablation)")
    add("--corpus", required=True, action="append", metavar="NAME|FOLDER[=SHARE]", help="music to learn from")
    add("--out", required=True, metavar="FOLDER", help="for the runs, the table and what is cached; finished runs stay")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes (auto)")
    add("--jobs", type=int, default=1, metavar="N", help="runs that train at the same time (1)")
    add("--workers", type=int, metavar="N", help="processes that classify (one a core)")
    add("--corpora", metavar="FOLDER", help="look for the corpora of the probes here first")


def _add_evaluate(evaluate: Parser) -> None:
    add = evaluate.add_argument
    add("--ear", action="append", default=[], metavar="NAME|PATH", help="which ear (small); may be repeated")
    add("--probe", action="append", default=[], metavar="NAME", help="only this probe; may be repeated")
    add("--corpora", metavar="FOLDER", help="look for stores of corpora here first, a folder of the corpus's name each")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what listens (auto)")
    add("--workers", type=int, metavar="N", help="processes that classify (all cores)")
    add("--supervised", type=int, metavar="N", help="folds in which a network learns from scratch (1 on a GPU, else 0)")
    add("--out", metavar="FOLDER", help="write tables, JSON and pictures there")
    add("--cache", metavar="FOLDER", help="where features are kept (the user's cache)")
    add("--seed", type=int, default=0, metavar="N", help="of splits, changes and untrained ears (0)")
    add("--quick", action="store_true", help="a fifth of the excerpts: a first look")
    add("--json", action="store_true", help="print JSON instead of Markdown")


def _add_statistics(statistics: Parser) -> None:
    add = statistics.add_argument
    add("--ear", default="small", metavar="NAME|PATH", help="which ear (small)")
    add("--corpus", required=True, metavar="NAME|FOLDER", help="music to listen to")
    add("--excerpts", type=int, default=240, metavar="N", help="how many, of 15 s each, spread over all of it (240)")
    add("--seed", type=int, default=0, metavar="N", help="that draws them (0)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="what computes (auto)")
    add("-o", "--output", metavar="FILE", help="where to; the ear's own folder, so that it is found, if not given")


def _add_directions(directions: Parser) -> None:
    add = directions.add_argument
    add("ear", metavar="NAME|PATH", help="which ear; it needs statistics")
    add("--corpus", action="append", default=[], metavar="NAME", help="labeled music (procedural_test and band_test)")
    add("--corpora", metavar="FOLDER", help="where corpora lie, if not in the usual place")
    add("--excerpts", type=int, default=1500, metavar="N", help="how many to listen to, about (1500)")
    add("--seed", type=int, default=0, metavar="N", help="of the folds (0)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="what computes (auto)")
    add("-o", "--output", metavar="FILE", help="where to; the ear's own folder, so that it is found, if not given")
