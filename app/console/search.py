"""What the search on top of the console finds: pages, people, groups, events."""

from typing import Final
from urllib.parse import urlencode

from app.core.messages import mark, translate
from app.identity.operations import accounts, groups
from app.operations.context import Context
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import ask, need_sign_in
from app.web.search_page import Place, Places, fitting

PEOPLE: Final = 10
LONGEST_NAME: Final = 128
PAGES: Final = (
    ("/", mark("Overview"), "layout-dashboard", None),
    ("/accounts", mark("Accounts"), "users", Permission.ACCOUNTS_VIEW),
    ("/accounts/new", mark("New account"), "user-plus", Permission.ACCOUNTS_MANAGE),
    ("/groups", mark("Groups"), "users", Permission.ACCOUNTS_VIEW),
    ("/people", mark("Personnel list"), "file-spreadsheet", Permission.ACCOUNTS_VIEW),
    ("/invitations", mark("Invitations"), "send", Permission.ACCOUNTS_VIEW),
    ("/leavers", mark("Leavers"), "door-open", Permission.ACCOUNTS_VIEW),
    ("/disclosures", mark("What is kept about a person"), "file-search", Permission.AUDIT_EXPORT),
    ("/roles", mark("Roles"), "key-round", Permission.ACCOUNTS_VIEW),
    ("/rights", mark("Who may what"), "circle-question-mark", Permission.ACCOUNTS_VIEW),
    ("/access-report", mark("Rights in use"), "table-2", Permission.ACCOUNTS_VIEW),
    ("/reviews", mark("Access reviews"), "clipboard-check", Permission.ACCOUNTS_VIEW),
    ("/history", mark("History"), "scroll-text", Permission.AUDIT_VIEW),
    ("/history/activity", mark("Activity"), "chart-line", Permission.AUDIT_VIEW),
    ("/history/evidence", mark("Evidence for a period"), "shield-check", Permission.AUDIT_EXPORT),
    ("/network", mark("Network and access"), "network", Permission.MACHINE_VIEW),
    ("/network/firewall", mark("Firewall"), "shield-check", Permission.MACHINE_VIEW),
    ("/network/outgoing", mark("What leaves this machine"), "send", Permission.MACHINE_VIEW),
    ("/network/document", mark("Document of the machine"), "file-text", Permission.MACHINE_VIEW),
    ("/network/versions", mark("Versions of the document"), "history", Permission.MACHINE_VIEW),
    ("/maintenance", mark("Maintenance access"), "headset", Permission.MACHINE_VIEW),
    ("/storage", mark("Storage"), "hard-drive", Permission.SETTINGS_VIEW),
    ("/storage/disks", mark("Disks"), "hard-drive", Permission.MACHINE_VIEW),
    ("/storage/encryption", mark("Encryption"), "lock", Permission.MACHINE_VIEW),
    ("/backups", mark("Backups"), "archive", Permission.BACKUPS_VIEW),
    ("/backups/new", mark("New repository"), "plus", Permission.BACKUPS_MANAGE),
    ("/jobs", mark("Jobs"), "list-todo", None),
    ("/requests", mark("Requests"), "shield-check", None),
    ("/settings", mark("Settings"), "settings", Permission.SETTINGS_VIEW),
    ("/settings/sign-in", mark("Sign-in rules"), "shield-check", Permission.SETTINGS_VIEW),
    ("/settings/mail", mark("Mail"), "mail", Permission.SETTINGS_VIEW),
    ("/settings/off-the-machine", mark("Off the machine"), "send", Permission.SETTINGS_VIEW),
    ("/settings/retention", mark("Retention"), "calendar-clock", Permission.SETTINGS_VIEW),
    ("/settings/permissions", mark("Permission matrix"), "table-2", Permission.SETTINGS_VIEW),
    ("/settings/events", mark("Audit catalogue"), "scroll-text", Permission.SETTINGS_VIEW),
    ("/account", mark("My account"), "user-cog", None),
    ("/account/preferences", mark("Language and appearance"), "languages", None),
    ("/account/rights", mark("My rights"), "key-round", None),
    ("/account/history", mark("My history"), "scroll-text", None),
    ("/reviews/mine", mark("My access reviews"), "clipboard-check", None),
    ("/account/tokens", mark("API tokens"), "key-round", None),
)
"""Address, name, icon, and the permission that its page asks for."""


def find(request: AnyRequest, words: str) -> list[Places]:
    """Return what fits the words."""
    context = need_sign_in(request)
    found = [Places(translate(context.language, mark("Pages")), fitting(words, _pages(context)))]
    if context.actor.rights.allows(Permission.ACCOUNTS_VIEW):
        found.append(Places(translate(context.language, mark("Accounts")), _people(context, words)))
        found.append(Places(translate(context.language, mark("Groups")), _groups(context, words)))
    if context.actor.rights.allows(Permission.AUDIT_VIEW):
        place = Place(
            f"/history?{urlencode({'q': words})}",
            translate(context.language, mark("Search the history for “{words}”"), words=words),
            "search",
        )
        found.append(Places(translate(context.language, mark("History")), [place]))
    return found


def _pages(context: Context) -> list[Place]:
    rights = context.actor.rights
    return [
        Place(href, translate(context.language, name), icon)
        for href, name, icon, permission in PAGES
        if permission is None or rights.allows(permission)
    ]


def _people(context: Context, words: str) -> list[Place]:
    asked = ask(accounts.AccountFilter, search=words[:LONGEST_NAME], limit=PEOPLE)
    return [
        Place(f"/accounts/{one.id}", one.name, "user", one.login_id)
        for one in accounts.list_accounts(context, asked).items
    ]


def _groups(context: Context, words: str) -> list[Place]:
    listed = groups.list_groups(context, groups.GroupFilter()).items
    return fitting(words, [Place(f"/groups/{one.id}", one.name, "users") for one in listed])
