"""All pages of the console."""

from litestar.handlers import HTTPRouteHandler

from app.console.access_rule_pages import access_rule_pages
from app.console.account_pages import account_pages
from app.console.activity_pages import activity_pages
from app.console.backup_pages import backup_pages
from app.console.certificate_pages import certificate_pages
from app.console.client_certificate_pages import client_certificate_pages
from app.console.disk_pages import disk_pages
from app.console.erasure_pages import erasure_pages
from app.console.evidence_pages import evidence_pages
from app.console.firewall_pages import firewall_pages
from app.console.group_pages import group_pages
from app.console.history_pages import history_pages
from app.console.identity_pages import identity_pages
from app.console.invitation_pages import invitation_pages
from app.console.leaving_pages import leaving_pages
from app.console.mail_pages import mail_pages
from app.console.maintenance_pages import maintenance_pages
from app.console.network_pages import network_pages
from app.console.new_account_pages import new_account_pages
from app.console.offsite_pages import offsite_pages
from app.console.outgoing_pages import outgoing_pages
from app.console.overview_page import overview_pages
from app.console.people_pages import people_pages
from app.console.person_choice import person_choice_pages
from app.console.privacy_pages import privacy_pages
from app.console.repository_pages import repository_pages
from app.console.review_pages import console_review_pages
from app.console.rights_pages import rights_pages
from app.console.role_pages import role_pages
from app.console.settings_pages import settings_pages
from app.console.setup_pages import setup_pages
from app.console.sign_in_rules_pages import sign_in_rules_pages
from app.console.storage_pages import storage_pages
from app.console.volume_pages import volume_pages


def console_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of the console beyond those that both planes have."""
    return [
        *overview_pages(),
        *setup_pages(),
        *account_pages(),
        *new_account_pages(),
        *person_choice_pages(),
        *client_certificate_pages(),
        *group_pages(),
        *leaving_pages(),
        *people_pages(),
        *role_pages(),
        *rights_pages(),
        *access_rule_pages(),
        *invitation_pages(),
        *console_review_pages(),
        *erasure_pages(),
        *privacy_pages(),
        *evidence_pages(),
        *history_pages(),
        *activity_pages(),
        *network_pages(),
        *firewall_pages(),
        *certificate_pages(),
        *outgoing_pages(),
        *maintenance_pages(),
        *identity_pages(),
        *backup_pages(),
        *repository_pages(),
        *storage_pages(),
        *disk_pages(),
        *volume_pages(),
        *sign_in_rules_pages(),
        *mail_pages(),
        *offsite_pages(),
        *settings_pages(),
    ]
