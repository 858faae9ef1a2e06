"""Users: registration, and passwords."""

from .passwords import hash_password, verify_password
from .schemas import Email, NewPassword, Password, UserRead
from .service import UserService

__all__ = [
    "Email",
    "NewPassword",
    "Password",
    "UserRead",
    "UserService",
    "hash_password",
    "verify_password",
]
