"""Evaluation: what can be read from an ear, against features made by hand, an untrained ear and a supervised one."""
