import { MpegtsDemuxer } from "../../../src/containers/mpegts/demuxer.ts";
import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { equal, match, ok, rejects } from "../../support/assert.ts";
import { readerPayloadSize } from "../../../src/protocols/srt/reading.ts";
import { codecs } from "../../containers/mpegts/media.ts";
import { RawClient } from "./support/raw_client.ts";
import { type TestClient, TestServer } from "./support/server.ts";

const track = { codec: codecs["MPEG-4 Audio"] };

/** Transport packets of one audio frame for each call. */
function audio() {
  const muxer = new MpegtsMuxer([track]);
  let frame = 0;
  return () => {
    const dts = 90_000 + 1920 * frame;
    return muxer.write(track, [Uint8Array.of(1, 2, 3, frame++)], dts, dts, true);
  };
}

/** Publishes until the path has a stream. */
async function publish(
  server: TestServer,
  parameters: string,
  path: string,
  host?: string,
): Promise<TestClient & { send(): void }> {
  const publisher = await server.dial(parameters, host);
  const next = audio();
  publisher.client.send([next()]);
  await server.line(new RegExp(`is publishing to path '${path}'`));
  return Object.assign(publisher, { send: () => publisher.client.send([next()]) });
}

async function readFrames(reader: TestClient, count: number): Promise<number[]> {
  const demuxer = new MpegtsDemuxer();
  const frames: number[] = [];
  while (frames.length < count) {
    for (const event of demuxer.push(await reader.next())) {
      if (event.type === "unit") frames.push(event.payload[0][3]);
    }
  }
  return frames;
}

for (const udpFastPath of ["auto", "no"] as const) {
  Deno.test(`srt server: what is published is read, and both are told of in the log; fast path: ${udpFastPath}`, async () => {
    await using server = await TestServer.start({ globals: { udpFastPath } });
    await using publisher = await publish(server, "streamid=publish:cam/1&latency=0", "cam/1");
    await using reader = await server.dial("streamid=read:cam/1");
    for (let i = 0; i < 5; i++) publisher.send();
    equal(await readFrames(reader, 5), [1, 2, 3, 4, 5]);
    await server.line(/is reading from path 'cam\/1', 1 track \(MPEG-4 Audio\)/);
    equal(server.conns.map(({ state, pathName }) => `${state} ${pathName}`), ["publish cam/1", "read cam/1"]);
    const stats = server.conns[0].snapshot();
    ok(stats.packetsReceivedUnique >= 6 && stats.bytesReceivedUnique > 6 * 188);
    equal(stats.msReceiveTsbPdDelay, 120);
    publisher.client.close();
    await server.line(/closed: EOF/);
    equal(await reader.client.closed, "EOF");
  });
}

const secret = "publishsecret";
const other = "readingsecret";
const entries = { locked: { srtPublishPassphrase: secret, srtReadPassphrase: other }, all_others: {} };

for (const keyLength of [16, 24, 32]) {
  Deno.test(`srt server: passphrases of a path, AES-${8 * keyLength}`, async () => {
    await using server = await TestServer.start({ entries });
    const key = `pbkeylen=${keyLength}`;
    await using publisher = await publish(
      server,
      `streamid=publish:locked&passphrase=${secret}&${key}`,
      "locked",
    );
    await using reader = await server.dial(`streamid=read:locked&passphrase=${other}&${key}`);
    for (let i = 0; i < 3; i++) publisher.send();
    equal(await readFrames(reader, 3), [1, 2, 3]);
    await rejects(
      server.dial(`streamid=read:locked&passphrase=${secret}&${key}`),
      /wrong passphrase \(code 1010\)/,
    );
  });
}

const users = [
  { user: "any", permissions: [{ action: "read" as const, path: "open" }] },
  { user: "me", pass: "mine", permissions: [{ action: "publish" as const }, { action: "read" as const }] },
];

/** What clients are refused for, what they are told, and the reason in the log. */
const refusals: readonly (readonly [string, RegExp, RegExp])[] = [
  ["streamid=publish:locked", /required or unexpected \(code 1011\)/, /passphrase not provided by client/],
  ["streamid=publish:locked&passphrase=not-the-one", /wrong passphrase \(code 1010\)/, /invalid passphrase/],
  [
    "streamid=publish:x&passphrase=not-the-one",
    /wrong passphrase \(code 1010\)/,
    /the path has no passphrase/,
  ],
  ["streamid=read:nothing", /rejected by the peer \(code 1002\)/, /no stream is available on path 'nothing'/],
  ["streamid=watch:x", /rejected by the peer \(code 1002\)/, /invalid stream ID: must be/],
  ["", /rejected by the peer \(code 1002\)/, /invalid stream ID: must be/],
  ["streamid=%23!::m=publish", /rejected by the peer \(code 1002\)/, /invalid stream ID: names no path/],
];

for (const [parameters, told, reason] of refusals) {
  Deno.test(`srt server: refuses '${parameters}'`, async () => {
    await using server = await TestServer.start({ entries });
    await rejects(server.dial(parameters), told);
    match(await server.line(/closed: /), reason);
    equal(server.conns.length, 0);
  });
}

for (const [parameters, told] of [["", /code 1011/], [`&passphrase=${secret}`, /code 1010/]] as const) {
  Deno.test(`srt server: who does not know the passphrase starts no source; parameters: '${parameters}'`, async () => {
    const locked = { srtReadPassphrase: other, runOnDemand: "sleep 600" };
    await using server = await TestServer.start({ entries: { locked } });
    await rejects(server.dial(`streamid=read:locked${parameters}`), told);
    await server.line(/closed: /);
    equal(server.log.filter((line) => /runOnDemand|is reading/.test(line)), []);
    equal(server.paths.get("locked")!.readers, []);
  });
}

Deno.test("srt server: users and passwords of both forms of stream ids", async () => {
  await using server = await TestServer.start({ globals: { authInternalUsers: confUsers() } });
  for (const id of ["publish:a", "publish:a:me:wrong", "%23!::m=publish,r=a,u=me,s=wrong"]) {
    await rejects(server.dial(`streamid=${id}`), /code 1002/);
  }
  equal(server.log.filter((line) => /^warn .*failed to authenticate: /.test(line)).length, 3);
  await using _short = await publish(server, "streamid=publish:a:me:mine", "a");
  await using _standard = await publish(server, "streamid=%23!::r=b,m=publish,u=me,s=mine", "b");
  await using _reader = await server.dial("streamid=%23!::r=a,m=request,u=me,s=mine");
  equal(server.conns.map(({ user }) => user), ["me", "me", "me"]);
});

function confUsers() {
  return users.map(({ user, pass = "", permissions }) => ({
    user,
    pass,
    ips: [],
    permissions: permissions.map((permission) => ({ path: "", ...permission })),
  }));
}

Deno.test("srt server: closing ends every client, and tells them", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "streamid=publish:a", "a");
  await using reader = await server.dial("streamid=read:a");
  await server.close();
  equal([await publisher.client.closed, await reader.client.closed], ["EOF", "EOF"]);
  equal(server.log.filter((line) => /closed: /.test(line)).length, 2);
});

Deno.test("srt server: packets of others do not reach a connection", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "streamid=publish:a", "a");
  const { socketId } = server.conns[0];
  const stranger = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const shutdown = new Uint8Array(20);
  shutdown.set([0x80, 5]);
  new DataView(shutdown.buffer).setUint32(12, socketId);
  await stranger.send(shutdown, { transport: "udp", hostname: "127.0.0.1", port: server.port });
  stranger.close();
  await using reader = await server.dial("streamid=read:a");
  publisher.send();
  equal(await readFrames(reader, 1), [1]);
  equal(server.conns.length, 2);
});

Deno.test("srt server: a jump of the wall clock ends no connection", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "streamid=publish:a", "a");
  await using reader = await server.dial("streamid=read:a");
  const { now } = Date;
  try {
    Date.now = () => now() + 3_600_000;
    // Longer than the period of the checks.
    await new Promise((resolve) => setTimeout(resolve, 1100));
  } finally {
    Date.now = now;
  }
  publisher.send();
  equal(await readFrames(reader, 1), [1]);
  equal(server.conns.length, 2);
});

Deno.test("srt server: IPv6, in any spelling of the address", async () => {
  await using server = await TestServer.start({ globals: { srtAddress: "[::1]:0" } });
  await using publisher = await publish(server, "streamid=publish:a", "a", "[0:0:0:0:0:0:0:1]");
  await using reader = await server.dial("streamid=read:a", "[::1]");
  publisher.send();
  equal(await readFrames(reader, 1), [1]);
});

Deno.test("srt server: who does not get its refusal gets it again, and is not tried again", async () => {
  await using server = await TestServer.start({ entries });
  await using stranger = await RawClient.request(server.port, "read:nothing");
  equal(await stranger.answer(), 1002);
  for (let i = 0; i < 3; i++) {
    stranger.repeat();
    equal(await stranger.answer(), 1002);
  }
  equal(server.log.filter((line) => /opened/.test(line)).length, 1);
});

Deno.test("srt server: a host that tries one passphrase after the other is held up", async () => {
  await using server = await TestServer.start({ entries });
  const codes: number[] = [];
  const guess = async (number: number) => {
    await using client = await RawClient.request(server.port, "publish:locked", {
      passphrase: `guess number ${number}`,
    });
    codes.push(await client.answer());
  };
  // So many in a second are too many: a machine that is slow has to be asked for more.
  const rounds = 50;
  for (let round = 0; round < rounds && !codes.includes(1003); round++) {
    await Promise.all(Array.from({ length: 120 }, (_, i) => guess(120 * round + i)));
  }
  ok(codes.includes(1010) && codes.includes(1003), `${codes}`);
});

Deno.test("srt server: one address does not get all connections", async () => {
  await using server = await TestServer.start({ globals: { srtAddress: "0.0.0.0:0" }, maxConnections: 4 });
  await using _publisher = await publish(server, "streamid=publish:a", "a");
  await using _reader = await server.dial("streamid=read:a");
  await rejects(server.dial("streamid=read:a"), /out of resources \(code 1003\)/);
  await server.line(/^warn .*127\.0\.0\.1:\d+: too many connections, of this address or altogether/);
  await using other = await RawClient.request(server.port, "read:a", { hostname: "127.0.0.2" });
  equal(await other.answer(), 0);
  server.conns[1].close("test");
  await server.line(/closed: test/);
  await using _again = await server.dial("streamid=read:a");
});

Deno.test("srt server: clients before SRT 1.3 are told, and the log says what to do", async () => {
  await using server = await TestServer.start();
  await using old = await RawClient.request(server.port, "publish:a", { version: 4 });
  equal(await old.answer(), 1008);
  match(
    await server.line(/has no stream ID/),
    /^warn \[SRT\] 127\.0\.0\.1:\d+: version 4 of the handshake .* update/,
  );
  equal(server.conns.length, 0);
});

Deno.test("srt server: payloads fit into what the client takes", () => {
  const of = (segmentSize: number, mode: "ctr" | "gcm" | null, conf: number) =>
    readerPayloadSize({ segmentSize, mode }, conf);
  equal(of(1500, null, 1472), 1316);
  equal(of(1500, "ctr", 1332), 1316);
  equal(of(1500, "gcm", 1332), 1128);
  equal(of(1000, null, 1472), 940);
  equal(of(0, null, 1472), 188);
});
