"""How gradients over time become a direction."""
