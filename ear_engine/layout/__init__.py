"""The map: a force layout of every neuron of a network."""
