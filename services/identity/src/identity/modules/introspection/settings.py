"""Which services may ask."""

from typing import Final

from pydantic import Field

from ...settings import ModuleSettings

DIGEST: Final = "[0-9a-f]{64}"


class Settings(ModuleSettings):
    """Without a key, nobody may ask."""

    keys: str | None = Field(
        default=None,
        pattern=f"^{DIGEST}(,{DIGEST})*$",
        description="Digests of the services' keys, with commas between them:"
        " `python -m identity.modules.introspection.new_key` makes one.",
    )

    @property
    def digests(self) -> list[bytes]:
        """Those of all services that may ask."""
        return [bytes.fromhex(each) for each in self.keys.split(",")] if self.keys else []
