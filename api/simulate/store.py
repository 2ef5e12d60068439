"""SQL of a simulated season's figures. Member ids and their kinds come first wherever both are asked for."""

from __future__ import annotations

_WHO = "WITH who AS (SELECT * FROM unnest($1::uuid[], $2::text[]) AS w(member_id, kind))"
# Every member-day counts, those without any movement as nothing. `side` is an account, or all that came in or went out.
FLOWS = f"""
{_WHO}, flows AS (
    SELECT member_id, (at AT TIME ZONE $3)::date AS day, account, amount FROM transfers WHERE currency = 'DIAMONDS'
), sides AS (
    SELECT member_id, day, account AS side, sum(abs(amount)) AS amount FROM flows GROUP BY 1, 2, 3
    UNION ALL
    SELECT member_id, day, CASE WHEN amount > 0 THEN 'in' ELSE 'out' END, sum(abs(amount)) FROM flows GROUP BY 1, 2, 3
), kinds AS (
    SELECT member_id, kind FROM who UNION ALL SELECT member_id, 'all' FROM who
)
SELECT k.kind, n.side, percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY coalesce(s.amount, 0)) AS spread,
       sum(coalesce(s.amount, 0))::bigint AS total
FROM kinds k CROSS JOIN (SELECT DISTINCT side FROM sides) n
CROSS JOIN generate_series($4::date, $5::date, interval '1 day') AS d(day)
LEFT JOIN sides s ON s.member_id = k.member_id AND s.day = d.day::date AND s.side = n.side
GROUP BY 1, 2 ORDER BY 1, 2
"""
LEVELS = """
SELECT member_id, (at AT TIME ZONE $1)::date AS day, max((facts ->> 'level')::int) AS level FROM events
WHERE kind = 'level_claimed' GROUP BY 1, 2
"""
# What time gave is what was spent and is left, less what a board starts with and what was given; the rest of what the
# time could have given was wasted at the cap.
ENERGY = f"""
{_WHO}, taps AS (
    SELECT member_id, sum((facts ->> 'tap')::int) AS spent FROM events
    WHERE kind = 'moves_played' AND facts ? 'tap' GROUP BY 1
), gifts AS (
    SELECT member_id, sum(amount) AS given FROM (
        SELECT member_id, (facts ->> 'amount')::int AS amount FROM events
        WHERE kind = 'gift_taken' AND facts ->> 'kind' = 'ENERGY'
        UNION ALL
        SELECT member_id, (facts ->> 'energy')::int FROM events WHERE kind = 'level_claimed'
        UNION ALL
        SELECT member_id, energy FROM refills) g GROUP BY 1
), boards_now AS (
    SELECT member_id, created_at, energy AS there, CASE WHEN energy >= $4 THEN energy ELSE
        least($4, energy + floor(extract(epoch FROM $3 - energy_at) / $5))::int END AS left
    FROM boards
)
SELECT w.kind, count(*) AS members, sum(coalesce(t.spent, 0))::bigint AS spent, sum(b.left)::bigint AS left,
       sum(coalesce(g.given, 0))::bigint AS given,
       sum(floor(extract(epoch FROM $3 - b.created_at) / $5)
           - (coalesce(t.spent, 0) + b.left - $6 - coalesce(g.given, 0)))::bigint AS wasted
FROM who w JOIN boards_now b USING (member_id) LEFT JOIN taps t USING (member_id) LEFT JOIN gifts g USING (member_id)
GROUP BY 1
"""
ORDERS = f"""
{_WHO}
SELECT w.kind, (d.at AT TIME ZONE $3)::date AS day, count(*) AS orders, sum(d.units)::bigint AS units
FROM deliveries d JOIN who w USING (member_id) GROUP BY 1, 2
"""
CHESTS = f"""
{_WHO}
SELECT w.kind, count(*) AS earned, count(c.opened_at) AS opened FROM chests c JOIN who w USING (member_id) GROUP BY 1
"""
AWARDS = "SELECT pool_id, version, awarded, count(*) AS draws FROM draws GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
COUPONS = (
    "SELECT offer_id, version, count(*) AS coupons FROM coupons WHERE state = 'ISSUED' GROUP BY 1, 2 ORDER BY 1, 2"
)
BOOKS = """
SELECT b.member_id, b.level, b.experience, b.energy, b.units, b.next_order,
       (SELECT count(*) FROM deliveries d WHERE d.member_id = b.member_id) AS delivered,
       (SELECT coalesce(jsonb_object_agg(currency, balance), '{}') FROM wallets w WHERE w.member_id = b.member_id)::text
       AS wallets
FROM boards b WHERE b.member_id = ANY($1::uuid[])
"""
