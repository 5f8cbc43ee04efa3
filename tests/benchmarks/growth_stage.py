"""The deployed stack as growth is measured on it: programs, tables, people."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from local import deployment

from . import growth_seed as seed
from .process import Program
from .table_proxy import TableProxy
from .world import World

Event = dict[str, Any]


@dataclass
class Stage:
    """What every part of the measurement needs."""

    world: World
    proxy: TableProxy
    built: Path
    counts_instructions: bool

    @cached_property
    def tables(self) -> Any:
        return deployment.client(self.world.emulator, "dynamodb")

    def program(self, function: str) -> Program:
        return self.world.program(function, self.built, self.proxy.url, str(self.proxy.bundle))

    def table(self, function: str, variable: str) -> str:
        """The name of a table, as `function` knows it."""
        return self.program(function).environment[variable]

    @cached_property
    def journal(self) -> str:
        return self.table("place-bet", "JOURNAL_TABLE")

    @cached_property
    def wallets(self) -> str:
        return self.table("place-bet", "WALLETS_TABLE")

    def person(self, entries: int = 1) -> str:
        """Somebody whose wallet has so many entries in the journal."""
        wallet = seed.Wallet(f"user_{uuid.uuid4().hex}", entries)
        seed.put_all(self.tables, self.journal, wallet.journal())
        self.tables.put_item(TableName=self.wallets, Item=wallet.item())
        return wallet.user_id

    def wallet(self, user_id: str) -> tuple[int, Decimal]:
        """Version and cash of a wallet."""
        key = {"pk": {"S": user_id}}
        item = self.tables.get_item(TableName=self.wallets, Key=key, ConsistentRead=True)["Item"]
        return int(item["v"]["N"]), seed.cash(item)

    def debit(self, user_id: str) -> Event:
        return self.world.debit() | {"user_id": user_id}

    def bet(self, user_id: str, feed: Any = None, legs: int = 1) -> Event:
        """A bet of `user_id`; on `feed`'s event, if one is given."""
        return self.world.bet(legs, user_id=user_id, feeds=[feed] if feed else None)
