-- The statements of `check_in` for one command; written by `python -m tests.bench.scripts`.
\set n :n + 1
\set m :first + :client_id * :each + :n - 1
BEGIN;
SELECT id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at FROM members WHERE id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) ORDER BY id FOR NO KEY UPDATE;
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7140-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r;
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL;
SELECT member_id, length, longest, total, freezes, cycle, last_day, made_up_to, covered_to, frozen_to, lapsed, gap_day, gap_to, repair_until, zone, next_zone, zone_from, zone_changed_at, travel_from, travel_to, updated_at FROM streaks WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
SELECT w.member_id, w.currency, w.owed, l.provenance, l.expires_on, l.remaining
FROM wallets w
LEFT JOIN lots l ON l.member_id = w.member_id AND l.currency = w.currency AND l.remaining > 0
WHERE w.member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO streaks (member_id, length, longest, total, freezes, cycle, last_day, made_up_to, covered_to, frozen_to, lapsed, gap_day, gap_to, repair_until, zone, next_zone, zone_from, zone_changed_at, travel_from, travel_to, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[2]::int[], ARRAY[2]::int[], ARRAY[2]::int[], ARRAY[0]::smallint[], ARRAY[2]::smallint[], ARRAY['2026-06-15'::date]::date[], ARRAY[NULL]::date[], ARRAY[NULL]::date[], ARRAY[NULL]::date[], ARRAY[NULL]::int[], ARRAY[NULL]::date[], ARRAY[NULL]::date[], ARRAY[NULL]::timestamptz[], ARRAY['Asia/Taipei']::text[], ARRAY[NULL]::text[], ARRAY[NULL]::timestamptz[], ARRAY[NULL]::timestamptz[], ARRAY[NULL]::date[], ARRAY[NULL]::date[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
ON CONFLICT (member_id) DO UPDATE SET length = EXCLUDED.length, longest = EXCLUDED.longest, total = EXCLUDED.total, freezes = EXCLUDED.freezes, cycle = EXCLUDED.cycle, last_day = EXCLUDED.last_day, made_up_to = EXCLUDED.made_up_to, covered_to = EXCLUDED.covered_to, frozen_to = EXCLUDED.frozen_to, lapsed = EXCLUDED.lapsed, gap_day = EXCLUDED.gap_day, gap_to = EXCLUDED.gap_to, repair_until = EXCLUDED.repair_until, zone = EXCLUDED.zone, next_zone = EXCLUDED.next_zone, zone_from = EXCLUDED.zone_from, zone_changed_at = EXCLUDED.zone_changed_at, travel_from = EXCLUDED.travel_from, travel_to = EXCLUDED.travel_to, updated_at = EXCLUDED.updated_at;
INSERT INTO checkin_days (member_id, season, day, paid, paid_at, kept)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['2027-spring']::text[], ARRAY['2026-06-15'::date]::date[], ARRAY['CHECK_IN']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY[NULL]::text[])
ON CONFLICT (member_id, season, day) DO UPDATE SET
    paid = coalesce(checkin_days.paid, EXCLUDED.paid), paid_at = coalesce(checkin_days.paid_at, EXCLUDED.paid_at),
    kept = coalesce(EXCLUDED.kept, checkin_days.kept);
INSERT INTO transfers (member_id, id, currency, account, amount, owed_change, parts, reason, source_id, reverses, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7141-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid, ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7142-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['DIAMONDS', 'POINTS']::text[], ARRAY[('issue:' || 'checkin'), ('issue:' || 'checkin')]::text[], ARRAY[35, 10]::int[], ARRAY[0, 0]::int[], ARRAY['[["FREE", "9999-12-30", 35]]', '[["FREE", "2027-06-30", 10]]']::jsonb[], ARRAY['checkin', 'checkin']::text[],
                     ARRAY[NULL, NULL]::uuid[], ARRAY[NULL, NULL]::uuid[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz, '2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]);
INSERT INTO wallets (member_id, currency, balance, owed, updated_at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['DIAMONDS', 'POINTS']::text[], ARRAY[999990, 1000144]::int[], ARRAY[0, 0]::int[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz, '2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
ON CONFLICT (member_id, currency)
DO UPDATE SET balance = excluded.balance, owed = excluded.owed,
              updated_at = greatest(wallets.updated_at, excluded.updated_at);
INSERT INTO lots (member_id, currency, provenance, expires_on, remaining)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid, ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['DIAMONDS', 'POINTS']::text[], ARRAY['FREE', 'FREE']::text[], ARRAY['9999-12-30'::date, '2027-06-30'::date]::date[], ARRAY[50, 50]::int[])
ON CONFLICT (member_id, currency, provenance, expires_on) DO UPDATE SET remaining = excluded.remaining;
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7143-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['checked_in']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['{"day": "2026-06-15", "diamonds": 35, "energy": 0, "tickets": 0, "points": 10, "cycle_day": 2, "length": 2, "season": "2027-spring"}']::jsonb[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7140-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO outbox (id, member_id, kind, due_at, attempts)
SELECT id, member_id, kind, due_at, 0
FROM unnest(ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7143-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['checked_in']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]) AS o(id, member_id, kind, due_at);
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7140-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'::bytea]::bytea[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['checkIn']::text[], ARRAY[('{"member_id": "' || ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0')) || '", "day": "2026-06-15", "cycle_day": 2, "reward": {"diamonds": 35, "energy": 0, "tickets": 0, "points": 10, "chest": false}, "freeze_earned": false, "streak": {"state": "ACTIVE", "today": "2026-06-15", "length": 2, "longest": 2, "total": 2, "freezes": 0, "freezes_most": 2, "checked_in_today": true, "cycle_day": 2, "next_at": "2026-06-15T20:00:00Z", "lapsed": null, "repair_opened": null, "repair_until": null, "repair_orders": 3, "repair_diamonds": 100, "zone": "Asia/Taipei", "next_zone": null, "zone_from": null}}')]::jsonb[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id;
COMMIT;
