"""What must hold of prizes. Codes and papers are never selected."""

from __future__ import annotations

from loyalty.invariants import Invariant

_KEEPING = "p.store_id IS NOT NULL AND p.state IN ('TAX_HOLD', 'CLAIMED', 'READY')"

AUDIT = (
    Invariant(
        "every draw that gave a thing has its prize, and every drawn prize its draw, of one member and one thing",
        "SELECT count(*) FROM prizes WHERE source = 'DRAW'",
        """
SELECT coalesce(d.member_id, p.member_id) AS member_id, coalesce(d.id, p.id) AS prize_id, d.thing AS drawn, p.thing
FROM (SELECT w.member_id, w.id, e.entry ->> 'thing' AS thing
      FROM draws w JOIN pool_odds o ON o.pool_id = w.pool_id AND o.version = w.version
      CROSS JOIN LATERAL jsonb_array_elements(o.body -> 'prizes') AS e(entry)
      WHERE e.entry ->> 'code' = w.awarded AND e.entry ->> 'kind' = 'THING') d
FULL JOIN (SELECT * FROM prizes WHERE source = 'DRAW') p
    ON p.member_id = d.member_id AND p.id = d.id AND p.thing = d.thing
WHERE d.id IS NULL OR p.id IS NULL
""",
    ),
    Invariant(
        "prizes and their directory are complete both ways, of members that there are",
        "SELECT count(*) FROM prizes",
        """
SELECT coalesce(p.member_id, d.member_id) AS member_id, coalesce(p.id, d.prize_id) AS prize_id
FROM prizes p FULL JOIN prize_directory d ON d.prize_id = p.id AND d.member_id = p.member_id AND d.code = p.code
LEFT JOIN members m ON m.id = p.member_id
WHERE p.id IS NULL OR d.prize_id IS NULL OR m.id IS NULL
""",
    ),
    Invariant(
        "what a store sets aside is what members have there, and never more than it has",
        "SELECT count(*) FROM thing_stock",
        f"""
SELECT coalesce(s.thing, k.thing) AS thing, coalesce(s.store_id, k.store_id) AS store_id, s.on_hand, s.reserved, k.kept
FROM thing_stock s FULL JOIN (
    SELECT p.thing, p.store_id, count(*) AS kept FROM prizes p WHERE {_KEEPING} GROUP BY 1, 2) k
    ON k.thing = s.thing AND k.store_id = s.store_id
WHERE coalesce(s.reserved, 0) <> coalesce(k.kept, 0) OR s.reserved > s.on_hand
""",
    ),
    Invariant(
        "a store has what operators counted, less what it handed over",
        "SELECT count(*) FROM thing_stock",
        """
SELECT coalesce(s.thing, v.thing) AS thing, coalesce(s.store_id, v.store_id) AS store_id, s.on_hand, v.moved
FROM thing_stock s FULL JOIN (
    SELECT thing, store_id, sum(change) AS moved FROM thing_moves GROUP BY 1, 2) v
    ON v.thing = s.thing AND v.store_id = s.store_id
WHERE coalesce(s.on_hand, 0) <> coalesce(v.moved, 0)
""",
    ),
    Invariant(
        "what a store handed over left its stock once",
        "SELECT count(*) FROM prizes WHERE state = 'FULFILLED' AND store_id IS NOT NULL",
        """
SELECT p.member_id, coalesce(p.id, v.prize_id) AS prize_id, p.store_id, v.store_id AS left_from
FROM (SELECT * FROM prizes WHERE state = 'FULFILLED' AND store_id IS NOT NULL) p
FULL JOIN (SELECT * FROM thing_moves WHERE prize_id IS NOT NULL) v
    ON v.prize_id = p.id AND v.store_id = p.store_id AND v.thing = p.thing
WHERE p.id IS NULL OR v.prize_id IS NULL
""",
    ),
    Invariant(
        "the stamps at clearing:pick are those of picks that wait, and those of handed over ones were taken for good",
        "SELECT count(*) FROM prizes WHERE source = 'PICK'",
        """
SELECT coalesce(t.member_id, p.member_id) AS member_id, t.account, t.stamps, p.stamps AS of_picks
FROM (SELECT member_id, account, -sum(amount) AS stamps FROM transfers
      WHERE account IN ('clearing:pick', 'sink:catalogue') GROUP BY 1, 2) t
FULL JOIN (SELECT member_id, CASE WHEN state = 'FULFILLED' THEN 'sink:catalogue' ELSE 'clearing:pick' END AS account,
                  sum(stamps) AS stamps
           FROM prizes WHERE source = 'PICK' AND state NOT IN ('EXPIRED', 'FORFEITED') GROUP BY 1, 2) p
    ON p.member_id = t.member_id AND p.account = t.account
WHERE coalesce(t.stamps, 0) <> coalesce(p.stamps, 0)
""",
    ),
    Invariant(
        "a member's year is worth the prizes that were claimed in it",
        "SELECT count(*) FROM prize_years",
        """
SELECT coalesce(y.member_id, p.member_id) AS member_id, coalesce(y.year, p.year) AS year, y.value_minor, p.value
FROM prize_years y FULL JOIN (
    SELECT member_id, tax_year AS year, sum(value_minor) AS value
    FROM prizes WHERE tax_year IS NOT NULL GROUP BY 1, 2) p
    ON p.member_id = y.member_id AND p.year = y.year
WHERE coalesce(y.value_minor, 0) <> coalesce(p.value, 0)
""",
    ),
    Invariant(
        "papers belong to claimed prizes; a parcel on its way has an address",
        "SELECT count(*) FROM prize_papers",
        """
SELECT coalesce(p.member_id, q.member_id) AS member_id, coalesce(p.id, q.prize_id) AS prize_id, p.state
FROM prizes p FULL JOIN prize_papers q ON q.member_id = p.member_id AND q.prize_id = p.id
WHERE (q.prize_id IS NOT NULL AND (p.id IS NULL OR p.state = 'WON'))
   OR (p.delivery = 'POST' AND p.state IN ('TAX_HOLD', 'CLAIMED', 'READY') AND q.address IS NULL)
   OR (p.state = 'TAX_HOLD' AND q.identity IS NULL)
""",
    ),
    Invariant(
        "what is over has ended, within an hour of its time",
        "SELECT count(*) FROM prizes WHERE due_at IS NOT NULL",
        """
SELECT member_id, id AS prize_id, state, due_at FROM prizes WHERE due_at < $1::timestamptz - interval '1 hour'
""",
        advisory=True,
    ),
)
