"""Frame to flowers: cameras, calibration, the detector and the map of flowers in row coordinates."""

import os

# Unless it is told not to before it is loaded, onnxruntime reports its use over the network.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
