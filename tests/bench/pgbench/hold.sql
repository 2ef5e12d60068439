-- The statements of `hold_baskets` for one command; written by `python -m tests.bench.scripts`.
\set n :n + 1
\set i :first + :client_id * :each + :n - 1
\set m :i % :members
\set c ((:i & 15) + 32 * ((:i >> 4) & 15) + 1024 * ((:i >> 8) & 15) + 32768 * ((:i >> 12) & 15) + 1048576 * ((:i >> 16) & 15)) % 37
\set k (1000 - 29 - 3 * (:m % 10) - (:m / 10) % 10 - 3 * ((:m / 100) % 10) - (:m / 1000) % 10 - 3 * ((:m / 10000) % 10)) % 10
BEGIN;
SELECT code, member_id, coupon_id FROM coupon_codes WHERE code = ANY(ARRAY[(lpad(upper(to_hex(:i::int)), 15, '0') || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U', :c::int + 1, 1))]::text[]);
SELECT i.subject, i.member_id FROM identities i WHERE i.kind = 'card' AND i.subject = ANY(ARRAY[('29' || lpad((:m::int)::text, 10, '0') || (:k::int)::text)]::text[]);
SELECT id, code, name, timezone, currency, channel FROM stores WHERE id = ANY(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[]);
SELECT id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at FROM members WHERE id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) ORDER BY id FOR NO KEY UPDATE;
SELECT clock_timestamp();
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL;
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7080-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r;
SELECT w.member_id, w.currency, w.owed, l.provenance, l.expires_on, l.remaining
FROM wallets w
LEFT JOIN lots l ON l.member_id = w.member_id AND l.currency = w.currency AND l.remaining > 0
WHERE w.member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
SELECT member_id, id, store_id, state, fingerprint, answer, due_minor, discount_minor, points, transfer_id, tender_id, receipt_no, receipt_state, held_at, expires_at, settled_at, updated_at FROM holds WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) AND state = 'OPEN';
SELECT c.member_id, c.id, c.offer_id, c.version, c.code, c.secret, c.state, c.hold_id, c.issued_at, c.expires_at, c.due_at, c.updated_at
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0'))::uuid]::uuid[]) AS k(member_id, id)
JOIN coupons c ON c.member_id = k.member_id AND c.id = k.id;
INSERT INTO holds (member_id, id, store_id, state, fingerprint, answer, due_minor, discount_minor, points, transfer_id, tender_id, receipt_no, receipt_state, held_at, expires_at, settled_at, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY['OPEN']::text[], ARRAY['\x3a0952adb953de1d327ef95eafc69dd417e0a05a1ac4efb76a2280f56fe1b686'::bytea]::bytea[], ARRAY[('{"hold_id": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "expires_at": "2026-06-15T04:00:00+00:00", "currency": "TWD", "basket_minor": 18900, "discount_minor": 1000, "points_held": 100, "tender_minor": 100, "due_minor": 17800, "lines": [{"line_no": 1, "discount_minor": 1000}], "applied": [{"coupon_id": "' || ('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0')) || '", "discount_minor": 1000}], "not_applied": []}')]::jsonb[], ARRAY[17800]::int[], ARRAY[1000]::int[],
    ARRAY[100]::int[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7082-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[NULL]::uuid[], ARRAY[NULL]::text[], ARRAY[NULL]::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[],
    ARRAY[NULL]::timestamptz[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO hold_directory (hold_id, member_id) SELECT * FROM unnest(ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
UPDATE coupons SET state = s.state, hold_id = s.hold_id, due_at = s.due_at, updated_at = s.updated_at
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0'))::uuid]::uuid[], ARRAY['RESERVED']::text[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['2036-06-11T16:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS s(member_id, id, state, hold_id, due_at, updated_at)
WHERE coupons.member_id = s.member_id AND coupons.id = s.id;
INSERT INTO transfers (member_id, id, currency, account, amount, owed_change, parts, reason, source_id, reverses, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7082-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS']::text[], ARRAY[('clearing:' || 'hold')]::text[], ARRAY[-100]::int[], ARRAY[0]::int[], ARRAY['[["FREE", "2027-06-30", -100]]']::jsonb[], ARRAY['hold']::text[],
                     ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[NULL]::uuid[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO wallets (member_id, currency, balance, owed, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS']::text[], ARRAY[1000134]::int[], ARRAY[0]::int[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
ON CONFLICT (member_id, currency)
DO UPDATE SET balance = excluded.balance, owed = excluded.owed,
              updated_at = greatest(wallets.updated_at, excluded.updated_at);
INSERT INTO lots (member_id, currency, provenance, expires_on, remaining)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS']::text[], ARRAY['FREE']::text[], ARRAY['2027-06-30'::date]::date[], ARRAY[40]::int[])
ON CONFLICT (member_id, currency, provenance, expires_on) DO UPDATE SET remaining = excluded.remaining;
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7083-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['basket_held']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY[('{"hold": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "store": "01a20000-0000-7000-8000-000000000001", "points": 100, "discount_minor": 1000, "coupons": ["' || ('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0')) || '"]}')]::jsonb[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7080-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest(ARRAY['01a20000-0000-7000-8000-000000000001'::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7080-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'::bytea]::bytea[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['holdBasket']::text[], ARRAY[('{"hold_id": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7081-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "expires_at": "2026-06-15T04:00:00+00:00", "currency": "TWD", "basket_minor": 18900, "discount_minor": 1000, "points_held": 100, "tender_minor": 100, "due_minor": 17800, "lines": [{"line_no": 1, "discount_minor": 1000}], "applied": [{"coupon_id": "' || ('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0')) || '", "discount_minor": 1000}], "not_applied": []}')]::jsonb[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id;
COMMIT;
