"""The volume's head: which slots hold a key, and whose. Pure.

A slot belongs to whom a token names: `tenshu` has the key of its slot in clear, as the initrd that
makes the volume writes it; without one it only says that the volume is whole. `tenshu-machine` is
the slot of the key that lies in the volume itself, `tenshu-passphrase` that of a person,
`tenshu-server` that of a key which a key server helps to open. `tenshu-network` has no slot: by it
the machine reaches that server before the volume is open. The others are systemd's.
"""

from typing import Final

import msgspec

WHOLE: Final = 0
"""Number of the token that the initrd looks for: a volume without it was cut, and is made anew."""
MARK: Final = "tenshu"
MACHINE: Final = "tenshu-machine"
PASSPHRASE: Final = "tenshu-passphrase"  # noqa: S105 - a name
SERVER: Final = "tenshu-server"
NETWORK: Final = "tenshu-network"
RECOVERY: Final = "systemd-recovery"
TPM: Final = "systemd-tpm2"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says that matters here."""

    type: str
    keyslots: tuple[str, ...] = ()
    key: str = ""
    address: str = ""
    """Of a key server; and the thumbprint of its signing key, as a person confirmed it."""
    thumbprint: str = ""
    closed: str = ""
    """The slot's key, closed so that the server must help (JWE, by clevis)."""
    made: int = 0
    """When; of two the newer one counts, and the older one goes once that has opened a start."""
    first: bool = False
    """Whether the key server is asked before anything else is tried."""
    network: str = ""
    """How the machine reaches it (appliance/volume/carried.py)."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The head, as cryptsetup tells it (`luksDump --dump-json-metadata`)."""

    keyslots: dict[str, msgspec.Raw] = {}
    tokens: dict[str, Token] = {}

    def of(self, kind: str) -> tuple[int, ...]:
        """Return the slots of a kind of token."""
        found = {int(one) for token in self.tokens.values() if token.type == kind
                 for one in token.keyslots}  # fmt: skip
        return tuple(sorted(found))

    def named(self, kind: str) -> tuple[int, ...]:
        """Return the numbers of the tokens of a kind."""
        return tuple(sorted(int(one) for one, token in self.tokens.items() if token.type == kind))

    @property
    def servers(self) -> tuple[tuple[int, Token], ...]:
        """The key servers' tokens with their numbers, the newest first."""
        found = [(int(one), token) for one, token in self.tokens.items() if token.type == SERVER]
        return tuple(sorted(found, key=lambda one: one[1].made, reverse=True))

    @property
    def newest(self) -> Token | None:
        """The newest token of a key server."""
        return self.servers[0][1] if self.servers else None

    @property
    def network(self) -> Token | None:
        """How the machine reaches it, or nothing."""
        return next((one for one in self.tokens.values() if one.type == NETWORK), None)

    @property
    def clear(self) -> str:
        """The key that lies in the head for whoever has the disks; or empty."""
        return next((one.key for one in self.tokens.values() if one.type == MARK), "")

    @property
    def strays(self) -> tuple[int, ...]:
        """Slots that no token names: what was cut while it was made or removed."""
        named = {one for token in self.tokens.values() for one in token.keyslots}
        return tuple(sorted(int(one) for one in self.keyslots if one not in named))


def read_head(told: str) -> Head:
    """Return what cryptsetup tells. Raise msgspec.MsgspecError."""
    return msgspec.json.decode(told, type=Head)


def free_slot(head: Head) -> int:
    """Return the number of the first slot that holds nothing."""
    return next(one for one in range(32) if str(one) not in head.keyslots)


def token(kind: str, *slots: int, **more: object) -> str:
    """Return a token's text."""
    fields: dict[str, object] = {"type": kind, "keyslots": [str(one) for one in slots]}
    return msgspec.json.encode(fields | {name: one for name, one in more.items() if one}).decode()
