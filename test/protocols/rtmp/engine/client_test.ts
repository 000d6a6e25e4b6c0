import { answerAdobe } from "../../../../src/protocols/rtmp/engine/adobe_auth.ts";
import {
  type ClientAction,
  ClientEngine,
  type ClientOptions,
} from "../../../../src/protocols/rtmp/engine/client.ts";
import { type ServerAction, ServerEngine } from "../../../../src/protocols/rtmp/engine/server.ts";
import { MessageType } from "../../../../src/protocols/rtmp/wire/chunk/header.ts";
import { serializeMessages } from "../../../../src/protocols/rtmp/wire/chunk/writer.ts";
import { parseRtmpUrl } from "../../../../src/protocols/rtmp/wire/url.ts";
import type { Rc4 } from "../../../../src/protocols/rtmp/wire/handshake/rc4.ts";
import { equal, fromHex, hex, throws } from "../../../support/assert.ts";
import { feed, randomBytes } from "./support.ts";

/** Both engines, joined by their bytes. */
class Pair {
  readonly client: ClientEngine;
  readonly server = new ServerEngine(randomBytes);
  readonly heard: string[] = [];
  readonly asked: string[] = [];
  #toServer: Rc4 | null = null;
  #toClient: Rc4 | null = null;

  constructor(
    options: Partial<ClientOptions> = {},
    private readonly decide: (server: ServerEngine) => Uint8Array = (server) => server.accept(),
  ) {
    this.client = new ClientEngine({
      action: "publish",
      url: parseRtmpUrl("rtmp://host/app/key?x=1"),
      fourCcs: [],
      encrypted: false,
      authQuery: "",
      random: randomBytes,
      ...options,
    });
    this.#drainClient();
  }

  sendToServer(bytes: Uint8Array): void {
    const sealed = bytes.slice();
    this.#toServer?.apply(sealed);
    feed(this.server, sealed, () => this.#drainServer());
  }

  sendToClient(bytes: Uint8Array): void {
    const sealed = bytes.slice();
    this.#toClient?.apply(sealed);
    feed(this.client, sealed, () => this.#drainClient());
  }

  #drainClient(): void {
    for (let action = this.client.next(0); action !== null; action = this.client.next(0)) {
      this.#clientDoes(action);
    }
  }

  #clientDoes(action: ClientAction): void {
    switch (action.kind) {
      case "send":
        return this.sendToServer(action.bytes);
      case "encrypt":
        this.#toServer = action.cipher;
        return;
      case "ready":
        this.heard.push(`ready ${action.streamId}`);
        return;
      case "retry":
        this.heard.push(`retry ${action.authQuery}`);
        return;
      case "end":
        this.heard.push(`end ${action.reason}`);
        return;
      default:
        this.heard.push(`${action.kind} ${action.timestamp} ${hex(action.body)}`);
    }
  }

  #drainServer(): void {
    for (let action = this.server.next(0); action !== null; action = this.server.next(0)) {
      this.#serverDoes(action);
    }
  }

  #serverDoes(action: ServerAction): void {
    switch (action.kind) {
      case "send":
        return this.sendToClient(action.bytes);
      case "encrypt":
        this.#toClient = action.cipher;
        return;
      case "request":
        this.asked.push(`${action.request.action} ${action.request.path} ${action.request.query}`);
        return this.sendToClient(this.decide(this.server));
      case "end":
        this.asked.push("end");
        return;
      default:
        this.asked.push(`${action.kind} ${action.timestamp} ${hex(action.body)}`);
    }
  }
}

const frame = serializeMessages([
  { chunkStreamId: 6, type: MessageType.video, timestamp: 40, streamId: 1, parts: [fromHex("1701000000")] },
], 65536);

Deno.test("client engine: publishes, plain and encrypted", () => {
  for (const encrypted of [false, true]) {
    const pair = new Pair({ encrypted });
    equal(pair.heard, ["ready 1"]);
    pair.sendToServer(frame);
    pair.sendToServer(pair.client.finish());
    equal(pair.asked, ["publish app/key x=1", "video 40 1701000000", "end"]);
  }
});

Deno.test("client engine: plays, until the stream is over", () => {
  for (const encrypted of [false, true]) {
    const pair = new Pair({ action: "play", encrypted, fourCcs: ["hvc1"] });
    equal(pair.asked, ["play app/key x=1"]);
    pair.sendToClient(frame);
    pair.sendToClient(pair.server.streamEnded());
    equal(pair.heard, [
      "ready 1",
      "video 40 1701000000",
      "end NetStream.Play.UnpublishNotify: stream is over",
    ]);
  }
});

Deno.test("client engine: is refused", () => {
  const publisher = new Pair({}, (server) => server.reject("unauthorized", "go away"));
  equal(publisher.heard, ["end NetStream.Publish.Unauthorized: go away"]);
  const player = new Pair({ action: "play" }, (server) => server.reject("noStream", "nothing there"));
  equal(player.heard, ["end NetStream.Play.StreamNotFound: nothing there"]);
});

Deno.test("client URLs", () => {
  const parts = (text: string) => {
    const { host, port, app, tcUrl, key, user, pass } = parseRtmpUrl(text);
    return { host, port, app, tcUrl, key, user, pass };
  };
  const none = { user: "", pass: "" };
  equal(parts("rtmp://h/a/k"), { host: "h", port: 1935, app: "a", tcUrl: "rtmp://h/a", key: "k", ...none });
  equal(parts("rtmps://u:p%40@h:99/a/b/k?x=1"), {
    host: "h",
    port: 99,
    app: "a/b",
    tcUrl: "rtmps://h:99/a/b",
    key: "k?x=1",
    user: "u",
    pass: "p@",
  });
  equal(parts("rtmp://h/a/b#secret%2Fkey"), {
    host: "h",
    port: 1935,
    app: "a/b",
    tcUrl: "rtmp://h/a/b",
    key: "secret/key",
    ...none,
  });
  equal(parts("rtmps://[::1]/a"), {
    host: "::1",
    port: 1936,
    app: "a",
    tcUrl: "rtmps://[::1]/a",
    key: "",
    ...none,
  });
  throws(() => parseRtmpUrl("http://h/a"), /scheme/);
  throws(() => parseRtmpUrl("rtmp"), /not valid/);
});

Deno.test("Adobe authentication", () => {
  const first = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
  equal(answerAdobe(first, "u ser", "pass", "01020304"), {
    kind: "retry",
    query: "?authmod=adobe&user=u%20ser",
  });
  equal(answerAdobe(first, "", "", "01020304")?.kind, "failed");
  equal(answerAdobe("no such app", "u", "p", "0"), null);
  const second =
    "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=user&salt=abc=&challenge=xyz==&opaque=op1==";
  const answer = answerAdobe(second, "user", "pass", "01020304");
  // base64(md5("user" "abc=" "pass")), then base64(md5(that "op1==" "01020304")), computed with openssl.
  equal(answer, {
    kind: "retry",
    query: "?authmod=adobe&user=user&challenge=01020304&response=CxwT0HG3HzL2qe0OfEeHtQ==&opaque=op1==",
  });
  equal(answerAdobe("[ authmod=adobe ] : ?reason=authfailed&opaque=a", "u", "p", "0"), {
    kind: "failed",
    reason: "the server refuses the credentials (authfailed)",
  });
});
