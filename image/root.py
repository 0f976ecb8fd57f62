"""The root of the appliance, in three layers that are kept: Debian, what we set up, our code.

`python -m image.root [machine|container]` makes it and prints where it lies.
"""

import argparse
from functools import partial
from pathlib import Path

from image.debian import debian, debian_name
from image.fingerprint import fingerprint
from image.kept import alone, is_kept, kept
from image.play import play, playbook_fingerprint
from image.plays import PLACES, packages
from image.running import run
from image.source import code_name
from image.tools import Tools, are_kept, tools


def appliance_root(place: str = "machine") -> Path:
    """Return the root; make what of it is not there. Nobody changes it: lay something over it."""
    with alone():
        ansible = tools()
        wanted = packages(ansible, place)
        base = debian(place, wanted)
        set_up = kept(
            f"set-up-{place}",
            _set_up_name(wanted),
            f"Setting it up ({place})",
            partial(_lay, ansible, place, base, ()),
        )
        return kept(
            f"root-{place}",
            _root_name(wanted),
            f"Bringing our code ({place})",
            partial(_lay, ansible, place, set_up, ("code",)),
        )


def debian_of(place: str) -> Path:
    """Return the root's lowest layer alone."""
    with alone():
        return debian(place, packages(tools(), place))


def is_made(place: str) -> bool:
    """Tell whether the root of this checkout is there, so that asking for it takes no minutes."""
    return are_kept() and is_kept(f"root-{place}", _root_name(packages(tools(), place)))


def root_name(place: str) -> str:
    """Return the name of what the root of this checkout is made from."""
    return _root_name(packages(tools(), place))


def _set_up_name(wanted: list[str]) -> str:
    return fingerprint(debian_name(wanted), playbook_fingerprint())


def _root_name(wanted: list[str]) -> str:
    return fingerprint(_set_up_name(wanted), code_name())


def _lay(ansible: Tools, place: str, below: Path, tags: tuple[str, ...], root: Path) -> None:
    run(["cp", "--archive", "--reflink=auto", str(below), str(root)], seconds=300)
    play(ansible, place, root, tags=tags)


def main() -> None:
    """Make the root that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("place", nargs="?", choices=PLACES, default=PLACES[0])
    print(appliance_root(parser.parse_args().place))  # noqa: T201 - what was asked for


if __name__ == "__main__":
    main()
