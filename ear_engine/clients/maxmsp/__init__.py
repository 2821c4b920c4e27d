"""Max patches: each module makes some, as objects of py2max; ``package`` puts them into files."""
