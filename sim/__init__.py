"""The simulated greenhouse: plants, cart, air and cameras; it fakes everything outside the robot."""
