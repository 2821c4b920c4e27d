"""What the steps of a dream are taken in: samples, Fourier or constant-Q coefficients, or phases."""
