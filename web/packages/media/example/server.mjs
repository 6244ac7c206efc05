// The backend of a CRM that is not Mediary's: it serves its own page, and hands on to Mediary what its people may see, with a key that
// never leaves it. `npm run package`, then: MEDIARY_URL=http://127.0.0.1:8080 MEDIARY_KEY=mdy_… node packages/media/example/server.mjs
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";

const PREFIX = "/mediary";
/** What the page needs of Mediary, and no more: to read, and to have a download started. */
const READ =
  /^\/api\/(conversations(\/\d+)?|conversations\/\d+\/media|messages\/\d+(\/media)?|media|media\/\d+(\/status)?|media\/messages\/\d+|whatsapp\/media\/[^/]+)$/;
const DOWNLOAD = /^\/api\/media\/\d+\/download$/;
const LINK = /^\/link\/(\d+)$/;
/** Of the request of a browser Mediary learns what picks the bytes, never the cookies of the CRM. */
const ASKED = ["accept", "range", "if-range", "if-none-match", "if-modified-since"];
/** Of the answer what is about this connection alone stays here. */
const OWN = new Set(["connection", "keep-alive", "transfer-encoding", "set-cookie"]);

const FILES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/links": ["links.html", "text/html; charset=utf-8"],
  "/elements.js": ["../dist/elements.js", "text/javascript; charset=utf-8"],
};

/** Starts the CRM; `mediary` is where Mediary is, `key` an API key of the role agent. */
export async function startCrm({ mediary, key, port = 0 }) {
  const authorization = `Bearer ${key}`;

  async function handOn(request, response, path) {
    const left = new AbortController();
    response.on("close", () => left.abort());
    const asked = ASKED.filter((name) => request.headers[name]).map((name) => [name, request.headers[name]]);
    const answer = await fetch(new URL(path, mediary), {
      method: request.method,
      headers: { ...Object.fromEntries(asked), authorization, "accept-encoding": "identity" },
      redirect: "manual",
      signal: left.signal,
    });
    const headers = [...answer.headers].filter(([name]) => !OWN.has(name));
    response.writeHead(answer.status, Object.fromEntries(headers));
    if (answer.body === null) response.end();
    else await pipeline(Readable.fromWeb(answer.body), response);
  }

  /** A link to one file, for who may see it. */
  async function link(response, id, query) {
    const answer = await fetch(new URL(`/api/media/${id}/signed-url`, mediary), {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({
        expiresInSeconds: 3600,
        variant: query.get("variant"),
        download: query.get("download") === "1",
      }),
    });
    response.writeHead(answer.status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(await answer.text());
  }

  async function handle(request, response) {
    const { pathname, searchParams, search } = new URL(request.url, "http://crm");
    // A real CRM asks here first who this is, and whether they may see this customer.
    const path = pathname.startsWith(`${PREFIX}/`) ? pathname.slice(PREFIX.length) : null;
    const reads = ["GET", "HEAD"].includes(request.method);
    if (path !== null && (reads ? READ : DOWNLOAD).test(path))
      return handOn(request, response, path + search);
    const wanted = LINK.exec(pathname);
    if (reads && wanted) return link(response, wanted[1], searchParams);
    const [name, type] = FILES[pathname] ?? [];
    if (!reads || name === undefined) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": type });
    await pipeline(createReadStream(fileURLToPath(new URL(name, import.meta.url))), response);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { MEDIARY_URL: mediary = "http://127.0.0.1:8080", MEDIARY_KEY: key } = process.env;
  if (!key) throw new Error("MEDIARY_KEY has to be an API key of the role agent");
  const { url } = await startCrm({ mediary, key, port: Number(process.env.PORT ?? 4020) });
  console.log(`The CRM is at ${url}`);
}
