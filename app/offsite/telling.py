"""Events and checkpoints as syslog messages: for programs as data, for people as a sentence."""

import functools
from dataclasses import dataclass
from typing import Final

from app.audit.event import Content, Outcome
from app.audit.following import Head, Sealed
from app.audit.rows import EventRow
from app.core.messages import mark, translate
from app.offsite.kinds import SyslogReceiver
from app.offsite.rfc5424 import Severity, compose, frame
from app.operations.registry import all_operations

CHECKPOINT: Final = "checkpoint"
TRIAL: Final = "test"
UNREADABLE: Final = "unreadable"
SEVERITIES: Final = {
    Outcome.DONE: Severity.INFORMATIONAL,
    Outcome.REFUSED: Severity.WARNING,
    Outcome.FAILED: Severity.ERROR,
}
OUTCOMES: Final = {
    Outcome.DONE: mark("done"),
    Outcome.REFUSED: mark("refused"),
    Outcome.FAILED: mark("failed"),
}
SENTENCE: Final = mark("{what} Outcome: {outcome}. By: {actor}. Target: {target}. From: {peer}.")
ALTERED: Final = mark("This event was altered so that it cannot be read. Verify the history.")
TEST: Final = mark("This message shows that the appliance reaches this receiver.")
NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class Teller:
    """Words for one receiver; every message comes framed."""

    receiver: SyslogReceiver
    machine: str
    """Host name of the appliance."""
    history: str = ""
    """The history's own name."""

    def event(self, sealed: Sealed) -> bytes:
        """Return the message of one event."""
        content = sealed.content
        data = {
            "history": self.history,
            "position": str(sealed.position),
            "hash": sealed.hash,
        }
        if content is None:
            return self._message(Severity.ERROR, 0, UNREADABLE, data, self._words(ALTERED))
        data |= _data(content)
        if self.receiver.names:
            data |= _names(sealed.row)
        severity = SEVERITIES[content.outcome]
        text = self._sentence(content, data)
        return self._message(severity, content.at, content.verb, data, text)

    def checkpoint(self, head: Head, at: int) -> bytes:
        """Return the message of the newest checkpoint; its text is the signed note itself."""
        data = {"history": head.history, "size": str(head.size)}
        return self._message(Severity.NOTICE, at, CHECKPOINT, data, head.note)

    def trial(self, at: int) -> bytes:
        """Return the message of a test."""
        return self._message(Severity.NOTICE, at, TRIAL, {}, self._words(TEST))

    def _sentence(self, content: Content, data: dict[str, str]) -> str:
        target = data.get("targetName") or f"{content.target_kind} {content.target}".strip()
        return self._words(
            SENTENCE,
            what=self._words(meanings().get(content.verb, f"{content.verb}:")),
            outcome=self._words(OUTCOMES[content.outcome]),
            actor=data.get("actorName") or content.actor or NOTHING,
            target=target or NOTHING,
            peer=data.get("peer") or NOTHING,
        )

    def _message(
        self, severity: Severity, at: int, kind: str, data: dict[str, str], text: str
    ) -> bytes:
        host = self.machine
        return frame(compose(severity=severity, at=at, host=host, kind=kind, data=data, text=text))

    def _words(self, text: str, **parameters: str) -> str:
        return translate(self.receiver.language, text, **parameters)


@functools.cache
def meanings() -> dict[str, str]:
    """Return verb → what the operation does."""
    return {one.name: one.summary for one in all_operations()}


def _data(content: Content) -> dict[str, str]:
    return {
        "event": content.id,
        "verb": content.verb,
        "outcome": content.outcome.value,
        "actor": content.actor,
        "session": content.session,
        "plane": content.plane,
        "targetKind": content.target_kind,
        "target": content.target,
        "error": content.error,
        "incident": content.incident,
    }


def _names(row: EventRow) -> dict[str, str]:
    return {
        "actorName": row.actor_name,
        "peer": row.peer,
        "claimed": row.claimed,
        "targetName": row.target_name,
    }
