"""Measures at the bench what the machine file must say: the lag of each valve."""
