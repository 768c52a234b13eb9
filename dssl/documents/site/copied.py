"""What is taken over from `docs/` and `notebooks/`, with links that lead to pages of the site where there are some."""

import pathlib
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping

from dssl.documents import examples
from dssl.documents.site import markdown as md
from dssl.documents.site.cards import label

# The folders of a checkout, and where on the site their files lie.
PLACES: Mapping[str, str] = {"docs/site": "", "docs": "", "docs/proofs": "proofs", "notebooks": "notebooks"}
FILLED = "explanation"  # its pages have slots, and `explanation.py` writes them
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_PICTURE = re.compile(r"!\[[^\]]*\]\(([\w-]+\.(?:png|svg))\)")
_CLAIM = re.compile(r"(?:\.\./)+claims/\w+/(\w+)\.py")
_HEADING = "## What the words mean"  # in `docs/verdicts.md`; the pages of claims lead there
_GENERATED = re.compile(r"<!-- generated: .*? -->\n+")


def copy(checkout: pathlib.Path, out: pathlib.Path, *, runs_examples: bool) -> None:
    """Copies the pages; those of `docs/site` get the outputs of their examples, and their pictures."""
    _copy_own(checkout, out, runs_examples=runs_examples)
    for folder in ("docs", "docs/proofs"):
        for path in sorted((checkout / folder).glob("*.md")):
            target = out / PLACES[folder] / path.name
            _write(target, linked(path.read_text(encoding="utf-8"), path.parent, checkout))
    names = [path.stem for path in sorted((checkout / "docs/proofs").glob("*.md"))]
    _write(out / "proofs/index.md", _list_of_proofs(names))
    for path in sorted((checkout / "notebooks").glob("*.ipynb")):
        target = out / "notebooks" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _copy_own(checkout: pathlib.Path, out: pathlib.Path, *, runs_examples: bool) -> None:
    """The files of `docs/site`, settings and style sheets included, but for pages with slots."""
    folder = checkout / "docs/site"
    left_out = {"__pycache__", FILLED}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if left_out & set(path.relative_to(folder).parts):
            continue
        target = out / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".md":
            shutil.copyfile(path, target)
            continue
        text = path.read_text(encoding="utf-8")
        _write(target, _carried_out(text, target.parent, checkout) if runs_examples else _PICTURE.sub("", text))


def _carried_out(text: str, beside: pathlib.Path, checkout: pathlib.Path) -> str:
    """The page with the outputs of its examples; pictures that they draw, and the page shows, are put beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        renewed = examples.carried_out(text, folder, checkout)
        for picture in _PICTURE.findall(text):
            if (folder / picture).exists():
                shutil.copyfile(folder / picture, beside / picture)
    return renewed


def linked(text: str, folder: pathlib.Path, checkout: pathlib.Path) -> str:
    """The page for the site: links to files that the site does not have become their names as code.

    A link to the file of a claim leads to the claim's page.
    """
    text = _GENERATED.sub("", text).replace(_HEADING, f"(words-of-a-verdict)=\n{_HEADING}")
    return _LINK.sub(_relinked(folder, checkout), text)


def _relinked(folder: pathlib.Path, checkout: pathlib.Path) -> Callable[[re.Match[str]], str]:
    def changed(found: re.Match[str]) -> str:
        words, address = found.groups()
        if "://" in address or address.startswith("#"):
            return found[0]
        if claim := _CLAIM.fullmatch(address):
            return f"[{words}](#{label(claim[1].replace('_', '-'))})"
        target = (folder / address.partition("#")[0]).resolve()
        if target.suffix == ".md" and target.parent in (checkout / "docs", checkout / "docs/proofs"):
            return found[0]
        shown = target.relative_to(checkout).as_posix() if target.is_relative_to(checkout) else address
        return words if words.strip("`") == shown else f"{words} ({md.code(shown)})"

    return changed


def _list_of_proofs(names: list[str]) -> str:
    return md.page(
        "# Proofs",
        "Short proofs of what the project uses and the paper does not prove. They are written for readers who know "
        "linear algebra and probability.",
        md.contents(names, is_hidden=False),
    )


def _write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
