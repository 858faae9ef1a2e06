"""Prints a new key for a service that looks up its callers here, and the digest to store here.

python -m identity.modules.introspection.new_key
"""

import sys
from typing import Final

from plumbline import Modules

from ...tokens import digest, new_token

PREFIX: Final = "ids_"


def main() -> None:
    """Print both settings; nothing is stored."""
    key, modules = new_token(PREFIX), Modules("identity")
    sys.stdout.write(f"the service's  <SERVICE>_ACCESS_KEY={key}\n")
    sys.stdout.write(f"this one's     {modules.prefix('introspection')}KEYS={digest(key).hex()}\n")


if __name__ == "__main__":
    main()
