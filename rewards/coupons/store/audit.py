"""What must hold of offers, coupons and holds. Codes and secrets are never selected."""

from __future__ import annotations

from loyalty.invariants import Invariant

_APPLIED = """
SELECT h.member_id, h.id AS hold_id, h.state, h.store_id, h.receipt_no, (a.applied ->> 'coupon_id')::uuid AS coupon_id
FROM holds h CROSS JOIN LATERAL jsonb_array_elements(h.answer -> 'applied') AS a(applied)
"""
_WHOLLY_RETURNED = """
EXISTS (SELECT FROM receipt_directory d
        JOIN returns r ON r.member_id = d.member_id AND r.receipt_id = d.receipt_id AND r.everything
        WHERE d.store_id = a.store_id AND d.receipt_no = a.receipt_no)
"""

COUPONS = (
    Invariant(
        "a coupon's state can be reached: what has it, had it or took it is a hold in the state that this leads to",
        "SELECT count(*) FROM coupons",
        f"""
SELECT c.member_id, c.id AS coupon_id, c.state, h.state AS hold_state
FROM coupons c LEFT JOIN holds h ON h.member_id = c.member_id AND h.id = c.hold_id
WHERE c.state NOT IN ('ISSUED', 'RESERVED', 'REDEEMED', 'EXPIRED', 'VOID')
   OR (c.hold_id IS NOT NULL AND NOT EXISTS (
       SELECT FROM ({_APPLIED}) a WHERE a.member_id = c.member_id AND a.hold_id = c.hold_id AND a.coupon_id = c.id))
   OR (c.state = 'ISSUED' AND h.state NOT IN ('LAPSED', 'RELEASED'))
   OR (c.state = 'RESERVED' AND h.state IS DISTINCT FROM 'OPEN')
   OR (c.state = 'REDEEMED' AND h.state IS DISTINCT FROM 'SETTLED')
   OR (c.state = 'EXPIRED' AND c.updated_at < c.expires_at)
""",
    ),
    Invariant(
        "an offer with a total limit issued what it counts, and never more than the limit",
        "SELECT count(*) FROM offers",
        """
SELECT o.id AS offer_id, o.issued, o.limit_total, count(c.id) AS coupons
FROM offers o LEFT JOIN coupons c ON c.offer_id = o.id
GROUP BY o.id, o.issued, o.limit_total
HAVING o.issued > o.limit_total OR o.issued <> CASE WHEN o.limit_total IS NULL THEN 0 ELSE count(c.id) END
""",
    ),
    Invariant(
        "coupons and the directory of codes are complete both ways",
        "SELECT count(*) FROM coupons",
        """
SELECT coalesce(c.member_id, d.member_id) AS member_id, coalesce(c.id, d.coupon_id) AS coupon_id
FROM coupons c FULL JOIN coupon_codes d ON d.member_id = c.member_id AND d.coupon_id = c.id AND d.code = c.code
WHERE c.id IS NULL OR d.coupon_id IS NULL
""",
    ),
    Invariant(
        "coupons are of members, offers and terms that there are",
        "SELECT count(*) FROM coupons",
        """
SELECT c.member_id, c.id AS coupon_id, c.offer_id, c.version FROM coupons c
LEFT JOIN members m ON m.id = c.member_id LEFT JOIN offers o ON o.id = c.offer_id
LEFT JOIN offer_terms t ON t.offer_id = c.offer_id AND t.version = c.version
WHERE m.id IS NULL OR o.id IS NULL OR t.offer_id IS NULL
UNION ALL
SELECT NULL, NULL, o.id, o.version FROM offers o
LEFT JOIN offer_terms t ON t.offer_id = o.id AND t.version = o.version WHERE t.offer_id IS NULL
""",
    ),
    Invariant(
        "every coupon came into being once, by an event",
        "SELECT count(*) FROM coupons",
        """
SELECT c.member_id, c.id AS coupon_id, coalesce(e.times, 0) AS times FROM coupons c
LEFT JOIN (
    SELECT member_id, (facts ->> 'coupon')::uuid AS coupon_id, count(*) AS times
    FROM events WHERE kind IN ('coupon_bought', 'coupon_issued') GROUP BY 1, 2) e
    ON e.member_id = c.member_id AND e.coupon_id = c.id
WHERE e.times IS DISTINCT FROM 1
""",
    ),
    Invariant(
        "coupons were paid for as often as they were bought, at the price of the time",
        "SELECT count(*) FROM events WHERE kind = 'coupon_bought'",
        """
SELECT coalesce(e.member_id, t.member_id) AS member_id, coalesce(e.offer_id, t.offer_id) AS offer_id,
       coalesce(e.currency, t.currency) AS currency, e.times AS bought, e.price, t.times AS paid_for, t.paid
FROM (
    SELECT v.member_id, o.id AS offer_id, v.facts ->> 'currency' AS currency, count(*) AS times,
           sum((v.facts ->> 'price')::bigint) AS price
    FROM events v JOIN offers o ON o.slug = v.facts ->> 'offer'
    WHERE v.kind = 'coupon_bought' GROUP BY 1, 2, 3) e
FULL JOIN (
    SELECT member_id, source_id AS offer_id, currency, count(*) AS times, -sum(amount) AS paid
    FROM transfers WHERE account = 'sink:coupon' AND reason = 'coupon' GROUP BY 1, 2, 3) t
    ON t.member_id = e.member_id AND t.offer_id = e.offer_id AND t.currency = e.currency
WHERE e.times IS DISTINCT FROM t.times OR e.price IS DISTINCT FROM t.paid
""",
    ),
)

HOLDS = (
    Invariant(
        "an open hold has its coupons; those of a settled one were redeemed by it, or came back with all the goods",
        "SELECT count(*) FROM holds",
        f"""
SELECT a.member_id, a.hold_id, a.state AS hold_state, a.coupon_id, c.state AS coupon_state
FROM ({_APPLIED}) a LEFT JOIN coupons c ON c.member_id = a.member_id AND c.id = a.coupon_id
WHERE c.id IS NULL
   OR (a.state = 'OPEN' AND (c.state <> 'RESERVED' OR c.hold_id <> a.hold_id))
   OR (a.state = 'SETTLED' AND NOT (c.state = 'REDEEMED' AND c.hold_id = a.hold_id) AND NOT {_WHOLLY_RETURNED})
""",
    ),
    Invariant(
        "holds and their directory are complete both ways, of members that there are",
        "SELECT count(*) FROM holds",
        """
SELECT coalesce(h.member_id, d.member_id) AS member_id, coalesce(h.id, d.hold_id) AS hold_id
FROM holds h FULL JOIN hold_directory d ON d.hold_id = h.id AND d.member_id = h.member_id
LEFT JOIN members m ON m.id = h.member_id
WHERE h.id IS NULL OR d.hold_id IS NULL OR m.id IS NULL
""",
    ),
    Invariant(
        "settled holds and the receipts that settled them are complete both ways",
        "SELECT count(*) FROM holds WHERE state = 'SETTLED'",
        """
SELECT coalesce(h.member_id, s.member_id) AS member_id, coalesce(h.id, s.hold_id) AS hold_id
FROM (SELECT * FROM holds WHERE state = 'SETTLED') h FULL JOIN settled_receipts s
    ON s.member_id = h.member_id AND s.hold_id = h.id AND s.store_id = h.store_id AND s.receipt_no = h.receipt_no
WHERE h.id IS NULL OR s.hold_id IS NULL
""",
    ),
    Invariant(
        "the points at clearing:hold are those of the open holds",
        "SELECT count(*) FROM holds WHERE state = 'OPEN'",
        """
SELECT coalesce(t.member_id, h.member_id) AS member_id, t.held, h.points
FROM (
    SELECT member_id, -sum(amount) AS held FROM transfers WHERE account = 'clearing:hold' GROUP BY member_id) t
FULL JOIN (SELECT member_id, sum(points) AS points FROM holds WHERE state = 'OPEN' GROUP BY member_id) h
    ON h.member_id = t.member_id
WHERE coalesce(t.held, 0) <> coalesce(h.points, 0)
""",
    ),
    Invariant(
        "points of a hold were moved by its own transfers, and those of a settled one were taken for good",
        "SELECT count(*) FROM holds WHERE points > 0",
        """
SELECT h.member_id, h.id AS hold_id, h.state, h.points, t.amount AS held, g.amount AS taken
FROM holds h
LEFT JOIN transfers t ON t.member_id = h.member_id AND t.id = h.transfer_id AND t.account = 'clearing:hold'
    AND t.source_id = h.id
LEFT JOIN transfers g ON g.member_id = h.member_id AND g.id = h.tender_id AND g.account = 'sink:tender'
    AND g.source_id = h.id
WHERE h.points <> -coalesce(t.amount, 0)
   OR CASE WHEN h.state = 'SETTLED' THEN h.points ELSE 0 END <> -coalesce(g.amount, 0)
UNION ALL
SELECT t.member_id, t.source_id, 'UNKNOWN', 0, t.amount, t.amount
FROM transfers t LEFT JOIN holds h ON h.member_id = t.member_id AND (h.transfer_id = t.id OR h.tender_id = t.id)
WHERE t.account IN ('clearing:hold', 'sink:tender') AND t.reverses IS NULL AND h.id IS NULL
""",
    ),
    Invariant(
        "points that returns gave back are those of their transfers",
        "SELECT count(*) FROM return_effects",
        """
SELECT coalesce(e.member_id, t.member_id) AS member_id, coalesce(e.return_id, t.source_id) AS return_id,
       e.refunded_points, t.amount
FROM return_effects e FULL JOIN (
    SELECT member_id, source_id, sum(amount) AS amount FROM transfers
    WHERE reason = 'tender-returned' GROUP BY member_id, source_id) t
    ON t.member_id = e.member_id AND t.source_id = e.return_id
WHERE coalesce(e.refunded_points, 0) <> coalesce(t.amount, 0)
   OR (e.return_id IS NOT NULL AND NOT EXISTS (
       SELECT FROM returns r WHERE r.member_id = e.member_id AND r.id = e.return_id))
""",
    ),
    Invariant(
        "receipts of settled holds came within 14 days, and fit",
        "SELECT count(*) FROM holds WHERE state = 'SETTLED'",
        """
SELECT member_id, id AS hold_id, store_id, receipt_state, settled_at FROM holds
WHERE receipt_state = 'MISFIT' OR (receipt_state = 'WAITING' AND settled_at < $1::timestamptz - interval '14 days')
""",
        advisory=True,
    ),
)

AUDIT = COUPONS + HOLDS
