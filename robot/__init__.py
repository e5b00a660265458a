"""The robot: frame to valve, one loop. `loop.py` is the place to start reading."""
