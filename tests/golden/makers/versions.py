"""Which libraries computed a file."""

from importlib.metadata import version


def versions(*packages: str) -> dict[str, str]:
    return {package: version(package) for package in packages}
