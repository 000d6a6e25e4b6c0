/** What cameras do that servers should not. */
import { serializeRtcp } from "../../../src/rtp/rtcp/compound.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { Puller } from "../support/puller.ts";
import { Camera } from "./support/camera.ts";
import { PacketSource } from "./support/media.ts";

const samples = new Uint8Array(160);

/** Sends on channel 0 until it is disposed of. */
function feed(camera: Camera): Disposable {
  const packets = new PacketSource(0);
  let time = 0;
  const timer = setInterval(() => void camera.sendFrame(0, packets.next(samples, time += 160)), 20);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

Deno.test("camera: UDP that stays silent makes the source switch to TCP", async () => {
  await using camera = new Camera();
  await using puller = new Puller({ cam: { source: camera.url } });
  await puller.line(/warn \[path cam\] \[RTSP source\] no UDP packets received, switching to TCP$/);
  using _feed = feed(camera);
  await puller.available("cam");
  equal(camera.methods().filter((method) => method === "TEARDOWN").length, 1);
});

Deno.test("camera: an answer over TCP to a wish for UDP", async () => {
  await using camera = new Camera(({ method }) =>
    method === "SETUP" ? { headers: [["Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"]] } : undefined
  );
  await using puller = new Puller({ cam: { source: camera.url } });
  await puller.line(/warn .* switching to TCP because server requested it$/);
  using _feed = feed(camera);
  await puller.available("cam");
});

Deno.test("camera: packets of H.264 that are too large for UDP", async () => {
  const body = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=0\r\n";
  await using camera = new Camera(({ method }) => method === "DESCRIBE" ? { body } : undefined);
  await using puller = new Puller({ cam: { source: camera.url } });
  await puller.line(/warn .* switching to TCP because of H264 packetization-mode 0$/);
});

Deno.test("camera: no ports are told", async () => {
  const setup = [["Transport", "RTP/AVP;unicast"]] as const;
  await using camera = new Camera(({ method }) => method === "SETUP" ? { headers: setup } : undefined);
  await using puller = new Puller({ cam: { source: camera.url, rtspTransport: "udp" } });
  await puller.line(/error .* the server does not tell its ports: set rtspAnyPort/);
  await using tolerant = new Puller({ cam: { source: camera.url, rtspTransport: "udp", rtspAnyPort: true } });
  await tolerant.line(/\[c->s\] PLAY/);
  const ports = /client_port=(\d+)/.exec(await tolerant.line(/\[c->s\] SETUP/));
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  await socket.send(new PacketSource(0).next(samples, 0), {
    transport: "udp",
    hostname: "127.0.0.1",
    port: Number(ports![1]),
  });
  await tolerant.available("cam");
  socket.close();
});

Deno.test("camera: SHA-256 is offered, and only MD5 understood", async () => {
  const challenges = 'Digest realm="x", nonce="n1", algorithm="SHA-256", Digest realm="x", nonce="n2"';
  await using camera = new Camera(({ headers }) => {
    const given = headers.get("Authorization") ?? "";
    return /nonce="n2"/.test(given)
      ? undefined
      : { status: 401, headers: [["WWW-Authenticate", challenges]] };
  });
  const source = camera.url.replace("//", "//user:pass@");
  await using puller = new Puller({ cam: { source, rtspTransport: "tcp" } });
  await puller.line(/\[c->s\] PLAY/);
  equal(camera.methods().slice(0, 5), ["OPTIONS", "OPTIONS", "OPTIONS", "DESCRIBE", "SETUP"]);
});

Deno.test("camera: a nonce for each request", async () => {
  let count = 0;
  await using camera = new Camera(({ headers }) => {
    const current = `nonce="n${count}"`;
    if ((headers.get("Authorization") ?? "").includes(current)) {
      count++;
      return undefined;
    }
    return { status: 401, headers: [["WWW-Authenticate", `Digest realm="x", nonce="n${count}"`]] };
  });
  const source = camera.url.replace("//", "//user:pass@");
  await using puller = new Puller({ cam: { source, rtspTransport: "tcp" } });
  using _feed = feed(camera);
  await puller.available("cam");
});

Deno.test("camera: a password is never sent to where a redirect leads", async () => {
  await using thief = new Camera(() => ({
    status: 401,
    headers: [["WWW-Authenticate", 'Basic realm="give"']],
  }));
  const location = thief.url.replace("127.0.0.1", "localhost");
  await using camera = new Camera(({ method }) =>
    method === "DESCRIBE" ? { status: 302, headers: [["Location", location]] } : undefined
  );
  const source = camera.url.replace("//", "//user:pass@");
  await using puller = new Puller({ cam: { source } });
  await puller.line(/error .* bad status code: 401/);
  ok(thief.requests.all.length > 0);
  ok(thief.requests.all.every(({ headers }) => !headers.has("Authorization")));
});

Deno.test("camera: the session is kept alive in time, and its own questions are answered", async () => {
  await using camera = new Camera(({ method }) =>
    method === "SETUP" ? { headers: [["Session", "abc;timeout=6"]] } : undefined
  );
  await using puller = new Puller({ cam: { source: camera.url, rtspTransport: "tcp" } });
  using _feed = feed(camera);
  await puller.available("cam");
  await camera.requests.until("a keep-alive", () => camera.methods().at(-1) === "GET_PARAMETER");
  equal(camera.requests.all.at(-1)!.headers.get("Session"), "abc");
  await camera.ask("OPTIONS");
  const answer = await camera.responses.next("an answer");
  equal([answer.status, answer.headers.get("CSeq")], [200, "77"]);
  await camera.ask("TEARDOWN");
  match(await puller.line(/error \[path cam\]/), /the server has torn the session down$/);
});

Deno.test("camera: frames on channels that nobody has asked for, and before the answer to PLAY", async () => {
  const packets = new PacketSource(0);
  const early: Promise<void>[] = [];
  await using camera = new Camera(({ method }) => {
    if (method === "PLAY") {
      early.push(camera.sendFrame(7, Uint8Array.of(1)), camera.sendFrame(0, packets.next(samples, 0)));
    }
    return undefined;
  });
  await using puller = new Puller({ cam: { source: camera.url, rtspTransport: "tcp" } });
  await puller.available("cam");
  await Promise.all(early);
});

Deno.test("camera: what is no RTSP ends the attempt", async () => {
  await using camera = new Camera(({ method }) =>
    method === "DESCRIBE" ? { body: "this is no description" } : undefined
  );
  await using puller = new Puller({ cam: { source: camera.url } });
  await puller.line(/error .* SDP: no media in it$/, 2);
});

Deno.test("camera: questions that keep the session alive are never answered", async () => {
  await using camera = new Camera(({ method }) =>
    method === "GET_PARAMETER"
      ? null
      : method === "SETUP"
      ? { headers: [["Session", "abc;timeout=6"]] }
      : undefined
  );
  await using puller = new Puller({ cam: { source: camera.url, rtspTransport: "tcp" } }, {
    readTimeout: 3000,
  });
  using _feed = feed(camera);
  await puller.available("cam");
  const asked = () => camera.methods().filter((method) => method === "GET_PARAMETER").length;
  await camera.requests.until("two keep-alives", () => asked() >= 2);
  equal(camera.methods().filter((method) => method === "DESCRIBE").length, 1);
  equal(puller.log.all.filter((line) => line.startsWith("error")), []);
});

Deno.test("camera: each answer takes long, all together longer than silence may", async () => {
  await using camera = new Camera(({ method }) =>
    method === "TEARDOWN" ? undefined : new Promise((resolve) => setTimeout(() => resolve(undefined), 1500))
  );
  const entries = { cam: { source: camera.url, rtspTransport: "tcp" as const } };
  await using puller = new Puller(entries, { readTimeout: 5000 });
  await puller.line(/\[s->c\]/, 4);
  using _feed = feed(camera);
  await puller.available("cam");
  equal(puller.log.all.filter((line) => line.startsWith("error")), []);
});

Deno.test("camera: a redirect to another path keeps neither path nor query of the first", async () => {
  await using camera = new Camera(({ method, url }) =>
    method === "DESCRIBE" && !url.endsWith("/other")
      ? { status: 302, headers: [["Location", "/other"]] }
      : undefined
  );
  const source = `${camera.url}?token=1`;
  await using puller = new Puller({ cam: { source, rtspTransport: "tcp" } });
  using _feed = feed(camera);
  await puller.available("cam");
  const described = camera.requests.all.filter(({ method }) => method === "DESCRIBE").map(({ url }) => url);
  equal(described, [source, camera.url.replace("/live", "/other")]);
});

Deno.test("camera: the same channels for two medias", async () => {
  const body = "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:1\r\nm=audio 0 RTP/AVP 8\r\na=control:2\r\n";
  await using camera = new Camera(({ method }) =>
    method === "DESCRIBE"
      ? { body }
      : method === "SETUP"
      ? { headers: [["Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"]] }
      : undefined
  );
  await using puller = new Puller({ cam: { source: camera.url, rtspTransport: "tcp" } });
  await puller.line(/error .* several medias on the same channels \(0-1\)$/);
});

Deno.test("camera: metadata that comes seldom; reports are enough to go on", async () => {
  const body = "v=0\r\ns=camera\r\nm=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n";
  await using camera = new Camera(({ method }) => method === "DESCRIBE" ? { body } : undefined);
  const entry = { source: camera.url, rtspTransport: "tcp" } as const;
  await using puller = new Puller({ cam: entry }, { readTimeout: 1000 });
  const report = serializeRtcp([{
    kind: "senderReport",
    ssrc: 1,
    ntpSeconds: 3_900_000_000,
    ntpFraction: 0,
    rtpTimestamp: 0,
    packetCount: 0,
    octetCount: 0,
    reports: [],
  }]);
  let sent = 0;
  const enough = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    void camera.sendFrame(1, report);
    if (++sent === 15) enough.resolve();
  }, 100);
  using _timer = { [Symbol.dispose]: () => clearInterval(timer) };
  await puller.available("cam");
  await enough.promise;
  equal(puller.get("cam").sourceStatus?.attempts, 1);
});
