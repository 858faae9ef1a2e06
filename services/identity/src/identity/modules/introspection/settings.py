"""The services that may use introspection."""

from typing import Final

from plumbline import ModuleSettings
from pydantic import Field

DIGEST: Final = "[0-9a-f]{64}"


class Settings(ModuleSettings):
    """Without a key, introspection is refused."""

    keys: str | None = Field(
        default=None,
        pattern=f"^{DIGEST}(,{DIGEST})*$",
        description="Digests of the services' keys, separated by commas:"
        " `python -m identity.modules.introspection.new_key` makes one.",
    )

    @property
    def digests(self) -> list[bytes]:
        """The digests of the keys of all services."""
        return [bytes.fromhex(each) for each in self.keys.split(",")] if self.keys else []
