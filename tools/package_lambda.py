"""Makes the zip file that AWS Lambda runs. Run by `./dev build` with the Python that Lambda has; standard library only.

The same sources and lock give the same bytes: packages are those of requirements/lambda.txt, hash by hash; files are
sorted, their times and modes fixed, their bytecode bound to the source by hash. A cold start reads that bytecode, so
that nothing is compiled where people wait; Lambda's folder is read-only.
"""

import argparse
import compileall
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}  # Amazon Linux 2023 has glibc 2.34
BEFORE_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can tell
READABLE = 0o100644 << 16

NOT_OURS = {"cli", "server", "__main__.py"}  # what only the valine of one machine needs
# Of other people's packages: what neither Python nor a licence asks for
NOISE = {"RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "entry_points.txt", "top_level.txt"}
NOISE_SUFFIXES = {".pyi", ".pyx", ".pxd", ".c", ".h", ".exe"}
# Of what others pack together, the parts that are asked; everything else in these folders goes
KEPT = {
    "botocore/data": {"dynamodb", "sqs", "ssm", "secretsmanager"},  # descriptions of services
    "aws_lambda_powertools/utilities": {"jmespath_utils"},  # its metrics import this, by way of its logger
}
GONE = ("bin", "aws_lambda_powertools/event_handler")  # scripts; a web framework with its pages


def main() -> int:
    """Build it, tell its size; 1 and the installer's words if the packages cannot be had."""
    parser = argparse.ArgumentParser(prog="./dev build", description="Make the package that AWS Lambda runs.")
    parser.add_argument("--arch", choices=PLATFORMS, default="arm64", help="default: arm64, as template.yaml")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "valine-lambda.zip", metavar="FILE")
    parser.add_argument("uv", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        content = Path(scratch, "content")
        code = install(asked.uv, PLATFORMS[asked.arch], content)
        if code:
            print(f"dev: the packages for {asked.arch} could not be had: nothing was written.", file=sys.stderr)
            return code
        copy_ours(content)
        prune(content)
        compile_all(content)
        unpacked = sum(path.stat().st_size for path in files(content))
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        draft = asked.out.with_suffix(".new")
        pack(content, draft, comment={"arch": asked.arch, "python": "{}.{}".format(*sys.version_info)})
        draft.replace(asked.out)
    print(f"{asked.out}: {asked.arch}, {asked.out.stat().st_size / 1e6:.1f} MB ({unpacked / 1e6:.1f} MB unpacked)")
    return 0


def install(uv: str, platform: str, target: Path) -> int:
    """Put the locked packages there; uv's exit code."""
    lock = ROOT / "requirements" / "lambda.txt"
    exactly = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--link-mode", "copy"]
    python = ["--python", sys.executable, "--python-version", "{}.{}".format(*sys.version_info)]
    where = ["--python-platform", platform, "--target", str(target)]
    command = [uv, "pip", "install", "--quiet", *python, *where, *exactly, "-r", str(lock)]
    return subprocess.run(command, check=False).returncode


def copy_ours(target: Path) -> None:
    """Our own package, less what Lambda does not run."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        at_the_top = Path(folder) == ROOT / "src" / "valine"
        return {name for name in names if name == "__pycache__" or (at_the_top and name in NOT_OURS)}

    shutil.copytree(ROOT / "src" / "valine", target / "valine", ignore=left_out)


def prune(content: Path) -> None:
    """Take away what is never read: types, sources in C, installers' notes, services that nobody asks."""
    for path in list(files(content)):
        of_the_installer = path.parent.suffix == ".dist-info" and path.name in NOISE
        if of_the_installer or path.suffix in NOISE_SUFFIXES or path.name in {"py.typed", ".lock"}:
            path.unlink()
    needless = [content / name for name in GONE]
    for folder, kept in KEPT.items():
        needless += [part for part in (content / folder).iterdir() if part.is_dir() and part.name not in kept]
    for part in needless:
        shutil.rmtree(part, ignore_errors=True)


def compile_all(content: Path) -> None:
    """Bytecode beside each source. Raises SystemExit if one does not compile."""
    done = compileall.compile_dir(
        content,
        quiet=1,
        stripdir=str(content),
        prependdir="/var/task",  # where Lambda unpacks it, for tracebacks
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not done:
        raise SystemExit("dev: a source does not compile (above): nothing was written.")


def pack(content: Path, out: Path, *, comment: dict[str, str]) -> None:
    """All files, in an order and with times and modes that are always the same; the comment tells whom it is for."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for path in files(content):
            entry = zipfile.ZipInfo(path.relative_to(content).as_posix(), BEFORE_TIME)
            entry.create_system, entry.external_attr = 3, READABLE  # as Unix writes it
            package.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
        package.comment = json.dumps(comment).encode()


def files(folder: Path) -> Iterator[Path]:
    """All files below, sorted."""
    for here, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(here, name) for name in sorted(names))


if __name__ == "__main__":
    sys.exit(main())
