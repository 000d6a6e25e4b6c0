/** Who may do what, and what the log tells of it. */
import type { InternalUser } from "../../../src/auth/mod.ts";
import { equal, match } from "../../support/assert.ts";
import { TestClient } from "./support/client.ts";
import { aacHeader, audio, avcHeader, keyFrame, video } from "./support/messages.ts";
import { announced, play, publish } from "./support/publisher.ts";
import { TestServer } from "./support/server.ts";

const conn = /\[RTMP\] \[conn 127\.0\.0\.1:\d+\]/.source;

Deno.test("RTMP server: maxReaders is kept, and a seat that is given up is free", async () => {
  await using server = new TestServer({ entries: { all_others: { maxReaders: 1 } } });
  await using _from = await publish(server, "live");
  const first = await play(server, "live");
  await using second = await TestClient.connect(server.port, "play", "live");
  match(await second.ended(), /NetStream\.Play\.Failed: maximum reader count reached/);
  await server.line(new RegExp(`${conn} closed: maximum reader count reached`));
  await first[Symbol.asyncDispose]();
  await server.line(/closed: EOF/);
  await using _third = await play(server, "live");
});

Deno.test("RTMP server: a reader that can get nothing gives its seat back", async () => {
  await using server = new TestServer({ entries: { all_others: { maxReaders: 1 } } });
  await using from = await TestClient.connect(server.port, "publish", "live");
  await from.ready();
  const header = "904f707573" + "4f70757348656164" + "0102380180bb0000000000";
  const frame = "914f707573fcfffe";
  await from.send(audio(0, header), audio(0, frame), audio(2000, frame));
  await server.line(/is publishing/);
  for (let i = 0; i < 2; i++) {
    await using to = await TestClient.connect(server.port, "play", "live");
    match(await to.ended(), /doesn't contain any supported codec/);
  }
});

Deno.test("RTMP server: with overridePublisher off the second publisher is closed", async () => {
  await using server = new TestServer({ entries: { all_others: { overridePublisher: false } } });
  await using from = await publish(server, "live");
  await using second = await TestClient.connect(server.port, "publish", "live");
  await second.ready();
  await second.send(announced, video(0, avcHeader), audio(0, aacHeader), video(0, keyFrame));
  equal(await second.next(), null);
  await server.line(new RegExp(`${conn} closed: someone is already publishing to path 'live'`));
  await using to = await play(server, "live");
  await from.finish();
  match(await to.ended(), /UnpublishNotify/);
});

Deno.test("RTMP server: a publisher that is replaced, and its readers, end with their reasons", async () => {
  await using server = new TestServer();
  await using first = await publish(server, "live");
  await using to = await play(server, "live");
  await using _second = await publish(server, "live");
  equal(await first.next(), null);
  match(await to.ended(), /UnpublishNotify/);
  await server.line(/\[path live\] closing existing publisher/);
  await server.line(new RegExp(`${conn} closed: replaced by another publisher`));
  await server.line(new RegExp(`${conn} closed: publisher has been replaced`));
});

const users: InternalUser[] = [{
  user: "pat",
  pass: "right-secret",
  ips: [],
  permissions: [{ action: "publish", path: "live" }, { action: "read", path: "live" }],
}];

Deno.test("RTMP server: refused clients are in the log, secrets are not", async () => {
  await using server = new TestServer({ globals: { authInternalUsers: users } });
  const refused = [
    ["publish", "live?user=pat&pass=wrong-secret", "NetStream.Publish.Unauthorized"],
    ["play", "live?user=pat&pass=wrong-secret", "NetStream.Play.Failed"],
    ["play", "live?token=wrong-secret", "NetStream.Play.Failed"],
    ["publish", "live", "NetStream.Publish.Unauthorized"],
  ] as const;
  for (const [action, path, code] of refused) {
    await using client = await TestClient.connect(server.port, action, path);
    equal(await client.ended(), `${code}: failed to authenticate: authentication failed`);
  }
  await server.until(() => server.lines(/closed/).length === refused.length);
  const text = "failed to authenticate: authentication failed";
  equal(server.lines(new RegExp(`^warn ${conn} ${text}$`)).length, refused.length);
  equal(server.lines(new RegExp(`^info ${conn} closed: ${text}$`)).length, refused.length);
  {
    await using _from = await publish(server, "live?user=pat&pass=right-secret");
    await using _to = await play(server, "live?user=pat&pass=right-secret");
  }
  await using _nobody = await TestClient.connect(server.port, "play", "none?user=pat&pass=right-secret");
  equal(await _nobody.next().then((action) => action?.kind), "end");
  await server.until(() => server.lines(/closed/).length === refused.length + 3);
  // The question mark is encoded: no query, hence no path of that name.
  await using wrong = await TestClient.connect(server.port, "play", "live%3Fpass=right-secret%0Awarn");
  match(await wrong.ended(), /invalid path name/);
  await server.line(/closed: invalid path name: .*\(live…\)/);
  equal(server.lines(/secret|\n/), []);
  await server.line(new RegExp(`^info ${conn} is publishing to path 'live'$`));
  await server.line(
    new RegExp(`^info ${conn} is reading from path 'live', 2 tracks \\(H264, MPEG-4 Audio\\)$`),
  );
});

Deno.test("RTMP server: the address of a client behind a trusted proxy is the one that the proxy tells", async () => {
  for (const secure of [false, true]) {
    await using server = new TestServer({ secure, globals: { rtmpTrustedProxies: ["127.0.0.1/32"] } });
    const proxyHeader = "PROXY TCP4 198.51.100.7 127.0.0.1 5555 1935\r\n";
    if (secure) {
      const tcp = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      await tcp.write(new TextEncoder().encode(proxyHeader));
      const tls = await Deno.startTls(tcp, { hostname: "127.0.0.1", caCerts: [server.certificate] });
      await tls.handshake();
      await server.line(/\[RTMPS\] \[conn 198\.51\.100\.7:5555\] opened/);
      tls.close();
    } else {
      await using client = await TestClient.connect(server.port, "publish", "live", { proxyHeader });
      await client.ready();
      await server.line(/\[RTMP\] \[conn 198\.51\.100\.7:5555\] opened/);
    }
    await server.line(/\[conn 198\.51\.100\.7:5555\] closed/);
  }
});
