"""Prints a new key for a service that asks who its callers are, and what is kept of it here.

python -m identity.modules.introspection.new_key
"""

import sys
from typing import Final

from ...tokens import digest, new_token
from .. import prefix_of

PREFIX: Final = "ids_"


def main() -> None:
    """Nothing is stored: whoever reads this puts both lines where they belong."""
    key = new_token(PREFIX)
    sys.stdout.write(f"the service's  <SERVICE>_ACCESS_KEY={key}\n")
    sys.stdout.write(f"this one's     {prefix_of('introspection')}KEYS={digest(key).hex()}\n")


if __name__ == "__main__":
    main()
