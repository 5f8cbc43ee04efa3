"""User A on user B's resources, on every documented route.

B is the victim, A the stranger: another user, with a wallet and a session of their own. After each
request nothing that is stored of B is other than before.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from client import Answer, Feed, Platform, Shop, User, eventually
from client import Member as Registered
from forgery import Forger
from member import Member
from routes import (
    OPERATIONS,
    ROUTES,
    Managed,
    Named,
    Operation,
    Operators,
    Own,
    Public,
    Shared,
    of_kind,
)
from stored import QUIET_SECONDS, Watch, wait_until_quiet
from test_credits import invoke

KEY = "the-victims-own-key"
# No moment has these digits: it ends at 59 seconds.
STAKE, DEPOSIT = "73.37", "271.83"


def over(*kinds: type) -> Any:
    return pytest.mark.parametrize("operation", of_kind(*kinds), ids=str)


class Victim(User):
    """Somebody with something of everything, none of which concerns anybody else."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, full_name=f"Wilhelmina {uuid.uuid4().hex}", country="DE")
        self.feed = Feed(platform)
        self.feed.odds(o1="2").expect(204)
        self.payments = [self.pay(DEPOSIT, KEY), self.pay("61.8", uuid.uuid4().hex)]
        eventually(self.balance, lambda cash: cash > 300)
        self.request = f"req_{uuid.uuid4().hex}"
        self.bets = [self.place(KEY), self.place(uuid.uuid4().hex)]
        self.shop = Shop(platform, managers=[self.user_id])
        self.product = self.shop.product(1)
        self.campaign = self.shop.campaign(1)
        self.shop.verify(self)
        self.orders = [self.order(KEY), self.order(uuid.uuid4().hex)]
        for _ in range(2):
            User(platform, referral_code=self.referral_code).funded(10)
        self.members = [Member(platform, self).created("2026-01-05") for _ in range(2)]
        for member in self.members:
            member.registered("2026-01-05", "2026-02-05")
        for _ in range(2):
            self.credits(10).expect(201)
        self.gig, self.clan = self.offer_done(), self.clan_of_another()
        for path in [
            "/api/bets",
            "/api/credits/me",
            "/api/referrals/me",
            "/api/orders",
            "/api/subscriptions",
            "/api/invoices",
        ]:
            self.wait_for_two(path)
        self.told: set[str] = set()

    def offer_done(self) -> str:
        """A gig that somebody has done, so that no list shows it."""
        gig = self.post("/api/gigs", {"title": "A secret", "price": 3}).expect(201)["gig_id"]
        User(self.platform).post(f"/api/gigs/{gig}/completion").expect(200)
        return gig

    def clan_of_another(self) -> str:
        """A clan that the victim only belongs to, so that no list tells of them."""
        founder = User(self.platform)
        clan = founder.post("/api/clans", {"name": "Quiet"}).expect(201)["clan_id"]
        self.post(f"/api/clans/{clan}/join").expect(200)
        return clan

    def look_at(self, operations: list[Operation]) -> None:
        """Remembers every id that the victim's own answers hold."""
        for operation in operations:
            answer = ask(self.platform, operation, {}, self.token).expect(200)
            self.told |= set(re.findall(r"[a-z]+_[0-9a-f]{32}", json.dumps(answer, default=str)))
        # That there is such a clan, lists tell everybody; not who belongs to it.
        self.told.discard(self.clan)

    def wait_for_two(self, path: str) -> None:
        eventually(lambda: self.get(path).expect(200)["items"], lambda items: len(items) == 2)

    def pay(self, amount: str, key: str) -> str:
        return self.deposit(amount, key=key).expect(202)["payment_id"]

    def place(self, key: str) -> str:
        headers = {"x-request-id": self.request}
        bet = self.bet([self.feed.selection("2")], STAKE, key=key, headers=headers)
        return bet.expect(201)["bet_id"]

    def order(self, key: str) -> str:
        return self.shop.order(self, {self.product: 1}, key).expect(201)["order_id"]

    @property
    def secrets(self) -> list[str]:
        """What nobody else's answers may hold."""
        told = [self.registration[name] for name in ("phone", "email", "full_name")]
        ids = [
            self.user_id,
            self.referral_code,
            self.request,
            *self.bets,
            *self.payments,
            *self.orders,
        ]
        return [*told, *ids, *self.told, STAKE, DEPOSIT]


@pytest.fixture(scope="module")
def victim(platform: Platform) -> Victim:
    one = Victim(platform)
    wait_until_quiet(platform, one.user_id)
    one.look_at([own for own in of_kind(Own) if own.route.startswith("GET")])
    return one


@pytest.fixture(scope="module")
def watch(platform: Platform, victim: Victim) -> Iterator[Watch]:
    watch = Watch(platform, victim.user_id)
    assert any("JournalTable" in key for key in watch.before)
    yield watch
    # Nor did anything arrive later, by way of events.
    time.sleep(QUIET_SECONDS)
    watch.assert_untouched()


@pytest.fixture(autouse=True)
def untouched(watch: Watch) -> Iterator[None]:
    yield
    watch.assert_untouched()


@pytest.fixture(scope="module")
def stranger(platform: Platform, victim: Victim) -> User:
    stranger = victim.shop.verify(User(platform).funded(100))
    stranger.credits(10).expect(201)
    return stranger


@pytest.fixture(scope="module")
def names(platform: Platform, victim: Victim, stranger: User) -> dict[str, str]:
    """The victim's ids, and `other`, somebody who takes part on the stranger's side."""
    other = User(platform)
    club = other.post("/api/clans", {"name": "Open to all"}).expect(201)["clan_id"]
    stranger.post(f"/api/clans/{club}/join").expect(200)
    body = {"from": "2026-01-03T00:00:00Z", "to": "2026-01-04T00:00:00Z", "consumer": "activity"}
    replay = platform.post("/api/replays", body, token=platform.operator_token()).expect(202)
    invoke(platform, "boost-analytics")
    return {
        "replay": replay["replay_id"],
        "gig": victim.gig,
        "clan": victim.clan,
        "offer": other.post("/api/gigs", {"title": "Any", "price": 1}).expect(201)["gig_id"],
        "club": club,
        "user": victim.user_id,
        "bet": victim.bets[0],
        "order": victim.orders[0],
        "merchant": victim.shop.merchant_id,
        "product": victim.product,
        "campaign": victim.campaign,
        "payment": victim.payments[0],
        "saga": "saga_" + "0" * 32,
        "request": victim.request,
        "event": victim.feed.event_id,
        "customer": victim.members[0].customer_id,
        "member": Registered(platform).customer_id,
        "invoice": victim.get("/api/invoices").expect(200)["items"][0]["number"],
        "subscription": victim.members[0].subscription_id,
        "other": other.user_id,
    }


@pytest.fixture(scope="module")
def unknown(names: dict[str, str]) -> dict[str, str]:
    """The same ids, but of things that do not exist."""
    return {name: value[:-8] + "0" * 8 for name, value in names.items()}


@pytest.fixture(scope="module")
def forged(platform: Platform, victim: Victim, stranger: User) -> dict[str, str]:
    forger = Forger(platform, stranger.token)
    answer = platform.get("/api/wallets/me", token=forger.signed(jti="1"))
    assert answer.expect(200)["user_id"] == stranger.user_id, "or the others prove nothing"
    return forger.tokens(victim.user_id)


def ask(
    platform: Platform, operation: Operation, names: dict[str, str], token: str | None, **how: Any
) -> Answer:
    method, path = operation.target(names)
    path += how.pop("query", "")
    body = how.pop("body", operation.body(names))
    key = how.pop("key", uuid.uuid4().hex)
    return platform.request(method, path, body, token=token, key=key, **how)


def shape(answer: Answer) -> tuple[int, list[str], Any]:
    """All of an answer but what is new in each: ids of the request and the time."""
    body = answer.body
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "request_id"}
    return answer.status, sorted(answer.headers), body


def assert_tells_nothing(answer: Answer, victim: Victim) -> None:
    text = json.dumps([answer.headers, answer.body], default=str)
    assert [secret for secret in victim.secrets if secret in text] == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_route_is_classified_as_it_is_documented(operation: Operation) -> None:
    assert operation.route in ROUTES, "say in routes.py whose its answers are"
    assert operation.is_public == isinstance(operation.kind, Public)


def test_only_documented_routes_are_classified() -> None:
    assert set(ROUTES) == {operation.route for operation in OPERATIONS}


@over(Shared, Own, Named, Operators, Managed)
def test_only_a_good_token_is_let_in(
    platform: Platform,
    victim: Victim,
    names: dict[str, str],
    forged: dict[str, str],
    operation: Operation,
) -> None:
    assert ask(platform, operation, names, None).expect(401) == {"message": "Unauthorized"}
    for what, token in forged.items():
        answer = ask(platform, operation, names, token)
        assert (answer.status, answer.body) == (403, {"message": "Forbidden"}), what


@over(Public)
def test_a_public_route_asks_for_another_proof_or_none(
    platform: Platform, victim: Victim, stranger: User, names: dict[str, str], operation: Operation
) -> None:
    refusal = operation.kind.refusal
    wrong = platform.signed("casino", b"{}")
    for token, headers in [(None, None), (stranger.token, None), (None, wrong)]:
        answer = ask(platform, operation, names, token, body={}, headers=headers)
        assert_tells_nothing(answer, victim)
        if refusal:
            answer.problem(401, refusal)
        else:
            assert answer.status in (200, 400, 404), answer


@over(Named)
def test_anothers_thing_is_as_one_that_does_not_exist(
    platform: Platform,
    victim: Victim,
    stranger: User,
    names: dict[str, str],
    unknown: dict[str, str],
    operation: Operation,
) -> None:
    answer = ask(platform, operation, names, stranger.token, key=KEY)
    answer.problem(404, "NOT_FOUND")
    missing = ask(platform, operation, unknown, stranger.token, key=KEY)
    assert shape(answer) == shape(missing)
    assert_tells_nothing(answer, victim)
    for extra in ({"query": f"?user_id={victim.user_id}"}, {"headers": posing_as(victim)}):
        assert shape(ask(platform, operation, names, stranger.token, **extra)) == shape(missing)
    if operation.route.startswith("GET"):
        ask(platform, operation, names, victim.token).expect(200)


def posing_as(victim: Victim) -> dict[str, str]:
    return {name: victim.user_id for name in ("x-user-id", "x-sub", "x-amzn-oidc-identity")}


@over(Own)
def test_what_is_the_callers_own_holds_nothing_of_others(
    platform: Platform, victim: Victim, stranger: User, names: dict[str, str], operation: Operation
) -> None:
    caller = User(platform) if operation.kind.ends_account else stranger
    posing = {
        "query": f"?user_id={victim.user_id}&sub={victim.user_id}",
        "headers": posing_as(victim),
    }
    if body := operation.body(names):
        for field in ("user_id", "from_user_id", "owner"):
            named = body | {field: victim.user_id}
            answer = ask(platform, operation, names, caller.token, body=named)
            answer.problem(400, "BODY_MALFORMED")
            assert answer.body["errors"][0]["pointer"] == f"/{field}"
    # The same key as the victim's, with another body: whose key it is follows from the token.
    answer = ask(platform, operation, names, caller.token, key=KEY, **posing)
    assert answer.status in (200, 201, 202, 204), answer
    assert "idempotency-hit" not in answer.headers
    assert_tells_nothing(answer, victim)


@pytest.mark.parametrize(
    "operation", [one for one in of_kind(Own, Named) if one.has_cursor], ids=str
)
def test_nobody_reads_on_in_anothers_list(
    platform: Platform, victim: Victim, stranger: User, names: dict[str, str], operation: Operation
) -> None:
    page = ask(platform, operation, names, victim.token, query="?limit=1").expect(200)
    cursor = page["next_cursor"]
    assert cursor, "the victim has two items or more of everything"
    ask(platform, operation, names, victim.token, query=f"?cursor={cursor}").expect(200)
    answer = ask(platform, operation, names, stranger.token, query=f"?cursor={cursor}")
    answer.problem(400, "CURSOR_INVALID")
    made_up = ask(platform, operation, names, stranger.token, query="?cursor=bm9uc2Vuc2U")
    assert shape(answer) == shape(made_up)


@over(Managed)
def test_a_merchant_is_seen_by_its_managers_and_operators(
    platform: Platform,
    victim: Victim,
    stranger: User,
    names: dict[str, str],
    unknown: dict[str, str],
    operation: Operation,
) -> None:
    answer = ask(platform, operation, names, stranger.token)
    answer.problem(404, "NOT_FOUND")
    assert shape(answer) == shape(ask(platform, operation, unknown, stranger.token))
    ask(platform, operation, names, victim.token).expect(200)
    ask(platform, operation, names, platform.operator_token()).expect(200)


@over(Operators)
def test_an_operators_route_is_for_operators(
    platform: Platform,
    victim: Victim,
    stranger: User,
    names: dict[str, str],
    unknown: dict[str, str],
    operation: Operation,
) -> None:
    answer = ask(platform, operation, names, stranger.token)
    answer.problem(403, "FORBIDDEN")
    own = names | {"user": stranger.user_id}
    for asked in (unknown, own):
        assert shape(ask(platform, operation, asked, stranger.token)) == shape(answer)
    assert shape(ask(platform, operation, names, stranger.token, body=b"{")) == shape(answer)
    if operation.route.startswith("GET"):
        ask(platform, operation, names, platform.operator_token()).expect(200)


@over(Shared)
def test_what_is_shared_is_the_same_for_all(
    platform: Platform, victim: Victim, stranger: User, names: dict[str, str], operation: Operation
) -> None:
    answer = ask(platform, operation, names, stranger.token)
    own = ask(platform, operation, names, victim.token).expect(200)
    # The victim manages the merchant: only managers are told who does. Of two moments one is later.
    own.pop("managers", None)
    told = dict(answer.expect(200))
    for seen in (own, told):
        seen.pop("as_of", None)
    assert told == own
    assert_tells_nothing(answer, victim)
