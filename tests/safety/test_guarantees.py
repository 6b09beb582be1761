"""For every mutation: retry, version and dry run hold (API.md, "Mutations: one shape, three guarantees")."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.safety.conftest import Scene, difference
from tests.safety.examples import (
    EXAMPLES,
    document,
    entity_field,
    is_versioned,
    mutations,
    needs_key,
)

NAMES = sorted(EXAMPLES)


async def act(
    scene: Scene, name: str, given: dict[str, Any], directives: str = "", key: str | None = None
) -> dict[str, Any]:
    answer = await scene.ask(EXAMPLES[name].viewer, document(name, directives), {"input": given}, key)
    assert "errors" not in answer, answer["errors"]
    payload: dict[str, Any] = answer["data"][name]
    return payload


async def input_for(scene: Scene, name: str) -> dict[str, Any]:
    return await EXAMPLES[name].build(scene, EXAMPLES[name].viewer)


def other_input(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The same act with another input."""
    if is_versioned(name):
        return given | {"expectedVersion": given["expectedVersion"] + 1}
    if given.keys() == {"uploadId"}:
        return {"text": "ACE-1 1"}
    spoilt = EXAMPLES[name].spoilt
    if spoilt:
        return given | spoilt
    text_field = "name" if "name" in given else "label"
    return given | {text_field: given[text_field] + " 2"}


def refused_input(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return given | (EXAMPLES[name].spoilt or {"expectedVersion": given.get("expectedVersion", 1) + 7})


def codes(payload: dict[str, Any]) -> list[str]:
    return [each["code"] for each in payload["errors"]]


def test_every_mutation_has_an_example() -> None:
    assert set(EXAMPLES) == set(mutations()), "add it to tests/safety/examples.py"


@pytest.mark.parametrize("name", NAMES)
async def test_a_retry_has_the_effect_once(scene: Scene, name: str) -> None:
    given, field = await input_for(scene, name), entity_field(name)

    first = await act(scene, name, given, key="key-1")
    after = await scene.snapshot()
    again = await act(scene, name, given, '@idempotent(key: "key-1")')

    assert first["errors"] == [] and first[field] is not None and first["replayed"] is False
    assert again == first | {"replayed": True}
    assert difference(after, await scene.snapshot()) == {}
    conflict = await act(scene, name, other_input(name, given), key="key-1")
    assert codes(conflict) == ["IDEMPOTENCY_CONFLICT"] and conflict[field] is None
    assert difference(after, await scene.snapshot()) == {}


@pytest.mark.parametrize("name", NAMES)
async def test_an_act_changes_something_and_leaves_a_trace(scene: Scene, name: str) -> None:
    """Without this the tests above could pass on mutations that do nothing."""
    given, before = await input_for(scene, name), await scene.snapshot()

    await act(scene, name, given, key="key-1")

    changed = difference(before, await scene.snapshot())
    assert len(changed["audit_event"]["new"]) >= 1 and len(changed["idempotency_record"]["new"]) == 1
    # Sessions are in no snapshot, for they change by being used: tests/schema/test_delivery_calendar.py looks at them.
    assert set(changed) - {"audit_event", "idempotency_record", "outbox_event"} or name == "setCalendarLink"


@pytest.mark.parametrize("name", NAMES)
async def test_a_dry_run_changes_nothing(still: Scene, name: str) -> None:
    given, before = await input_for(still, name), await still.snapshot()

    tried = await act(still, name, given, "@dryRun")
    with_key = await act(still, name, given, '@dryRun @idempotent(key: "dry")')

    assert tried["errors"] == [] and tried[entity_field(name)] is not None and tried["replayed"] is False
    assert with_key["errors"] == []
    if name == "placeOrder":
        assert tried["order"]["number"] is None
    assert difference(before, await still.snapshot()) == {}


@pytest.mark.parametrize("name", [each for each in NAMES if is_versioned(each)])
async def test_a_stale_version_is_refused(still: Scene, name: str) -> None:
    given, before = await input_for(still, name), await still.snapshot()

    for stale in (given["expectedVersion"] - 1, given["expectedVersion"] + 1, -1, 2**31 - 1):
        payload = await act(
            still, name, given | {"expectedVersion": stale}, f'@idempotent(key: "stale{stale}")'
        )
        assert codes(payload) == ["STALE_VERSION"] and payload[entity_field(name)] is None
        assert payload["errors"][0]["path"] == ["expectedVersion"]
        assert payload["errors"][0]["currentVersion"] == given["expectedVersion"]
    assert difference(before, await still.snapshot()) == {}


@pytest.mark.parametrize("name", NAMES)
async def test_a_refusal_leaves_no_key_behind(scene: Scene, name: str) -> None:
    """A retry after the cause is mended may succeed, under the same key."""
    given, before = await input_for(scene, name), await scene.snapshot()

    refused = await act(scene, name, refused_input(name, given), key="key-2")
    assert refused["errors"] and refused[entity_field(name)] is None
    assert difference(before, await scene.snapshot()) == {}
    assert (await act(scene, name, given, key="key-2"))["errors"] == []


@pytest.mark.parametrize("name", NAMES)
async def test_money_and_goods_need_a_key(still: Scene, name: str) -> None:
    if not needs_key(name):
        assert not any(
            word in name for word in ("place", "confirm", "refuse", "cancel", "hold", "release", "discount")
        )
        return
    given, before = await input_for(still, name), await still.snapshot()

    payload = await act(still, name, given)

    assert codes(payload) == ["KEY_REQUIRED"] and payload[entity_field(name)] is None
    assert difference(before, await still.snapshot()) == {}


async def test_a_key_belongs_to_person_company_and_mutation(scene: Scene) -> None:
    """One key in other hands, or for another act, is another key."""
    given = await EXAMPLES["clearCart"].build(scene, "pbuyer")
    assert (await act(scene, "clearCart", given, key="same"))["replayed"] is False
    other = await EXAMPLES["clearCart"].build(scene, "pmate")
    answer = await scene.ask("pmate", document("clearCart"), {"input": other}, "same")
    assert answer["data"]["clearCart"]["replayed"] is False and answer["data"]["clearCart"]["errors"] == []
    listed = await input_for(scene, "createWishlist")
    assert (await act(scene, "createWishlist", listed, key="same"))["replayed"] is False
    for company in ("both@parent", "both@stranger"):
        given = await EXAMPLES["clearCart"].build(scene, company)
        answer = await scene.ask(company, document("clearCart"), {"input": given}, "same")
        assert (
            answer["data"]["clearCart"]["replayed"] is False and answer["data"]["clearCart"]["errors"] == []
        )


async def test_a_bug_in_the_answer_undoes_the_act(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole subtree is completed inside the transaction: an error there leaves nothing."""
    from schema.carts import Totals

    given, before = await input_for(scene, "clearCart"), await scene.snapshot()
    monkeypatch.setattr(Totals, "__init__", lambda self, **_: 1 / 0)
    words = "mutation($input: ClearCartInput!) { clearCart(input: $input) { cart { totals { gross { amount } } } } }"

    answer = await scene.ask("pbuyer", words, {"input": given}, "broken")

    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert difference(before, await scene.snapshot()) == {}


async def test_two_keys_for_one_act_are_refused(still: Scene) -> None:
    given, before = await input_for(still, "placeOrder"), await still.snapshot()

    for key in ("", "x" * 256, "a\tb", "a\nb"):
        payload = await act(still, "placeOrder", given, key=key)
        assert codes(payload) in (["INVALID"], ["KEY_REQUIRED"]), key
    assert difference(before, await still.snapshot()) == {}


async def test_a_replay_survives_what_came_after(scene: Scene) -> None:
    """A replay answers from the entity as it is now, whatever happened to it meanwhile."""
    given = await input_for(scene, "placeOrder")
    first = await act(scene, "placeOrder", given, key="place")
    async with scene.database.job() as session:
        await session.execute(text("update sales_order set version = version + 1 where number = :n"),
                              {"n": first["order"]["number"]})  # fmt: skip

    again = await act(scene, "placeOrder", given, key="place")

    assert again["replayed"] and again["order"] == first["order"] | {"version": 2}
