/** Who may watch, and how a player without cookies, behind changing addresses or a CDN, stays the same viewer. */
import { equal, match, ok } from "../../support/assert.ts";
import { HlsClient, type Multivariant, parseMultivariant } from "../support/hls_client.ts";
import { patient } from "../support/patience.ts";
import { SteadyPublisher } from "../support/raw_rtsp.ts";
import { type Case } from "../support/pool.ts";
import { type Config, TestServer } from "../support/server.ts";

/** For tests that hang. */
const logLimitMs = 120_000;

const permitted = (user: string, pass: string, action: string, path = "") => ({
  user,
  pass,
  ips: [],
  permissions: [{ action, path }],
});

const config: Config = {
  ...patient,
  hls: true,
  // what was listed when a test has looked is there when it is asked for, however long that takes
  hlsSegmentCount: 60,
  hlsTrustedProxies: ["127.0.0.1"],
  hlsCDNSecret: "cdn-secret",
  authInternalUsers: [
    permitted("any", "", "publish"),
    permitted("any", "", "read", "~^open"),
    permitted("viewer", "s3cret", "read"),
  ],
  paths: { "open/two": { maxReaders: 2 }, all_others: null },
};

const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });

/** The first media playlist and the newest of its segments. */
async function firstMedia(
  client: HlsClient,
  { variant }: Multivariant,
  headers: Record<string, string> = {},
) {
  const answer = await client.ask(variant, { headers });
  const uri = answer.text.split("\n").findLast((line) => /^[^#].*_seg\d+\.mp4/.test(line));
  return { answer, segment: uri === undefined ? "" : String(new URL(uri, variant)) };
}

function withoutSession(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

async function withoutCookies(server: TestServer): Promise<void> {
  await using _publisher = await SteadyPublisher.start(server.rtspUrl("open/token"));
  const client = new HlsClient({ cookies: false });
  const list = await client.multivariant(server.hlsUrl("open/token/index.m3u8?a=1&b=%22x%22"));
  for (const url of list.media) match(url, /\?a=1&b=%22x%22&session=[\w-]{20,}$/);
  const { answer, segment } = await firstMedia(client, list);
  equal(answer.status, 200);
  match(segment, /&session=[\w-]{20,}$/);
  equal((await client.ask(segment)).status, 200);
  // the address of a phone or of a tunnel's end changes
  for (const from of ["192.0.2.7", "2001:db8::5"]) {
    equal((await client.ask(segment, { headers: { "x-forwarded-for": from } })).status, 200, from);
  }
  // without it, with an invented one, with one for another path
  equal((await client.ask(withoutSession(segment))).status, 401);
  const forged = segment.replace(/session=(.)/, (_, first) => `session=${first === "A" ? "B" : "A"}`);
  ok(forged !== segment);
  equal((await client.ask(forged)).status, 401);
  equal((await client.ask(segment.replace("/open/token/", "/open/other/"))).status, 401);
  equal((await client.ask(list.variant.replace("/open/token/", "/private/"))).status, 401);
}

async function withCookies(server: TestServer): Promise<void> {
  await using _publisher = await SteadyPublisher.start(server.rtspUrl("open/cookie"));
  const client = new HlsClient({ cookies: true });
  const list = await client.multivariant(server.hlsUrl("open/cookie/index.m3u8"));
  ok(client.cookieNames.includes("hlsSession"));
  const url = withoutSession(list.variant);
  const { answer, segment } = await firstMedia(client, { ...list, variant: url });
  equal(answer.status, 200);
  ok(!answer.text.includes("session="), "a player with cookies needs no token in its URLs");
  equal((await client.ask(segment)).status, 200);
  equal((await new HlsClient({ cookies: true }).ask(segment)).status, 401);
}

async function twoReaders(server: TestServer): Promise<void> {
  await using _publisher = await SteadyPublisher.start(server.rtspUrl("open/two"));
  const url = server.hlsUrl("open/two/index.m3u8");
  const clients = [1, 2, 3].map(() => new HlsClient({ cookies: false }));
  const first = await clients[0].multivariant(url);
  await clients[1].multivariant(url);
  const refused = await clients[2].get(url);
  ok(refused.status >= 400);
  match(refused.text, /maximum reader count reached/);
  // the others go on
  equal((await firstMedia(clients[0], first)).answer.status, 200);
}

async function credentials(server: TestServer): Promise<void> {
  await using _publisher = await SteadyPublisher.start(server.rtspUrl("private"));
  const url = server.hlsUrl("private/index.m3u8");
  const client = new HlsClient({ cookies: false });
  for (const target of [url, server.hlsUrl("private/")]) {
    const unnamed = await client.get(target);
    equal(unnamed.status, 401);
    match(unnamed.headers.get("www-authenticate") ?? "", /^Basic realm=/);
    const wrong = await client.get(target, { headers: basic("viewer:guess") });
    equal(wrong.status, 401);
    ok(!/#EXTM3U|<video/.test(wrong.text));
  }
  await server.log.waitFor(/\[HLS\].*(failed to authenticate|authentication)/, logLimitMs);
  const list = await client.multivariant(url, { headers: basic("viewer:s3cret") });
  const page = await client.get(server.hlsUrl("private/"), { headers: basic("viewer:s3cret") });
  equal(page.status, 200);
  match(page.text, /<video/);
  // the token alone says who it is
  const { answer, segment } = await firstMedia(client, list);
  equal(answer.status, 200);
  equal((await client.ask(segment)).status, 200);
  equal((await client.ask(withoutSession(segment), { headers: basic("viewer:guess") })).status, 401);
}

async function contentDelivery(server: TestServer): Promise<void> {
  await using _publisher = await SteadyPublisher.start(server.rtspUrl("cdn"));
  const headers = { authorization: "Bearer cdn-secret" };
  const clients = [1, 2, 3].map(() => new HlsClient({ cookies: false, headers }));
  const url = server.hlsUrl("cdn/index.m3u8");
  for (const client of clients) {
    const answer = await client.ask(url);
    equal(answer.status, 200);
    equal(answer.headers.getSetCookie(), []);
    match(answer.headers.get("cache-control") ?? "", /^public, max-age=\d+$/);
    ok(!answer.text.includes("session="));
    const { answer: media, segment } = await firstMedia(client, parseMultivariant(answer.text, url));
    equal(media.headers.get("cache-control"), "no-cache");
    const file = await client.ask(segment);
    equal([file.status, file.headers.get("cache-control")], [200, "public, max-age=3600"]);
  }
  await server.log.waitFor(/is reading from muxer 'cdn'/, logLimitMs);
  equal(server.log.count(/is reading from muxer 'cdn'/), 1);
  const stranger = new HlsClient({ cookies: false, headers: { authorization: "Bearer cdn-secrets" } });
  equal((await stranger.get(url)).status, 401);
}

async function afterTheEnd(server: TestServer): Promise<void> {
  const client = new HlsClient({ cookies: false });
  const url = server.hlsUrl("open/end/index.m3u8");
  equal((await client.get(url)).status, 404);
  const publisher = await SteadyPublisher.start(server.rtspUrl("open/end"));
  const list = await client.multivariant(url);
  // a request that is held when the stream ends is answered, too; nothing new comes that would end it before
  await publisher.silence();
  const { answer } = await firstMedia(client, list);
  const [, sequence] = answer.text.match(/MEDIA-SEQUENCE:(\d+)/) ?? [];
  const segments = answer.text.match(/#EXTINF/g)?.length ?? 0;
  const held = client.ask(`${list.variant}&_HLS_msn=${Number(sequence) + segments + 1}`);
  await publisher[Symbol.asyncDispose]();
  equal((await held).status, 404);
  equal((await client.ask(list.variant)).status, 404);
  equal((await client.get(url)).status, 404);
}

const cases: readonly (readonly [name: string, run: (server: TestServer) => Promise<void>])[] = [
  ["without cookies the token in the URLs is enough, from any address", withoutCookies],
  ["with cookies no token is needed", withCookies],
  ["maxReaders limits viewers", twoReaders],
  ["wrong and missing credentials are refused with 401", credentials],
  ["a CDN has one session, and may keep what does not change", contentDelivery],
  ["what a session asks for after the stream has ended is gone", afterTheEnd],
];

export function startSessionServer(): Promise<TestServer> {
  return TestServer.start({ config });
}

export function sessionCases(server: TestServer): Case[] {
  return cases.map(([name, run]) => ({ name: `sessions: ${name}`, run: () => run(server) }));
}
