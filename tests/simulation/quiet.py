"""What must be so when people are quiet and the sync has come to rest."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from mapping import COLLECTIONS, KEYS, SAME, agree, unit_of
from shadows import shadows
from sides import Sides
from violation import Violation


def complete(
    database: sqlite3.Connection, sides: Sides, listed: Iterable[tuple[str, str, str | None]], counts: Counter[str]
) -> None:
    """I1, I2 and I4; `listed`: flow, key and property of every notice and conflict that stands."""
    told: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for flow, key, name in listed:
        told[flow, key].add("*" if name is None else unit_of(flow, name))
    for flow, (source, target) in COLLECTIONS.items():
        links = dict(
            database.execute(
                "SELECT erp_id, inv_id FROM link WHERE flow = ? AND erp_id IS NOT NULL AND state <> 'tombstoned'",
                (flow,),
            )
        )
        gone = {
            row[0]
            for row in database.execute("SELECT erp_id FROM link WHERE flow = ? AND state = 'tombstoned'", (flow,))
        }
        references: Counter[str] = Counter()
        for raw in sides.inv.list(target):
            reference = (raw.get("metadata") or {}).get("erp_id")
            if reference is not None:
                references[reference] += 1
                if references[reference] > 1:
                    raise Violation("I2", f"{flow}: two records of Invoiced name {reference}")
        for raw in sides.erp.list(source):
            key = " ".join(str(raw[KEYS[flow]]).split())
            said = told[flow, key]
            inv_id = links.get(raw["id"])
            if raw["id"] in gone:
                counts["tombstoned"] += 1
                continue
            if inv_id is None:
                if not said and not (flow == "order-invoice" and raw["status"] == "cancelled"):
                    raise Violation("I4", f"{flow} {raw['id']} ({key}) is not linked and nobody says why")
                counts["unlinked, with a reason"] += 1
                continue
            units = sides.units((flow, raw["id"], inv_id))
            if units is None and (said or told[flow, "*"]):
                counts["gone, with a reason"] += 1
                continue
            if units is None:
                raise Violation("I4", f"{flow} {raw['id']} ({key}): its counterpart is gone, and nobody says so")
            counts["linked"] += 1
            for unit, value in units[0].items():
                if agree(value, units[1][unit]):
                    continue
                if unit not in said and "*" not in said:
                    raise Violation(
                        "I1", f"{flow} {key} {unit}: {value!r} in Customerp, {units[1][unit]!r} in Invoiced, unsaid"
                    )
                counts["divergent, with a reason"] += 1
            if flow == "order-invoice" and not said & {"lines", "*"}:
                _totals(sides, raw, inv_id)


def _totals(sides: Sides, order: Mapping[str, Any], inv_id: str) -> None:
    """What both systems say that their lines come to; taxes and discounts of a whole document there are none."""
    invoice = sides.raw("invoiced", "invoices", inv_id)
    if invoice is not None and Decimal(order["total"]) != Decimal(str(invoice["total"])):
        raise Violation(
            "totals",
            f"{order['number']} comes to {order['total']} in Customerp, to {invoice['total']} in Invoiced, unsaid",
        )


def shadows_agree(database: sqlite3.Connection) -> None:
    """I7, for what has one form on both sides."""
    for shadow in shadows(database, "inv_id IS NOT NULL AND state <> 'tombstoned'"):
        for name, (erp, inv) in shadow.agreed.items():
            if name in SAME and erp != inv and name not in shadow.diverged:
                raise Violation("I7", f"{shadow.flow} {shadow.erp_id} {name}: the shadow holds {erp!r} and {inv!r}")


def links_say_what_is_so(
    database: sqlite3.Connection, sides: Sides, merged: set[str], refused: set[str], erred: bool
) -> None:
    """I4: no record is given up, waited for or taken for deleted without cause.

    `merged`: companies that became part of another one; `refused`: records whose data the other side does not take;
    `erred`: whether any call has failed by more than pressure.
    """
    rows = database.execute("SELECT flow, state, erp_id, inv_id, waits_for, deleted FROM link").fetchall()
    linked = {
        f"{flow}:{erp}" for flow, state, erp, inv, _, deleted in rows if inv and state != "tombstoned" and not deleted
    }
    for flow, state, erp_id, inv_id, waits_for, deleted in rows:
        source, target = COLLECTIONS[flow]
        if state == "waiting" and waits_for in linked:
            raise Violation("I4", f"{flow} {erp_id} waits for {waits_for}, which is linked")
        if state == "needs_attention" and inv_id is None and erp_id not in refused and _free(sides, flow, erp_id):
            raise Violation(
                "I4", f"{flow} {erp_id} has no counterpart, and neither its data nor its number stand against it"
            )
        if state == "dead" and not erred:
            raise Violation("I4", f"{flow} {erp_id} is given up, and nothing has failed")
        if state != "tombstoned" or inv_id is None or sides.raw("customerp", source, erp_id) is None:
            continue
        if deleted == "invoiced" and sides.raw("invoiced", target, inv_id) is not None:
            raise Violation("I4", f"{flow} {erp_id}: {inv_id} is taken for deleted, and it is there")
        if deleted == "invoiced" and inv_id in merged:
            raise Violation("I4", f"{flow} {erp_id}: {inv_id} is taken for deleted, and it was merged into another")


def _free(sides: Sides, flow: str, erp_id: str) -> bool:
    """Whether nobody in Invoiced has the number of a customer of Customerp."""
    raw = sides.raw("customerp", "customers", erp_id) if flow == "customer-company" else None
    number = None if raw is None else raw["number"].strip().casefold()
    return number is not None and all(each["number"].casefold() != number for each in sides.inv.list("customers"))
