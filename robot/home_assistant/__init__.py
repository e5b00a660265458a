"""Tells Home Assistant over MQTT how the robot stands."""
