"""What a verification and a proof have shown, in words for people."""

from app.audit.prove import Proven
from app.audit.verdict import State, Verdict
from app.core.messages import mark
from cli.invocation import Invocation
from cli.table import moment


def tell(invocation: Invocation, verdict: Verdict) -> str:
    """Return a verdict for people."""
    words = invocation.words
    if verdict.state is State.UNREADABLE:
        return words(mark("The history cannot be read: {reason}"), reason=verdict.reason)
    lines = [
        words(
            mark("{size} events, {checkpoints} signed checkpoints."),
            size=verdict.size,
            checkpoints=verdict.checkpoints,
        )
    ]
    if verdict.wrong is not None:
        wrong = verdict.wrong
        lines += [
            words(mark("TAMPERED. First wrong: position {position}."), position=wrong.position),
            words(mark("Event: {event}"), event=wrong.event or "?"),
            words(wrong.template, **wrong.parameters),
        ]
    else:
        lines.append(words(mark("The history is whole.")))
    lines += [
        words(
            mark("Epoch {number}: restored from {archive} at {at}."),
            number=epoch.number,
            archive=epoch.archive or "?",
            at=moment(epoch.at),
        )
        for epoch in verdict.epochs
    ]
    lines += [
        words(
            mark("{count} values erased on {at} by {by} under {basis}."),
            count=one.parts,
            at=moment(one.erasure.at),
            by=one.erasure.by or "?",
            basis=one.erasure.basis,
        )
        for one in verdict.erased
    ]
    if not verdict.rollback_excluded:
        lines.append(
            words(mark("Truncation and rollback are not excluded: give a checkpoint --against."))
        )
    return "\n".join(lines)


def tell_proven(invocation: Invocation, proven: Proven) -> str:
    """Return what a proof shows, for people."""
    words, content = invocation.words, proven.content
    lines = [
        words(
            mark("The proof holds: event {position} of the first {size} of {origin}."),
            position=proven.position,
            size=proven.size,
            origin=proven.origin,
        ),
        words(mark("Event: {event}"), event=content.id),
        words(
            mark("{at}: {verb} by {actor}, {outcome}"),
            at=moment(content.at),
            verb=content.verb,
            actor=content.actor or "–",
            outcome=content.outcome,
        ),
        *(f"{part.name}: {part.values}" for part in proven.parts),
    ]
    return "\n".join(lines)
