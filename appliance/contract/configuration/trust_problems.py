"""What can be wrong with a root certificate."""

from appliance.contract.configuration.problems import ConfigurationProblem


class KeyAmongRoots(ConfigurationProblem):
    """A private key, which nobody may see and nobody needs here."""

    code = "configuration.key_among_roots"
    message = "{place}: there is a private key in it."
    hint = "Leave the key out, and regard it as known from now on: it was sent here."


class NotOneCertificate(ConfigurationProblem):
    """Not one certificate, but none or several."""

    code = "configuration.not_one_certificate"
    message = "{place}: this is not one certificate in PEM."
    hint = "Enter one root an entry: from BEGIN CERTIFICATE to END CERTIFICATE."


class NotAnAuthority(ConfigurationProblem):
    """A certificate that signs nothing. `value` is whose it is."""

    code = "configuration.not_an_authority"
    message = "{place}: the certificate of “{value}” may not sign others."
    hint = "Take the certificate of the authority itself, not that of a server."


class AuthorityNotValid(ConfigurationProblem):
    """A certificate outside its time."""

    code = "configuration.authority_not_valid"
    message = "{place}: the certificate of “{value}” holds from {begins} to {ends}."
    hint = "Take one that is valid today."
