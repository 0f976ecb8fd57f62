"""The command `tenshu`: thin; everything it does is an operation or a job of the machine."""
