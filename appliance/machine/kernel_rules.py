"""The rules as the kernel has them, without what changes by itself: counts, bans, handles."""

import json
from typing import Any, Final

from appliance.contract.configuration.errors import ProgramRefused
from appliance.machine.plan.firewall import COUNTING, TABLE, WINDOW
from appliance.machine.programs import ask
from appliance.machine.root import digest_of

PASSING: Final = frozenset({"handle", "packets", "bytes", "metainfo"})


def listed_rules() -> str:
    """Return the SHA-256 of the table in the kernel; empty where it is not there."""
    try:
        listed: dict[str, Any] = json.loads(ask("nft", "--json", "list", "table", "inet", TABLE))
    except ProgramRefused:
        return ""
    return digest_of(json.dumps(_lasting(listed), sort_keys=True))


def _lasting(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_lasting(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _lasting(one) for key, one in value.items() if key not in PASSING}
    if str(kept.get("name", "")).startswith((*COUNTING, WINDOW)):
        kept.pop("elem", None)  # who is counted, banned or let in at this moment
    return kept
