"""Parameters: what a row can say (``row.py``), all rows (``table.py``), and their values (``tree.py``)."""

from ear_engine.parameters.row import Parameter, Value
from ear_engine.parameters.tree import ParameterTree

__all__ = ["Parameter", "ParameterTree", "Value"]
