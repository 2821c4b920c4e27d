"""What was heard: loops with their targets and parents, kept, thrown, morphed and exported; no torch."""
