"""Frame to flowers: cameras, calibration, the detector and the map of flowers in row coordinates."""
