"""What can be wrong with a seed beside what can be wrong with a document."""

from appliance.contract.configuration.problems import ConfigurationProblem


class SeedProblem(ConfigurationProblem):
    """Something is wrong with the seed. `place` is a key of it, or the disk that brings it."""

    code = "seed.problem"
    message = "{place}: this cannot be."
    hint = "Correct it, and try it with: tenshu seed check FILE."


class SeveralSeeds(SeedProblem):
    """More than one disk brings a seed, so that nobody knows which one is meant."""

    code = "seed.several"
    message = "{count} seeds are attached: {place}."
    hint = "Leave one attached, and start a new machine from the image."


class NoFileOnDisk(SeedProblem):
    """A disk has the label of a seed, and no such file. `file` is its name."""

    code = "seed.no_file"
    message = "{place}: the disk holds no file {file}."
    hint = "Write it with: tenshu seed image FILE. Other programs need long names: -J -r."


class SeedTooLarge(SeedProblem):
    """A file larger than a seed may be. `limit` in KiB."""

    code = "seed.too_large"
    status = 413
    message = "{place}: the file has more than {limit} KiB."
    hint = "A seed has some lines. Bring the rest on the console."


class DiskDamaged(SeedProblem):
    """A disk that says of itself what cannot be. `reason` in English."""

    code = "seed.disk_damaged"
    message = "{place}: the disk cannot be read: {reason}."
    hint = "Write it anew with: tenshu seed image FILE."


class NotText(SeedProblem):
    """A file that is no text in UTF-8."""

    code = "seed.not_text"
    message = "{place}: this is no text in UTF-8."
    hint = "Save it as plain text, UTF-8."


class NotOvf(SeedProblem):
    """An OVF environment that is no XML of its kind. `reason` is the parser's own, in English."""

    code = "seed.not_ovf"
    message = "Line {line}: this is no OVF environment. {reason}."
    hint = "Set the properties in the hypervisor, and start a new machine from the image."


class NotAnAddress(SeedProblem):
    """A text that is no address of a machine with the prefix length of its network."""

    code = "seed.not_an_address"
    message = "{place}: “{value}” is no address with the prefix length of its network."
    hint = "Write it like 192.0.2.10/24, or `dhcp`."


class SaidTwice(SeedProblem):
    """A plain key and a part of the document that say the same: `other`."""

    code = "seed.said_twice"
    message = "{place}: {other} says this too."
    hint = "Leave one of them out."


class NoInterface(SeedProblem):
    """The machine has no network interface that could have the address."""

    code = "seed.no_interface"
    message = "{place}: the machine has no network interface."
    hint = "Give the machine a network card, and start a new one from the image."


class NotTaken(SeedProblem):
    """The seed was right, and the machine did not take it. `reason` in English."""

    code = "seed.not_taken"
    message = "The machine did not take what the seed says. {reason}"
    hint = "It has started as if there were none. Set it up on the console, or on its screen."


class NotLookedFor(SeedProblem):
    """What looks for seeds did not come to its end."""

    code = "seed.not_looked_for"
    message = "It could not be looked for a seed."
    hint = "It has started as if there were none. Set it up on the console, or on its screen."
