"""The actions on certificates."""

from typing import Final

from appliance.contract.action import Action, Tier
from appliance.contract.actions import Nothing
from appliance.contract.certificates.state import (
    Certificates,
    CertificateView,
    InstallCertificate,
    OfCertificate,
    RequestCertificate,
    ShowCertificates,
)

VIEW: Final = "machine.view"
MANAGE: Final = "machine.manage"

ACTIONS: Final = (
    Action(
        name="ListCertificates",
        request=Nothing,
        result=Certificates,
        permission=VIEW,
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="List the certificates, and which each plane shows",
    ),
    Action(
        name="RequestCertificate",
        request=RequestCertificate,
        result=CertificateView,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=60,
        verb="certificates.request",
        says="Make a key that never leaves, and a signing request for it",
    ),
    Action(
        name="InstallCertificate",
        request=InstallCertificate,
        result=CertificateView,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=30,
        verb="certificates.install",
        says="Check a certificate and keep it; no plane shows it yet",
    ),
    Action(
        name="ShowCertificates",
        request=ShowCertificates,
        result=Certificates,
        permission=MANAGE,
        tier=Tier.DANGEROUS,
        timeout=30,
        verb="certificates.show",
        says="Let planes without an edge show other certificates",
    ),
    Action(
        name="RenewCertificate",
        request=Nothing,
        result=CertificateView,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=110,
        verb="certificates.renew",
        says="Fetch the certificate of the document's authority (ACME) now",
    ),
    Action(
        name="RemoveCertificate",
        request=OfCertificate,
        result=CertificateView,
        permission=MANAGE,
        tier=Tier.DANGEROUS,
        timeout=30,
        verb="certificates.remove",
        says="Destroy a certificate that no plane shows, with its key",
    ),
)
