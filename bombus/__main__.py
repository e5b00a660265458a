"""`python -m bombus` is the same as `bombus`."""

from bombus.cli import main

main()
