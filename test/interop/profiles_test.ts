/** The server for profiles: what it gives is what Chrome's developer tools read. */
import { equal, match, ok } from "../support/assert.ts";
import { eventually } from "./support/api.ts";
import { TestServer } from "./support/server.ts";

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
  readonly endTime: number;
}

const waitMs = 60_000;

/** The first answer that does not say that another one is taken: it takes a moment until the server knows of the end. */
async function free(url: string): Promise<Response> {
  const answer = await eventually(
    "the other profile to be over",
    async () => {
      const next = await fetch(url);
      if (next.status === 503) await next.body?.cancel();
      return next;
    },
    ({ status }) => status !== 503,
  );
  equal(answer.status, 200);
  return answer;
}

Deno.test("profiles of processor, allocations and heap, one at a time", async () => {
  await using server = await TestServer.start({ config: { pprof: true } });
  const base = `http://127.0.0.1:${server.ports.pprof}/debug/pprof`;
  const index = await fetch(`${base}/`);
  match(await index.text(), /href="\/debug\/pprof\/profile/);
  const abort = new AbortController();
  const held = fetch(`${base}/profile?seconds=300`, { signal: abort.signal }).catch(() => null);
  await server.log.waitFor(/taking a profile: \/debug\/pprof\/profile/, waitMs);
  const second = await fetch(`${base}/heap`);
  equal([second.status, second.headers.get("retry-after")], [503, "30"]);
  await second.body?.cancel();
  abort.abort();
  equal(await held, null);
  const answer = await free(`${base}/profile?seconds=1`);
  match(answer.headers.get("content-disposition")!, /attachment; filename="\w+\.cpuprofile"/);
  const profile: CpuProfile = await answer.json();
  ok(profile.nodes.some(({ callFrame }) => callFrame.functionName === "(root)"));
  equal(profile.samples.length, profile.timeDeltas.length);
  ok(profile.endTime > profile.startTime && profile.samples.length > 0);
  const ids = new Set(profile.nodes.map(({ id }) => id));
  ok(profile.samples.every((id) => ids.has(id)));

  const allocations = await (await free(`${base}/allocs?seconds=1`)).json();
  ok(Array.isArray(allocations.head.children) && Array.isArray(allocations.samples));

  const heap = await free(`${base}/heap`);
  match(heap.headers.get("content-disposition")!, /heapsnapshot/);
  const snapshot = await heap.json();
  const { node_count, meta } = snapshot.snapshot;
  equal(snapshot.nodes.length, node_count * meta.node_fields.length);
  ok(snapshot.strings.length > 0);

  for (const seconds of ["0", "301", "x", "-1", "1.5"]) {
    const wrong = await fetch(`${base}/profile?seconds=${seconds}`);
    equal(wrong.status, 400, seconds);
    match((await wrong.json()).error, /invalid seconds/);
  }
  const nothing = await fetch(`${base}/nothing`);
  equal([nothing.status, await nothing.text()], [404, "404 page not found"]);
});

Deno.test("a heap snapshot that is not read to its end blocks others until its client leaves", async () => {
  await using server = await TestServer.start({ config: { pprof: true } });
  const url = `http://127.0.0.1:${server.ports.pprof}/debug/pprof/heap`;
  const held = await fetch(url);
  const reader = held.body!.getReader();
  await reader.read();
  await reader.cancel();
  await (await free(url)).body?.cancel();
});

Deno.test("a client that leaves ends its profile", async () => {
  await using server = await TestServer.start({ config: { pprof: true } });
  const base = `http://127.0.0.1:${server.ports.pprof}/debug/pprof`;
  const abort = new AbortController();
  const left = fetch(`${base}/profile?seconds=300`, { signal: abort.signal }).catch(() => null);
  await server.log.waitFor(/taking a profile/, waitMs);
  abort.abort();
  equal(await left, null);
  await (await free(`${base}/profile?seconds=1`)).body?.cancel();
});

Deno.test("profiles are for those who may", async () => {
  const authInternalUsers = [
    { user: "admin", pass: "pass", permissions: [{ action: "pprof" }] },
    { user: "other", pass: "pass", permissions: [{ action: "api" }] },
  ];
  await using server = await TestServer.start({ config: { pprof: true, authInternalUsers } });
  const get = async (user?: string) => {
    const headers: Record<string, string> = user === undefined ? {} : {
      authorization: `Basic ${btoa(`${user}:pass`)}`,
    };
    const answer = await fetch(`http://127.0.0.1:${server.ports.pprof}/debug/pprof/`, { headers });
    await answer.body?.cancel();
    return answer.status;
  };
  equal([await get(), await get("other"), await get("admin")], [401, 401, 200]);
});
