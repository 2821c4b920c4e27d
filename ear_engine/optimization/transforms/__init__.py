"""What is done to the copies that the ear hears, to the gradient, and to the loop: one regularizer a module."""
