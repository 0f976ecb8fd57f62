"""The command `tenshu`: thin entry points of app and appliance."""
