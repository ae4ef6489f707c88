"""What the tests of the tools share."""

from tests.unit.conftest import make_project

__all__ = ["make_project"]
