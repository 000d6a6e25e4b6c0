import { amf0EcmaArray, amf0Object, type Amf0Value } from "../../../../src/containers/flv/amf0/value.ts";
import { serializeAmf0 } from "../../../../src/containers/flv/amf0/serialize.ts";
import { concat } from "../../../../src/base/bytes.ts";
import { MessageType } from "../../../../src/protocols/rtmp/wire/chunk/header.ts";
import type { OutgoingMessage } from "../../../../src/protocols/rtmp/wire/chunk/writer.ts";
import { commandMessage } from "../../../../src/protocols/rtmp/wire/message/command.ts";
import {
  parseControlNumber,
  setChunkSize,
  windowAcknowledgementSize,
} from "../../../../src/protocols/rtmp/wire/message/protocol_control.ts";
import {
  parseUserControl,
  userControl,
  UserEvent,
} from "../../../../src/protocols/rtmp/wire/message/user_control.ts";
import { equal, fromHex, hex, ok, throws } from "../../../support/assert.ts";
import { fuzz } from "../../../support/fuzz.ts";
import { ScriptedClient } from "./support.ts";

function media(type: number, timestamp: number, body: Uint8Array, chunkStreamId = 4): OutgoingMessage {
  return { chunkStreamId, type, timestamp, streamId: 1, parts: [body] };
}

function requestOf(client: ScriptedClient) {
  const action = client.actions.find(({ kind }) => kind === "request");
  ok(action?.kind === "request");
  const { connect, ...rest } = action.request;
  return { ...rest, flashVer: connect.flashVer, fourCcs: [...connect.fourCcs] };
}

function describeMedia(client: ScriptedClient): string[] {
  return client.actions.flatMap((action) =>
    "body" in action ? [`${action.kind} ${action.timestamp} ${hex(action.body)}`] : []
  );
}

Deno.test("server engine: connect is answered with windows, chunk size and success", () => {
  const client = new ScriptedClient().connect();
  equal(
    client.heard().map(({ type, body }) =>
      type === MessageType.commandAmf0 ? "command" : `${type} ${hex(body)}`
    ),
    ["5 002625a0", "6 002625a002", "command"],
  );
});

Deno.test("server engine: OBS publishes", () => {
  const client = new ScriptedClient();
  client.send(setChunkSize(4096));
  client.chunkSize = 4096;
  client.connect({
    app: "live",
    type: "nonprivate",
    flashVer: "FMLE/3.0 (compatible; FMSc/1.0)",
    swfUrl: "rtmp://host/live",
    tcUrl: "rtmp://host/live",
    fourCcList: { kind: "strictArray", items: ["av01", "hvc1", "Opus"] },
  });
  equal(client.heardNames(), ["_result 1"]);
  client.send(
    commandMessage(0, "releaseStream", 2, null, "key?user=u&pass=p"),
    commandMessage(0, "FCPublish", 3, null, "key?user=u&pass=p"),
    commandMessage(0, "createStream", 4, null),
  );
  equal(client.heardNames(), ["_result 2", "_result 3", "onFCPublish 0", "_result 4"]);
  client.send(commandMessage(1, "publish", 5, null, "key?user=u&pass=p", "live"));
  equal(requestOf(client), {
    action: "publish",
    path: "live/key",
    query: "user=u&pass=p",
    flashVer: "FMLE/3.0 (compatible; FMSc/1.0)",
    fourCcs: ["av01", "hvc1", "Opus"],
  });
  client.goOn(client.engine.accept());
  equal(client.heardNames(), ["NetStream.Publish.Start"]);
  const metadata = serializeAmf0("@setDataFrame", "onMetaData", amf0EcmaArray({ videocodecid: 7 }));
  client.send(
    media(MessageType.dataAmf0, 0, metadata),
    media(MessageType.audio, 0, fromHex("af001210")),
    media(MessageType.video, 0, fromHex("1700000000")),
    media(MessageType.video, 0x01000000, fromHex("2701000000")),
  );
  equal(describeMedia(client), [
    `data 0 ${hex(metadata)}`,
    "audio 0 af001210",
    "video 0 1700000000",
    "video 16777216 2701000000",
  ]);
  client.send(
    commandMessage(0, "FCUnpublish", 6, null, "key"),
    commandMessage(0, "deleteStream", 7, null, 1),
  );
  equal(client.actions.filter(({ kind }) => kind === "end").length, 1);
});

Deno.test("server engine: what encoders write into URL and key", () => {
  const cases: [string, { app?: string; tcUrl?: string }, string, string, string][] = [
    ["FFmpeg, no key", { tcUrl: "rtmp://h:1935/cam", app: "cam" }, "", "cam", ""],
    ["FFmpeg, query in the app", { tcUrl: "rtmp://h/cam?user=u&pass=p" }, "", "cam", "user=u&pass=p"],
    ["query is the key", { tcUrl: "rtmp://h/cam" }, "?user=u", "cam", "user=u"],
    ["several levels", { tcUrl: "rtmp://h/a/b/c" }, "d", "a/b/c/d", ""],
    ["key with slashes", { tcUrl: "rtmp://h/a" }, "b/c?x=1", "a/b/c", "x=1"],
    ["slash at the end", { tcUrl: "rtmp://h/a/" }, "/key", "a/key", ""],
    ["only a key", { tcUrl: "rtmp://h/", app: "" }, "key", "key", ""],
    ["no path", { tcUrl: "rtmp://h:1935", app: "" }, "key", "key", ""],
    ["quotation marks", { tcUrl: "'rtmp://h/a/b'" }, "", "a/b", ""],
    ["query in front of the key", { tcUrl: "rtmp://h/a?token=t" }, "key?x=1", "a/key", "token=t&x=1"],
    ["no tcUrl", { tcUrl: "", app: "live" }, "key", "live/key", ""],
    ["percent signs", { tcUrl: "rtmp://h/a%20b" }, "c%2Fd%zz", "a%20b/c%2Fd%zz", ""],
    ["escaped", { tcUrl: "rtmp://h/a%20b" }, "c", "a b/c", ""],
  ];
  for (const [name, properties, key, path, query] of cases) {
    const client = new ScriptedClient().connect(properties).command("createStream", 2, null);
    client.send(commandMessage(1, "publish", 3, null, key, "live"));
    const request = requestOf(client);
    equal({ path: request.path, query: request.query }, { path, query }, name);
  }
});

Deno.test("server engine: FFmpeg plays", () => {
  const client = new ScriptedClient();
  client.connect({ app: "live", tcUrl: "rtmp://host:1935/live", flashVer: "LNX 9,0,124,2", fpad: false });
  client.send(windowAcknowledgementSize(2_500_000), commandMessage(0, "createStream", 2, null));
  client.send(commandMessage(0, "_checkbw", 3, null), commandMessage(0, "getStreamLength", 4, null, "key"));
  client.send(commandMessage(1, "play", 5, null, "key", -2000));
  equal(client.heardNames(), ["_result 1", "_result 2"]);
  equal(requestOf(client).action, "play");
  client.goOn(client.engine.accept());
  const messages = client.heard();
  const controls = messages.filter(({ type }) => type === MessageType.userControl);
  equal(controls.map(({ body }) => parseUserControl(body)), [
    { event: UserEvent.streamIsRecorded, value: 1 },
    { event: UserEvent.streamBegin, value: 1 },
  ]);
  equal(messages.filter(({ streamId }) => streamId === 1).length, 4);
  // What a player sends by way of media is passed over.
  client.send(media(MessageType.video, 0, fromHex("17")));
  equal(describeMedia(client), []);
});

Deno.test("server engine: refusals", () => {
  const refused = (action: "publish" | "play", refusal: "unauthorized" | "noStream" | "failed") => {
    const client = new ScriptedClient().connect();
    client.send(commandMessage(1, action, 0, null, "key"));
    client.heard();
    return client.goOn(client.engine.reject(refusal, "because")).heardNames()[0];
  };
  equal(refused("publish", "unauthorized"), "NetStream.Publish.Unauthorized");
  equal(refused("publish", "failed"), "NetStream.Publish.BadName");
  equal(refused("play", "unauthorized"), "NetStream.Play.Failed");
  equal(refused("play", "noStream"), "NetStream.Play.StreamNotFound");
});

Deno.test("server engine: commands and data in AMF3 messages", () => {
  const client = new ScriptedClient();
  const amf3 = (type: number, ...values: Amf0Value[]): OutgoingMessage => ({
    chunkStreamId: 3,
    type,
    timestamp: 0,
    streamId: 1,
    parts: [Uint8Array.of(0), serializeAmf0(...values)],
  });
  client.send(
    amf3(
      MessageType.commandAmf3,
      "connect",
      1,
      amf0Object({ app: "a", tcUrl: "rtmp://h/a", objectEncoding: 3 }),
    ),
  );
  client.send(amf3(MessageType.commandAmf3, "publish", 2, null, "k", "live"));
  equal(requestOf(client).path, "a/k");
  client.goOn(client.engine.accept());
  client.send(amf3(MessageType.dataAmf3, "onMetaData", null));
  equal(describeMedia(client), [`data 0 ${hex(serializeAmf0("onMetaData", null))}`]);
});

Deno.test("server engine: aggregates are taken apart", () => {
  const client = new ScriptedClient().connect().send(commandMessage(1, "publish", 0, null, "k"));
  client.goOn(client.engine.accept());
  const body = fromHex("08 000002 000064 00 000000 af01 0000000d" + "09 000001 000078 00 000000 17");
  client.send(media(MessageType.aggregate, 1000, body));
  equal(describeMedia(client), ["audio 1000 af01", "video 1020 17"]);
});

Deno.test("server engine: acknowledgements, at half of the window", () => {
  const client = new ScriptedClient().connect().send(windowAcknowledgementSize(20_000));
  client.send(commandMessage(1, "publish", 0, null, "k"));
  client.goOn(client.engine.accept());
  client.heard();
  client.send(media(MessageType.audio, 0, new Uint8Array(12_000)));
  const acks = client.heard().filter(({ type }) => type === MessageType.acknowledgement);
  equal(acks.length, 1);
  ok(parseControlNumber(acks[0].body) > 12_000);
});

Deno.test("server engine: pings", () => {
  const client = new ScriptedClient().connect();
  client.heard();
  client.send(userControl(UserEvent.pingRequest, 77));
  equal(client.heard().map(({ body }) => parseUserControl(body)), [{
    event: UserEvent.pingResponse,
    value: 77,
  }]);
  equal(client.engine.tick(0), null);
  ok(client.engine.tick(40_000) !== null);
  // A client that never answers is not held to be silent.
  equal(client.engine.silentMs(100_000), 0);
  client.send(userControl(UserEvent.pingResponse, 0));
  ok(client.engine.tick(80_000) !== null);
  equal(client.engine.silentMs(95_000), 15_000);
  client.send(userControl(UserEvent.pingResponse, 0));
  equal(client.engine.silentMs(95_000), 0);
});

Deno.test("server engine: what is out of order", () => {
  throws(() => new ScriptedClient().command("createStream", 1, null), /before connect/);
  throws(() => new ScriptedClient().command("publish", 1, null, "k"), /before connect/);
  throws(() => new ScriptedClient().connect().connect(), /second time/);
  throws(() => new ScriptedClient().command("connect", 1, null), /no command object/);
  throws(() => {
    const client = new ScriptedClient().connect().send(commandMessage(1, "publish", 0, null, "k"));
    client.goOn(client.engine.accept());
    client.send(commandMessage(1, "publish", 0, null, "k"));
  }, /has a stream already/);
});

Deno.test("server engine: arbitrary bytes after the handshake", () => {
  const seeds: Uint8Array[] = [];
  const record = new ScriptedClient();
  const raw = record.raw.bind(record);
  record.raw = (bytes) => {
    seeds.push(bytes);
    return raw(bytes);
  };
  record.connect().command("createStream", 2, null).send(commandMessage(1, "publish", 0, null, "k"));
  const session = concat(seeds);
  fuzz("server engine", [session], (bytes) => void new ScriptedClient().raw(bytes), 600);
});
