"""`python -m cli` is `tenshu`."""

from cli.main import main

main()
