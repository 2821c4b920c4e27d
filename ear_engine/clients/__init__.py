"""What ships for other programs (SuperCollider, Pd, Max and so on): which there are, and how they are installed."""
