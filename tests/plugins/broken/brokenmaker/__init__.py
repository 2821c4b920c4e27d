raise RuntimeError("the clouds are missing")
