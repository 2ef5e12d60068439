-- The statements of `draw_prizes` for one command; written by `python -m tests.bench.scripts`.
\set n :n + 1
\set m random(0, :members - 1)
\set k (1000 - 29 - 3 * (:m % 10) - (:m / 10) % 10 - 3 * ((:m / 100) % 10) - (:m / 1000) % 10 - 3 * ((:m / 10000) % 10)) % 10
\set nonce ((:run * 4 + 2) * 131072 + :client_id * 2048 + :n) * 10
BEGIN;
SELECT id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at FROM members WHERE id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) ORDER BY id FOR NO KEY UPDATE;
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7240-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r;
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL;
SELECT id, slug, version FROM pools WHERE id = ANY(ARRAY[(:drawHot)::text::uuid]::uuid[]);
SELECT pool_id, code, total, awarded FROM pool_stock WHERE pool_id = ANY(ARRAY[(:drawHot)::text::uuid]::uuid[]) ORDER BY pool_id, code FOR NO KEY UPDATE;
SELECT member_id, epoch, commit_sha256, sealed, client_seed, set_by, next_nonce, revealed_at FROM seeds WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) AND revealed_at IS NULL ORDER BY member_id, epoch;
SELECT member_id, pool_id, version, pity, day, day_draws, month_draws, NULL::timestamptz AS excluded_until FROM pity
WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) AND pool_id = ANY(ARRAY[(:drawHot)::text::uuid]::uuid[])
UNION ALL
SELECT member_id, NULL, NULL, NULL, day, day_draws, month_draws, excluded_until FROM draw_rails
WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
SELECT w.member_id, w.currency, w.owed, l.provenance, l.expires_on, l.remaining
FROM wallets w
LEFT JOIN lots l ON l.member_id = w.member_id AND l.currency = w.currency AND l.remaining > 0
WHERE w.member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO draws (member_id, id, set_id, pool_id, version, epoch, nonce, client_seed, set_by, count, position, pity_start, pity_before, pity_after, nothing_before, guaranteed, roll, roll_prize, roll_ten, rolled, awarded, currency, amount, coupon_id, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7241-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7241-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[(:drawHot)::text::uuid]::uuid[], ARRAY[1]::int[], ARRAY[1]::int[], ARRAY[(:nonce::int + 2)]::int[], ARRAY['bench']::text[],
    ARRAY['SERVER']::text[], ARRAY[1]::int2[], ARRAY[1]::int2[], ARRAY[1]::int[], ARRAY[1]::int[], ARRAY[2]::int[], ARRAY[true]::bool[], ARRAY[false]::bool[], ARRAY[326358]::int[],
    ARRAY[263440]::int[], ARRAY[NULL]::int[], ARRAY['points-50']::text[], ARRAY['points-50']::text[], ARRAY['DIAMONDS']::text[], ARRAY[20]::int[], ARRAY[NULL]::uuid[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
UPDATE pool_stock SET awarded = s.awarded
FROM unnest(ARRAY[(:drawHot)::text::uuid]::uuid[], ARRAY['points-50']::text[], ARRAY[3]::int[]) AS s(pool_id, code, awarded)
WHERE pool_stock.pool_id = s.pool_id AND pool_stock.code = s.code;
UPDATE seeds SET client_seed = n.client_seed, set_by = n.set_by, next_nonce = n.next_nonce, revealed_at = n.revealed_at
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[1]::int[], ARRAY['bench']::text[], ARRAY['SERVER']::text[], ARRAY[(:nonce::int + 3)]::int[], ARRAY[NULL]::timestamptz[])
  AS n(member_id, epoch, client_seed, set_by, next_nonce, revealed_at)
WHERE seeds.member_id = n.member_id AND seeds.epoch = n.epoch;
INSERT INTO pity (member_id, pool_id, version, pity, day, day_draws, month_draws)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[(:drawHot)::text::uuid]::uuid[], ARRAY[1]::int[], ARRAY[2]::int[], ARRAY['2026-06-15'::date]::date[], ARRAY[2]::int[], ARRAY[2]::int[])
ON CONFLICT (member_id, pool_id) DO UPDATE SET version = excluded.version, pity = excluded.pity, day = excluded.day,
    day_draws = excluded.day_draws, month_draws = excluded.month_draws;
INSERT INTO draw_rails (member_id, day, day_draws, month_draws, excluded_until)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['2026-06-15'::date]::date[], ARRAY[6]::int[], ARRAY[6]::int[], ARRAY[NULL]::timestamptz[])
ON CONFLICT (member_id) DO UPDATE SET day = excluded.day, day_draws = excluded.day_draws,
    month_draws = excluded.month_draws, excluded_until = excluded.excluded_until;
INSERT INTO transfers (member_id, id, currency, account, amount, owed_change, parts, reason, source_id, reverses, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7242-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7243-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['DIAMONDS', 'POINTS']::text[], ARRAY[('sink:' || 'gacha'), ('issue:' || 'prize')]::text[], ARRAY[-20, 50]::int[], ARRAY[0, 0]::int[], ARRAY['[["PURCHASE", "2099-12-31", -20]]', '[["FREE", "2027-06-30", 50]]']::jsonb[], ARRAY['draw', 'prize']::text[],
                     ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7241-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7241-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[NULL, NULL]::uuid[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz, '2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO wallets (member_id, currency, balance, owed, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['DIAMONDS', 'POINTS']::text[], ARRAY[999930, 1000294]::int[], ARRAY[0, 0]::int[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz, '2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
ON CONFLICT (member_id, currency)
DO UPDATE SET balance = excluded.balance, owed = excluded.owed,
              updated_at = greatest(wallets.updated_at, excluded.updated_at);
INSERT INTO lots (member_id, currency, provenance, expires_on, remaining)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['DIAMONDS', 'POINTS']::text[], ARRAY['PURCHASE', 'FREE']::text[], ARRAY['2099-12-31'::date, '2027-06-30'::date]::date[], ARRAY[999880, 200]::int[])
ON CONFLICT (member_id, currency, provenance, expires_on) DO UPDATE SET remaining = excluded.remaining;
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7244-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['prizes_drawn']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY[('{"draw": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7241-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "pool": "hot", "version": 1, "count": 1, "prizes": ["points-50"], "tickets": 0, "diamonds": 20}')]::jsonb[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7240-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO outbox (id, member_id, kind, due_at, attempts)
SELECT id, member_id, kind, due_at, 0
FROM unnest(ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7244-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['prizes_drawn']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]) AS o(id, member_id, kind, due_at);
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7240-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'::bytea]::bytea[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['draw']::text[], ARRAY[('{"member_id": "' || ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0')) || '", "pool_id": "' || (:drawHot)::text || '", "version": 1, "epoch": 1, "at": "2026-06-15T04:00:00Z", "draws": [{"id": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7241-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "prize": "points-50", "rolled": "points-50", "roll": 326358, "nonce": ' || (:nonce::int + 2)::text || ', "pity_before": 1, "guaranteed": false, "currency": "DIAMONDS", "coupon_id": null}]}')]::jsonb[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id;
COMMIT;
