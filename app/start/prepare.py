"""Make a data folder ready to run: every step does nothing where it was done before.

A start that was killed at any point is continued by the next one.
"""

from app.audit.epoch import SIGNAL_NAME
from app.core import data_folder, reserve
from app.core.database import Database
from app.core.database_errors import in_our_words
from app.core.messages import mark
from app.core.secret import Secret
from app.core.settings import Settings
from app.identity import rights
from app.identity.operations import setup
from app.identity.operations.restored import end_restored_sessions
from app.identity.revoking import write_list
from app.migrations.migrate import migrate
from app.operations.context import Appliance
from app.operations.operation import NoRequest
from app.start import another_machine, certificates, connections, keys, last_start, place, snapshot
from app.start.local import local_context
from app.start.prepared import Prepared
from app.start.start import Say
from appliance.contract.certificates.own import AUTHORITY


def prepare(settings: Settings, say: Say) -> Prepared:
    """Prepare the data folder; the lock on it stays with this process, or whom it hands it to.

    The caller closes the appliance's database. Raise AlreadyRunning, DataFolderUnusable,
    RestoreUnfinished, NoRoomForSnapshot, KeyRingMissing, KeyRingOfAnother, KeyRingUnusable,
    AuthorityKeyUnusable, NewerData, RolesNotMade, or what the database answers.
    """
    place.require_finished_restore(settings)
    say(mark("Data folder"))
    data_folder.make_folders(settings)
    lock = data_folder.take(settings.data)
    last_start.note(settings)
    reserve.take_back(settings)
    database = Database(settings.database_url)
    try:
        return _fill(settings, database, lock, say)
    except BaseException:
        database.close()
        raise


def _fill(settings: Settings, database: Database, lock: int, say: Say) -> Prepared:
    say(mark("Keys"))
    with in_our_words():
        keyring = keys.open_keyring(settings, database)
    another_machine.before_the_keys(settings, keyring)
    keys.lay_out_signing_key(settings, keyring)
    say(mark("Database"))
    connections.make_roles(database)
    kept = snapshot.before_migrating(settings, database)
    if kept:
        say(mark("Copy of what was there before the update"))
    migrate(database)
    with database.write() as session:
        rights.recompile(session)  # a new version may have changed what a role holds
    appliance = Appliance(settings, database, keyring)
    if (settings.data / SIGNAL_NAME).exists():  # until the sealer has told the history of it
        end_restored_sessions(local_context(appliance), NoRequest())
    say(mark("Certificates"))
    leaf = certificates.ensure_certificates(settings, keyring)
    write_list(appliance)
    return Prepared(
        appliance=appliance,
        fingerprint=certificates.fingerprint(leaf),
        authority=settings.tls / AUTHORITY,
        lock=lock,
    )


def new_claim_code(appliance: Appliance) -> Secret | None:
    """Make the code that opens the setup of the first administrator; None when there is one.

    The code of an earlier start is void from now on.
    """
    context = local_context(appliance)
    if not setup.status(context, NoRequest()).needed:
        return None
    return setup.new_claim_code(context, NoRequest()).code
