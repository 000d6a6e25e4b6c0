/** What sessions leave behind in the server's process, and what strangers can do to those that exist. */
import { attributeType, serializeStun, stunMethod } from "../../../src/protocols/webrtc/ice/wire/stun.ts";
import { numberAttribute, textAttribute } from "../../../src/protocols/webrtc/ice/wire/stun_values.ts";
import { residentBytes } from "../../bench/sys/process.ts";
import { equal, ok } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import { type Browser, withBrowser } from "../support/browser.ts";
import { publishEndlessly } from "../support/endless.ts";
import { MediaFolder } from "../support/media.ts";
import { memoryReturns } from "../support/memory.ts";
import { patientWebrtc } from "../support/patience.ts";
import { TestServer } from "../support/server.ts";
import { WebrtcSite } from "../support/webrtc.ts";

const reloads = 50;
/** The first ones fill caches, and make what is made once. */
const firstReloads = 5;
const lookMs = 50;
/** For tests that hang. */
const limitMs = 120_000;
/** Connections that browsers and this test keep open for their next request come and go. */
const spareSockets = 6;

interface Setting {
  readonly server: TestServer;
  readonly site: WebrtcSite;
  readonly browser: Browser;
  readonly media: MediaFolder;
  readonly api: string;
  readonly metrics: string;
}

interface List {
  readonly items: readonly { readonly name?: string; readonly state?: string; readonly path?: string }[];
}

/** What the server tells about itself: sessions by state and path, paths, and the metric that counts sessions. */
async function told({ api, metrics }: Setting) {
  const list = async (what: string) => (await (await fetch(`${api}/v3/${what}/list`)).json() as List).items;
  const sessions = (await list("webrtcsessions")).map(({ state, path }) => `${state} ${path}`).sort();
  const paths = (await list("paths")).map(({ name }) => name).sort();
  const text = await (await fetch(`${metrics}/metrics`)).text();
  const counted = [...text.matchAll(/^webrtc_sessions(?:\{[^}]*\})? (\d+)$/gm)];
  return { sessions, paths, metric: counted.reduce((sum, [, count]) => sum + Number(count), 0) };
}

/** Resolves when that is so; throws with what is so instead. */
async function becomes(setting: Setting, wanted: Awaited<ReturnType<typeof told>>): Promise<void> {
  const end = performance.now() + limitMs;
  let found = await told(setting);
  while (JSON.stringify(found) !== JSON.stringify(wanted) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    found = await told(setting);
  }
  equal(found, wanted);
}

function socketsOf(pid: number): number {
  let count = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      if (Deno.readLinkSync(`/proc/${pid}/fd/${name}`).startsWith("socket:")) count++;
    } catch {
      // closed just now
    }
  }
  return count;
}

async function reloadsLeaveNothing(setting: Setting): Promise<void> {
  const { server, site, browser, media } = setting;
  await using _publisher = publishEndlessly(await media.file(["h264", "opus"]), server.rtspUrl("cam"));
  await server.published("cam");
  const tab = await site.open(browser);
  const nobody = { sessions: [], paths: ["cam"], metric: 0 };
  const reload = async () => {
    const reader = await tab.read("cam");
    await reader.waitForStats(({ video }) => (video?.frames ?? 0) > 0);
    await tab.page.tab.reload();
    await reader.logged(/closed: peer connection closed/);
  };
  for (let i = 0; i < firstReloads; i++) await reload();
  await becomes(setting, nobody);
  const [sockets, memory] = [socketsOf(server.pid), residentBytes(server.pid)];
  for (let i = 0; i < reloads; i++) await reload();
  await becomes(setting, nobody);
  const end = performance.now() + limitMs;
  let left = socketsOf(server.pid);
  for (; left > sockets + spareSockets; left = socketsOf(server.pid)) {
    ok(performance.now() < end, `${sockets} sockets before, ${left} after`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  await memoryReturns(server.pid, memory);
  await tab.page.close();
}

/** Both ends, by their own wish; the path goes with its publisher. */
async function deleteFreesEverything(setting: Setting): Promise<void> {
  const { server, site, browser } = setting;
  const tab = await site.open(browser);
  const publisher = await tab.publish("own", { video: { mimeType: "video/VP8", width: 320, height: 180 } });
  await server.published("own");
  const reader = await tab.read("own");
  await reader.waitForMedia({ frames: 10 });
  await becomes(setting, { sessions: ["publish own", "read own"], paths: ["own"], metric: 2 });
  equal((await reader.request("DELETE")).status, 200);
  await becomes(setting, { sessions: ["publish own"], paths: ["own"], metric: 1 });
  equal((await publisher.request("DELETE")).status, 200);
  await becomes(setting, { sessions: [], paths: [], metric: 0 });
  for (const peer of [reader, publisher]) {
    await peer.waitForGoodbye();
    for (const method of ["DELETE", "PATCH"]) equal((await peer.request(method)).status, 404);
  }
  await tab.page.close();
}

const strangers = 200;
const floodPackets = 60_000;
/** Between two of these, the other side gets its turn. */
const burst = 500;

/** Requests that name the session without its password, those that name nobody, and what only looks like media. */
function* strangersPackets(ufrag: string): Generator<Uint8Array<ArrayBuffer>, never> {
  const random = new Random(4);
  const text = (size: number) =>
    Array.from({ length: size }, () => random.pick([..."abcdefghABCDEFGH"])).join("");
  const request = (name: string, password: string) =>
    serializeStun({
      method: stunMethod.binding,
      class: "request",
      transactionId: random.bytes(12),
      attributes: [
        textAttribute(attributeType.username, `${name}:${text(4)}`),
        numberAttribute(attributeType.priority, 0x6e0001ff),
      ],
    }, { key: new TextEncoder().encode(password), fingerprint: true });
  // Made once: the flood is to be fast.
  const named = Array.from({ length: 64 }, () => request(ufrag, text(22)));
  const unknown = Array.from({ length: 64 }, () => request(text(8), text(22)));
  const others = [22, 64, 128, 144, 200].map((first) => {
    const bytes = random.bytes(200);
    bytes[0] = first;
    return bytes;
  });
  for (;;) {
    yield random.pick(named);
    yield random.pick(unknown);
    yield random.pick(others);
  }
}

async function flood({ server }: Setting, ufrag: string, isOver: () => Promise<boolean>): Promise<void> {
  const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: server.ports.webrtcUdp };
  const sockets = Array.from(
    { length: strangers },
    () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  );
  try {
    const packets = strangersPackets(ufrag);
    const end = performance.now() + limitMs;
    for (let sent = 0; sent < floodPackets || !await isOver(); sent += burst) {
      ok(performance.now() < end, `the reader does not go on; ${sent} packets were sent`);
      const sending = Array.from(
        { length: burst },
        (_, i) => sockets[(sent + i) % strangers].send(packets.next().value, to),
      );
      await Promise.all(sending);
    }
  } finally {
    for (const socket of sockets) socket.close();
  }
}

async function strangersDoNoHarm(setting: Setting): Promise<void> {
  const { server, site, browser, media } = setting;
  await using _publisher = publishEndlessly(await media.file(["h264"]), server.rtspUrl("flooded"));
  await server.published("flooded");
  const tab = await site.open(browser);
  const reader = await tab.read("flooded", { audio: false });
  const { video } = await reader.waitForMedia({ frames: 30 });
  const ufrag = /^a=ice-ufrag:(.*)$/m.exec(reader.posted.body)![1].trim();
  const memory = residentBytes(server.pid);
  const before = video!.frames;
  await flood(setting, ufrag, async () => ((await reader.stats()).video?.frames ?? 0) >= before + 50);
  await reader.waitForMedia({ frames: 30 });
  await reader.waitForUnbroken();
  await reader.waitForConnection("connected");
  await becomes(setting, { sessions: ["read flooded"], paths: ["flooded"], metric: 1 });
  await memoryReturns(server.pid, memory);
  await tab.page.close();
}

const cases: readonly (readonly [string, (setting: Setting) => Promise<void>])[] = [
  [`a page that is reloaded ${reloads} times leaves nothing behind`, reloadsLeaveNothing],
  ["DELETE frees everything", deleteFreesEverything],
  ["a flood of packets from strangers neither takes memory nor stops a reader", strangersDoNoHarm],
];

Deno.test("WebRTC sessions in Chromium", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({
    config: { ...patientWebrtc, webrtc: true, api: true, metrics: true },
  });
  await using site = new WebrtcSite(server);
  await withBrowser(async (browser) => {
    const metrics = `http://127.0.0.1:${server.ports.metrics}`;
    const setting = { server, site, browser, media, api: server.apiUrl, metrics };
    for (const [name, run] of cases) await t.step(name, () => run(setting));
  });
});
