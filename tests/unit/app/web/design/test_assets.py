"""The closed set of files that the pages load."""

import gzip
import re
from pathlib import Path

import pytest

from app.core.messages import explain
from app.web.design.assets import DESIGN, PACKAGES, Assets, collect_assets
from app.web.design.component import component_files, cut
from app.web.design.errors import MissingPackage, UnknownAsset, UnknownIcon
from app.web.design.icons import icon


@pytest.fixture(scope="module")
def assets() -> Assets:
    return collect_assets()


def test_a_component_is_cut_into_template_style_and_script() -> None:
    parts = cut(
        "{# a #}\n<style>\np { color: red }\n</style>\n<b>x</b>\n<script>\nlet a;\n</script>\n"
    )
    assert parts.style == "p { color: red }\n"
    assert parts.script == "let a;\n"
    assert parts.template.split() == ["{#", "a", "#}", "<b>x</b>"]
    assert parts.template.splitlines()[4] == "<b>x</b>", "lines keep their numbers"


def test_an_address_changes_with_the_content_and_only_with_it() -> None:
    first, same, other = (Assets({"a.css": body}) for body in (b"1", b"1", b"2"))
    assert first.url("a.css") == same.url("a.css") != other.url("a.css")
    assert re.fullmatch(r"/assets/a\.[0-9a-f]{12}\.css", first.url("a.css"))


def test_what_is_served_is_what_was_built(assets: Assets) -> None:
    body, kind = assets.get(assets.url("tenshu.css")) or (b"", "")
    assert kind == "text/css; charset=utf-8"
    assert b"--color-primitive-blue-900" in body
    found = assets.find(assets.url("htmx.js"))
    assert found is not None
    assert gzip.decompress(found.compressed) == found.body
    assert len(assets.paths()) == 9


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/tenshu.css",
        "/assets/tenshu.000000000000.css",
        "/assets/../pyproject.toml",
        "/assets/%2e%2e/pyproject.toml",
        "/assets//etc/passwd",
        "/assets/tenshu.css\x00",
        "",
    ],
)
def test_no_path_from_the_wire_reaches_the_file_system_V10_V17(assets: Assets, path: str) -> None:
    assert assets.get(path) is None
    assert assets.find(path) is None


def test_a_template_that_names_an_unknown_asset_fails(assets: Assets) -> None:
    with pytest.raises(UnknownAsset, match=r"tenshu\.png"):
        assets.url("tenshu.png")


def test_a_missing_package_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MissingPackage) as caught:
        collect_assets(tmp_path)
    message, hint = explain("ja", caught.value)
    assert "design-tokens" in message
    assert "npm ci --ignore-scripts" in hint


def test_every_licence_of_what_is_served_is_served_too(assets: Assets) -> None:
    text = assets.named("licences.txt").body.decode()
    for name in ("design-tokens", "htmx.org", "lucide-static", "uplot"):
        assert name in text
    assert text.count("Permission") >= 3


def test_an_icon_is_hidden_from_screen_readers_and_brings_no_style() -> None:
    drawing = icon("house")
    assert drawing.startswith('<svg class="icon"')
    assert 'aria-hidden="true"' in drawing
    assert "style" not in drawing


@pytest.mark.parametrize("name", ["no-such-icon", "../../axe-core/package", "House", "", "a--b"])
def test_only_names_of_the_icon_set_are_icons(name: str) -> None:
    with pytest.raises(UnknownIcon):
        icon(name)


def test_colours_and_sizes_stand_only_in_the_semantic_file() -> None:
    styles = [cut(path.read_text()).style for path in component_files()]
    styles += [(DESIGN / name).read_text() for name in ("base.css", "layout.css")]
    styles.append((DESIGN / "sheet/sheet.css").read_text())
    for style in styles:
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|rgba?\(|hsl", style), style
        assert "--color-" not in style


def test_every_variable_that_a_style_uses_is_declared(assets: Assets) -> None:
    style = "".join(assets.named(name).body.decode() for name in ("tenshu.css", "sheet.css"))
    declared = set(re.findall(r"(--[\w-]+)\s*:", style))
    assert set(re.findall(r"var\((--[\w-]+)", style)) - declared == set()


def test_no_template_has_an_inline_style_script_or_handler() -> None:
    pages = [
        cut(path.read_text()).template for path in [*component_files(), *DESIGN.glob("*.html")]
    ]
    for page in pages:
        assert not re.search(r"<style|<script>|\sstyle=|\son[a-z]+=|hx-on|javascript:", page), page


def test_the_lock_names_no_registry() -> None:
    lock = (PACKAGES.parent / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "http" not in lock
