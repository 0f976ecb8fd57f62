"""What can be wrong with a document: each with its place, the reason and the remedy."""

from appliance.contract.errors import ApplianceError


class ConfigurationProblem(ApplianceError):
    """Something in the document cannot be. `place` is its path, as `access.console[0]`."""

    code = "configuration.problem"
    status = 422
    message = "{place}: this cannot be."
    hint = "Correct it and look at the plan again."


class NotToml(ConfigurationProblem):
    """The text is no TOML. `reason` is the parser's own, in English."""

    code = "configuration.not_toml"
    message = "Line {line}, column {column}: this is not TOML. {reason}."
    hint = "Correct the text at that line. The commented example shows how each part is written."


class TooIntricate(ConfigurationProblem):
    """TOML that is made to be hard to read: nested very deeply, or a number without end."""

    code = "configuration.too_intricate"
    message = "The document is nested too deeply, or holds a number of thousands of digits."
    hint = "The commented example shows how each part is written."


class DocumentTooLarge(ConfigurationProblem):
    """The text is longer than a document may be. `limit` in characters."""

    code = "configuration.too_large"
    status = 413
    message = "The document has more than {limit} characters."
    hint = "Join neighbouring networks into larger ones."


class UnknownKey(ConfigurationProblem):
    """A key that nobody knows, and none that is near."""

    code = "configuration.unknown_key"
    message = "{place}: there is no such key."
    hint = "Leave it out. The reference lists every key."


class MisspeltKey(ConfigurationProblem):
    """A key that nobody knows, and the nearest that there is."""

    code = "configuration.misspelt_key"
    message = "{place}: there is no such key."
    hint = "Do you mean `{nearest}`?"


class NewerFormat(ConfigurationProblem):
    """A document of a newer version of the appliance. `known` is the newest form known here."""

    code = "configuration.newer_format"
    message = "The document is of form {value}; this version reads forms up to {known}."
    hint = "Update the appliance first, or take a document of this version."


class NoSuchPlace(ConfigurationProblem):
    """A place that leads through no table or list, or behind a list's end."""

    code = "configuration.no_such_place"
    message = "{place}: there is no such place in the document."
    hint = "Look at the document again: somebody may have changed it meanwhile."


class WrongKind(ConfigurationProblem):
    """A value of the wrong kind. `expected` and `found` are kinds in words."""

    code = "configuration.wrong_kind"
    message = "{place}: {expected} belongs here, not {found}."
    hint = "The commented example shows how each part is written."


class Missing(ConfigurationProblem):
    """A key that must be there."""

    code = "configuration.missing"
    message = "{place} is missing."
    hint = "Add it: {description}."


class NotAChoice(ConfigurationProblem):
    """A text that is none of those that are possible."""

    code = "configuration.not_a_choice"
    message = "{place}: “{value}” is not possible here."
    hint = "Take one of: {choices}."


class OutsideLimits(ConfigurationProblem):
    """A number outside its limits."""

    code = "configuration.outside_limits"
    message = "{place}: {value} is outside the limits."
    hint = "Take a whole number from {least} to {most}."


class WrongForm(ConfigurationProblem):
    """A text that is not written as it must be."""

    code = "configuration.wrong_form"
    message = "{place}: “{value}” is not written as needed. {description}."
    hint = "Write it like these: {examples}."


class TooLong(ConfigurationProblem):
    """A text of too many characters."""

    code = "configuration.too_long"
    message = "{place}: the text has more than {limit} characters."
    hint = "Shorten it."


class TooMany(ConfigurationProblem):
    """Too many entries in a list or table."""

    code = "configuration.too_many"
    message = "{place}: {count} entries are too many."
    hint = "There may be {limit} at most."


class TooFew(ConfigurationProblem):
    """Too few entries in a list."""

    code = "configuration.too_few"
    message = "{place}: there are too few entries."
    hint = "There must be {limit} at least."


class NoNetwork(ConfigurationProblem):
    """A text that is no network or address."""

    code = "configuration.no_network"
    message = "{place}: “{value}” is no network and no address."
    hint = "Write a network as 192.0.2.0/24 or 2001:db8::/32, an address as 192.0.2.7."


class HostBitsSet(ConfigurationProblem):
    """A network whose address has bits beyond its prefix. `network` is what it lies in."""

    code = "configuration.host_bits_set"
    message = "{place}: “{value}” is an address inside a network, not the network itself."
    hint = "Write `{network}` for the whole network, or the address alone without its prefix."


class UnknownName(ConfigurationProblem):
    """A name that is used and not defined. `known` are those that are."""

    code = "configuration.unknown_name"
    message = "{place}: nothing is called “{value}”."
    hint = "Defined are: {known}. Define it, or use one of them."


class DefinedTwice(ConfigurationProblem):
    """Two things of one name."""

    code = "configuration.defined_twice"
    message = "{place}: “{value}” is defined already."
    hint = "Give each a name of its own."


class NameReserved(ConfigurationProblem):
    """A name that has a meaning of its own."""

    code = "configuration.name_reserved"
    message = "{place}: this name has a meaning of its own and cannot be taken."
    hint = "Take another name."


class ConsoleClosed(ConfigurationProblem):
    """No network would reach the console."""

    code = "configuration.console_closed"
    message = "{place}: no network would reach the console."
    hint = "Name at least one list that holds a network: the machine's screen alone is not enough."


class NotAName(ConfigurationProblem):
    """A text that cannot be the name of a machine or domain."""

    code = "configuration.not_a_name"
    message = "{place}: “{value}” cannot be a name here."
    hint = "Write it like host.example.co.jp: letters, digits and hyphens between the dots."


class NotAProxy(ConfigurationProblem):
    """A text that is no address of an HTTP proxy."""

    code = "configuration.not_a_proxy"
    message = "{place}: “{value}” is no address of a proxy."
    hint = "Write it like http://proxy.example.co.jp:8080."


class PortTaken(ConfigurationProblem):
    """A port that the appliance itself listens on."""

    code = "configuration.port_taken"
    message = "{place}: port {value} is used by the appliance itself."
    hint = "Take another one; 22 is usual for SSH."


class ZoneUnknown(ConfigurationProblem):
    """A time zone that the tz database does not have."""

    code = "configuration.zone_unknown"
    message = "{place}: there is no time zone “{value}”."
    hint = "Write it as the tz database has it, like Asia/Tokyo."


class NightTooShort(ConfigurationProblem):
    """Hours for upkeep in which nothing comes to its end."""

    code = "configuration.night_too_short"
    message = "{place}: from {begins} to {ends} is less than an hour."
    hint = "Give the machine an hour at least; four are usual."


class HstsLocksOut(ConfigurationProblem):
    """HSTS with a certificate that browsers do not trust by themselves."""

    code = "configuration.hsts_locks_out"
    message = (
        "{place}: the appliance's own certificate stands in {value}: people would be locked out."
    )
    hint = "Bring in a certificate that browsers trust for both planes first, or leave it off."


class NotADirectory(ConfigurationProblem):
    """A text that is no address of an ACME directory."""

    code = "configuration.not_a_directory"
    message = "{place}: “{value}” is no address of an ACME directory."
    hint = "Write it like https://acme.example.co.jp/directory."


class NothingToCertify(ConfigurationProblem):
    """No host name for which a certificate could be fetched."""

    code = "configuration.nothing_to_certify"
    message = "{place}: there is no host name to fetch a certificate for."
    hint = "Name the hosts here, or under `edge.names`."


class ProofNeedsPort80(ConfigurationProblem):
    """The authority looks for its proof at a port that is closed."""

    code = "configuration.proof_needs_port_80"
    message = "{place}: the authority looks for its proof on port 80, which is closed."
    hint = "Set `firewall.http_redirect = true`: port 80 then answers the authority too."


class NotPem(ConfigurationProblem):
    """A text that is no certificate."""

    code = "configuration.not_pem"
    message = "{place}: this is no certificate in PEM form."
    hint = "Copy it whole, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."


class ProxyOfEverybody(ConfigurationProblem):
    """Everybody would be a trusted proxy, and could claim any address."""

    code = "configuration.proxy_of_everybody"
    message = "{place}: with “{value}” as trusted proxies anybody could claim any address."
    hint = "Name the addresses of the proxies themselves."
