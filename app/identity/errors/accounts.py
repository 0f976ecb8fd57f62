"""What can go wrong with accounts, groups and roles, and with who may do it."""

from app.core.errors import TenshuError
from app.operations.errors import Refused


class UnsuitableLoginId(TenshuError):
    """A login ID that cannot be typed safely or told apart."""

    code = "accounts.unsuitable_login_id"
    status = 422
    message = "“{login_id}” cannot be a login ID."
    hint = "Use 1 to 64 letters, digits and . _ - @ + without spaces."


class LoginIdTaken(TenshuError):
    """Each person has a login ID of their own (F1)."""

    code = "accounts.login_id_taken"
    status = 409
    message = "The login ID “{login_id}” belongs to another account."
    hint = "Choose another one. Upper and lower case make no difference."


class NameTaken(TenshuError):
    """Two groups of one name could not be told apart."""

    code = "groups.name_taken"
    status = 409
    message = "There is a group called “{name}” already."
    hint = "Choose another name."


class CircleOfGroups(TenshuError):
    """A department would stand above itself."""

    code = "groups.circle"
    status = 422
    message = "“{name}” cannot stand below “{parent}”, which is below it already."
    hint = "Choose another department above it."


class RoleNameTaken(TenshuError):
    """Two roles of one name could not be told apart."""

    code = "roles.name_taken"
    status = 409
    message = "There is a role called “{name}” already."
    hint = "Choose another name."


class RoleInUse(TenshuError):
    """A role that somebody holds is deleted only where that is said."""

    code = "roles.in_use"
    status = 409
    message = "The role “{name}” was given {count} times."
    hint = "Look at who loses what, then delete it together with these grants."


class LastOwner(Refused):
    """Nobody removes the last owner: nobody could give the role back."""

    code = "accounts.last_owner"
    status = 409
    message = "This would leave the appliance without an owner."
    hint = "Make somebody else owner first."


class BeyondYourRights(Refused):
    """Nobody gives, takes or impersonates administrative rights that they lack themselves."""

    code = "accounts.beyond_your_rights"
    message = "This concerns rights that you do not hold yourself."
    hint = "Ask an owner to do it."


class InPersonOnly(Refused):
    """API tokens do not change what proves their person's identity."""

    code = "accounts.in_person_only"
    message = "This is done in person, not with an API token."
    hint = "Sign in and try again."
