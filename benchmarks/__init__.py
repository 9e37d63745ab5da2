"""Side-by-side measurements: every figure as a ratio of runs on the same broker, data and machine, taken in turns."""
