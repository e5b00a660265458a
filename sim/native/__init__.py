"""The simulator's inner loops in C: plants, leaves and the machine's milliseconds."""
