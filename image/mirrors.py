"""Where Debian comes from: the mirrors that this machine's own apt uses, for the image's suite."""

from image.paths import SUITE
from image.running import Failed, run

WANTED = ("Debian", "Debian-Security")


def sources() -> list[str]:
    """Return a line of `sources.list` for the suite and for each of its updates. Raise Failed."""
    asked = ["apt-get", "indextargets", "--format", "$(LABEL) $(CODENAME) $(REPO_URI)"]
    told = run([*asked, "Created-By: Packages"], seconds=60)
    lines = dict.fromkeys(
        f"deb {address} {SUITE}{dash}{kind} main"
        for label, codename, address in map(str.split, told.splitlines())
        if label in WANTED
        for _, dash, kind in [codename.partition("-")]
        if kind in ("", "updates", "security")
    )
    if not lines:
        raise Failed("this machine's apt knows no mirror of Debian")
    return list(lines)
