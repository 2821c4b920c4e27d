"""What a loop has to pay for: one penalty a module."""
