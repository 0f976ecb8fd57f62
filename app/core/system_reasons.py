"""What the operating system says where a connection or a file fails: translated where it is shown.

It stands in errors as the parameter `reason`, in the system's own English, which programs and
administrators look for; `explain` finds the Japanese of it like that of any marked text.
"""

from typing import Final

from app.core.messages import mark

SAID: Final = (
    mark("Connection refused"),
    mark("Connection reset by peer"),
    mark("Connection timed out"),
    mark("timed out"),
    mark("Broken pipe"),
    mark("Network is unreachable"),
    mark("No route to host"),
    mark("Name or service not known"),
    mark("No address associated with hostname"),
    mark("Temporary failure in name resolution"),
    mark("Permission denied"),
    mark("Read-only file system"),
    mark("No space left on device"),
    mark("No such file or directory"),
    mark("Not a directory"),
)
