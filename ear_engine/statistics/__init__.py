"""What each neuron of an ear does, measured on a corpus: gathering, and names for what was found."""
