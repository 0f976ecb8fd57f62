"""A key server bound, what it outlives taken away, and the network that leads to it kept."""

import base64
import logging
import secrets
from typing import Final

from appliance.contract.volume.errors import KeeperFailed
from appliance.contract.volume.state import Keeper
from appliance.machine.versions import Versions
from appliance.place import Place
from appliance.records import now
from appliance.volume import carried, facts, judging, tang
from appliance.volume import head as heads
from appliance.volume.head import free_slot, token
from appliance.volume.keeping import ServerWish
from appliance.volume.programs import Volume
from appliance.volume.report import Report

LOG: Final = logging.getLogger("appliance.volume")
RANDOM_BYTES: Final = 48
TOO_LONG: Final = (
    "the network's settings are too long for the volume's head: while it starts, the machine asks "
    "for an address (DHCP) to reach the key server"
)


def bind(volume: Volume, by: bytes, server: ServerWish) -> None:
    """Give a new key to a server; what another one has stays until this one opened a start.

    Raise ProgramRefused or KeeperFailed.
    """
    key = base64.b64encode(secrets.token_bytes(RANDOM_BYTES)).decode()
    closed = tang.close(key, server.address, server.thumbprint, server.advertised)
    slot = free_slot(facts.head())
    volume.add(by, key.encode(), slot)
    if not volume.opens(key.encode()):
        raise KeeperFailed(said=f"what was put into the slot {slot} does not open it")
    known = {"address": server.address, "thumbprint": server.thumbprint}
    volume.write_token(token(heads.SERVER, slot, closed=closed, made=now(), **known))
    LOG.info("the key server %s keeps a key of the volume", server.address)


def remove_outlived(volume: Volume, by: bytes, report: Report) -> None:
    """Take away what older ones have. Raise ProgramRefused."""
    head = facts.head()
    for number in judging.outlived(head, report):
        for slot in head.tokens[str(number)].keyslots:
            volume.kill(by, int(slot))
        volume.remove_token(number)


def keep_network(volume: Volume, place: Place, chosen: Keeper) -> str:
    """Lay the way to the server into the head, or take it away; return what is not as it should be.

    Raise ProgramRefused.
    """
    head = facts.head()
    numbers, known = head.named(heads.NETWORK), head.network
    if not head.servers:
        for number in numbers:
            volume.remove_token(number)
        return ""
    packed, said = known.network if known else "", ""
    if place.machine_root and Versions(place.machine).armed() is None:
        try:
            packed = carried.pack(carried.gather(place.machine_root))
        except carried.TooLong:
            packed, said = "", TOO_LONG
    first = chosen is Keeper.server
    if known is None or (known.network, known.first) != (packed, first):
        volume.write_token(
            token(heads.NETWORK, network=packed, first=first), numbers[0] if numbers else None
        )
    return said
