"""The machine's document, its certificates and maintenance access as operations."""

from app.machine.operations import (
    applying,
    certificates,
    checking,
    disks,
    happenings,
    identity,
    keyboard,
    maintenance,
    outgoing,
    power,
    reading,
    recordings,
    seed,
    sign_in,
    traffic,
    volume,
)

__all__ = [
    "applying",
    "certificates",
    "checking",
    "disks",
    "happenings",
    "identity",
    "keyboard",
    "maintenance",
    "outgoing",
    "power",
    "reading",
    "recordings",
    "seed",
    "sign_in",
    "traffic",
    "volume",
]
