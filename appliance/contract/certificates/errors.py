"""What can be wrong with a certificate or its key: each at its field, with reason and remedy."""

from typing import ClassVar

from appliance.contract.errors import ApplianceError


class CertificateProblem(ApplianceError):
    """Something that keeps a certificate from being used."""

    code = "certificate.problem"
    status = 422
    message = "This certificate cannot be used."
    hint = "Choose another file."
    field: ClassVar[str] = "chain"
    """The field of a form or request that has to be corrected."""


class NoCertificate(CertificateProblem):
    """A file in which no certificate is."""

    code = "certificate.none"
    message = "No certificate was found in what was given."
    hint = "Take a file in PEM, DER, PKCS#7 or PKCS#12 form (.pem, .crt, .cer, .p7b, .pfx)."


class IsARequest(CertificateProblem):
    """The signing request came back instead of its answer."""

    code = "certificate.is_a_request"
    message = "This is a signing request, not a certificate."
    hint = "Give it to your authority, and take what comes back."


class NotForServers(CertificateProblem):
    """A certificate that browsers do not accept from a server. `subject` is whose it is."""

    code = "certificate.not_for_servers"
    message = "The certificate of “{subject}” is not made for servers."
    hint = "Ask your authority for a TLS server certificate with its names (extended key usage)."


class Nameless(CertificateProblem):
    """A certificate without alternative names: browsers look at nothing else."""

    code = "certificate.nameless"
    message = "The certificate of “{subject}” lists no name (subject alternative name)."
    hint = "Browsers look at this list alone. Ask your authority for a certificate that has it."


class IssuerMissing(CertificateProblem):
    """The chain ends before an authority that is known, or a root that was given."""

    code = "certificate.issuer_missing"
    message = "The chain is incomplete: the certificate of “{issuer}” is missing."
    hint = "Add it, up to the root of your authority; the order does not matter."


class Expired(CertificateProblem):
    """A certificate of the chain whose time is over."""

    code = "certificate.expired"
    message = "The certificate of “{subject}” expired on {day}."
    hint = "Ask your authority for a new one."


class NotYetValid(CertificateProblem):
    """A certificate of the chain whose time has not come."""

    code = "certificate.not_yet_valid"
    message = "The certificate of “{subject}” is not valid before {day}."
    hint = "Wait until then; if the day is past, look at the appliance's clock."


class WeakCertificate(CertificateProblem):
    """A key that is too short, of a kind browsers refuse, or a signature that can be forged."""

    code = "certificate.weak"
    message = "The certificate of “{subject}” is too weak: {found}."
    hint = "Ask for one with ECDSA P-256 or P-384, or RSA of 2048 to 8192 bits, and SHA-256."


class NamesDiffer(CertificateProblem):
    """None of its names is one of the appliance's."""

    code = "certificate.names_differ"
    message = "The certificate is for {names}; the appliance is called {own}."
    hint = "Add the name to the configuration document first, or ask for a certificate with it."


class WrongKey(CertificateProblem):
    """The key belongs to another certificate."""

    code = "certificate.wrong_key"
    message = "This key does not belong to the certificate of “{subject}”."
    hint = "Take the key that was made for it, or ask for a new certificate for this key."
    field = "key"


class KeyMissing(CertificateProblem):
    """A certificate without its key, for which no signing request waits."""

    code = "certificate.key_missing"
    message = "The private key of the certificate is missing."
    hint = "Add it; the answer to a signing request goes where the request is."
    field = "key"


class KeyUnreadable(CertificateProblem):
    """A file in which no key is that can be used."""

    code = "certificate.key_unreadable"
    message = "No private key was found in what was given."
    hint = "Take a file in PEM form (PKCS#8, SEC1 or PKCS#1), DER or PKCS#12."
    field = "key"


class OutdatedEncryption(CertificateProblem):
    """An encryption that is no longer offered, as of old PKCS#12 files."""

    code = "certificate.outdated_encryption"
    message = "The key is encrypted in an outdated way that cannot be opened here."
    hint = "Export it again with AES-256 and SHA-256."
    field = "key"


class PasswordMissing(CertificateProblem):
    """An encrypted key without a password."""

    code = "certificate.password_missing"
    message = "The key is encrypted."
    hint = "Enter its password."
    field = "password"


class PasswordWrong(CertificateProblem):
    """A password that opens nothing."""

    code = "certificate.password_wrong"
    message = "The password does not open the key, or the file is damaged."
    hint = "Look at upper and lower case, and try again."
    field = "password"


class CertificateUnknown(ApplianceError):
    """There is none of this name."""

    code = "certificate.unknown"
    status = 404
    message = "There is no certificate called “{name}”."
    hint = "The list of certificates has all that there are."


class CertificateInUse(ApplianceError):
    """A plane shows it, or would after a restart."""

    code = "certificate.in_use"
    status = 409
    message = "The certificate “{name}” is the one of: {planes}."
    hint = "Let them show another one first."


class NotWaiting(ApplianceError):
    """A certificate that came with its key, or whose request was answered."""

    code = "certificate.not_waiting"
    status = 409
    message = "No signing request waits under the name “{name}”."
    hint = "Make a new request, or upload the certificate together with its key."


class TooManyCertificates(ApplianceError):
    """More certificates than anybody needs."""

    code = "certificate.too_many"
    status = 409
    message = "There are {limit} certificates already."
    hint = "Remove some that are not used."


class NothingToFetch(ApplianceError):
    """The document names no authority."""

    code = "certificate.nothing_to_fetch"
    status = 409
    message = "No authority is set up from which a certificate could be fetched."
    hint = "Enter the address of its ACME directory first."


class FetchingFailed(ApplianceError):
    """The authority, or the way to it, said no. `reason` are its own words, in English."""

    code = "certificate.fetching_failed"
    status = 502
    message = "The certificate could not be fetched: {reason}"
    hint = "It is tried again by itself. The name must lead to this appliance, and port 80 be open."


class ChosenByTheDocument(ApplianceError):
    """The machine has a document: it says what the planes show."""

    code = "certificate.chosen_by_the_document"
    status = 409
    message = "The configuration document says which certificate each plane shows."
    hint = "Change it there; it is confirmed, or taken back."
