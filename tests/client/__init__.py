"""A client of the HTTP contract: what the demonstration and the flow tests speak through."""

from .contract import Contract
from .feed import Feed
from .platform import Answer, Platform
from .user import User
from .wait import eventually

__all__ = ["Answer", "Contract", "Feed", "Platform", "User", "eventually"]
