"""The reference page of the seed, written from its types.

python -m appliance.contract.seed.reference
"""

from typing import Final

from appliance.contract.configuration.reference import FOLDER, key_rows, problem_rows
from appliance.contract.seed import ovf, problems
from appliance.contract.seed.form import FILE, LABEL, LARGEST, Seed

PAGE: Final = FOLDER / "seed.md"
HEAD: Final = f"""\
# `{FILE}`

Written from the types of the seed; a test fails where it is not current:
`python -m appliance.contract.seed.reference`. How it is used stands in
[Set up unattended](../how-to/set-up-unattended.md).

A seed says what a machine needs before its first start: a [TOML](https://toml.io/en/v1.0.0) file of
that name in the first folder of a disk with the label `{LABEL}` (ISO 9660 with long names, or FAT),
{LARGEST // 1024} KiB at most. It is read once. What is left out is as by default; without a seed
every cable asks by DHCP.

"""
OVF: Final = f"""
## OVF properties

A hypervisor hands them over on a disk with a file `{ovf.FILE}`. `{ovf.PREFIX}hostname`,
`{ovf.PREFIX}address`, `{ovf.PREFIX}gateway`, `{ovf.PREFIX}interface`, `{ovf.PREFIX}dns` and
`{ovf.PREFIX}ntp` are the keys above; lists are written with commas or blanks between their entries.
A property without a value says nothing.

## What has no place in a seed

Passwords, private keys, claim codes: whoever may look at the disks of a machine reads a seed. The
claim code stands on the machine's own screen, and nowhere else.

## What is refused

Beside what is [refused of `appliance.toml`](appliance-toml.md#what-is-refused).

| Code | What is wrong |
|---|---|
"""


def compose() -> str:
    """Return the page as Markdown."""
    keys = "\n".join(key_rows(Seed)).replace(
        "`appliance.toml`", "[`appliance.toml`](appliance-toml.md)"
    )
    refused = "\n".join(problem_rows(vars(problems).values(), problems.SeedProblem))
    return HEAD + keys + "\n" + OVF + refused + "\n"


if __name__ == "__main__":
    PAGE.write_text(compose())
