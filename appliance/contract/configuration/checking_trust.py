"""Root certificates: each is one, of an authority, valid, and without a key."""

import datetime as dt
from collections.abc import Collection, Iterator

from cryptography import x509

from appliance.contract.certificates.chain import called, is_authority
from appliance.contract.configuration.places import placed
from appliance.contract.configuration.problems import ConfigurationProblem, DefinedTwice
from appliance.contract.configuration.trust import Trust
from appliance.contract.configuration.trust_problems import (
    AuthorityNotValid,
    KeyAmongRoots,
    NotAnAuthority,
    NotOneCertificate,
)


def trust_problems(trust: Trust, known: Collection[str] = ()) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with the roots. Of those that are `known` the time may be over."""
    seen: set[str] = set()
    for place, root in placed(trust.roots, "trust.roots"):
        if root.name in seen:
            yield DefinedTwice(place=f"{place}.name", value=root.name)
        seen.add(root.name)
        problem = _wrong(root.pem, f"{place}.pem")
        if problem and not (isinstance(problem, AuthorityNotValid) and root.pem in known):
            yield problem


def outside_their_time(trust: Trust) -> Iterator[AuthorityNotValid]:
    """Yield the roots that hold not yet or no more: who is trusted by them alone is not."""
    for place, root in placed(trust.roots, "trust.roots"):
        problem = _wrong(root.pem, f"{place}.pem")
        if isinstance(problem, AuthorityNotValid):
            yield problem


def _wrong(text: str, place: str) -> ConfigurationProblem | None:
    if "PRIVATE KEY" in text:
        return KeyAmongRoots(place=place)
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        found = []
    if len(found) != 1:
        return NotOneCertificate(place=place)
    (root,) = found
    begins, ends = root.not_valid_before_utc, root.not_valid_after_utc
    name = called(root.subject)
    if not is_authority(root):
        return NotAnAuthority(place=place, value=name)
    if not begins <= dt.datetime.now(dt.UTC) < ends:
        return AuthorityNotValid(
            place=place, value=name, begins=f"{begins:%Y-%m-%d}", ends=f"{ends:%Y-%m-%d}"
        )
    return None
