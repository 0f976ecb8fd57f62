"""The agent's actions on certificates, as console and command line call them."""

from appliance.contract.actions import Caller, Nothing
from appliance.contract.calling import Calling
from appliance.contract.certificates.state import (
    Certificates,
    CertificateView,
    InstallCertificate,
    OfCertificate,
    RequestCertificate,
    ShowCertificates,
)


class CertificateClient(Calling):
    """A method a line of `appliance.contract.certificates.table`."""

    def certificates(self, caller: Caller) -> Certificates:
        """Return all certificates, and which each plane shows."""
        return self.call("ListCertificates", caller, Nothing(), Certificates)

    def request(self, caller: Caller, wanted: RequestCertificate) -> CertificateView:
        """Make a key and a signing request for it."""
        return self.call("RequestCertificate", caller, wanted, CertificateView)

    def install(self, caller: Caller, wanted: InstallCertificate) -> CertificateView:
        """Keep a certificate that was checked."""
        return self.call("InstallCertificate", caller, wanted, CertificateView)

    def show(self, caller: Caller, console: str, workspace: str) -> Certificates:
        """Choose what planes without an edge show."""
        wanted = ShowCertificates(console=console, workspace=workspace)
        return self.call("ShowCertificates", caller, wanted, Certificates)

    def renew(self, caller: Caller) -> CertificateView:
        """Fetch the certificate of the document's authority now."""
        return self.call("RenewCertificate", caller, Nothing(), CertificateView)

    def remove(self, caller: Caller, name: str) -> CertificateView:
        """Destroy a certificate that no plane shows."""
        return self.call("RemoveCertificate", caller, OfCertificate(name=name), CertificateView)
