-- The statements of `settle_baskets` for one command; written by `python -m tests.bench.scripts`.
\set n :n + 1
\set i :first + :client_id * :each + :n - 1
\set m :i % :members
\set c ((:i & 15) + 32 * ((:i >> 4) & 15) + 1024 * ((:i >> 8) & 15) + 32768 * ((:i >> 12) & 15) + 1048576 * ((:i >> 16) & 15)) % 37
\set k (1000 - 29 - 3 * (:m % 10) - (:m / 10) % 10 - 3 * ((:m / 100) % 10) - (:m / 1000) % 10 - 3 * ((:m / 10000) % 10)) % 10
BEGIN;
SELECT hold_id, member_id FROM hold_directory WHERE hold_id = ANY(ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
SELECT id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at FROM members WHERE id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) ORDER BY id FOR NO KEY UPDATE;
SELECT clock_timestamp();
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL;
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c0-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r;
SELECT w.member_id, w.currency, w.owed, l.provenance, l.expires_on, l.remaining
FROM wallets w
LEFT JOIN lots l ON l.member_id = w.member_id AND l.currency = w.currency AND l.remaining > 0
WHERE w.member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
SELECT s.store_id, s.receipt_no, s.member_id, s.hold_id
FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text)]::text[]) AS k(store_id, receipt_no)
JOIN settled_receipts s ON s.store_id = k.store_id AND s.receipt_no = k.receipt_no;
SELECT h.member_id, h.id, h.store_id, h.state, h.fingerprint, h.answer, h.due_minor, h.discount_minor, h.points, h.transfer_id, h.tender_id, h.receipt_no, h.receipt_state, h.held_at, h.expires_at, h.settled_at, h.updated_at
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(member_id, id)
JOIN holds h ON h.member_id = k.member_id AND h.id = k.id;
SELECT c.member_id, c.id, c.offer_id, c.version, c.code, c.secret, c.state, c.hold_id, c.issued_at, c.expires_at, c.due_at, c.updated_at
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0'))::uuid]::uuid[]) AS k(member_id, id)
JOIN coupons c ON c.member_id = k.member_id AND c.id = k.id;
SELECT t.member_id, t.id, t.currency, t.account, t.amount, t.parts,
       coalesce((SELECT sum(r.amount) FROM transfers r WHERE r.member_id = t.member_id AND r.reverses = t.id), 0)::int
           AS reversed
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7082-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(member_id, id)
JOIN transfers t ON t.member_id = k.member_id AND t.id = k.id;
SELECT r.member_id, r.id, r.store_id, r.receipt_no, r.bought_at, r.day, r.currency, r.total_minor, r.content_hash, r.points, r.stamps, r.credits, r.tickets, r.tier, r.multiplier_percent, r.sheet_version, r.points_expire_on, r.stamps_expire_on, r.visit, r.revoked_points, r.revoked_stamps, r.revoked_credits, r.recorded_at

FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text)]::text[]) AS k(store_id, receipt_no)
CROSS JOIN LATERAL (
    SELECT * FROM receipt_directory WHERE store_id = k.store_id AND receipt_no = k.receipt_no OFFSET 0) d

CROSS JOIN LATERAL (SELECT * FROM receipts WHERE member_id = d.member_id AND id = d.receipt_id OFFSET 0) r;
INSERT INTO settled_receipts (store_id, receipt_no, member_id, hold_id)
SELECT * FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text)]::text[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS s(store_id, receipt_no, member_id, hold_id)
ORDER BY store_id, receipt_no;
UPDATE holds SET state = s.state, transfer_id = s.transfer_id, tender_id = s.tender_id, receipt_no = s.receipt_no,
                 receipt_state = s.receipt_state, settled_at = s.settled_at, updated_at = s.updated_at
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['SETTLED']::text[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7082-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c2-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text)]::text[], ARRAY['FITS']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[],
            ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS s(member_id, id, state, transfer_id, tender_id, receipt_no, receipt_state, settled_at, updated_at)
WHERE holds.member_id = s.member_id AND holds.id = s.id;
UPDATE coupons SET state = s.state, hold_id = s.hold_id, due_at = s.due_at, updated_at = s.updated_at
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0'))::uuid]::uuid[], ARRAY['REDEEMED']::text[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['2036-06-11T16:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS s(member_id, id, state, hold_id, due_at, updated_at)
WHERE coupons.member_id = s.member_id AND coupons.id = s.id;
INSERT INTO transfers (member_id, id, currency, account, amount, owed_change, parts, reason, source_id, reverses, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c1-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c2-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS', 'POINTS']::text[], ARRAY[('clearing:' || 'hold'), ('sink:' || 'tender')]::text[], ARRAY[100, -100]::int[], ARRAY[0, 0]::int[], ARRAY['[["FREE", "2027-06-30", 100]]', '[["FREE", "2027-06-30", -100]]']::jsonb[], ARRAY['tender', 'tender']::text[],
                     ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7082-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, NULL]::uuid[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz, '2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO wallets (member_id, currency, balance, owed, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS']::text[], ARRAY[1000134]::int[], ARRAY[0]::int[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
ON CONFLICT (member_id, currency)
DO UPDATE SET balance = excluded.balance, owed = excluded.owed,
              updated_at = greatest(wallets.updated_at, excluded.updated_at);
INSERT INTO lots (member_id, currency, provenance, expires_on, remaining)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS']::text[], ARRAY['FREE']::text[], ARRAY['2027-06-30'::date]::date[], ARRAY[40]::int[])
ON CONFLICT (member_id, currency, provenance, expires_on) DO UPDATE SET remaining = excluded.remaining;
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c3-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c4-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['coupon_redeemed', 'basket_settled']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz, '2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY[('{"coupon": "' || ('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0')) || '", "offer": "' || (:offer)::text || '", "hold": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '"}'), ('{"hold": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "store": "01a20000-0000-7000-8000-000000000001", "points": 100, "discount_minor": 1000}')]::jsonb[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c0-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c0-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO outbox (id, member_id, kind, due_at, attempts)
SELECT id, member_id, kind, due_at, 0
FROM unnest(ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c3-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['coupon_redeemed']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]) AS o(id, member_id, kind, due_at);
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-70c0-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'::bytea]::bytea[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['settleBasket']::text[], ARRAY[('{"hold_id": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "member_id": "' || ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0')) || '", "receipt_no": "' || ('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text) || '", "coupon_ids": ["' || ('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0')) || '"], "discount_minor": 1000, "points_paid": 100, "tender_minor": 100}')]::jsonb[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id;
COMMIT;
