import { compareConfs } from "../../src/paths/conf_change.ts";
import type { SourceHost } from "../../src/paths/path.ts";
import { equal } from "../support/assert.ts";
import {
  access,
  confOf,
  type Entries,
  medias,
  pathConf,
  start,
  TestPublisher,
  TestReader,
} from "./support.ts";

/** Publishes to and reads `cam` under `before`, loads `after`, tells what is left. */
async function reloaded(before: Entries, after: Entries) {
  await using server = start(before);
  const publisher = new TestPublisher();
  const reader = new TestReader();
  await server.publish("cam", publisher);
  await server.paths.addReader(access("cam"), reader);
  server.paths.reload(confOf(after));
  const path = server.paths.get("cam");
  const closes = [...publisher.closes, ...reader.closes];
  return {
    kept: path !== null && path.readers.length === 1 && path.source !== null && closes.length === 0,
    confName: path?.confName ?? null,
    closes,
  };
}

Deno.test("reload: what becomes of a live path", async () => {
  const changed = ["configuration has changed", "configuration has changed"];
  const removed = ["path is not configured anymore", "path is not configured anymore"];
  const cases: readonly [
    text: string,
    before: Entries,
    after: Entries,
    confName: string | null,
    closes: string[],
  ][] = [
    ["unchanged", { cam: {} }, { cam: {} }, "cam", []],
    ["others change", { cam: {}, x: {} }, { cam: {}, y: { maxReaders: 1 } }, "cam", []],
    ["hot keys", { cam: {} }, { cam: { record: true, recordPath: "./r/%path/%s" } }, "cam", []],
    ["hot limits", { cam: {} }, { cam: { maxReaders: 1, overridePublisher: false } }, "cam", []],
    ["hot camera key", { cam: {} }, { cam: { rpiCameraBrightness: 0.5 } }, "cam", []],
    ["other key", { cam: {} }, { cam: { useAbsoluteTimestamp: true } }, "cam", changed],
    ["hook", { cam: {} }, { cam: { runOnUnread: "x" } }, "cam", []],
    [
      "hot and other keys",
      { cam: {} },
      { cam: { record: true, useAbsoluteTimestamp: true } },
      "cam",
      changed,
    ],
    ["removed", { cam: {} }, {}, null, removed],
    ["now matched by an equal expression", { cam: {} }, { all_others: {} }, "all_others", []],
    [
      "now matched by a different one",
      { cam: {} },
      { all_others: { useAbsoluteTimestamp: true } },
      null,
      changed,
    ],
    ["a specific entry appears", { all_others: {} }, { cam: { record: true }, all_others: {} }, "cam", []],
    ["a different one appears", { all_others: {} }, { cam: { useAbsoluteTimestamp: true } }, "cam", changed],
    ["expression renamed", { all_others: {} }, { "~^c": {} }, "~^c", []],
    ["expression unchanged", { "~^c": {} }, { "~^c": {} }, "~^c", []],
    ["expression changed", { "~^c": {} }, { "~^c": { fallback: "/x" } }, null, changed],
    ["expression removed", { "~^c": {} }, { "~^x": {} }, null, removed],
  ];
  for (const [text, before, after, confName, closes] of cases) {
    equal(await reloaded(before, after), { kept: closes.length === 0, confName, closes }, text);
  }
});

Deno.test("reload: plain names live at once, unused ones of expressions go", async () => {
  await using server = start({ a: {}, b: {} });
  server.paths.reload(confOf({ b: {}, c: {} }));
  equal(server.paths.list().map((path) => path.name), ["b", "c"]);
  server.paths.reload(confOf({ all_others: {} }));
  equal(server.paths.list(), []);
});

Deno.test("reload: new values of hot keys reach new clients", async () => {
  await using server = start({ cam: {} });
  await server.publish("cam", new TestPublisher());
  server.paths.reload(confOf({ cam: { recordPath: "./new/%path/%s" } }));
  const seat = await server.paths.addReader(access("cam"), new TestReader());
  equal(seat.conf.recordPath, "./new/%path/%s");
});

Deno.test("reload: between authorize and publish", async () => {
  await using server = start({ cam: {} });
  const conf = await server.paths.authorize(access("cam"), "publish");
  server.paths.reload(confOf({ cam: {} }));
  const seat = await server.paths.addPublisher(access("cam"), new TestPublisher(), medias, conf);
  seat.leave();
  for (const entry of [{ maxReaders: 3 }, { record: true }]) {
    server.paths.reload(confOf({ cam: entry }));
    equal(
      await server.failure(server.paths.addPublisher(access("cam"), new TestPublisher(), medias, conf)),
      "UserError: configuration has changed",
    );
  }
});

Deno.test("reload: while a client is being authenticated", async () => {
  await using server = start({ cam: {} });
  const reading = server.failure(server.paths.addReader(access("cam"), new TestReader()));
  server.paths.reload(confOf({ other: {} }));
  equal(await reading, "UserError: path 'cam' is not configured");
});

Deno.test("reload: those who wait are told", async () => {
  const log: string[] = [];
  await using server = start({ cam: { runOnDemand: "x" } }, {
    createOnDemandSource: () => ({
      start: () => void log.push("start"),
      stop: (reason) => void log.push(reason),
    }),
  });
  const reading = server.failure(server.paths.addReader(access("cam"), new TestReader(), true));
  server.paths.reload(confOf({ cam: { runOnDemand: "x", useAbsoluteTimestamp: true } }));
  equal(await reading, "UserError: configuration has changed");
  equal(log, ["start", "path destroyed"]);
});

Deno.test("reload: comparing looks at the values, not at the objects", () => {
  const forward = () => [{ dest: "rtmp://a", destFingerprint: "", whipBearerToken: "" }];
  equal(compareConfs(pathConf("a", { forward: forward() }), pathConf("a", { forward: forward() })), "same");
  equal(compareConfs(pathConf("a", { forward: forward() }), pathConf("a", { forward: [] })), "hot");
  equal(compareConfs(pathConf("a"), pathConf("a", { fallback: "/x" })), "restart");
  equal(compareConfs(pathConf("a", { fallback: "/x" }), pathConf("a")), "restart");
  equal(compareConfs(pathConf("~^a"), pathConf("~^b")), "same");
});

Deno.test("reload: an expression with other groups makes another source", async () => {
  const source = "rtsp://host/$G1";
  const expression = (name: string) => ({ [name]: { source, sourceOnDemand: true } });
  const before = "~^cam_(.*)$";
  for (
    const [after, closed] of [[before, false], ["~^(?:cam)_(.*)$", false], ["~^(cam)_.*$", true]] as const
  ) {
    await using server = start(expression(before), {
      createSource: (host: SourceHost) => {
        return {
          type: "rtspSource",
          status: { state: "idle", lastError: null, lastErrorAt: null, attempts: 0 },
          start: () => void host.attach(new TestPublisher("", "rtspSource"), medias),
          stop: () => Promise.resolve(),
        };
      },
    });
    const reader = new TestReader();
    await server.paths.addReader(access("cam_1"), reader);
    server.paths.reload(confOf(expression(after)));
    equal(reader.closes, closed ? ["configuration has changed"] : [], after);
  }
});
