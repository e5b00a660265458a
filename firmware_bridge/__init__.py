"""Bytes to and from the microcontroller: the protocol, its C core, and the bridge of the control loop."""
