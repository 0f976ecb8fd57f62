"""Why a folder cannot hold a repository."""

FOLDER_REASONS = {
    "relative": "Give the whole path, from the first slash on.",
    "root": "It is the root of the file system.",
    "own": "It belongs to the appliance's own data or keys.",
    "link": "It is a link, or lies behind one.",
    "spelling": "Its path has “::” or braces, to which Borg gives a meaning of its own.",
    "astray": "Its path cannot be followed: a part of it is too long, or links go in a circle.",
    "parent": "The folder above it does not exist.",
    "file": "It is not a folder.",
    "filled": "It is not empty and holds no Borg repository.",
    "top": "It is the top of a file system, which holds lost+found: name a folder in it.",
    "unwritable": "The appliance may not write there.",
    "taken": "It is a repository of this appliance already.",
}
"""Why a folder is refused, as finished sentences; they are translated where they are shown."""
