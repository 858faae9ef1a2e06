"""What a service sets on every connection, beside the platform's defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ConnectionOptions:
    """Settings of every connection.

    `sqlite_pragmas`: {"cache_size": -64_000}; `postgres_settings`: {"statement_timeout": "5s"}.
    """

    sqlite_pragmas: Mapping[str, int | str] = field(default_factory=dict)
    postgres_settings: Mapping[str, str] = field(default_factory=dict)
