"""The job `debit`: takes an amount from a wallet, once for an operation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import table
from receipt import Receipt
from wallet import Answer, Decision, Wallet, amount_of, change, debit_items, is_text, now


def refused(code: str, **more: str) -> Answer:
    return {"status": "refused", "code": code, **more}


def invalid(command: dict[str, Any]) -> Answer | None:
    """The refusal of a command that is not one."""
    rules = {
        "operation_id": is_text(command.get("operation_id")),
        "user_id": is_text(command.get("user_id")),
        "command": command.get("command") == "debit",
        "asset": command.get("asset") == "cash",
        "amount": amount_of(command.get("amount")) is not None,
    }
    field = next((name for name, right in rules.items() if not right), None)
    return refused("VALIDATION_FAILED", field=field) if field else None


def debit(command: dict[str, Any], receipt: Receipt | None = None) -> Answer:
    user_id = command["user_id"]
    amount = amount_of(command["amount"])
    entry_id = f"debit#{command['operation_id']}"

    def decide() -> Decision:
        wallet = Wallet.of(table.read(table.WALLETS, {"user_id": {"S": user_id}}))
        if wallet.balance < amount:
            available = table.text(wallet.balance)
            return [], refused("WALLET_INSUFFICIENT_BALANCE", available=available)
        answer = applied(entry_id, wallet.balance, wallet.balance - amount)
        event = {
            "type": "wallet.debited",
            "data": {
                "user_id": user_id,
                "entry_id": entry_id,
                "asset": "cash",
                "amount": table.text(amount),
                "balance_before": answer["balance_before"],
                "balance_after": answer["balance_after"],
            },
        }
        items = debit_items(
            wallet=wallet,
            user_id=user_id,
            entry_id=entry_id,
            operation="debit",
            amount=amount,
            at=now(),
            event=event,
        )
        return items, answer

    def done() -> Answer:
        key = {"user_id": {"S": user_id}, "entry_id": {"S": entry_id}}
        entry = table.read(table.LEDGER, key)
        return applied(
            entry_id, Decimal(entry["balance_before"]["N"]), Decimal(entry["balance_after"]["N"])
        )

    return change(decide, done, receipt)


def applied(entry_id: str, before: Decimal, after: Decimal) -> Answer:
    return {
        "status": "applied",
        "entry_id": entry_id,
        "balance_before": table.text(before),
        "balance_after": table.text(after),
    }
