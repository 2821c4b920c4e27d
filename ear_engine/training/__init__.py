"""Training an ear on music without labels: corpus, procedural music, trainer, probes."""
