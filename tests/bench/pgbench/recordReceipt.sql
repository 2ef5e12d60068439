-- The statements of `record_receipts` for one command; written by `python -m tests.bench.scripts`.
\set n :n + 1
\set m random(0, :members - 1)
\set k (1000 - 29 - 3 * (:m % 10) - (:m / 10) % 10 - 3 * ((:m / 100) % 10) - (:m / 1000) % 10 - 3 * ((:m / 10000) % 10)) % 10
BEGIN;
SELECT i.subject, i.member_id FROM identities i WHERE i.kind = 'card' AND i.subject = ANY(ARRAY[('29' || lpad((:m::int)::text, 10, '0') || (:k::int)::text)]::text[]);
SELECT id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at FROM members WHERE id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) ORDER BY id FOR NO KEY UPDATE;
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7000-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r;
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL;
SELECT id, code, name, timezone, currency, channel FROM stores WHERE id = ANY(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[]);
SELECT r.member_id, r.id, r.store_id, r.receipt_no, r.bought_at, r.day, r.currency, r.total_minor, r.content_hash, r.points, r.stamps, r.credits, r.tickets, r.tier, r.multiplier_percent, r.sheet_version, r.points_expire_on, r.stamps_expire_on, r.visit, r.revoked_points, r.revoked_stamps, r.revoked_credits, r.recorded_at

FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text)]::text[]) AS k(store_id, receipt_no)
CROSS JOIN LATERAL (
    SELECT * FROM receipt_directory WHERE store_id = k.store_id AND receipt_no = k.receipt_no OFFSET 0) d

CROSS JOIN LATERAL (SELECT * FROM receipts WHERE member_id = d.member_id AND id = d.receipt_id OFFSET 0) r;
SELECT r.member_id, r.day FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['2026-06-15'::date]::date[]) AS k(member_id, day)
JOIN receipts r ON r.member_id = k.member_id AND r.day = k.day AND r.visit;
SELECT member_id, code, since, until, notice_at FROM standings WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
SELECT k.member_id, k.day, coalesce(sum(c.credits), 0)::bigint AS credits
FROM (SELECT DISTINCT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['2025-06-16'::date]::date[], ARRAY['2026-06-15'::date]::date[])) AS k(member_id, start, day)
LEFT JOIN tier_credits c ON c.member_id = k.member_id AND c.day BETWEEN k.start AND k.day
GROUP BY k.member_id, k.day;
SELECT w.member_id, w.currency, w.owed, l.provenance, l.expires_on, l.remaining
FROM wallets w
LEFT JOIN lots l ON l.member_id = w.member_id AND l.currency = w.currency AND l.remaining > 0
WHERE w.member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO receipt_directory (store_id, receipt_no, member_id, receipt_id)
SELECT * FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text)]::text[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS d(store_id, receipt_no, member_id, receipt_id)
ORDER BY store_id, receipt_no;
INSERT INTO receipts (member_id, id, store_id, receipt_no, bought_at, day, currency, total_minor, content_hash, points, stamps, credits, tickets, tier, multiplier_percent, sheet_version, points_expire_on, stamps_expire_on, visit, revoked_points, revoked_stamps, revoked_credits, recorded_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text)]::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['2026-06-15'::date]::date[], ARRAY['TWD']::text[],
    ARRAY[43500]::int[], ARRAY['\x9827b76c3be74798160fa215bd789558bcef7db12d27be5000b6564d0ae1c3a6'::bytea]::bytea[], ARRAY[52]::int[], ARRAY[4]::int[], ARRAY[435]::int[], ARRAY[0]::int[], ARRAY['general']::text[], ARRAY[100]::smallint[], ARRAY[1]::int[],
    ARRAY['2027-06-30'::date]::date[], ARRAY['2026-09-30'::date]::date[], ARRAY[false]::boolean[], ARRAY[0]::int[], ARRAY[0]::int[], ARRAY[0]::int[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO receipt_lines (member_id, receipt_id, line_no, sku, name, brand, category, quantity, amount_minor, weight,
                           returned_quantity, returned_minor)
SELECT *, 0, 0 FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[1, 2, 3]::smallint[], ARRAY['4710001', '4710002', '4710003']::text[], ARRAY['Rice 2 kg', 'Milk 1 l', 'Spinach']::text[], ARRAY['Private', 'Meadow', 'Green']::text[], ARRAY['GROCERY', 'DAIRY', 'PRODUCE']::text[],
                           ARRAY[1, 2, 1]::int[], ARRAY[18900, 17800, 6800]::int[], ARRAY[28350, 17800, 6800]::bigint[]);
INSERT INTO tier_credits (member_id, day, credits)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['2026-06-15'::date]::date[], ARRAY[435]::bigint[])
ON CONFLICT (member_id, day) DO UPDATE SET credits = tier_credits.credits + excluded.credits;
INSERT INTO transfers (member_id, id, currency, account, amount, owed_change, parts, reason, source_id, reverses, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7002-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7003-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS', 'STAMPS']::text[], ARRAY[('issue:' || 'receipt'), ('issue:' || 'receipt')]::text[], ARRAY[52, 4]::int[], ARRAY[0, 0]::int[], ARRAY['[["PURCHASE", "2027-06-30", 52]]', '[["PURCHASE", "2026-09-30", 4]]']::jsonb[], ARRAY['receipt', 'receipt']::text[],
                     ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[NULL, NULL]::uuid[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz, '2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO wallets (member_id, currency, balance, owed, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS', 'STAMPS']::text[], ARRAY[1000244, 8]::int[], ARRAY[0, 0]::int[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz, '2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
ON CONFLICT (member_id, currency)
DO UPDATE SET balance = excluded.balance, owed = excluded.owed,
              updated_at = greatest(wallets.updated_at, excluded.updated_at);
INSERT INTO lots (member_id, currency, provenance, expires_on, remaining)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS', 'STAMPS']::text[], ARRAY['PURCHASE', 'PURCHASE']::text[], ARRAY['2027-06-30'::date, '2026-09-30'::date]::date[], ARRAY[94, 8]::int[])
ON CONFLICT (member_id, currency, provenance, expires_on) DO UPDATE SET remaining = excluded.remaining;
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7004-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['receipt_recorded']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY[('{"receipt": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "store": "bench-1", "day": "2026-06-15", "currency": "TWD", "total_minor": 43500, "points": 52, "stamps": 4}')]::jsonb[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7000-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO outbox (id, member_id, kind, due_at, attempts)
SELECT id, member_id, kind, due_at, 0
FROM unnest(ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7004-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['receipt_recorded']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]) AS o(id, member_id, kind, due_at);
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7000-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'::bytea]::bytea[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['recordReceipt']::text[], ARRAY[('{"member_id": "' || ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0')) || '", "receipt_id": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7001-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "points": 52, "stamps": 4, "tickets": 0, "tier": "general"}')]::jsonb[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id;
COMMIT;
