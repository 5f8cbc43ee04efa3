"""What `sam local invoke` needs, without a registry: a docker daemon, the runtime's image and an
emulator that functions in containers can reach.

The daemon is the one that DOCKER_HOST names or the default one; where there is none, a private one
is started (that needs root and Debian's docker.io), listening on a socket file only. The network
is internal: nothing in it reaches the outside and nothing outside reaches it.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from local import paths, server

NETWORK = "quoin-sam"
EMULATOR = "quoin-sam-emulator"
HOST_IMAGE = "quoin-sam-host:latest"
START_SECONDS_MAX = 60


def docker(*arguments: str, data: bytes | None = None) -> str:
    done = subprocess.run(["docker", *arguments], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout.decode().strip()


@contextlib.contextmanager
def daemon() -> Iterator[None]:
    """Makes DOCKER_HOST lead to a daemon; one of our own goes again, with everything in it."""
    if _answers():
        yield
        return
    if not shutil.which("dockerd"):
        raise RuntimeError("no docker daemon, and no dockerd to start: install docker.io")
    # A socket's path must be short, so not under the project.
    folder = Path(tempfile.mkdtemp(prefix="quoin-docker-"))
    socket = f"unix://{folder / 'docker.sock'}"
    command = [
        "dockerd", f"--host={socket}", f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}", f"--pidfile={folder / 'dockerd.pid'}",
        "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
        f"--ip={server.HOST}",
    ]  # fmt: skip
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    with (paths.LOGS / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    previous = os.environ.get("DOCKER_HOST")
    os.environ["DOCKER_HOST"] = socket
    try:
        _await(lambda: docker("version", "--format", "{{.Server.Version}}"))
        yield
    finally:
        if previous is None:
            del os.environ["DOCKER_HOST"]
        else:
            os.environ["DOCKER_HOST"] = previous
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers() -> bool:
    with contextlib.suppress(RuntimeError, FileNotFoundError):
        docker("version", "--format", "{{.Server.Version}}")
        return True
    return False


def runtime_image(tag: str, environment: dict[str, str]) -> None:
    """A stand-in for the provided.al2023 image: a shell, the C library and root certificates.

    Every function here is one native file, so it needs no more. The environment goes into the
    image because SAM passes a function only the variables that its template declares.
    """
    files = {path: Path(path) for path in _libraries()}
    files["/bin/busybox"] = Path(shutil.which("busybox") or "/bin/busybox")
    certificates = ssl.get_default_verify_paths().openssl_cafile
    if Path(certificates).exists():
        files["/etc/ssl/certs/ca-certificates.crt"] = Path(certificates)
    links = {f"/bin/{applet}": "busybox" for applet in ("sh", "mv", "chmod", "mkdir", "cat")}
    changes = [f"ENV {name}={value}" for name, value in environment.items()]
    _import(tag, files, links, ["/var/task", "/var/runtime", "/tmp"], changes)


def host_image() -> None:
    """An empty root into which the emulator's container mounts this machine's programs."""
    links = {f"/{name}": f"usr/{name}" for name in ("bin", "lib", "lib64", "sbin")}
    _import(HOST_IMAGE, {}, links, ["/usr", "/tmp", "/proc", "/etc"], [])


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    """The emulator in a container on the internal network; gives its address there."""
    _remove()
    docker("network", "create", "--internal", NETWORK)
    logs = paths.LOGS / "sam"
    logs.mkdir(parents=True, exist_ok=True)
    settings = server.CREDENTIALS | {
        "BIND_HOST": "0.0.0.0",  # the internal network is all there is in this container
        "GATEWAY_PORT": str(server.PREFERRED_PORT),
        "AWS_ENDPOINT_URL": f"http://{EMULATOR}:{server.PREFERRED_PORT}",
        "IOT_MTLS_ENABLED": "0",
        "QUOIN_LOGS": str(logs),
        "PYTHONPATH": str(paths.ROOT / "tests"),
    }
    interpreter = f"{sys.base_prefix}:{sys.base_prefix}:ro"
    project = f"{paths.ROOT}:{paths.ROOT}"
    volumes = dict.fromkeys(("/usr:/usr:ro", "/etc:/etc:ro", interpreter, project))
    mounts = [part for volume in volumes for part in ("-v", volume)]
    variables = [part for pair in settings.items() for part in ("-e", "=".join(pair))]
    docker(
        "run", "--detach", "--name", EMULATOR, "--network", NETWORK, *mounts, *variables,
        HOST_IMAGE, str(paths.EMULATOR_PYTHON), "-m", "local.emulator",
    )  # fmt: skip
    try:
        address = docker(
            "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
            EMULATOR,
        )  # fmt: skip
        health = f"http://{address}:{server.PREFERRED_PORT}/_ministack/health"
        _await(lambda: urllib.request.urlopen(health, timeout=1).close())
        yield address
    finally:
        _remove()


def _remove() -> None:
    for command in (("rm", "--force", EMULATOR), ("network", "rm", NETWORK)):
        with contextlib.suppress(RuntimeError):
            docker(*command)


def _libraries() -> list[str]:
    """The files a Rust binary loads, as the dynamic linker of this machine finds them."""
    listing = subprocess.run(
        ["ldd", shutil.which("mv") or "/bin/mv"], capture_output=True, text=True
    )
    loaded = [word for word in listing.stdout.split() if word.startswith("/")]
    folder = next(Path(path).parent for path in loaded if "libc.so" in path)
    named = (
        "libc.so.6",
        "libm.so.6",
        "libgcc_s.so.1",
        "libpthread.so.0",
        "libdl.so.2",
        "librt.so.1",
    )
    found = [str(folder / name) for name in named if (folder / name).exists()]
    return sorted({*found, *(path for path in loaded if "/ld-linux" in path)})


def _import(
    tag: str, files: dict[str, Path], links: dict[str, str], folders: list[str], changes: list[str]
) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in folders:
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(entry)
        for name, source in files.items():
            tar.add(source.resolve(), arcname=name.lstrip("/"))
        for name, target in links.items():
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    options = [part for change in changes for part in ("--change", change)]
    docker("import", *options, "-", tag, data=archive.getvalue())


def _await(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            ready()
            return
        except (RuntimeError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
