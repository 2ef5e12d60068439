-- The statements of `open_apps` for one command; written by `python -m tests.bench.scripts`.
\set n :n + 1
\set m random(0, :members - 1)
\set k (1000 - 29 - 3 * (:m % 10) - (:m / 10) % 10 - 3 * ((:m / 100) % 10) - (:m / 1000) % 10 - 3 * ((:m / 10000) % 10)) % 10
BEGIN;
SELECT id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at FROM members WHERE id = ANY(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[]) ORDER BY id FOR NO KEY UPDATE;
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7100-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r;
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL;
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7101-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['app_opened']::text[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[], ARRAY['{"day": "2026-06-15", "system": "IOS", "form": "PHONE"}']::jsonb[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7100-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[]);
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest(ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY[('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7100-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0'))::uuid]::uuid[], ARRAY['\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'::bytea]::bytea[], ARRAY[('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))::uuid]::uuid[], ARRAY['openApp']::text[], ARRAY[('{"member_id": "' || ('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0')) || '", "visit_id": "' || ('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7101-8' || lpad(to_hex(:client_id::int), 3, '0') || '-' || lpad(to_hex(:n::int), 12, '0')) || '", "day": "2026-06-15"}')]::jsonb[], ARRAY['2026-06-15T04:00:00+00:00'::timestamptz]::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id;
COMMIT;
