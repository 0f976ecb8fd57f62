"""The door: all that sshd runs for whoever comes in for maintenance (`ForceCommand`).

It hands its terminal to the agent and waits. What is done, and its recording, are none of its
affair, nor of the user whom it runs as. It is copied beside sshd's configuration, where that user
can read it, so it stands alone: the standard library and nothing of ours.
"""

import json
import os
import socket
import sys

LONGEST = 200
"""Characters of a command that is given at once; the closed table has far shorter ones."""


def main(path: str) -> int:
    """Return the exit code that the session ends with; 1 where nobody lets anybody in."""
    told = {
        "connection": os.environ.get("SSH_CONNECTION", "")[:LONGEST],
        "command": os.environ.get("SSH_ORIGINAL_COMMAND", "")[: LONGEST + 1],
    }
    with socket.socket(socket.AF_UNIX) as agent:
        try:
            agent.connect(path)
            socket.send_fds(agent, [json.dumps(told).encode()], [0, 1])
            code = agent.recv(1)
        except OSError:
            code = b""
    if not code:
        sys.stderr.write("Maintenance access is closed.\r\n保守の受け入れ中ではありません。\r\n")
    return code[0] if code else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
