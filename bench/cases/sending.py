"""Messages that go out: taken durably, and sent to a stand-in for WhatsApp that answers at once."""

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from anchors.files import durable_loop
from tools.mediary import PHONE_NUMBER_ID, webhooks
from tools.process import LOAD_CORE, run_json, wait_for
from tools.report import against, at_least, at_most

PICTURE_BYTES = 300_000
PARALLEL = 16
# Of a company no more files may be on their way at once.
UPLOADS_OF_COMPANY = 8
COMPANIES = 2
# WhatsApp takes 80 messages a second of a number, and Mediary sends no more; so there are enough of them.
ACCOUNTS = 16
CONVERSATIONS_PER_ACCOUNT = 25
SENT_PER_SECOND = 500


def run(bench):
    return uploads(bench) + sends(bench)


def uploads(bench):
    """Nothing is sent meanwhile: the server takes messages and another one would send them."""
    pictures = 600 if bench.quick else 2400
    server = bench.mediary(graph_url=bench.graph.url)
    conversations = set_up(bench, server, accounts=1)
    senders = [(server.bearer, conversations)]
    for number in range(1, COMPANIES):
        senders.append(another_company(bench, server, f"bench-{number}", str(int(PHONE_NUMBER_ID) + number)))
    server.start("--no-workers")
    folder = bench.new_folder("durable")
    rates, loops, threads = [], [], COMPANIES * UPLOADS_OF_COMPANY
    for number in range(bench.rounds):
        loops.append(durable_loop(bench.load, os.path.join(folder, f"loop{number}"), PICTURE_BYTES, pictures, threads))
        rates.append(uploads_of_all(bench, server, senders, pictures))
    server.stop()
    anchor = f"bare durable loop, {threads} threads"
    return [against("sending", "300 KB pictures taken durably", "/s", rates, anchor, loops, 0.5)]


def uploads_of_all(bench, server, senders, pictures):
    """All companies send as many; how many a second that is."""
    each = pictures // len(senders)
    with ThreadPoolExecutor(len(senders)) as pool:
        running = [pool.submit(send, bench, server, conversations, each, PICTURE_BYTES, key) for key, conversations in senders]
        slowest = min(one.result()["rate"] for one in running)
    return slowest * len(senders)


def sends(bench):
    """From the first text that is taken to the last one that WhatsApp has; then one picture after the other."""
    texts = 2_000 if bench.quick else 6_000
    server = bench.mediary(graph_url=bench.graph.url)
    conversations = set_up(bench, server, accounts=ACCOUNTS)
    server.start()
    rates = []
    for _ in range(bench.rounds):
        before, started = sent(server), time.monotonic()
        send(bench, server, conversations, texts)
        wait_for(lambda: sent(server) >= before + texts, 120, "every message is sent", every=0.02)
        rates.append(texts / (time.monotonic() - started))
    pictures = sorted(one_picture(bench, server, conversations, number) for number in range(20 if bench.quick else 60))
    server.stop()
    return [
        at_least("sending", "texts taken and sent", "/s", statistics.median(rates), SENT_PER_SECOND),
        at_most("sending", "from the request to WhatsApp's answer, 300 KB, p95", "ms", pictures[len(pictures) * 95 // 100] * 1000, 150),
    ]


def one_picture(bench, server, conversations, number):
    """Seconds from the first byte of the request until its message is sent; the load program's start is not in it."""
    conversation = conversations.split(",")[number]
    before = sent(server)
    answered = send(bench, server, conversation, 1, PICTURE_BYTES + number)["p50_ms"] / 1000
    ended = time.monotonic()
    wait_for(lambda: sent(server) > before, 30, "the picture is sent", every=0.002)
    return answered + time.monotonic() - ended


def sent(server):
    return server.count("sends", "state = 'done'")


def set_up(bench, server, accounts):
    """Conversations of each account with as many people."""
    server.set_up(policy="stream")
    numbers = [PHONE_NUMBER_ID] + [str(int(PHONE_NUMBER_ID) + number) for number in range(1, accounts)]
    for number in numbers[1:]:
        server.add_account(number)
    server.start()
    for number in numbers:
        write_to(bench, server, number)
    expected = accounts * CONVERSATIONS_PER_ACCOUNT
    wait_for(lambda: server.count("conversations") >= expected, 30, "every conversation is there", every=0.05)
    server.stop()
    return server.query("select group_concat(id) from (select id from conversations order by (id * 7919) % 10007)")


def another_company(bench, server, slug, number):
    key = server.add_company(slug)
    server.add_account(number, company=slug)
    server.start()
    write_to(bench, server, number)
    where = f"account_id in (select id from whatsapp_accounts where phone_number_id = '{number}')"
    wait_for(lambda: server.count("conversations", where) >= CONVERSATIONS_PER_ACCOUNT, 30, "every conversation is there", every=0.05)
    server.stop()
    return key, server.query(f"select group_concat(id) from conversations where {where}")


def write_to(bench, server, number):
    webhooks(
        bench.load, server, 30, phone_number_id=number, bodies=CONVERSATIONS_PER_ACCOUNT, connections=4,
        senders=CONVERSATIONS_PER_ACCOUNT,
    )


def send(bench, server, conversations, messages, size=None, key=None):
    command = [bench.load, "sends", "--url", f"{server.url}/api/messages", "--conversations", conversations]
    command += ["--messages", str(messages), "--connections", str(UPLOADS_OF_COMPANY if size else PARALLEL)]
    if size:
        command += ["--bytes", str(size)]
    result = run_json(command, LOAD_CORE, {"BENCH_BEARER": key or server.bearer}, timeout=180)
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} messages were refused")
    return result
