import { createHash, X509Certificate } from "node:crypto";
import type { InternalUser } from "../../../src/auth/mod.ts";
import type { PathValues } from "../../../src/conf/mod.ts";
import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { codecs, randomPayload } from "../../containers/mpegts/media.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import { freeUdpPair } from "../../support/ports.ts";
import { Puller } from "../support/puller.ts";
import { description, essence, PacketSource, publish, slice, twoTracks } from "./support/media.ts";
import { TestServer } from "./support/server.ts";

const users: InternalUser[] = [
  {
    user: "me",
    pass: "s3cret",
    ips: [],
    permissions: [{ action: "read", path: "" }],
  },
  { user: "any", pass: "", ips: [], permissions: [{ action: "publish", path: "" }] },
];

/** Pulls a stream with two tracks once, and looks at one packet of each. */
async function pullOnce(
  server: TestServer,
  source: string,
  entry: Partial<PathValues> = {},
  look: (puller: Puller) => Promise<void> | void = () => {},
): Promise<void> {
  await using publisher = await publish(server, "cam");
  const video = new PacketSource(96);
  const audio = new PacketSource(0);
  let sending = true;
  const feed = (async () => {
    for (let i = 0; sending; i++) {
      await publisher.sendFrame(0, video.next(slice(true), i * 3000));
      await publisher.sendFrame(2, audio.next(new Uint8Array(160), i * 160));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    {
      await using puller = new Puller({ copy: { source, ...entry } });
      await puller.available("copy");
      const { units } = await puller.read("copy");
      await units.until("both tracks", () => new Set(units.all.map(({ track }) => track.id)).size === 2);
      const unit = units.all.find(({ track }) => track.codec.name === "H264")!;
      ok(unit.hasPackets, "packets are passed on as they are");
      equal(essence(unit.packets[0].bytes).payload, slice(true));
      equal(puller.get("copy").source, { type: "rtspSource", id: "" });
      await look(puller);
      equal(puller.log.all.filter((line) => line.startsWith("error")), []);
    }
    await server.until("the session to end", () => server.sessions.length === 1);
    ok(server.lines(/destroyed: torn down by/).length >= 1);
  } finally {
    sending = false;
    await feed;
  }
}

for (const rtspTransport of ["automatic", "udp", "tcp"] as const) {
  Deno.test(`RTSP source: transport ${rtspTransport}`, async () => {
    await using server = await TestServer.start();
    await pullOnce(server, server.url("cam"), { rtspTransport });
    const via = rtspTransport === "tcp" ? "TCP" : "UDP";
    await server.line(new RegExp(`is reading from path 'cam', with ${via},`));
  });
}

Deno.test("RTSP source: transport multicast", async () => {
  const port = freeUdpPair();
  const globals = {
    multicastIPRange: "239.255.91.0/30",
    multicastRTPPort: port,
    multicastRTCPPort: port + 1,
  };
  await using server = await TestServer.start({ globals });
  await pullOnce(server, server.url("cam"), { rtspTransport: "multicast" });
  await server.line(/is reading from path 'cam', with UDP-multicast,/);
});

Deno.test("RTSP source: a server without UDP makes it switch to TCP", async () => {
  await using server = await TestServer.start({ globals: { rtspTransports: ["tcp"] } });
  await pullOnce(server, server.url("cam"), {}, async (puller) => {
    await puller.line(/warn \[path copy\] \[RTSP source\] switching to TCP because server requested it$/);
  });
});

Deno.test("RTSP source: UDP is not given up when it was asked for", async () => {
  await using server = await TestServer.start({ globals: { rtspTransports: ["tcp"] } });
  await using _publisher = await publish(server, "cam");
  await using puller = new Puller({ copy: { source: server.url("cam"), rtspTransport: "udp" } });
  await puller.line(/error \[path copy\] \[RTSP source\] bad status code: 461 \(Unsupported Transport\)$/);
});

for (const method of ["basic", "digest"] as const) {
  Deno.test(`RTSP source: credentials (${method})`, async () => {
    const globals = { authInternalUsers: users, rtspAuthMethods: [method] };
    await using server = await TestServer.start({ globals });
    await pullOnce(server, server.url("cam").replace("//", "//me:s3cret@"));
    equal(server.lines(/failed to authenticate/), []);
  });

  Deno.test(`RTSP source: wrong credentials (${method})`, async () => {
    const globals = { authInternalUsers: users, rtspAuthMethods: [method] };
    await using server = await TestServer.start({ globals });
    const source = server.url("cam").replace("//", "//me:wr0ng@");
    await using puller = new Puller({ copy: { source } });
    await puller.line(/error \[path copy\] \[RTSP source\] bad status code: 401 \(Unauthorized\)$/);
    await puller.line(/warn .*the credentials were refused: the next attempt is in 10 s/);
    ok(puller.log.all.every((line) => !line.includes("wr0ng")), "the password is in no line");
  });
}

for (const tunnel of ["http", "ws"]) {
  Deno.test(`RTSP source: in a tunnel (${tunnel})`, async () => {
    await using server = await TestServer.start();
    await pullOnce(server, server.url("cam").replace("rtsp://", `rtsp+${tunnel}://`));
    await server.line(/is reading from path 'cam', with TCP,/);
  });
}

function fingerprintOf(server: TestServer): string {
  return createHash("sha256").update(new X509Certificate(server.certificate).raw).digest("hex");
}

for (const tunnel of ["", "+http", "+ws"]) {
  Deno.test(`RTSP source: in TLS, known by its fingerprint (rtsps${tunnel})`, async () => {
    await using server = await TestServer.start({ secure: true });
    const source = server.url("cam").replace("rtsps://", `rtsps${tunnel}://`);
    await pullOnce(server, source, { sourceFingerprint: fingerprintOf(server).toUpperCase() });
  });
}

Deno.test("RTSP source: certificates that cannot be trusted", async () => {
  await using server = await TestServer.start({ secure: true });
  const source = server.url("cam");
  await using puller = new Puller({
    wrong: { source, sourceFingerprint: "ab".repeat(32) },
    unsigned: { source },
  });
  const found = fingerprintOf(server);
  match(
    await puller.line(/error \[path wrong\]/),
    new RegExp(`fingerprint does not match: expected (ab){32}, got ${found}$`),
  );
  match(await puller.line(/error \[path unsigned\]/), /certificate/i);
});

Deno.test("RTSP source: UDP in TLS is refused", async () => {
  await using puller = new Puller({ cam: { source: "rtsps://127.0.0.1:1/x", rtspTransport: "udp" } });
  await puller.line(/error .* rtspTransport: udp is not possible over RTSPS$/);
});

Deno.test("RTSP source: what does not answer, or has nothing", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await using server = await TestServer.start();
  await using puller = new Puller({
    silent: { source: `rtsp://127.0.0.1:${port}/x` },
    refused: { source: "rtsp://127.0.0.1:1/x" },
    nothing: { source: server.url("nothing") },
    invalid: { source: "rtsp://me:s3cret@[/x" },
  }, { readTimeout: 300 });
  await puller.line(
    /error \[path silent\] \[RTSP source\] (no answer to OPTIONS|nothing received within 0\.3 s)$/,
  );
  await puller.line(/error \[path refused\] \[RTSP source\] dial tcp 127\.0\.0\.1:1: connection refused$/);
  await puller.line(/error \[path nothing\] \[RTSP source\] bad status code: 404 \(Not Found\)$/, 2);
  await puller.line(/error \[path invalid\] \[RTSP source\] invalid URL: host$/);
  listener.close();
});

Deno.test("RTSP source: a redirect is followed", async () => {
  await using server = await TestServer.start({
    entries: { all_others: {}, old: { source: "redirect", sourceRedirect: "/cam" } },
  });
  await pullOnce(server, server.url("old"));
});

Deno.test("RTSP source: redirects in a circle", async () => {
  await using server = await TestServer.start({
    entries: { a: { source: "redirect", sourceRedirect: "/a" } },
  });
  await using puller = new Puller({ copy: { source: server.url("a") } });
  await puller.line(/error .* more than 5 redirects$/);
});

Deno.test("RTSP source: on demand; readers come back after the publisher has been away", async () => {
  await using server = await TestServer.start();
  const entry = { source: `rtsp://127.0.0.1:${server.port}/$G1`, sourceOnDemand: true };
  await using puller = new Puller({ "~^copy/(.*)$": { ...entry, rtspTransport: "tcp" } });
  for (const count of [1, 2]) {
    await using publisher = await publish(server, "cam");
    const packets = new PacketSource(96);
    const feeding = setInterval(
      () => void publisher.sendFrame(0, packets.next(slice(true), count)).catch(() => {}),
      20,
    );
    const { units, reader } = await puller.read("copy/cam");
    await units.next("a unit");
    clearInterval(feeding);
    await publisher.expect("TEARDOWN", server.url("cam"));
    await units.ended("the stream");
    equal(reader.closes, ["stream is closed"]);
    await puller.line(/info \[path copy\/cam\] \[RTSP source\] stopped: an error occurred$/, count);
  }
});

Deno.test("RTSP source: MPEG-TS inside is taken apart, where it is published and where it is pulled", async () => {
  await using server = await TestServer.start({
    entries: { raw: {}, apart: { rtspDemuxMpegts: true } },
  });
  const sdp = description(["m=video 0 RTP/AVP 33"]);
  await using raw = await publish(server, "raw", sdp);
  await using apart = await publish(server, "apart", sdp);
  await using puller = new Puller({ copy: { source: server.url("raw"), rtspDemuxMpegts: true } });
  const track = { codec: codecs["Opus"] };
  const muxer = new MpegtsMuxer([track]);
  const packets = new PacketSource(33);
  const random = new Random(5);
  let count = 0;
  const feeding = setInterval(() => {
    const dts = count++ * 1800;
    const bytes = muxer.write(track, randomPayload(random, "Opus", true), dts, dts, true);
    const packet = packets.next(bytes, dts);
    for (const publisher of [raw, apart]) void publisher.sendFrame(0, packet).catch(() => {});
  }, 20);
  await server.line(/\[path raw\] stream is available and online, 1 track \(MPEG-TS\)$/);
  await server.line(/\[path apart\] stream is available and online, 1 track \(Opus\)$/);
  match(await puller.available("copy"), /1 track \(Opus\)$/);
  clearInterval(feeding);
  equal((await apart.request("PAUSE", server.url("apart"))).status, 400);
});

Deno.test("RTSP source: where to begin, and how fast", async () => {
  const cases: [Partial<PathValues>, RegExp][] = [
    [{}, /Range: npt=0-\n?/],
    [{ rtspRangeType: "npt", rtspRangeStart: "1m30s" }, /Range: npt=90-/],
    [{ rtspRangeType: "clock", rtspRangeStart: "20230812T120000Z" }, /Range: clock=20230812T120000Z-/],
    [{ rtspRangeType: "smpte", rtspRangeStart: "1h2m3s" }, /Range: smpte=1:02:03-/],
    [{ rtspScale: "2" }, /Scale: 2/],
  ];
  await using server = await TestServer.start();
  await using _publisher = await publish(server, "cam", twoTracks);
  for (const [entry, header] of cases) {
    await using puller = new Puller({ copy: { source: server.url("cam"), rtspTransport: "tcp", ...entry } });
    match(await puller.line(/\[c->s\] PLAY /), header);
  }
  const entry = { rtspRangeType: "clock" as const, rtspRangeStart: "yesterday" };
  await using puller = new Puller({ copy: { source: server.url("cam"), ...entry } });
  await puller.line(/error .* rtspRangeStart: clock: invalid time/);
});
