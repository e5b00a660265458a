"""What to treat today, in which order and by whom: house map, what is due, climate gate and planning."""
