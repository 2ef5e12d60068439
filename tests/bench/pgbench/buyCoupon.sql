-- The statements of `buy_coupons` for one command; written by `python -m tests.bench.scripts`.
\set n :n + 1
\set m random(0, :members - 1)
\set k (1000 - 29 - 3 * (:m % 10) - (:m / 10) % 10 - 3 * ((:m / 100) % 10) - (:m / 1000) % 10 - 3 * ((:m / 10000) % 10)) % 10
BEGIN;
SELECT id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at FROM members WHERE id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) ORDER BY id FOR NO KEY UPDATE;
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7040-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r;
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL;
SELECT id, slug, version, limit_total, issued FROM offers WHERE id = ANY(ARRAY[(:offer)::text::uuid]::uuid[]);
SELECT member_id, code, since, until, notice_at FROM standings WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
SELECT k.member_id, k.day, coalesce(sum(c.credits), 0)::bigint AS credits
FROM (SELECT DISTINCT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['2025-06-16'::date]::date[], ARRAY['2026-06-15'::date]::date[])) AS k(member_id, start, day)
LEFT JOIN tier_credits c ON c.member_id = k.member_id AND c.day BETWEEN k.start AND k.day
GROUP BY k.member_id, k.day;
SELECT member_id, segment FROM segment_members WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
SELECT w.member_id, w.currency, w.owed, l.provenance, l.expires_on, l.remaining
FROM wallets w
LEFT JOIN lots l ON l.member_id = w.member_id AND l.currency = w.currency AND l.remaining > 0
WHERE w.member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO coupons (member_id, id, offer_id, version, code, secret, state, hold_id, issued_on, issued_at, expires_at,
                     due_at, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7042-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[(:offer)::text::uuid]::uuid[], ARRAY[1]::int[], ARRAY[(lpad(upper(to_hex(:run::int)), 4, '0') || lpad(upper(to_hex(:client_id::int)), 3, '0') || lpad(upper(to_hex(:n::int)), 8, '0') || '0')]::text[], ARRAY['\x0000000000000000000000000000000000000000'::bytea]::bytea[], ARRAY['ISSUED']::text[], ARRAY[NULL]::uuid[],
                     ARRAY['2026-06-15'::date]::date[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['2036-06-12T00:00:00+08:00'::timestamptz]::timestamptz[], ARRAY['2036-06-12T00:00:00+08:00'::timestamptz]::timestamptz[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO coupon_codes (code, member_id, coupon_id)
SELECT * FROM unnest(ARRAY[(lpad(upper(to_hex(:run::int)), 4, '0') || lpad(upper(to_hex(:client_id::int)), 3, '0') || lpad(upper(to_hex(:n::int)), 8, '0') || '0')]::text[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7042-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS c(code, member_id, coupon_id) ORDER BY code;
INSERT INTO transfers (member_id, id, currency, account, amount, owed_change, parts, reason, source_id, reverses, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7041-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS']::text[], ARRAY[('sink:' || 'coupon')]::text[], ARRAY[-10]::int[], ARRAY[0]::int[], ARRAY['[["FREE", "2027-06-30", -10]]']::jsonb[], ARRAY['coupon']::text[],
                     ARRAY[(:offer)::text::uuid]::uuid[], ARRAY[NULL]::uuid[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO wallets (member_id, currency, balance, owed, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS']::text[], ARRAY[1000234]::int[], ARRAY[0]::int[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
ON CONFLICT (member_id, currency)
DO UPDATE SET balance = excluded.balance, owed = excluded.owed,
              updated_at = greatest(wallets.updated_at, excluded.updated_at);
INSERT INTO lots (member_id, currency, provenance, expires_on, remaining)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['POINTS']::text[], ARRAY['FREE']::text[], ARRAY['2027-06-30'::date]::date[], ARRAY[140]::int[])
ON CONFLICT (member_id, currency, provenance, expires_on) DO UPDATE SET remaining = excluded.remaining;
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7043-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['coupon_bought']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY[('{"coupon": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7042-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "offer": "bench", "version": 1, "price": 10, "currency": "POINTS"}')]::jsonb[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7040-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO outbox (id, member_id, kind, due_at, attempts)
SELECT id, member_id, kind, due_at, 0
FROM unnest(ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7043-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['coupon_bought']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]) AS o(id, member_id, kind, due_at);
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7040-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'::bytea]::bytea[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['buyCoupon']::text[], ARRAY[('{"member_id": "' || ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0')) || '", "coupon_id": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7042-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "offer_id": "' || (:offer)::text || '", "version": 1, "code": "' || (lpad(upper(to_hex(:run::int)), 4, '0') || lpad(upper(to_hex(:client_id::int)), 3, '0') || lpad(upper(to_hex(:n::int)), 8, '0') || '0') || '", "state": "ISSUED", "issued_at": "2026-06-15T04:00:00Z", "expires_at": "2036-06-12T00:00:00+08:00"}')]::jsonb[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id;
COMMIT;
