"""Of some two hundred design tokens the pages use some sixty; only those are sent."""

import re
from typing import Final

_DECLARATION: Final = re.compile(r"^\s*(--[\w-]+):\s*([^;]+);", re.MULTILINE)
_USE: Final = re.compile(r"var\((--[\w-]+)")


def used_tokens(tokens: str, style: str) -> str:
    """Return a `:root` rule with the tokens that `style` uses, itself or through another token.

    `tokens` is the token package's style sheet: custom properties of `:root` and nothing else.
    """
    declared = dict(_DECLARATION.findall(tokens))
    wanted = set(_USE.findall(style)) & declared.keys()
    unread = list(wanted)
    while unread:
        found = set(_USE.findall(declared[unread.pop()])) & declared.keys() - wanted
        wanted |= found
        unread += found
    lines = "".join(f"  {name}: {declared[name]};\n" for name in declared if name in wanted)
    return f":root {{\n{lines}}}\n"
