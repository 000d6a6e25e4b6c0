/** Clients that mean no good, or have a bad line, beside a viewer who must not notice. */
import { equal, ok } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import { HlsClient } from "../support/hls_client.ts";
import { LiveFollower } from "../support/hls_live.ts";
import { rawExchange, rawGet, SlowReader } from "../support/raw_http.ts";
import { RawConnection, SteadyPublisher } from "../support/raw_rtsp.ts";
import { type Case } from "../support/pool.ts";
import { TestServer } from "../support/server.ts";

const path = "cam/steady";
const secret = "not for the public";
/** A segment is then larger than what the system holds back for a client. */
const bitsPerSecond = 24e6;
const slowReaders = 40;
const halfOpenConnections = 300;
const watchMs = 5000;
const lookMs = 50;
/** Who is stalled gets one or two. */
const fewestPlaylists = 10;
/** For tests that hang. */
const limitMs = 120_000;

/** Its directory has a file beside the one of the server. */
export class HostileSite implements AsyncDisposable {
  private constructor(
    readonly server: TestServer,
    readonly folder: string,
    private readonly publisher: SteadyPublisher,
  ) {}

  static async start(): Promise<HostileSite> {
    const folder = await Deno.makeTempDir({ prefix: "interop-hostile-" });
    await Deno.mkdir(`${folder}/hls`);
    for (const name of ["secret.mp4", "secret.m3u8", "secret.ts"]) {
      await Deno.writeTextFile(`${folder}/${name}`, secret);
    }
    const server = await TestServer.start({
      // the publisher is silent as long as the test is not given the processor
      config: { readTimeout: "30s", hls: true, hlsDirectory: `${folder}/hls`, hlsVariant: "lowLatency" },
    });
    try {
      return new HostileSite(
        server,
        folder,
        await SteadyPublisher.start(server.rtspUrl(path), bitsPerSecond),
      );
    } catch (error) {
      await server.kill();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.publisher[Symbol.asyncDispose]();
    await this.server.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A viewer who watches for a while, and whom nothing may disturb. */
async function watch(server: TestServer): Promise<void> {
  const client = new HlsClient({ cookies: false });
  const { variant } = await client.multivariant(server.hlsUrl(`${path}/index.m3u8`));
  const follower = new LiveFollower({
    client,
    url: variant,
    video: true,
    lowLatency: true,
    mediaType: "video/mp4",
  });
  await follower.follow(performance.now() + watchMs, fewestPlaylists);
  equal(follower.problems, []);
}

async function slowClients({ server }: HostileSite): Promise<void> {
  const client = new HlsClient({ cookies: false });
  const { variant } = await client.multivariant(server.hlsUrl(`${path}/index.m3u8`));
  const list = await client.ask(variant);
  const uri = list.text.split("\n").findLast((line) => /^[^#].*_seg\d+\.mp4/.test(line)) ?? "";
  const url = String(new URL(uri, variant));
  await using readers = new AsyncDisposableStack();
  const slow: SlowReader[] = [];
  for (let i = 0; i < slowReaders; i++) slow.push(readers.use(await SlowReader.start(url, 100)));
  await watch(server);
  const end = performance.now() + limitMs;
  while (!slow.every(({ bytes }) => bytes > 0)) {
    ok(performance.now() < end, "a slow reader got nothing");
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

const traversals: readonly string[] = [
  "/../secret.mp4",
  "/../../secret.mp4",
  `/${path}/../secret.mp4`,
  `/${path}/../../../secret.mp4`,
  "/%2e%2e/secret.mp4",
  `/${path}/%2e%2e/%2e%2e/%2e%2e/secret.mp4`,
  `/${path}/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret.mp4`,
  `/${path}/..%2f..%2f..%2fsecret.mp4`,
  `/${path}/..%5c..%5c..%5csecret.mp4`,
  `/${path}/..\\..\\secret.mp4`,
  `/${path}/%252e%252e%252fsecret.mp4`,
  `/${path}/....//....//secret.mp4`,
  `/${path}/%c0%ae%c0%ae/secret.mp4`,
  `/${path}/../../secret.m3u8`,
  `/${path}/%2e%2e/%2e%2e/secret.ts`,
  `/${path}/%00secret.mp4`,
  `/${path}/secret.mp4%00.ts`,
  `/${path}/index.m3u8%00`,
  `/${path}/%0d%0aset-cookie:x=1/index.m3u8`,
  "//etc/passwd.mp4",
  "/%zz/index.m3u8",
  "/%",
  `/${"a/".repeat(1500)}index.m3u8`,
];

/** `SECRET`: the absolute name of a file. */
const absolute: readonly string[] = [
  "SECRET",
  "/SECRET",
  `/${path}/SECRET`,
  `/${path}/%2fSECRET`,
  "file://SECRET",
  "http://127.0.0.1/../SECRET",
  "http://example.com/SECRET",
];

async function traversal({ server, folder }: HostileSite): Promise<void> {
  const client = new HlsClient({ cookies: false });
  const { variant } = await client.multivariant(server.hlsUrl(`${path}/index.m3u8`));
  const { search } = new URL(variant);
  const targets = [
    ...traversals,
    ...absolute.map((target) => target.replace("SECRET", `${folder}/secret.mp4`)),
  ];
  for (const target of targets) {
    // with the token of a viewer, too: he may ask for media
    for (const full of [target, target + search]) {
      const { status, text } = await rawGet(server.ports.hls, full);
      ok(!text.includes(secret), `${full} gives a file away`);
      ok(!/^set-cookie: x=1/im.test(text), `${full} writes headers`);
      // 401: a name like any other, of a path that this client has no session for
      ok([400, 401, 404, 414].includes(status), `${full}: ${status}`);
    }
  }
}

async function halfOpen({ server }: HostileSite): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const connections: RawConnection[] = [];
  for (let i = 0; i < halfOpenConnections; i++) {
    const connection = stack.use(await RawConnection.open(server.ports.hls));
    connections.push(connection);
    // silent ones, half a request line, half a header
    const beginning = ["", "GET /cam", `GET /${path}/index.m3u8 HTTP/1.1\r\nHos`][i % 3];
    if (beginning !== "") await connection.write(beginning);
  }
  await watch(server);
}

async function garbage({ server }: HostileSite): Promise<void> {
  const random = new Random(7);
  const { hls } = server.ports;
  const head = (method: string, query = "") =>
    `${method} /${path}/index.m3u8${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;
  const noise = Array.from({ length: 20 }, (_, i) => append(random.bytes(1 + i * 97)));
  const strange = [
    `${head("GET")}X: ${"x".repeat(1 << 20)}\r\n\r\n`,
    `${head("GET")}${"Name: value\r\n".repeat(20_000)}\r\n`,
    `${head("GET")}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    `${head("GET", `?${"x=1&".repeat(5000)}`)}\r\n`,
    `${head("BREW")}\r\n`,
    `GET /${path}/index.m3u8 HTTP/7.3\r\n\r\n`,
  ];
  const bodies = [
    `${head("POST")}Content-Length: 99999999999\r\n\r\n${"x".repeat(100_000)}`,
    `${head("PUT")}Transfer-Encoding: chunked\r\n\r\nffffffffff\r\nx`,
  ];
  const refuse = async (request: string | Uint8Array, cut: boolean) => {
    const { text } = await rawExchange(hls, request, cut);
    ok(!text.startsWith("HTTP/1.1 200"), `${String(request).slice(0, 80)}: ${text.slice(0, 80)}`);
  };
  await Promise.all([
    watch(server),
    ...[...noise, ...strange].map((request) => refuse(request, false)),
    ...bodies.map((request) => refuse(request, true)),
  ]);
}

/** So that a server that waits for the end of a header gets it. */
function append(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(bytes.length + 4);
  all.set(bytes);
  all.set([13, 10, 13, 10], bytes.length);
  return all;
}

async function directives({ server }: HostileSite): Promise<void> {
  const client = new HlsClient({ cookies: false });
  const { variant } = await client.multivariant(server.hlsUrl(`${path}/index.m3u8`));
  const bad = ["_HLS_msn=99999", "_HLS_msn=-1", "_HLS_msn=x", "_HLS_part=1", "_HLS_msn=1e3"];
  for (const query of bad) equal((await client.ask(`${variant}&${query}`)).status, 400, query);
  for (const name of ["audio1_stream.m3u8", "video9_stream.m3u8", "main_stream.m3u8"]) {
    equal((await client.ask(variant.replace("video1_stream.m3u8", name))).status, 404, name);
  }
  equal((await client.ask(variant, { method: "POST" })).status, 404);
}

const cases: readonly (readonly [name: string, run: (site: HostileSite) => Promise<void>])[] = [
  [`${slowReaders} clients that read byte by byte stall nobody`, slowClients],
  ["no URL leads out of the server", traversal],
  [`${halfOpenConnections} half-open connections stall nobody`, halfOpen],
  ["requests that are none", garbage],
  ["delivery directives that cannot be met", directives],
];

export function hostileCases(site: HostileSite): Case[] {
  return cases.map(([name, run]) => ({ name: `hostile: ${name}`, run: () => run(site) }));
}
