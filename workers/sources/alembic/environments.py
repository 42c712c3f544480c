"""Python environments for projects: built by uv from wheels by their hashes, kept by content, without running any code of theirs."""

from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.core.codec import sha256
from workers.core.config import Module
from workers.ports import PythonEnvironment, Tree
from workers.sandbox.identity import Identity
from workers.sandbox.runtime import Runtime, python_runtime
from workers.sources.alembic.dependencies import Form, Stated, dependency_files, refused, stated, strict

OPERATOR_VARIABLES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_OFFLINE"),
    *(
        "UV_SYSTEM_CERTS",
        "UV_NATIVE_TLS",
        "UV_HTTP_TIMEOUT",
        "UV_HTTP_RETRIES",
        "UV_KEYRING_PROVIDER",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
"""What the operator may say to uv about the index: nothing of a repository does."""

_COMPILE = ("pip", "compile", "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header", "--quiet")
_EXPORT = (
    "export",
    "--frozen",
    "--no-emit-local",
    "--no-annotate",
    "--no-header",
    "--quiet",
    "--format",
    "requirements-txt",
)
_INSTALL = (
    "pip",
    "install",
    "--require-hashes",
    "--quiet",
    "--no-python-downloads",
    "--link-mode",
    "hardlink",
    "--compile-bytecode",
)
_WHEELS_ONLY = ("--only-binary", ":all:")
_LINES = 6


def from_operator(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The part of the worker's environment that uv is given."""
    return tuple((name, environ[name]) for name in OPERATOR_VARIABLES if name in environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environments:
    """Builds and keeps environments below `area`, which the sandbox's user can pass; `interpreter` is the Python they get."""

    area: Path
    identity: Identity
    uv: Path
    interpreter: Path
    operator: tuple[tuple[str, str], ...] = ()
    wall_seconds: float = 600.0

    def environment(self, default_tree: Tree, merge_tree: Tree, module: Module) -> PythonEnvironment:
        """The environment of a module. Raises ExpectedError (dependencies_unavailable)."""
        if module.python_environment:
            return _named(Path(module.python_environment))
        needs = stated(default_tree, module)
        lock, note = self._lock(needs)
        if not re.search(r"^alembic==", lock, re.MULTILINE | re.IGNORECASE):
            raise refused(f"`{needs.path}` does not lead to the package `alembic`, so the migrations cannot run.")
        runtime = python_runtime(self.area, self.identity, self.interpreter)
        # What approvals bind to says nothing of a kernel or of uv itself: their updates void no approval.
        digest = sha256(f"{lock}\n{self._python(runtime)}".encode())
        machine = (platform.machine(), *platform.libc_ver(), self._said_by_uv("--version"))
        key = sha256("\n".join((digest, runtime.bin, *machine)).encode())
        path = self._kept("environments", key, lambda place: self._install(place, lock, runtime))
        note += _pull_note(default_tree, merge_tree, module)
        return PythonEnvironment(path=path, digest=f"sha256:{digest}", note=note)

    def _lock(self, needs: Stated) -> tuple[str, str]:
        """Requirements with versions and hashes, and where they come from."""
        where = f"`{needs.path}` of the default branch"
        if needs.form is Form.HASHES:
            return needs.text, f"dependencies by the hashes in {where}"
        if needs.form is Form.UV_LOCK:
            return self._exported(needs), f"dependencies by the lock {where}"
        runtime = python_runtime(self.area, self.identity, self.interpreter)
        content = "\n".join((needs.text, needs.constraints, self._python(runtime), platform.machine()))
        path = self._kept("locks", sha256(content.encode()), lambda place: self._resolve(place, needs, runtime))
        lock = (path / "lock.txt").read_text()
        digest = sha256(lock.encode())
        return lock, f"dependencies resolved by us from {where}, because the repository has no lock: sha256 {digest}"

    def _exported(self, needs: Stated) -> str:
        with tempfile.TemporaryDirectory(dir=self.area) as name:
            for path, content in needs.files:
                place = Path(name, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            words = (*_EXPORT, "--package", needs.package) if needs.package else _EXPORT
            text = self._said_by_uv(*words, directory=Path(name))
        joined = re.sub(r" \\\n\s+", " ", text)
        lines = [strict(line.strip(), needs.path) for line in joined.splitlines() if line.strip()]
        bare = [line for line in lines if "--hash=" not in line]
        if bare:
            raise refused(f"`{needs.path}` has no hash for `{bare[0][:100]}`.")
        return "\n".join(lines) + "\n"

    def _resolve(self, place: Path, needs: Stated, runtime: Runtime) -> None:
        (place / "requirements.in").write_text(needs.text)
        words = [*_COMPILE, *_WHEELS_ONLY, "--python", runtime.bin, str(place / "requirements.in")]
        if needs.constraints:
            (place / "constraints.txt").write_text(needs.constraints)
            words += ["--constraints", str(place / "constraints.txt")]
        lock = self._said_by_uv(*words, environment=runtime.environment)
        (place / "lock.txt").write_text(lock)

    def _install(self, place: Path, lock: str, runtime: Runtime) -> None:
        requirements = place / "requirements.txt"
        requirements.write_text(lock)
        extra = runtime.environment
        self._said_by_uv("venv", "--quiet", "--allow-existing", "--python", runtime.bin, str(place), environment=extra)
        target = ("--python", str(place / "bin" / "python"), "--requirements", str(requirements))
        self._said_by_uv(*_INSTALL, *_WHEELS_ONLY, *target, environment=extra)

    def _kept(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of that key, made once: in a folder beside it that is renamed when it is whole and readable."""
        parent = self.area / kind
        parent.mkdir(mode=0o755, exist_ok=True)
        parent.chmod(0o755)
        path = parent / key[:32]
        with _one_at_a_time(parent / f".{key[:32]}.lock"):
            if not path.exists():
                place = Path(tempfile.mkdtemp(dir=parent, prefix=".new-"))
                try:
                    make(place)
                    _open_to_readers(place)
                    place.rename(path)
                except BaseException:
                    shutil.rmtree(place, ignore_errors=True)
                    raise
        return path

    def _python(self, runtime: Runtime) -> str:
        words = [runtime.bin, "-I", "-S", "-c", "import sys; print(*sys.version_info[:3])"]
        answer = subprocess.run(
            words, env=dict(runtime.environment), capture_output=True, text=True, check=True, timeout=30
        )
        return answer.stdout.strip()

    def _said_by_uv(
        self, *words: str, directory: Path | None = None, environment: tuple[tuple[str, str], ...] = ()
    ) -> str:
        given = dict(from_operator(dict(self.operator)))
        own = {"PATH": "/usr/bin:/bin", "HOME": str(self.area), "UV_CACHE_DIR": str(self.area / "uv-cache")}
        own |= {
            "UV_NO_CONFIG": "1",
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_PYTHON": str(self.interpreter),
        }
        try:
            answer = subprocess.run(
                [str(self.uv), *words],
                env={**given, **own, **dict(environment)},
                cwd=directory or self.area,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=self.wall_seconds,
            )
        except subprocess.TimeoutExpired:
            raise refused(f"The project's dependencies were not ready after {self.wall_seconds:.0f} seconds.") from None
        if answer.returncode:
            raise refused(f"The project's dependencies cannot be installed: {_shown(answer.stderr)}")
        return answer.stdout


def _named(path: Path) -> PythonEnvironment:
    """The operator's environment as it is; its digest says which distributions lie in it."""
    if not os.access(path / "bin" / "python", os.X_OK):
        raise refused(f"There is no Python environment at the operator's `python_environment` ({path.name}).")
    installed = sorted(found.name for found in path.glob("lib/python3*/site-packages/*.dist-info"))
    digest = sha256("\n".join((str(path), *installed)).encode())
    return PythonEnvironment(
        path=path, digest=f"sha256:{digest}", note="dependencies from the operator's python_environment"
    )


def _pull_note(default_tree: Tree, merge_tree: Tree, module: Module) -> str:
    """What a pull wants changed; its files are read after the merge, when a maintainer has said yes to them."""
    names = {*dependency_files(default_tree, module), *dependency_files(merge_tree, module)}
    changed = sorted(name for name in names if default_tree.read(name) != merge_tree.read(name))
    if not changed:
        return ""
    listed = ", ".join(f"`{name}`" for name in changed)
    return f"; this pull changes {listed}, which counts once a maintainer has merged it"


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_to_readers(place: Path) -> None:
    place.chmod(0o755)
    for folder, names, files in os.walk(place):
        for name in (*names, *files):
            item = Path(folder, name)
            if not item.is_symlink():
                runs = item.is_dir() or item.stat().st_mode & stat.S_IXUSR
                item.chmod(0o755 if runs else 0o644)


def _shown(said: str) -> str:
    """The last lines of what uv said, without addresses: the index may be a private one with a password."""
    lines = [line.strip() for line in re.sub(r"\S*://\S*", "(address)", said).splitlines() if line.strip()]
    return " ".join(lines[-_LINES:])[:800] or "uv said nothing."
