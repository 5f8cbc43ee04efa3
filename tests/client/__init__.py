"""A client of the HTTP contract: what the demonstration and the flow tests speak through."""

from .contract import Contract
from .feed import Feed
from .grocery import Grocery
from .live import Live, Refused
from .member import Member, register, registration
from .platform import Answer, Platform
from .shop import Shop
from .stall import Stall
from .user import User
from .wait import eventually

__all__ = [
    "Answer",
    "Contract",
    "Feed",
    "Grocery",
    "Live",
    "Member",
    "Platform",
    "Refused",
    "Shop",
    "Stall",
    "User",
    "eventually",
    "register",
    "registration",
]
