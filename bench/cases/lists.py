"""Lists over millions of rows: page 5,000 must cost what page 1 costs."""

import urllib.parse

from anchors.wrk import wrk
from tools.process import wait_for
from tools.report import against, at_most

PAGE = 20
DEEP_PAGE = 5000
CLIENTS = 16
BASE_TIME = 1_700_000_000_000

# Rows as downloads leave them. Foreign keys are off for this session, for the rows stand alone.
SEED = """
SET session_replication_role = replica;
SET synchronous_commit = off;
INSERT INTO media_files (company_id, account_id, conversation_id, message_id, policy, file_type, mime_type, file_name,
    sort_name, file_size, sha256, provider_media_id, storage_key, storage_backend, stored_at, download_status,
    expires_at, integrity, created_at, updated_at)
SELECT {company}, {account}, 1 + n % 500, 1000000 + n, 'store',
    (ARRAY['image', 'video', 'audio', 'document', 'sticker'])[1 + n % 5], 'image/jpeg', 'file ' || n || '.jpg',
    'file ' || n || '.jpg', 1000 + n % 300000, sha256(n::text::bytea), n::text,
    'media/{company}/' || n || '/' || n, 'local', {base} + n, 'completed', {base} + n, 'verified', {base} + n, {base} + n
FROM generate_series(1, {rows}) AS n;
ANALYZE media_files;
"""

KEYSET = """
\\set place random(1, {rows})
SELECT * FROM media_files WHERE company_id = {company} AND is_active AND (created_at, id) < ({base} + :place, 9000000000)
ORDER BY created_at DESC, id DESC LIMIT {page};
"""


def run(bench):
    rows = 200_000 if bench.quick else 2_000_000
    server = bench.mediary("postgres")
    server.set_up()
    server.start()
    ids = {"company": server.query("select id from companies"), "account": server.query("select id from whatsapp_accounts")}
    bench.postgres.sql(server.database, SEED.format(rows=rows, base=BASE_TIME, **ids))
    wait_for(lambda: server.get("/api/media?limit=1")["items"], 30, "the list shows the rows")

    cursors = walk(server)
    first, deep = [path(None)], [path(cursors[-1])]
    firsts, deeps, deep_p99 = [], [], []
    for _ in range(bench.rounds):
        firsts.append(list_pages(bench, server, first, 1)["p50_ms"])
        page = list_pages(bench, server, deep, 1)
        deeps.append(page["p50_ms"])
        deep_p99.append(page["p99_ms"])
    lines = [at_most("lists", f"p50 of page {DEEP_PAGE:,} of {rows:,} rows / page 1", "×", median_ratio(deeps, firsts), 1.5)]
    lines.append(at_most("lists", f"p99 of page {DEEP_PAGE:,}", "ms", sorted(deep_p99)[len(deep_p99) // 2], 10))

    script = KEYSET.format(rows=rows, base=BASE_TIME, page=PAGE, company=ids["company"])
    ours, theirs = [], []
    for _ in range(bench.rounds):
        theirs.append(bench.postgres.pgbench(server.database, script, CLIENTS, bench.seconds))
        ours.append(list_pages(bench, server, [path(cursor) for cursor in cursors[::20]], CLIENTS)["rate"])
    lines.append(against("lists", f"pages of {PAGE}, c={CLIENTS}", "/s", ours, "pgbench with the same query", theirs, 0.15))
    return lines


def walk(server):
    """Cursors on the way to the deep page, the last of them its own."""
    step, cursors, cursor = 100, [], None
    for _ in range((DEEP_PAGE - 1) * PAGE // step):
        cursor = server.get(path(cursor, step))["nextCursor"]
        cursors.append(cursor)
    return cursors


def path(cursor, limit=PAGE):
    query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
    return "/api/media?" + urllib.parse.urlencode(query)


def list_pages(bench, server, paths, connections):
    return wrk(bench.folder, server.url, paths, connections, max(2, bench.seconds // 2), server.bearer)


def median_ratio(values, others):
    ratios = sorted(value / other for value, other in zip(values, others))
    return ratios[len(ratios) // 2]
