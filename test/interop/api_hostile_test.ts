/** The control API and requests that are wrong, large, half or strange. */
import { equal, match, ok } from "../support/assert.ts";
import { ApiClient } from "./support/api.ts";
import { Client } from "./support/client.ts";
import { TestServer } from "./support/server.ts";

const halfOpen = 500;

function start(config = {}): Promise<TestServer> {
  return TestServer.start({ config: { api: true, ...config }, expectedErrors: /\[API\]/ });
}

async function hostileSteps(t: Deno.TestContext): Promise<void> {
  await using server = await start({ apiAllowOrigins: ["*"] });
  const api = await ApiClient.open(server.apiUrl);
  await t.step("pages", () => pages(api));
  await t.step("bodies", () => bodies(api, server));
  await t.step("names", () => names(api));
  await t.step("origins", () => origins(server, "*"));
  await t.step("half requests", () => halfRequests(api, server));
}

async function pages(api: ApiClient): Promise<void> {
  for (let i = 0; i < 5; i++) await api.post(`/v3/config/paths/add/p${i}`, {});
  const list = "/v3/config/paths/list";
  const shape = async (query: string) => {
    const { itemCount, pageCount, items } = await api.get(`${list}${query}`);
    return [itemCount, pageCount, items.map(({ name }) => name).join()];
  };
  equal(await shape(""), [6, 1, "all_others,p0,p1,p2,p3,p4"]);
  equal(await shape("?itemsPerPage=4"), [6, 2, "all_others,p0,p1,p2"]);
  equal(await shape("?itemsPerPage=4&page=1"), [6, 2, "p3,p4"]);
  equal(await shape("?itemsPerPage=3&page=2"), [6, 2, ""]);
  equal(await shape("?itemsPerPage=2147483647&page=2147483647"), [6, 1, ""]);
  equal(await shape("?itemsPerPage=&page="), [6, 1, "all_others,p0,p1,p2,p3,p4"]);
  equal((await api.get(`${list}?itemsPerPage=0`, 400)).error, "invalid items per page");
  for (const query of ["page=-1", "page=x", "itemsPerPage=2147483648", "itemsPerPage=1e3", "page=%00"]) {
    match((await api.get(`${list}?${query}`, 400)).error, /invalid (page|itemsPerPage)/);
  }
  await api.get("/v3/paths/list?itemsPerPage=1&page=1");
}

async function bodies(api: ApiClient, server: TestServer): Promise<void> {
  const patch = "/v3/config/global/patch";
  for (const body of ["", "{", "[]", "null", "1", '"x"', '{"logLevel"}', "{} {}", "\u0000"]) {
    match((await api.patch(patch, body, 400)).error, /JSON/, JSON.stringify(body));
  }
  const deep = `{"authInternalUsers":${"[".repeat(100)}${"]".repeat(100)}}`;
  match((await api.patch(patch, deep, 400)).error, /levels/);
  await api.patch(patch, '{"__proto__":{"logLevel":"debug"}}', 400);
  await api.patch(patch, '{"constructor":1}', 400);
  await api.patch(patch, { authInternalUsers: null });
  await api.patch(patch, { logLevel: null });
  const large = `{"logLevel":"${"x".repeat(10 * 1024 * 1024)}"}`;
  match((await api.patch(patch, large, 413)).error, /larger/);
  // Without Content-Length it is counted.
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(32)),
  }, { highWaterMark: 0 });
  const chunked = await fetch(`${server.apiUrl}${patch}`, { method: "PATCH", body: stream }).then(
    async (answer) => [answer.status, await answer.text()] as const,
    () => null,
  );
  if (chunked !== null) equal(chunked[0], 413);
  equal((await api.get("/v3/config/global/get")).logLevel, "info");
}

async function names(api: ApiClient): Promise<void> {
  const add = (name: string, status: number) => api.raw("POST", `/v3/config/paths/add/${name}`, status, "{}");
  await add("a/b/c", 200);
  await add("x%2Fy", 200);
  equal((await api.get("/v3/config/paths/get/x/y")).name, "x/y");
  equal((await api.raw("GET", "/v3/config/paths/get/a%2fb%2Fc", 200)).name, "a/b/c");
  await add("dots...in.names", 200);
  for (
    const name of [
      "..",
      "%2e%2e",
      "a/../b",
      "a/%2e%2E/b",
      "a/./b",
      "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
      "a%00b",
      "%00",
      "a%0d%0ab",
      "a%20b",
      "a%5cb",
      "a%3Bid",
      "%24%28id%29",
      "%60id%60",
      "a%zz",
      "%ff",
      "",
      "%2f",
      "a/",
    ]
  ) {
    ok((await add(name, 400)).error !== "", name);
  }
  const long = "n".repeat(10 * 1024);
  await add(`${long}%00`, 400);
  equal((await api.raw("GET", `/v3/paths/get/${long}`, 404)).error, "path not found");
  const { items } = await api.get("/v3/config/paths/list");
  equal(items.map(({ name }) => name).filter((name) => /\.\.(\/|$)|[^\w/.-]/.test(name)), []);
  await api.raw("GET", "/v3/../../etc/passwd", 404);
  await api.raw("GET", "/v3/nothing", 404);
  await api.raw("DELETE", "/v3/paths/list", 404);
}

/** No answer may be readable for every page with the credentials of its visitor. */
async function origins(server: TestServer, expected: string | null): Promise<void> {
  for (const path of ["/v3/info", "/v3/nothing", "/v3/paths/get/nothing", "/docs"]) {
    for (const method of ["GET", "OPTIONS"]) {
      const answer = await fetch(`${server.apiUrl}${path}`, {
        method,
        headers: { origin: "http://elsewhere.example", "access-control-request-method": "PATCH" },
      });
      await answer.body?.cancel();
      equal(answer.headers.get("access-control-allow-credentials"), null);
      const allowed = answer.headers.get("access-control-allow-origin");
      ok(
        allowed === expected || allowed === null && expected === null ||
          allowed === "http://elsewhere.example",
      );
      if (method === "OPTIONS") equal(answer.status, 204);
    }
  }
}

async function halfRequests(api: ApiClient, server: TestServer): Promise<void> {
  const connections: Deno.TcpConn[] = [];
  const kinds = [
    "",
    "GET /v3/info HTTP/1.1\r\nHost: x\r\n",
    "PATCH /v3/config/global/patch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
  ];
  try {
    for (let i = 0; i < halfOpen; i++) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.ports.api });
      connections.push(connection);
      await connection.write(new TextEncoder().encode(kinds[i % kinds.length]));
    }
    for (let i = 0; i < 5; i++) await api.get("/v3/paths/list");
    await api.patch("/v3/config/global/patch", { logLevel: "info" });
  } finally {
    for (const connection of connections) connection.close();
  }
  await api.get("/v3/info");
}

Deno.test("the control API and hostile requests", hostileSteps);

Deno.test("the control API tells other origins nothing unless they are allowed", async () => {
  await using server = await start({ apiAllowOrigins: ["http://here.example"] });
  const answer = await fetch(`${server.apiUrl}/v3/info`, { headers: { origin: "http://here.example" } });
  await answer.body?.cancel();
  equal(answer.headers.get("access-control-allow-origin"), "http://here.example");
  const other = await fetch(`${server.apiUrl}/v3/info`, { headers: { origin: "http://elsewhere.example" } });
  await other.body?.cancel();
  equal(other.headers.get("access-control-allow-origin"), null);
});

Deno.test("commands in paths, queries and users reach no shell and no file", async () => {
  await using server = await start({ rtmp: true });
  const mark = `${server.folder}/mark`;
  const attempts = [`$(touch ${mark})`, `;touch ${mark};`, `\`touch ${mark}\``, `|touch ${mark}`];
  for (const attempt of attempts) {
    const url = `rtsp://${encodeURIComponent(attempt)}:x@127.0.0.1:${server.ports.rtsp}/` +
      `${encodeURIComponent(attempt)}?q=${encodeURIComponent(attempt)}`;
    await using client = new Client("ffprobe", "ffprobe", ["-v", "error", url], { timeLimitMs: 60_000 });
    ok((await client.ended).code !== 0);
    const answer = await fetch(`${server.apiUrl}/v3/paths/get/${encodeURIComponent(attempt)}`, {
      headers: { authorization: `Basic ${btoa(`${attempt}:${attempt}`)}` },
    });
    await answer.body?.cancel();
    ok(answer.status === 404 || answer.status === 401);
  }
  const files = [...Deno.readDirSync(server.folder)].map(({ name }) => name);
  equal(files, ["server.yml"]);
});
