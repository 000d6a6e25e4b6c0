import { AuthError } from "../../src/auth/mod.ts";
import { NoStreamError } from "../../src/paths/contracts.ts";
import { equal, ok } from "../support/assert.ts";
import { access, medias, pathConf, start, TestPublisher, TestReader } from "./support.ts";

Deno.test("paths: exact name, then expressions by name, all_others last", async () => {
  await using server = start({
    all_others: {},
    "~^cam": {},
    "~^cam1$": {},
    "~1$": {},
    cam1: {},
  });
  const cases: readonly [name: string, confName: string][] = [
    ["cam1", "cam1"],
    ["cam2", "~^cam"],
    ["xcam1", "~1$"],
    ["other", "all_others"],
    ["~1$", "~1$"],
    ["all_others", "all_others"],
  ];
  for (const [name, confName] of cases) {
    equal((await server.paths.authorize(access(name), "read")).name, confName, name);
    const seat = await server.publish(name, new TestPublisher());
    equal(server.paths.get(name)?.confName, confName, name);
    seat.leave();
  }
});

Deno.test("paths: names that are invalid or not configured are told before authentication", async () => {
  await using server = start({ cam: {}, "~^x": {} }, { auth: { authInternalUsers: [] } });
  const cases: readonly [name: string, text: string][] = [
    ["other", "UserError: path 'other' is not configured"],
    ["/x", "UserError: invalid path name: can't begin with a slash (/x)"],
    ["x/../y", "UserError: invalid path name: can't contain dot path segments (x/../y)"],
  ];
  for (const [name, text] of cases) {
    equal(await server.failure(server.paths.authorize(access(name), "publish")), text);
    equal(await server.failure(server.paths.describe(access(name))), text);
    equal(await server.failure(server.paths.addReader(access(name), new TestReader())), text);
    equal(await server.failure(server.paths.addReader(access(name), new TestReader(), true)), text);
    const publishing = server.paths.addPublisher(access(name), new TestPublisher(), medias, pathConf(name));
    equal(await server.failure(publishing), text);
  }
  const refused = await server.paths.describe(access("cam")).catch((error: unknown) => error);
  ok(refused instanceof AuthError && refused.challenge);
});

Deno.test("paths: publish and read are different permissions", async () => {
  const permissions = [{ action: "read" as const, path: "cam" }];
  await using server = start({ cam: {}, other: {} }, {
    auth: { authInternalUsers: [{ user: "any", pass: "", ips: [], permissions }] },
  });
  const refused = "AuthError: failed to authenticate: authentication failed";
  equal(await server.failure(server.paths.authorize(access("cam"), "read")), "no failure");
  equal(await server.failure(server.paths.authorize(access("cam"), "publish")), refused);
  equal(await server.failure(server.paths.authorize(access("other"), "read")), refused);
  equal(await server.failure(server.paths.addReader(access("other"), new TestReader())), refused);
  const missing = "NoStreamError: no stream is available on path 'other'";
  equal(await server.failure(server.paths.addReader(access("other"), new TestReader(), true)), missing);
});

Deno.test("paths: publish, describe, read, leave", async () => {
  await using server = start({ cam: {} });
  const missing = "NoStreamError: no stream is available on path 'cam'";
  equal(await server.failure(server.paths.describe(access("cam"))), missing);
  equal(await server.failure(server.paths.addReader(access("cam"), new TestReader())), missing);
  ok(await server.paths.describe(access("cam")).catch((error: unknown) => error) instanceof NoStreamError);

  const published = await server.publish("cam", new TestPublisher());
  const described = await server.paths.describe(access("cam"));
  ok(described.kind === "stream" && described.stream === published.stream);
  equal(described.conf.name, "cam");
  const reader = new TestReader();
  const seat = await server.paths.addReader(access("cam"), reader);
  equal(seat.stream, published.stream);
  equal(seat.pathName, "cam");
  equal(await server.paths.addReader(access("cam"), reader), seat, "the same reader keeps its seat");
  equal(server.paths.get("cam")?.readers.length, 1);
  seat.leave();
  seat.leave();
  equal(server.paths.get("cam")?.readers, []);
  equal(reader.closes, []);
  published.leave();
  equal(await server.failure(server.paths.describe(access("cam"))), missing);
  equal(server.lines, [
    "debug [path cam] created",
    "info [path cam] stream is available and online, 2 tracks (Opus, G711)",
  ]);
});

Deno.test("paths: a publisher gives way to another", async () => {
  await using server = start({ cam: {} });
  const first = new TestPublisher("p1");
  const reader = new TestReader();
  const seat = await server.publish("cam", first);
  await server.paths.addReader(access("cam"), reader);
  const second = await server.publish("cam", new TestPublisher("p2"));
  equal(first.closes, ["replaced by another publisher"]);
  equal(reader.closes, ["publisher has been replaced"]);
  equal(server.paths.get("cam")?.source, { type: "rtspSession", id: "p2" });
  equal(server.paths.get("cam")?.readers, []);
  seat.leave();
  equal(server.paths.get("cam")?.source?.id, "p2", "the first one's place is not the second one's");
  ok((await server.paths.addReader(access("cam"), reader)).stream === second.stream);
  equal(server.lines.slice(2), [
    "info [path cam] closing existing publisher",
    "info [path cam] stream is available and online, 2 tracks (Opus, G711)",
  ]);
});

Deno.test("paths: a publisher stays when it must not be replaced", async () => {
  await using server = start({ cam: { overridePublisher: false } });
  const first = new TestPublisher("p1");
  const seat = await server.publish("cam", first);
  const text = "UserError: someone is already publishing to path 'cam'";
  equal(await server.failure(server.publish("cam", new TestPublisher("p2"))), text);
  equal(first.closes, []);
  seat.leave();
  await server.publish("cam", new TestPublisher("p2"));
});

Deno.test("paths: only paths with source publisher can be published to", async () => {
  await using server = start({
    cam: { source: "rtsp://host/x" },
    moved: { source: "redirect", sourceRedirect: "/cam" },
    "~^dyn": { source: "rtsp://host/x", sourceOnDemand: true },
  });
  for (const name of ["cam", "moved", "dyn1"]) {
    const text = `UserError: can't publish to path '${name}' since 'source' is not 'publisher'`;
    equal(await server.failure(server.publish(name, new TestPublisher())), text);
  }
  equal(server.paths.get("dyn1"), null);
});

Deno.test("paths: maxReaders", async () => {
  await using server = start({ cam: { maxReaders: 2 } });
  await server.publish("cam", new TestPublisher());
  const seats = [];
  for (const id of ["a", "b"]) seats.push(await server.paths.addReader(access("cam"), new TestReader(id)));
  const third = new TestReader("c");
  const full = "UserError: maximum reader count reached";
  equal(await server.failure(server.paths.addReader(access("cam"), third)), full);
  seats[0].leave();
  await server.paths.addReader(access("cam"), third);
  equal(server.paths.get("cam")?.readers.map((reader) => reader.id), ["b", "c"]);
  // parts of the server are no viewers
  await server.paths.addReader(access("cam"), new TestReader("muxer", "hidden"));
  seats[1].leave();
  await server.paths.addReader(access("cam"), new TestReader("d"));
  equal(server.paths.get("cam")?.readers.map((reader) => reader.id), ["c", "d"]);
});

Deno.test("paths: redirect and fallback answer a describe", async () => {
  await using server = start({
    moved: { source: "redirect", sourceRedirect: "rtsp://other/cam" },
    cam: { fallback: "/backup" },
  });
  equal(await server.paths.describe(access("moved")), { kind: "redirect", to: "rtsp://other/cam" });
  equal(await server.paths.describe(access("cam")), { kind: "redirect", to: "/backup" });
  for (const name of ["moved", "cam"]) {
    const text = `NoStreamError: no stream is available on path '${name}'`;
    equal(await server.failure(server.paths.addReader(access(name), new TestReader())), text);
  }
  equal(server.paths.get("moved")?.source, { type: "redirect", id: "" });
  await server.publish("cam", new TestPublisher());
  equal((await server.paths.describe(access("cam"))).kind, "stream");
});

Deno.test("paths: a path of an expression lives while it is used", async () => {
  await using server = start({ all_others: {} });
  equal(server.paths.list(), []);
  await server.failure(server.paths.describe(access("a")));
  await server.failure(server.paths.addReader(access("b"), new TestReader()));
  equal(server.paths.list(), []);
  const published = await server.publish("c", new TestPublisher());
  const seat = await server.paths.addReader(access("c"), new TestReader());
  seat.leave();
  equal(server.paths.list().map((path) => path.name), ["c"]);
  published.leave();
  equal(server.paths.list(), []);
  equal(server.lines.slice(-1), ["debug [path c] destroyed: not in use"]);
});

Deno.test("paths: snapshots", async () => {
  await using server = start({ b: {}, a: { gopCache: "no" } });
  const before = Date.now();
  await server.publish("b", new TestPublisher("p", "webRTCSession"));
  for (
    const [type, id] of [["srtConn", "2"], ["rtspSession", "1"], ["hlsSession", "3"], [
      "rtspSession",
      "0",
    ]] as const
  ) {
    await server.paths.addReader(access("b"), new TestReader(id, type));
  }
  const [a, b] = server.paths.list();
  const stats = {
    inboundBytes: 0,
    inboundFrames: 0,
    inboundFramesInError: 0,
    outboundBytes: 0,
    outboundFrames: 0,
  };
  const absent = { source: null, sourceStatus: null, availableTime: null, lastOnlineTime: null };
  equal(a, { name: "a", confName: "a", ...absent, tracks: [], readers: [], stats });
  equal(b.source, { type: "webRTCSession", id: "p" });
  ok(b.availableTime !== null && b.availableTime >= before && b.availableTime <= Date.now());
  equal(b.lastOnlineTime, b.availableTime);
  equal(b.tracks.map((track) => track.codec.name), ["Opus", "G711"]);
  equal(b.readers.map((reader) => reader.type + reader.id), [
    "hlsSession3",
    "rtspSession0",
    "rtspSession1",
    "srtConn2",
  ]);
  equal(b.stats, stats);
});

Deno.test("paths: who watches streams is told of those that are there and of those that begin", async () => {
  await using server = start({ first: {}, all_others: {} });
  await server.publish("first", new TestPublisher("p1"));
  const told: string[] = [];
  const end = server.paths.watchStreams((name, conf) => void told.push(`${name} ${conf.name}`));
  equal(told, ["first first"]);
  const second = await server.publish("second", new TestPublisher("p2"));
  second.leave();
  await server.publish("first", new TestPublisher("p3"));
  equal(told, ["first first", "second all_others", "first first"]);
  end();
  await server.publish("third", new TestPublisher("p4"));
  equal(told.length, 3);
});

Deno.test("paths: parts of the server read without being shown, and take no seat", async () => {
  await using server = start({ cam: { maxReaders: 1 } });
  await server.publish("cam", new TestPublisher());
  const seat = await server.paths.addReader(access("cam"), new TestReader("h", "hidden"));
  equal(server.paths.get("cam")!.readers, []);
  const viewer = await server.paths.addReader(access("cam"), new TestReader("r"));
  equal(
    await server.failure(server.paths.addReader(access("cam"), new TestReader("s"))),
    "UserError: maximum reader count reached",
  );
  viewer.leave();
  seat.leave();
});
