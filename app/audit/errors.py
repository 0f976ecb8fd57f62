"""What can go wrong with the operation history, in words for the person who asked."""

from app.core.errors import TenshuError


class StoreUnreadable(TenshuError):
    """The sealed store is missing, is no database, or may not be read."""

    code = "audit.store_unreadable"
    status = 503
    message = "The sealed history at {path} cannot be read: {reason}"
    hint = (
        "Check that the folder exists and that you may read it. Start the audit sealer once "
        "if this copy is new."
    )


class StoreTampered(TenshuError):
    """The sealer found its own store altered and does not sign on top of it."""

    code = "audit.store_tampered"
    status = 409
    message = "The sealed history at {path} was altered: {reason}"
    hint = (
        "Run `tenshu audit verify` to see the first wrong event. New events wait in the "
        "outbox until the store is restored from a backup."
    )


class StoreUnwritable(TenshuError):
    """The sealed store does not take events at the moment: the disk is full, or fails."""

    code = "audit.store_unwritable"
    status = 507
    message = "The sealed history at {path} takes no events: {reason}"
    hint = "Free space under Storage. Events wait in the outbox; nothing is lost."


class SealerRunning(TenshuError):
    """Another sealer already works on this store or this database."""

    code = "audit.sealer_running"
    status = 409
    message = "Another audit sealer is at work: {holder}"
    hint = "Stop it first, or wait until its lease runs out."


class SigningKeyUnusable(TenshuError):
    """The signing key's file holds no Ed25519 key in PKCS#8 PEM."""

    code = "audit.signing_key_unusable"
    status = 500
    message = "The signing key at {path} cannot be used: {reason}"
    hint = (
        "Put the key back from a backup or the key kit. A new key is made only where the file "
        "does not exist."
    )


class SigningKeyForeign(TenshuError):
    """The store was signed by another key than the one at hand."""

    code = "audit.signing_key_foreign"
    status = 409
    message = "The sealed history was signed by {signed_by}, and the key at hand is {own}."
    hint = (
        "Put the right key back, or restore the store as a declared restore, which opens a "
        "new epoch."
    )


class NoteMalformed(TenshuError):
    """A text is no signed note, checkpoint or verifier key."""

    code = "audit.note_malformed"
    status = 422
    message = "This is not a signed checkpoint: {reason}"
    hint = "Give the whole text, from the name of the history to the signature line."


class SignatureInvalid(TenshuError):
    """A note has no valid signature by a known key."""

    code = "audit.signature_invalid"
    status = 422
    message = "The checkpoint has no valid signature by {name}."
    hint = "Compare the public key with the one that you kept when the appliance was set up."


class ProofInvalid(TenshuError):
    """An inclusion proof does not prove what it says."""

    code = "audit.proof_invalid"
    status = 422
    message = "The proof does not hold: {reason}"
    hint = "Ask for a new proof of the same event, and compare the public key."


class ProofMalformed(ProofInvalid):
    """A file is no inclusion proof at all."""

    code = "audit.proof_malformed"
    message = "This is not a proof: {reason}"
    hint = "Give the file as `tenshu audit prove` wrote it."


class ProofOfAnother(ProofInvalid):
    """A proof ends in another checkpoint than the one that is held."""

    code = "audit.proof_of_another"
    message = "The proof ends in the checkpoint of {size} events, the one at hand has {held}."
    hint = "Ask for a proof that ends in yours: `tenshu audit prove EVENT --against CHECKPOINT`."


class CheckpointForeign(TenshuError):
    """A checkpoint is not one of this history, or covers more than it holds."""

    code = "audit.checkpoint_foreign"
    status = 409
    message = "The history does not fit the checkpoint of {size} events."
    hint = "Run `tenshu audit verify --against CHECKPOINT`: it names what is wrong."


class EventUnknown(TenshuError):
    """No sealed event has this identifier."""

    code = "audit.event_unknown"
    status = 404
    message = "There is no event “{event}” in the sealed history."
    hint = "Check the identifier. An event younger than a second may not be sealed yet."


class ErasureListMalformed(TenshuError):
    """A file of erasures cannot be read."""

    code = "audit.erasure_list_malformed"
    status = 422
    message = "This is not a list of erasures: {reason}"
    hint = "Give the file that the export of erasures wrote."


class InvalidCursor(TenshuError):
    """A page of the history was asked for by a mark that we did not make."""

    code = "audit.cursor_invalid"
    status = 422
    message = "“{cursor}” is no place in the history."
    hint = "Start again from the newest events."
