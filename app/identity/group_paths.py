"""Departments one below the other: their paths, and no circle."""

from collections.abc import Iterable

from sqlmodel import Session, select

from app.identity.models import Group

Path = tuple[str, ...]
"""A group by the names from the top down to it."""


def paths_of(groups: Iterable[Group]) -> dict[str, Path]:
    """Return identifier → path. A parent that is gone counts as none."""
    by_id = {group.id: group for group in groups}
    return {
        group.id: tuple(reversed([group.name, *(by_id[each].name for each in above(group, by_id))]))
        for group in by_id.values()
    }


def named_paths(session: Session) -> dict[str, str]:
    """Return identifier → path of every group as people read it: 営業本部/一課."""
    return {one: "/".join(path) for one, path in paths_of(session.exec(select(Group))).items()}


def above(group: Group, by_id: dict[str, Group]) -> list[str]:
    """Return the groups above one, the nearest first."""
    found: list[str] = []
    parent = by_id.get(group.parent)
    while parent is not None and parent.id not in found:
        found.append(parent.id)
        parent = by_id.get(parent.parent)
    return found
