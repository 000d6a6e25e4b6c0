/** Whole sessions without a browser: a client made of our own parts publishes and reads. */
import { buildRtpPacket, parseRtpPacket } from "../../../src/rtp/packet.ts";
import { parseRtcp, serializeRtcp } from "../../../src/rtp/rtcp/compound.ts";
import type { RtpMedia } from "../../../src/rtp/format.ts";
import { Unit } from "../../../src/stream/unit.ts";
import { CertificateStore } from "../../../src/net/certificates.ts";
import { selfSigned } from "../../net/http/support.ts";
import { guarded } from "../../support/guarded.ts";
import { access, TestPublisher, TestReader } from "../../paths/support.ts";
import { equal, match, ok, rejects } from "../../support/assert.ts";
import { type ClientOptions, sections, WebrtcClient } from "./support/client.ts";
import { WebrtcTest } from "./support/server.ts";

const ssrcs = { video: 1111, audio: 2222 };

/** One VP8 picture in one packet; a key frame of 320 × 180 (RFC 6386 §9.1), or the start of another. */
function picture(number: number, isKey = true): Uint8Array {
  const frame = isKey ? [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00] : [0x11, 0x02, 0x00];
  return buildRtpPacket(
    { payloadType: 96, ssrc: ssrcs.video, sequence: number, timestamp: number * 3000, marker: true },
    [Uint8Array.of(0x10, ...frame, ...Array.from({ length: 20 }, (_, i) => number + i & 0xff))],
  ).bytes;
}

function sound(number: number): Uint8Array {
  return buildRtpPacket(
    { payloadType: 111, ssrc: ssrcs.audio, sequence: number, timestamp: number * 960, marker: false },
    [Uint8Array.of(0xf8, number & 0xff, 0xfe)],
  ).bytes;
}

function whip(test: WebrtcTest, path = "cam", more: Partial<ClientOptions> = {}): ClientOptions {
  return { port: test.port, endpoint: "whip", path, sections: sections("sendonly", ssrcs), ...more };
}

function whep(test: WebrtcTest, path = "cam", more: Partial<ClientOptions> = {}): ClientOptions {
  return { port: test.port, endpoint: "whep", path, sections: sections("recvonly"), ...more };
}

/** A client whose stream is there: one picture and one piece of sound have come. */
async function publisher(
  test: WebrtcTest,
  path = "cam",
  more: Partial<ClientOptions> = {},
): Promise<WebrtcClient> {
  const client = await WebrtcClient.connect(whip(test, path, more));
  client.sendRtp(picture(1));
  client.sendRtp(sound(1));
  await test.line(new RegExp(`is publishing to path '${path}'`));
  return client;
}

const payloads = (client: WebrtcClient, type: number) =>
  client.packets.map(parseRtpPacket).filter(({ payloadType }) => payloadType === type)
    .map(({ payload }) => payload.join());

Deno.test("what is published is read: bytes, times, reports, statistics", async () => {
  await using test = await WebrtcTest.start();
  {
    await using sender = await publisher(test, "cam", { headers: { "user-agent": "encoder" } });
    await using reader = await WebrtcClient.connect(whep(test, "cam?token=x"));
    await test.line(/is reading from path 'cam'/);
    const wishes = () =>
      sender.rtcp.flatMap((bytes) => parseRtcp(bytes)).filter(({ kind }) => kind === "pli" || kind === "fir");
    // one when the stream began, one for the reader
    await sender.until("a request for a key frame", () => wishes().length >= 2);
    for (let i = 2; i < 12; i++) {
      sender.sendRtp(picture(i, i === 2));
      sender.sendRtp(sound(i));
      if (i === 2) await reader.until("the first picture", () => payloads(reader, 96).length > 0);
    }
    await reader.until("ten pictures", () => payloads(reader, 96).length >= 10);
    await reader.until("sound", () => payloads(reader, 111).length >= 9);
    const sent = Array.from({ length: 10 }, (_, i) => parseRtpPacket(picture(i + 2, i === 0)).payload.join());
    equal(payloads(reader, 96).slice(-10), sent);
    const video = reader.packets.map(parseRtpPacket).filter(({ payloadType }) => payloadType === 96);
    const steps = video.slice(1).map(({ timestamp, sequence }, i) => [
      timestamp - video[i].timestamp >>> 0,
      sequence - video[i].sequence & 0xffff,
    ]);
    ok(steps.slice(-9).every(([time, number]) => time === 3000 && number === 1), JSON.stringify(steps));
    equal(reader.answer!.sections[0].sources[0].ssrc, video[0].ssrc);
    await reader.until(
      "a sender report of both",
      () =>
        new Set(
          reader.rtcp.flatMap((bytes) => parseRtcp(bytes)).flatMap((message) =>
            message.kind === "senderReport" ? [message.ssrc] : []
          ),
        ).size === 2,
    );
    const [publishing, reading] = test.server.sessions;
    equal(
      [publishing.state, publishing.path, publishing.userAgent, publishing.peerConnectionEstablished],
      ["publish", "cam", "encoder", true],
    );
    equal([reading.state, reading.path, reading.query], ["read", "cam", "token=x"]);
    match(publishing.localCandidate, /^host\/udp\/127\.0\.0\.1\/\d+$/);
    match(reading.remoteCandidate, /^host\/udp\/127\.0\.0\.1\/\d+$/);
    equal([publishing.inboundRTPPackets, publishing.inboundRTPPacketsLost], [22, 0]);
    ok(reading.outboundRTPPackets >= 20 && reading.outboundRTCPPackets >= 1 && reading.outboundBytes > 1000);
    equal((await reader.request("DELETE")).status, 200);
    equal((await reader.request("DELETE")).status, 404);
    await reader.until("the end of DTLS", () => reader.dtlsCloses.length > 0);
    sender.closeDtls();
    await test.empty();
  }
  equal(test.story, [
    "info created by 127.0.0.1:P",
    "info peer connection established, local candidate: host/udp/127.0.0.1/P, remote candidate: host/udp/127.0.0.1/P",
    "info is publishing to path 'cam'",
    "info created by 127.0.0.1:P",
    "info peer connection established, local candidate: host/udp/127.0.0.1/P, remote candidate: host/udp/127.0.0.1/P",
    "info is reading from path 'cam', 2 tracks (VP8, Opus)",
    "info closed: deleted by the client",
    "info closed: peer connection closed",
  ]);
});

Deno.test("a lost packet is asked for, and sent again when asked for", async () => {
  await using test = await WebrtcTest.start();
  await using sender = await publisher(test);
  await using reader = await WebrtcClient.connect(whep(test));
  await test.line(/is reading from path 'cam'/);
  for (const i of [2, 3, 5, 6, 7]) sender.sendRtp(picture(i, i === 2));
  await sender.until(
    "a request for packet 4",
    () =>
      sender.rtcp.flatMap((bytes) => parseRtcp(bytes)).some((message) =>
        message.kind === "nack" && message.sequences.includes(4)
      ),
  );
  sender.sendRtp(picture(4, false));
  await reader.until("six pictures", () => payloads(reader, 96).length >= 6);
  const { sequence, ssrc } = parseRtpPacket(
    reader.packets.find((bytes) => parseRtpPacket(bytes).payloadType === 96)!,
  );
  reader.sendRtcp(serializeRtcp([
    { kind: "receiverReport", ssrc: 1, reports: [] },
    { kind: "nack", senderSsrc: 1, mediaSsrc: ssrc, sequences: [sequence] },
  ]));
  await reader.until("the packet once more", () => payloads(reader, 97).length > 0);
  equal(
    payloads(reader, 97)[0],
    [sequence >> 8, sequence & 0xff, ...payloads(reader, 96)[0].split(",")].join(),
  );
});

Deno.test("roles of DTLS: a passive client gets an active server", async () => {
  await using test = await WebrtcTest.start();
  for (const [setup, answered] of [["passive", "active"], ["active", "passive"]] as const) {
    await using client = await WebrtcClient.connect(whip(test, setup, { setup }));
    equal(client.answer!.setup, answered);
  }
});

Deno.test("ICE restart: new credentials on both sides, by those in use only", async () => {
  await using test = await WebrtcTest.start();
  await using client = await publisher(test);
  const before = client.answer!.ice;
  // the same client once more: whoever has its secret may move the session
  const restart = await client.patch([
    "a=ice-ufrag:newufrag",
    "a=ice-pwd:newpasswordnewpasswordnew",
    "a=mid:0",
  ], {
    "if-match": `"${before.ufrag}"`,
  });
  equal(restart.status, 200);
  match(
    restart.text,
    /^a=ice-lite\r\na=ice-ufrag:\S+\r\na=ice-pwd:\S+\r\nm=video 9 UDP\/TLS\/RTP\/SAVPF 0\r\na=mid:0\r\na=candidate:/,
  );
  const ufrag = /a=ice-ufrag:(\S+)/.exec(restart.text)![1];
  ok(ufrag !== before.ufrag);
  equal(restart.etag, `"${ufrag}"`);
  equal(
    (await client.patch(["a=ice-ufrag:x123", "a=ice-pwd:newpasswordnewpasswordnew"], {
      "if-match": `"${before.ufrag}"`,
    })).status,
    412,
  );
  equal(test.server.sessions.length, 1);
});

Deno.test("who does not connect in time is told why, and forgotten", async () => {
  await using test = await WebrtcTest.start({ globals: { webrtcHandshakeTimeout: 50 } });
  await using client = await WebrtcClient.post(whip(test));
  equal(client.status, 201);
  await test.line(/closed: deadline exceeded while waiting connection/);
  await test.empty();
  const [, addresses, ...advice] = test.story;
  match(
    addresses,
    /^warn no connection: our addresses host\/udp\/127\.0\.0\.1\/P; the client's host\/udp\/127\.0\.0\.1\/P; heard from none$/,
  );
  ok(advice.some((line) => /Nothing arrived from the client on UDP port \d+/.test(line)), advice.join("\n"));
  equal((await client.request("DELETE")).status, 404);
  const [{ path, state, diagnosis }] = test.server.failures;
  equal([path, state, diagnosis.selectedPair], ["cam", "publish", null]);
  ok(diagnosis.advice.length > 0);
});

Deno.test("a client with another certificate than the announced one is refused", async () => {
  await using test = await WebrtcTest.start();
  const fingerprint = Array(32).fill("AB").join(":");
  await using client = await WebrtcClient.post(whip(test, "cam", { fingerprint }));
  client.begin();
  await test.line(/closed: .*fingerprint/);
  await test.empty();
  ok(!test.lines.some((line) => /established|publishing/.test(line)));
});

Deno.test("ends: kicked, replaced, stream over, nothing published, server closed", async () => {
  {
    await using hasty = await WebrtcTest.start({ globals: { webrtcTrackGatherTimeout: 50 } });
    await using silent = await WebrtcClient.connect(whip(hasty, "silent"));
    await hasty.line(/closed: no packet of any announced track has come in time/);
    await silent.until("the end of DTLS", () => silent.dtlsCloses.length > 0);
  }
  await using test = await WebrtcTest.start();
  await using first = await publisher(test);
  await using reader = await WebrtcClient.connect(whep(test));
  await test.line(/is reading from path 'cam'/);
  await using second = await WebrtcClient.connect(whip(test));
  second.sendRtp(picture(1));
  second.sendRtp(sound(1));
  await first.until("the end", () => first.dtlsCloses.length > 0);
  await reader.until("the end", () => reader.dtlsCloses.length > 0);
  await test.line(/closed: replaced by another publisher/);
  await test.line(/closed: publisher has been replaced/);
  const [{ id }] = test.server.sessions;
  ok(test.server.kickSession(id));
  ok(!test.server.kickSession(id));
  await test.line(/closed: kicked/);
  await test.empty();
  await using last = await publisher(test, "last");
  await test.server.close();
  await last.until("the end", () => last.dtlsCloses.length > 0);
  await test.line(/closed: terminated/);
  await test.empty();
});

Deno.test("refusals: no stream, full, not configured, no codec, bad offer, wrong credentials", async () => {
  await using test = await WebrtcTest.start({
    entries: { cam: { maxReaders: 1 }, locked: {}, taken: { overridePublisher: false } },
    globals: {
      authInternalUsers: [
        { user: "any", pass: "", ips: [], permissions: [{ action: "publish", path: "" }] },
        { user: "u", pass: "p", ips: [], permissions: [{ action: "read", path: "" }] },
      ],
    },
  });
  const basic = { headers: { authorization: `Basic ${btoa("u:p")}` } };
  const refusals: [ClientOptions, number, RegExp][] = [
    [whep(test), 401, /authentication error/],
    [whep(test, "cam", { headers: { authorization: "Bearer u:wrong" } }), 401, /authentication error/],
    [whep(test, "cam", basic), 404, /no stream is available on path 'cam'/],
    [whip(test, "elsewhere"), 400, /elsewhere/],
    [whip(test, "cam", { sections: sections("recvonly") }), 406, /sends neither video nor audio/],
    [whip(test, "cam", { fingerprint: "AB" }), 400, /a=fingerprint: malformed/],
  ];
  for (const [options, status, text] of refusals) {
    await using client = await WebrtcClient.post(options);
    equal(client.status, status);
    match(client.body, text);
  }
  await test.line(/^warn \[WebRTC\] \[session \w+\] failed to authenticate: authentication failed$/);
  await using _sender = await publisher(test);
  await using _reader = await WebrtcClient.connect(whep(test, "cam", basic));
  await using full = await WebrtcClient.post(whep(test, "cam", basic));
  equal([full.status, JSON.parse(full.body).status], [400, "error"]);
  // nobody hears of secrets and what clients have written
  ok(!test.lines.some((line) => /whip\/|whep\/|wrong|AB:/.test(line)), test.lines.join("\n"));
});

Deno.test("a path whose publisher may not be replaced: the second one ends", async () => {
  await using test = await WebrtcTest.start({ entries: { cam: { overridePublisher: false } } });
  const conf = await test.paths.authorize(access("cam"), "publish");
  const medias = [{
    kind: "video" as const,
    formats: [{ codec: { name: "VP8" as const }, payloadType: 96, clockRate: 90000 }],
  }];
  const seat = await test.paths.addPublisher(access("cam"), new TestPublisher(), medias, conf);
  await using client = await WebrtcClient.connect(whip(test));
  client.sendRtp(picture(1));
  client.sendRtp(sound(1));
  await test.line(/closed: .*publish/);
  await client.until("the end", () => client.dtlsCloses.length > 0);
  const reader = new TestReader();
  (await test.paths.addReader(access("cam"), reader)).leave();
  seat.leave();
  await rejects(() => test.paths.addReader(access("cam"), reader), /no stream/);
});

Deno.test("KLV goes over a data channel, as it is", async () => {
  await using test = await WebrtcTest.start();
  const conf = await test.paths.authorize(access("cam"), "publish");
  const medias: readonly RtpMedia[] = [{
    kind: "application",
    formats: [{ codec: { name: "KLV" }, payloadType: 96, clockRate: 90_000 }],
  }];
  const seat = await test.paths.addPublisher(access("cam"), new TestPublisher(), medias, conf);
  await using client = await WebrtcClient.connect(whep(test, "cam", {
    sections: [{
      media: "application 9 UDP/DTLS/SCTP webrtc-datachannel",
      lines: ["a=sctp-port:5000", "a=max-message-size:262144"],
    }],
  }));
  await test.line(/is reading from path 'cam', 1 track \(KLV\)/);
  equal(client.answer!.sections[0].sctpPort, 5000);
  const received = Promise.withResolvers<void>();
  const messages: [string, string][] = [];
  const items = [Uint8Array.of(6, 14, 43, 52), new Uint8Array(20_000).fill(7)];
  using channels = client.dataChannels((label, bytes) => {
    messages.push([label, bytes.join()]);
    if (messages.length === items.length) received.resolve();
  });
  ok(channels !== null);
  const [track] = seat.stream.tracks;
  items.forEach((item, i) =>
    seat.stream.write([Unit.fromPayload(track, i * 3000, Date.now(), [item])], Date.now())
  );
  await guarded("both items", received.promise);
  equal(messages, items.map((item) => ["KLV", item.join()]));
  seat.leave();
  await client.until("the end", () => client.dtlsCloses.length > 0);
});

Deno.test("HTTPS", async () => {
  const certificate = selfSigned();
  await using test = await WebrtcTest.start({ certificates: new CertificateStore(certificate) });
  using client = Deno.createHttpClient({ caCerts: [certificate.certificate] });
  const response = await fetch(`https://localhost:${test.port}/cam/whip`, { method: "OPTIONS", client });
  equal([response.status, response.headers.get("accept-post")], [204, "application/sdp"]);
  match(test.lines[0], /listeners on 127\.0\.0\.1:\d+ \(TCP\/HTTPS\), 127\.0\.0\.1:\d+ \(UDP\/ICE\)$/);
});

Deno.test("a path that is a redirection sends readers elsewhere, and leaves no session", async () => {
  await using test = await WebrtcTest.start({
    entries: {
      cam: { source: "redirect", sourceRedirect: "/other" },
      far: { source: "redirect", sourceRedirect: "https://far.example/cam/whep" },
      rtsp: { source: "redirect", sourceRedirect: "rtsp://far.example/cam" },
    },
  });
  for (
    const [path, status, location] of [
      ["cam", 307, "/other/whep?x=1"],
      ["far", 307, "https://far.example/cam/whep"],
      ["rtsp", 404, null],
    ] as const
  ) {
    const response = await fetch(`http://127.0.0.1:${test.port}/${path}/whep?x=1`, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: "v=0",
      redirect: "manual",
    });
    await response.body?.cancel();
    equal([response.status, response.headers.get("location")], [status, location]);
  }
  equal(test.server.sessions, []);
  equal(test.story, []);
});

Deno.test("a defect in one session is reported, and the others go on", async () => {
  await using test = await WebrtcTest.start();
  const defects: string[] = [];
  const collect = (event: ErrorEvent) => {
    event.preventDefault();
    defects.push(event.error.message);
  };
  globalThis.addEventListener("error", collect);
  try {
    await using broken = await publisher(test, "broken");
    await using sender = await publisher(test);
    await using reader = await WebrtcClient.connect(whep(test));
    await test.line(/is reading from path 'cam'/);
    let number = 2;
    const timer = setInterval(() => sender.sendRtp(picture(number++)), 10);
    await reader.until("a picture", () => payloads(reader, 96).length > 0).finally(() =>
      clearInterval(timer)
    );
    const seat = await test.paths.addReader(access("broken"), new TestReader());
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    seat.stream.write = fail("in a packet");
    Object.defineProperty(seat.stream, "fanoutKeys", { get: fail("in a tick") });
    broken.sendRtp(picture(2));
    // by the same timer, after the session that fails
    const reports = () =>
      reader.rtcp.flatMap((bytes) => parseRtcp(bytes)).filter(({ kind }) => kind === "senderReport").length;
    const before = reports();
    await reader.until("two more reports", () => reports() >= before + 2);
    equal([...new Set(defects)].sort(), ["in a packet", "in a tick"]);
    equal(test.server.sessions.map(({ path }) => path), ["broken", "cam", "cam"]);
    seat.leave();
  } finally {
    globalThis.removeEventListener("error", collect);
  }
});

Deno.test("a session that ends while the body of a PATCH comes is not restarted", async () => {
  await using test = await WebrtcTest.start();
  await using client = await publisher(test);
  const under = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const lines = ["a=ice-ufrag:newufrag\r\n", "a=ice-pwd:newpasswordnewpasswordnew\r\n"];
  const body = new ReadableStream({
    async pull(controller) {
      const line = lines.shift();
      if (line === undefined) return controller.close();
      if (lines.length === 0) {
        under.resolve();
        await gone.promise;
      }
      controller.enqueue(new TextEncoder().encode(line));
    },
  }, { highWaterMark: 0 });
  const patched = client.request("PATCH", {
    headers: { "content-type": "application/trickle-ice-sdpfrag" },
    body,
  });
  await under.promise;
  equal((await client.request("DELETE")).status, 200);
  gone.resolve();
  equal((await patched).status, 404);
  await test.empty();
  equal(test.server.iceStats.credentials, 0);
});
