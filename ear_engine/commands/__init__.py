"""What the commands of ``ear-engine`` do, one module each; imported only when called."""
