"""The dream: gradient steps on a loop of audio until a chosen region of the ear fires."""
