"""The music that excites a neuron most: which it is, where it lies on this machine, how it is cut. No torch here."""
