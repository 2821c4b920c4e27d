"""What sounds: the planned signal, when each loop enters, the ring pyo reads, the recording, the audio process."""
