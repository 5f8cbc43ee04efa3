"""`uses` of a function as IAM statements and environment variables, always both together.

Invariant: money is written under TransactWriteItems only, and a journal stream only by
functions that name its type. No statement names a wildcard action.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import cfn
from .declaration import DeclarationError, Function, Service, pascal, screaming

READING = {"BatchGetItem", "GetItem", "Query"}
ENCLOSED = {"ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": ["TransactWriteItems"]}}


@dataclass
class Grants:
    """What a function may do and what it is told about it."""

    statements: list[Any] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  # why a statement is as wide as it is

    def allow(
        self,
        sid: str,
        actions: list[str],
        resource: Any,
        condition: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        statement: dict[str, Any] = {
            "Sid": sid,
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": resource,
        }
        if condition:
            statement["Condition"] = condition
        self.statements.append(statement)
        if reason:
            self.reasons[sid] = reason


def of(service: Service, function: Function) -> Grants:
    grants = Grants()
    for use, wanted in function.uses.items():
        if use not in _USES:
            raise DeclarationError(f"{service.name}/{function.name}: unknown use {use}")
        _USES[use](grants, service, wanted)
    grants.environment.update(function.spec.get("environment") or {})
    return grants


def _dynamodb(actions: list[str]) -> list[str]:
    return [f"dynamodb:{action}" for action in actions]


def _table_arn(parameter: str) -> cfn.Tag:
    return cfn.arn("dynamodb", f"table/${{{parameter}}}")


def _journal(grants: Grants, _service: Service, wanted: dict[str, Any]) -> None:
    table = _table_arn("JournalTable")
    grants.environment["JOURNAL_TABLE"] = cfn.ref("JournalTable")
    read, put = wanted.get("read", []), wanted.get("put", [])
    # A plain Put right covers the same Put inside a transaction.
    transact = [kind for kind in wanted.get("transact", []) if kind not in put]
    unknown = set(wanted) - {"read", "put", "transact", "check"}
    if unknown:
        raise DeclarationError(f"journal: unknown {sorted(unknown)}")
    reading = _dynamodb(["BatchGetItem", "GetItem", "Query"])
    if read == "all":
        grants.allow("JournalRead", reading, table, reason="reads the stream of any entity")
    elif read:
        grants.allow("JournalRead", reading, table, _leading_keys(read))
    if put:
        grants.allow("JournalPut", _dynamodb(["PutItem"]), table, _leading_keys(put))
    if transact:
        condition = _leading_keys(transact) | ENCLOSED
        grants.allow("JournalTransact", _dynamodb(["PutItem"]), table, condition)
    if check := wanted.get("check"):
        actions = _dynamodb(["ConditionCheckItem"])
        grants.allow("JournalCheck", actions, table, _leading_keys(check))


def _leading_keys(kinds: list[str]) -> dict[str, Any]:
    keys = [f"{kind}#*" for kind in kinds]
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}}


def _wallets(grants: Grants, _service: Service, wanted: list[str]) -> None:
    table = _table_arn("WalletsTable")
    grants.environment["WALLETS_TABLE"] = cfn.ref("WalletsTable")
    grants.environment["TIME_ZONE_OFFSET_MINUTES"] = cfn.ref("TimeZoneOffsetMinutes")
    rights = {
        "read": ("WalletsRead", ["BatchGetItem", "GetItem"], None),
        "scan": ("WalletsScan", ["Scan"], None),
        "transact": ("WalletsTransact", ["UpdateItem"], ENCLOSED),
        "create": ("WalletsCreate", ["PutItem"], ENCLOSED),
        "check": ("WalletsCheck", ["ConditionCheckItem"], None),
    }
    for right in wanted:
        sid, actions, condition = rights[right]
        grants.allow(sid, _dynamodb(actions), table, condition)


def _users(grants: Grants, _service: Service, wanted: list[dict[str, list[str]]]) -> None:
    """A list of rights, each on rows of the kinds that it names."""
    grants.environment["USERS_TABLE"] = cfn.ref("UsersTable")
    for number, right in enumerate(wanted, start=1):
        actions, keys = _narrow("users", right)
        sid = "Users" if len(wanted) == 1 else f"Users{number}"
        grants.allow(sid, _dynamodb(actions), _table_arn("UsersTable"), _leading_keys(keys))


def _narrow(table: str, right: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    """Actions and the kinds of rows that they are for; a right to all rows cannot be said."""
    if not isinstance(right, dict) or set(right) != {"actions", "keys"} or not all(right.values()):
        raise DeclarationError(f"{table}: a right names its actions and its keys, and nothing else")
    return right["actions"], right["keys"]


def _user_keys(grants: Grants, _service: Service, wanted: list[str]) -> None:
    table = _table_arn("UserKeysTable")
    key = cfn.arn("kms", "key/${PersonalKeyId}")
    grants.environment["USER_KEYS_TABLE"] = cfn.ref("UserKeysTable")
    grants.environment["KEY_PERSONAL"] = cfn.ref("PersonalKeyId")
    rights = {
        "read": ("UserKeysRead", ["BatchGetItem", "GetItem"], ["kms:Decrypt"]),
        "create": ("UserKeysCreate", ["PutItem"], ["kms:GenerateDataKey"]),
        "erase": ("UserKeysErase", ["DeleteItem"], []),
    }
    for right in wanted:
        sid, actions, crypto = rights[right]
        grants.allow(sid, _dynamodb(actions), table)
        if crypto:
            grants.allow(f"{sid}Crypto", crypto, key)


def _tables(grants: Grants, service: Service, wanted: dict[str, list[str]]) -> None:
    for name, actions in wanted.items():
        if name not in service.tables:
            raise DeclarationError(f"{service.name}: table {name} is not declared")
        table = f"{pascal(name)}Table"
        grants.environment[f"TABLE_{screaming(name)}"] = cfn.ref(table)
        resources: Any = cfn.get_att(table, "Arn")
        if service.tables[name].get("indexes") and "Query" in actions:
            resources = [resources, cfn.sub(f"${{{table}.Arn}}/index/*")]
        if service.tables[name].get("append_only"):
            _appended(grants, service, name, actions)
        else:
            grants.allow(table, _dynamodb(actions), resources)


def _appended(grants: Grants, service: Service, name: str, actions: list[str]) -> None:
    """Reads, and puts inside a transaction, which is what requires that a key is free."""
    if not set(actions) <= READING | {"PutItem"}:
        raise DeclarationError(f"{service.name}: {name} is only ever appended to")
    table = f"{pascal(name)}Table"
    resource = cfn.get_att(table, "Arn")
    if reading := sorted(READING & set(actions)):
        grants.allow(f"{table}Read", _dynamodb(reading), resource)
    if "PutItem" in actions:
        grants.allow(f"{table}Append", _dynamodb(["PutItem"]), resource, ENCLOSED)


def _tables_of_others(grants: Grants, service: Service, wanted: dict[str, Any]) -> None:
    """Rows of another service's table, which its stack tells the root: to read, never to write."""
    for name, right in wanted.items():
        actions, keys = _narrow(name, right)
        if name in service.tables:
            raise DeclarationError(f"{service.name}: table {name} is its own")
        if not set(actions) <= READING:
            raise DeclarationError(f"{service.name}: {name} of another service is read only")
        table = f"{pascal(name)}Table"
        grants.environment[f"TABLE_{screaming(name)}"] = cfn.ref(table)
        grants.allow(table, _dynamodb(actions), _table_arn(table), _leading_keys(keys))


def _queues(grants: Grants, service: Service, wanted: dict[str, list[str]]) -> None:
    for name, actions in wanted.items():
        if name not in service.queues:
            raise DeclarationError(f"{service.name}: queue {name} is not declared")
        queue = f"{pascal(name)}Queue"
        grants.environment[f"QUEUE_{screaming(name)}"] = cfn.ref(queue)
        grants.allow(queue, [f"sqs:{action}" for action in actions], cfn.get_att(queue, "Arn"))


def _buckets(grants: Grants, service: Service, wanted: dict[str, list[str]]) -> None:
    for name, actions in wanted.items():
        if name not in service.buckets:
            raise DeclarationError(f"{service.name}: bucket {name} is not declared")
        bucket = f"{pascal(name)}Bucket"
        grants.environment[f"BUCKET_{screaming(name)}"] = cfn.ref(bucket)
        objects = cfn.sub(f"${{{bucket}.Arn}}/*")
        grants.allow(bucket, [f"s3:{action}" for action in actions], objects)
        # Who may not list a bucket is told that an object is forbidden where it is missing.
        grants.allow(f"{bucket}Missing", ["s3:ListBucket"], cfn.get_att(bucket, "Arn"))


def _dead_letters(grants: Grants, _service: Service, wanted: list[str]) -> None:
    """The dead letters of every queue of the stage, by their names."""
    if unknown := set(wanted) - {"list", "redrive"}:
        raise DeclarationError(f"dead_letters: unknown {sorted(unknown)}")
    # A letter is shown only by receiving it, and given back by making it visible.
    looking = ["ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"]
    dead = cfn.arn("sqs", "quoin-${Stage}-*-dlq")
    if "list" in wanted:
        grants.allow(
            "Queues", ["sqs:ListQueues"], "*", reason="SQS has no resources to grant listing on"
        )
    actions = looking + (["DeleteMessage"] if "redrive" in wanted else [])
    grants.allow("DeadLetters", [f"sqs:{action}" for action in actions], dead)
    if "redrive" in wanted:
        source = cfn.arn("sqs", "quoin-${Stage}-*")
        grants.allow("Sources", ["sqs:GetQueueUrl", "sqs:SendMessage"], source)


def _consumers(grants: Grants, _service: Service, wanted: list[str]) -> None:
    """The queues of the stage's consumers, by their names."""
    if wanted != ["send"]:
        raise DeclarationError("consumers: messages are sent to them, and nothing else")
    queues = cfn.arn("sqs", "quoin-${Stage}-*")
    grants.allow("Consumers", ["sqs:GetQueueUrl", "sqs:SendMessage"], queues)


def _schedules(grants: Grants, service: Service, wanted: dict[str, str]) -> None:
    """Schedules of one's own, by the beginning of their names, each calling one function."""
    functions = {function.name: function for function in service.functions}
    for name, called in wanted.items():
        if called not in functions or functions[called].trigger != "scheduled":
            raise DeclarationError(f"{service.name}: {called} is not called by schedules")
        logical_id = functions[called].logical_id
        role = cfn.get_att(f"{logical_id}ScheduleRole", "Arn")
        prefix = f"quoin-${{Stage}}-{name}-"
        grants.environment |= {
            f"{screaming(name)}_PREFIX": cfn.sub(prefix),
            f"{screaming(name)}_ARN": cfn.get_att(logical_id, "Arn"),
            f"{screaming(name)}_ROLE_ARN": role,
        }
        actions = ["CreateSchedule", "DeleteSchedule", "UpdateSchedule"]
        schedules = cfn.arn("scheduler", f"schedule/default/{prefix}*")
        grants.allow(
            f"{pascal(name)}Schedules", [f"scheduler:{action}" for action in actions], schedules
        )
        to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        grants.allow(f"{pascal(name)}Role", ["iam:PassRole"], role, to_scheduler)


def _socket(grants: Grants, _service: Service, wanted: list[str]) -> None:
    """Where connections are made and messages to them posted, and the right to post."""
    if unknown := set(wanted) - {"post", "url"}:
        raise DeclarationError(f"socket: unknown {sorted(unknown)}")
    grants.environment["SOCKET_ENDPOINT"] = cfn.ref("SocketEndpoint")
    if "post" in wanted:
        connections = cfn.arn("execute-api", "${SocketApiId}/*/POST/@connections/*")
        grants.allow("Connections", ["execute-api:ManageConnections"], connections)


def _kms(grants: Grants, _service: Service, wanted: dict[str, list[str]]) -> None:
    for name, actions in wanted.items():
        key = f"{pascal(name)}KeyId"
        grants.environment[f"KEY_{screaming(name)}"] = cfn.ref(key)
        grants.allow(
            key, [f"kms:{action}" for action in actions], cfn.arn("kms", f"key/${{{key}}}")
        )


def _secrets(grants: Grants, _service: Service, wanted: list[str]) -> None:
    for name in wanted:
        secret = f"{pascal(name)}SecretArn"
        grants.environment[f"SECRET_{screaming(name)}"] = cfn.ref(secret)
        grants.allow(secret, ["secretsmanager:GetSecretValue"], cfn.ref(secret))


def _bus(grants: Grants, _service: Service, _wanted: bool) -> None:
    grants.environment["BUS_NAME"] = cfn.ref("BusName")
    grants.allow("Bus", ["events:PutEvents"], cfn.arn("events", "event-bus/${BusName}"))


def _ses(grants: Grants, _service: Service, _wanted: bool) -> None:
    grants.environment["EMAIL_SENDER"] = cfn.ref("EmailSender")
    grants.allow(
        "Email",
        ["ses:SendEmail"],
        cfn.arn("ses", "identity/*"),
        {"StringEquals": {"ses:FromAddress": cfn.ref("EmailSender")}},
        reason="the verified identity may be the address or its domain; the sender is pinned",
    )


def _sns(grants: Grants, _service: Service, _wanted: bool) -> None:
    grants.allow(
        "TextMessage",
        ["sns:Publish"],
        cfn.sub("arn:${AWS::Partition}:sns:*:*:*"),
        reason="a phone number has no ARN, so the right is: everything but topics",
    )
    statement = grants.statements[-1]
    statement["NotResource"] = statement.pop("Resource")
    grants.allow(
        "PushMessage",
        ["sns:Publish"],
        cfn.sub("arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:endpoint/*"),
        reason="a device's endpoint is made when the device registers",
    )


_USES: dict[str, Callable[[Grants, Service, Any], None]] = {
    "journal": _journal,
    "wallets": _wallets,
    "users": _users,
    "user_keys": _user_keys,
    "tables": _tables,
    "tables_of_others": _tables_of_others,
    "queues": _queues,
    "buckets": _buckets,
    "dead_letters": _dead_letters,
    "consumers": _consumers,
    "schedules": _schedules,
    "socket": _socket,
    "kms": _kms,
    "secrets": _secrets,
    "bus": _bus,
    "ses": _ses,
    "sns": _sns,
}
