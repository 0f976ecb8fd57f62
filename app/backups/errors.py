"""What can go wrong with repositories and the key kit."""

from app.core.errors import TenshuError


class NoKeyKit(TenshuError):
    """The kit was kept and forgotten here long ago, or never made."""

    code = "backups.no_key_kit"
    status = 404
    message = "The key kit cannot be shown again."
    hint = "It is on the sheet that was printed when it was made. If that is lost, make a new one."


class NoKitYet(TenshuError):
    """A kit that was never made cannot be replaced."""

    code = "backups.no_kit_yet"
    status = 409
    message = "There is no key kit yet."
    hint = "It is made together with the first repository."


class KitDiffers(TenshuError):
    """The typed end of the kit is not the kit's."""

    code = "backups.kit_differs"
    status = 422
    message = "These are not the last characters of the key kit."
    hint = "Compare with the sheet: the last group of four characters is asked for."


class NameDiffers(TenshuError):
    """The typed name is not the repository's."""

    code = "backups.name_differs"
    status = 422
    message = "This is not the repository's name."
    hint = "Type the name exactly as it is shown, capitals and spaces too."
