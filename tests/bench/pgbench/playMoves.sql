-- The statements of `play_moves` for one command; written by `python -m tests.bench.scripts`.
\set n :n + 1
\set m :first + :client_id * :each + :n - 1
BEGIN;
SELECT id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at FROM members WHERE id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) ORDER BY id FOR NO KEY UPDATE;
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7180-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r;
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL;
SELECT member_id, code, since, until, notice_at FROM standings WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
SELECT member_id, revision, seed, cells, generators, storage, inbox, orders, next_order, level, experience, energy, energy_at, units, merges, bubbles, created_at, updated_at FROM boards WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
UPDATE grants SET consumed_at = greatest((ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])[array_position(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], member_id)], at)
WHERE member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) AND kind = ANY(ARRAY['ENERGY', 'GOODS']::text[]) AND consumed_at IS NULL
RETURNING member_id, id, kind, amount, source;
SELECT w.member_id, w.currency, w.owed, l.provenance, l.expires_on, l.remaining
FROM wallets w
LEFT JOIN lots l ON l.member_id = w.member_id AND l.currency = w.currency AND l.remaining > 0
WHERE w.member_id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO boards (member_id, revision, seed, cells, generators, storage, inbox, orders, next_order, level, experience, energy, energy_at, units, merges, bubbles, created_at, updated_at)
SELECT member_id, revision, seed, cells::jsonb, generators::jsonb, storage::jsonb, inbox::jsonb, orders::jsonb,
       next_order, level, experience, energy, energy_at, units, merges, bubbles::jsonb, created_at, updated_at
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[2]::int[], ARRAY['\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20'::bytea]::bytea[], ARRAY['["?bakery.2", "?#dairy.3", "dairy.1", "bakery.4", "dairy.3", "#bakery.3", "?@crate.6", "?dairy.4", ".", "dairy.3", "bakery.1", "bakery.3", "bakery.2", "?produce.2", "#bakery.2", "dairy.1", "dairy.2", "dairy.1", "bakery.1", "#dairy.1", "?#dairy.2", "?dairy.1", "dairy.1", "@fridge.23", "bakery.1", "@oven.25", "bakery.1", "?bakery.1", "?#dairy.1", "dairy.1", "dairy.1", "bakery.1", "bakery.1", "bakery.1", "?#bakery.1", "?bakery.3", "#bakery.1", "bakery.1", "bakery.1", "dairy.1", "#dairy.1", "?dairy.3", "?household.2", "?dairy.2", ".", ".", ".", "?bakery.2", "?frozen.2", "?@cupboard.49", "?household.1", "?#bakery.1", "#dairy.1", "?#dairy.1", "?frozen.1", "?frozen.3", "?@tastings.56", "?oral-care.1", "?oral-care.2", "?#bakery.4", "?@greenhouse.60", "?#dairy.4", "?produce.4"]']::text[], ARRAY['{"6": ["crate", 0, 10, null], "23": ["fridge", 7, 3, null], "25": ["oven", 7, 3, null], "49": ["cupboard", 0, 10, null], "56": ["tastings", 0, 12, null], "60": ["greenhouse", 0, 6, null]}']::text[], ARRAY['[]']::text[], ARRAY['[]']::text[], ARRAY['[[1, ["dairy.4", "bakery.2"], 10, 10], [2, ["bakery.1"], 1, 1], [3, ["dairy.2", "bakery.4"], 10, 10], [4, ["dairy.2"], 2, 2]]']::text[], ARRAY[5]::int[],
            ARRAY[1]::int[], ARRAY[0]::int[], ARRAY[106]::int[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY[123]::bigint[], ARRAY[6]::int[], ARRAY['{}']::text[],
            ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[]) AS b(member_id, revision, seed, cells, generators, storage, inbox, orders, next_order, level, experience, energy, energy_at, units, merges, bubbles, created_at, updated_at)
ON CONFLICT (member_id) DO UPDATE
SET revision = excluded.revision, seed = excluded.seed, cells = excluded.cells, generators = excluded.generators,
    storage = excluded.storage, inbox = excluded.inbox, orders = excluded.orders, next_order = excluded.next_order,
    level = excluded.level, experience = excluded.experience, energy = excluded.energy,
    energy_at = excluded.energy_at, units = excluded.units, merges = excluded.merges, bubbles = excluded.bubbles,
    updated_at = excluded.updated_at;
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7181-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['moves_played']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['{"revision": 2, "applied": 20, "tap": 14, "merge": 6}']::jsonb[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7180-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7180-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'::bytea]::bytea[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['playMoves']::text[], ARRAY[('{"member_id": "' || ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0')) || '", "applied": 20, "refused_index": null, "refusal": null, "revision": 2, "delivered": [], "claimed": [], "popped": []}')]::jsonb[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id;
COMMIT;
