"""Ports that are the appliance's own."""

from typing import Final

CONSOLE_PORT: Final = 8443
WORKSPACE_PORT: Final = 443
REDIRECT_PORT: Final = 80
SMTP_PORT: Final = 25
