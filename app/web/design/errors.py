"""What can be wrong with the design system at start; a person at the browser never meets these."""

from app.core.errors import TenshuError


class MissingPackage(TenshuError):
    """A file of an npm package that the pages load is not there."""

    code = "design.missing_package"
    status = 500
    message = "The file {file} is not installed, so the pages cannot be built."
    hint = "Run npm ci --ignore-scripts in the project's folder, then start again."


class UnknownIcon(TenshuError):
    """A template names an icon that the icon set does not have."""

    code = "design.unknown_icon"
    status = 500
    message = "There is no icon called “{name}”."
    hint = "Choose a name from the Lucide icon set."


class UnknownAsset(TenshuError):
    """A template names an asset that is not built."""

    code = "design.unknown_asset"
    status = 500
    message = "There is no asset called “{name}”."
    hint = "Use one of the names that app/web/design/README.md lists."
