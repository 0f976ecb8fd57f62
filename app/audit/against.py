"""Holding a history against checkpoints that were kept elsewhere, which show a cut-off end.

A checkpoint that does not fit is explained only by an epoch that was declared after it and that
begins before its end. Everything else is a rollback that nobody declared.
"""

import base64
from collections.abc import Mapping, Sequence

from app.audit.checkpoint import Checkpoint
from app.audit.epoch import Epoch
from app.audit.verdict import Against, Finding, Wrong


def hold_against(
    held: Sequence[Checkpoint], size: int, roots: Mapping[int, bytes], epochs: Sequence[Epoch]
) -> tuple[tuple[Against, ...], Finding | None]:
    """Compare a whole history of `size` events with checkpoints whose signatures were checked.

    `roots` are the history's roots at least at the sizes of `held` up to its own.
    """
    compared: list[Against] = []
    proven = 0
    for checkpoint in sorted(held, key=lambda each: each.size):
        if roots.get(checkpoint.size) == checkpoint.root:
            proven = checkpoint.size
            compared.append(Against(size=checkpoint.size))
            continue
        lost_from = _declared_loss(checkpoint, epochs)
        if lost_from is None:
            return tuple(compared), _rollback(checkpoint, size, proven)
        compared.append(Against(size=checkpoint.size, lost=(lost_from, checkpoint.size - 1)))
    return tuple(compared), None


def _declared_loss(checkpoint: Checkpoint, epochs: Sequence[Epoch]) -> int | None:
    """Return the position from which a declared restore cut off what the checkpoint covers."""
    later = [
        epoch
        for epoch in epochs
        if epoch.number > checkpoint.epoch and epoch.position < checkpoint.size
    ]
    root = base64.b64encode(checkpoint.root).decode()
    if any(epoch.known_size == checkpoint.size and epoch.known_root != root for epoch in later):
        return None
    return min((epoch.position for epoch in later), default=None)


def _rollback(checkpoint: Checkpoint, size: int, proven: int) -> Finding:
    if checkpoint.size > size:
        return Finding(
            wrong=Wrong.ROLLED_BACK,
            position=size,
            parameters={"size": checkpoint.size, "have": size},
        )
    return Finding(wrong=Wrong.FORKED, position=proven, parameters={"size": checkpoint.size})
