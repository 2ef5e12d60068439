"""What must hold of pools and draws."""

from __future__ import annotations

from loyalty.invariants import Invariant

AUDIT = (
    Invariant(
        "no prize was awarded more often than its stock, and each as often as its draws say",
        "SELECT count(*) FROM pool_stock",
        """
SELECT s.pool_id, s.code AS prize, s.total, s.awarded, count(d.id) AS draws
FROM pool_stock s
LEFT JOIN (
    SELECT d.pool_id, d.awarded AS code, d.id FROM draws d
    JOIN pool_odds o ON o.pool_id = d.pool_id AND o.version = d.version
    WHERE EXISTS (SELECT FROM jsonb_array_elements(o.body -> 'prizes') AS p(prize)
                  WHERE prize ->> 'code' = d.awarded AND prize ? 'stock')) d
    ON d.pool_id = s.pool_id AND d.code = s.code
GROUP BY s.pool_id, s.code, s.total, s.awarded
HAVING s.awarded > s.total OR s.awarded <> count(d.id)
""",
    ),
    Invariant(
        "nonces have no gap: each epoch's draws are numbered from 0 to what the seed counts",
        "SELECT count(*) FROM seeds WHERE client_seed IS NOT NULL",
        """
SELECT coalesce(s.member_id, d.member_id) AS member_id, coalesce(s.epoch, d.epoch) AS epoch, s.next_nonce, d.draws,
       d.first, d.last
FROM seeds s
FULL JOIN (SELECT member_id, epoch, count(*) AS draws, min(nonce) AS first, max(nonce) AS last
           FROM draws GROUP BY member_id, epoch) d ON d.member_id = s.member_id AND d.epoch = s.epoch
WHERE s.member_id IS NULL OR s.next_nonce <> coalesce(d.draws, 0)
   OR (d.draws > 0 AND (d.first <> 0 OR d.last <> d.draws - 1))
""",
    ),
    Invariant(
        "the draws of a command stand together: one pool, version, epoch and seed, positions and nonces in a row",
        "SELECT count(DISTINCT set_id) FROM draws",
        """
SELECT member_id, set_id, count(*) AS draws, max(count) AS count FROM draws
GROUP BY member_id, set_id
HAVING count(*) <> max(count) OR min(count) <> max(count) OR count(DISTINCT position) <> count(*)
    OR max(nonce) - min(nonce) <> count(*) - 1 OR count(DISTINCT nonce - position) > 1
    OR count(DISTINCT (pool_id, version, epoch, client_seed, set_by, pity_start, at)) > 1
    OR NOT bool_and((position = 1) = (id = set_id))
""",
    ),
    Invariant(
        "draws were paid for, with what they say they cost",
        "SELECT count(DISTINCT set_id) FROM draws",
        """
SELECT coalesce(d.member_id, t.member_id) AS member_id, coalesce(d.set_id, t.set_id) AS set_id,
       coalesce(d.currency, t.currency) AS currency, d.cost, t.paid
FROM (SELECT member_id, set_id, currency, sum(amount) AS cost FROM draws GROUP BY 1, 2, 3) d
FULL JOIN (SELECT member_id, source_id AS set_id, currency, -sum(amount) AS paid
           FROM transfers WHERE account = 'sink:gacha' GROUP BY 1, 2, 3) t
    ON t.member_id = d.member_id AND t.set_id = d.set_id AND t.currency = d.currency
WHERE d.cost IS DISTINCT FROM t.paid
""",
    ),
    Invariant(
        "a coupon that was drawn is there, of the member who drew it, once",
        "SELECT count(*) FROM draws WHERE coupon_id IS NOT NULL",
        """
SELECT d.member_id, d.coupon_id, count(*) AS draws FROM draws d
LEFT JOIN coupons c ON c.member_id = d.member_id AND c.id = d.coupon_id
WHERE d.coupon_id IS NOT NULL GROUP BY d.member_id, d.coupon_id HAVING count(*) <> count(c.id) OR count(*) > 1
""",
    ),
    Invariant(
        "every pool has the odds that are in force, every version still the digest of what was published",
        "SELECT count(*) FROM pool_odds",
        """
SELECT p.id AS pool_id, p.version FROM pools p
LEFT JOIN pool_odds o ON o.pool_id = p.id AND o.version = p.version WHERE o.pool_id IS NULL
UNION ALL
SELECT o.pool_id, o.version FROM pool_odds o LEFT JOIN pools p ON p.id = o.pool_id
LEFT JOIN sheets s ON s.kind = 'odds' AND s.key = p.slug AND s.version = o.version
WHERE s.sha256 IS DISTINCT FROM o.sha256
""",
    ),
)
