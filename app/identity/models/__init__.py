"""Accounts, credentials, sessions, groups and grants as they stand in the database.

What proves or carries a person's identity exists once for the console and once for the other
planes, in tables of the same columns: the database role of the workspace writes its own and cannot
touch the console's (architecture section 4). `planes.on_plane` picks the table.

Accounts are never deleted (METI-46): they are suspended. Times are milliseconds; 0 means never.
"""

from app.identity.models.accounts import Account, Grant, Group, Membership
from app.identity.models.challenges import (
    ChallengeColumns,
    ConsoleChallenge,
    WorkspaceChallenge,
)
from app.identity.models.credentials import (
    Attempts,
    ConsoleCredential,
    CredentialColumns,
    CredentialUse,
    Password,
    WorkspaceCredential,
)
from app.identity.models.invitations import Invitation
from app.identity.models.own_roles import OwnRole, RightsPeriod
from app.identity.models.requests import (
    ConsoleRequest,
    OperationRequestColumns,
    Setup,
    StoredPolicy,
    WorkspaceRequest,
)
from app.identity.models.sessions import (
    ApiTokenColumns,
    ConsoleApiToken,
    ConsolePendingSignIn,
    ConsoleSession,
    PendingSignInColumns,
    SessionColumns,
    WorkspaceApiToken,
    WorkspacePendingSignIn,
    WorkspaceSession,
)
from app.identity.models.ways_in import AccessRule, ClientBundle, ClientCertificate

__all__ = [
    "AccessRule",
    "Account",
    "ApiTokenColumns",
    "Attempts",
    "ChallengeColumns",
    "ClientBundle",
    "ClientCertificate",
    "ConsoleApiToken",
    "ConsoleChallenge",
    "ConsoleCredential",
    "ConsolePendingSignIn",
    "ConsoleRequest",
    "ConsoleSession",
    "CredentialColumns",
    "CredentialUse",
    "Grant",
    "Group",
    "Invitation",
    "Membership",
    "OperationRequestColumns",
    "OwnRole",
    "Password",
    "PendingSignInColumns",
    "RightsPeriod",
    "SessionColumns",
    "Setup",
    "StoredPolicy",
    "WorkspaceApiToken",
    "WorkspaceChallenge",
    "WorkspaceCredential",
    "WorkspacePendingSignIn",
    "WorkspaceRequest",
    "WorkspaceSession",
]
