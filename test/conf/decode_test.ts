import { defaultConf } from "../../src/conf/mod.ts";
import { equal, match } from "../support/assert.ts";
import { confOf, errorOf } from "./support.ts";

/** A file, and what its first issue is: line, column, key, value, text. */
const issues: readonly [string, number, number, string, string | undefined, RegExp][] = [
  ["logLevl: debug", 1, 1, "logLevl", undefined, /did you mean 'logLevel'/],
  ["loglevel: debug", 1, 1, "loglevel", undefined, /did you mean 'logLevel'/],
  ["\n  zzzzzzzzzz: 1", 2, 3, "zzzzzzzzzz", undefined, /^unknown key$/],
  ["runOnReady: x", 1, 1, "runOnReady", undefined, /belongs into pathDefaults/],
  ["path:\n  x:", 1, 1, "path", undefined, /did you mean 'paths'/],
  ["paths:\n  cam:\n    rtspAddress: x", 3, 5, "paths.cam.rtspAddress", undefined, /belongs to the top/],
  ["paths:\n  cam:\n    sourceOnDemnd: yes", 3, 5, "paths.cam.sourceOnDemnd", undefined, /'sourceOnDemand'/],
  ["pathDefaults: {maxReader: 1}", 1, 16, "pathDefaults.maxReader", undefined, /'maxReaders'/],
  ["authInternalUsers:\n- usr: x", 2, 3, "authInternalUsers[0].usr", undefined, /'user'/],
  ["__proto__: 1", 1, 1, "__proto__", undefined, /unknown key/],
  ["constructor: 1", 1, 1, "constructor", undefined, /unknown key/],
  ["api: 1", 1, 6, "api", "1", /true or false/],
  ["writeQueueSize: 1.5", 1, 17, "writeQueueSize", "1.5", /whole number/],
  ["writeQueueSize: '8'", 1, 17, "writeQueueSize", '"8"', /whole number/],
  ["udpReadBufferSize: -1", 1, 20, "udpReadBufferSize", "-1", /not negative/],
  ["readTimeout: 10", 1, 14, "readTimeout", "10", /with a unit/],
  ["readTimeout: 10x", 1, 14, "readTimeout", '"10x"', /number and a unit/],
  ["hlsSegmentMaxSize: 50", 1, 20, "hlsSegmentMaxSize", "50", /with a unit/],
  ["hlsSegmentMaxSize:", 1, 1, "hlsSegmentMaxSize", undefined, /number and a unit/],
  ["logLevel: loud", 1, 11, "logLevel", '"loud"', /one of error, warn, info, debug/],
  ["logLevel:", 1, 1, "logLevel", undefined, /one of/],
  ["logDestinations: stdout", 1, 18, "logDestinations", '"stdout"', /must be a list/],
  ["logDestinations: [stdout, disk]", 1, 27, "logDestinations[1]", '"disk"', /one of stdout/],
  ["logDestinations:", 1, 1, "logDestinations", undefined, /write \[\]/],
  ["authInternalUsers:", 1, 1, "authInternalUsers", undefined, /write \[\]/],
  ["authInternalUsers: [bob]", 1, 21, "authInternalUsers[0]", "<redacted>", /must be a map/],
  ["authInternalUsers: [{user: 'a b'}]", 1, 28, "authInternalUsers[0].user", '"a b"', /letters, digits/],
  ["authInternalUsers: [{user: b, ips: }]", 1, 31, "authInternalUsers[0].ips", undefined, /must be a list/],
  ["apiTrustedProxies: [10.0.0.0/99]", 1, 21, "apiTrustedProxies[0]", '"10.0.0.0/99"', /prefix length/],
  ["paths: [a]", 1, 8, "paths", undefined, /must be a map/],
  ["paths:\n  cam: publisher", 2, 8, "paths.cam", '"publisher"', /must be a map/],
  ["pathDefaults: 3", 1, 15, "pathDefaults", "3", /must be a map/],
  ["pathDefaults: {forward: [{}]}", 1, 26, "pathDefaults.forward[0].dest", undefined, /^is missing/],
  [
    "authInternalUsers: [{user: a, permissions: [{path: x}]}]",
    1,
    45,
    "authInternalUsers[0].permissions[0].action",
    undefined,
    /^is missing/,
  ],
  [
    "pathDefaults: {alwaysAvailableTracks: [{codec: MP3}]}",
    1,
    48,
    "pathDefaults.alwaysAvailableTracks[0].codec",
    '"MP3"',
    /one of AV1/,
  ],
  [
    "pathDefaults: {rpiCameraH264Level: 4.1}",
    1,
    36,
    "pathDefaults.rpiCameraH264Level",
    "4.1",
    /must be text/,
  ],
];

Deno.test("issues name line, column, key, value, and the nearest key", async () => {
  for (const [text, line, column, keyPath, value, expected] of issues) {
    const [first] = (await errorOf(text)).issues;
    equal([first.file, first.line, first.column, first.keyPath, first.value], [
      "mediamtx.yml",
      line,
      column,
      keyPath,
      value,
    ], text);
    match(first.text, expected, text);
  }
});

Deno.test("all issues of a file are reported, in the order of its lines", async () => {
  const error = await errorOf("paths: {a: {maxReaders: x}}\nlogLevl: x\napi: 3\nwriteQueueSize: x\n");
  equal(error.issues.map((issue) => issue.line), [1, 2, 3, 4]);
  equal(error.message.split("\n")[1], "mediamtx.yml:2:1: logLevl: unknown key, did you mean 'logLevel'?");
});

Deno.test("long values and long lists of issues are shortened", async () => {
  const error = await errorOf(Array.from({ length: 50 }, (_, i) => `unknown${i}: x`).join("\n"));
  equal([error.issues.length, error.message.split("\n").length], [50, 21]);
  match((await errorOf(`logLevel: ${"x".repeat(500)}`)).message, /^.{1,250}$/);
});

Deno.test("null keeps the default, except where it means something", async () => {
  const conf = await confOf(
    "api:\nlogFile:\nwriteQueueSize:\nhlsMuxerCloseAfter:\nrtspDisable:\npathDefaults:\npaths:\n",
  );
  equal(conf, { ...defaultConf(), hlsMuxerCloseAfter: 0 });
  const defaults = await confOf("pathDefaults:\n  source:\n  rtspRangeType:\n  runOnDemandCloseAfter:\n");
  equal(defaults.pathDefaults, { ...defaultConf().pathDefaults, runOnDemandCloseAfter: 0 });
  const path = await confOf(
    "pathDefaults: {recordDeleteAfter: 2d}\npaths: {a: {recordDeleteAfter: , forward: , gopCache: }, b: }",
  );
  equal(path.entries.get("a"), {});
  equal(path.paths.get("a")?.recordDeleteAfter, 172_800_000);
  const users = await confOf(
    "authInternalUsers: [{user: a, pass: , ips: [], permissions: [{action: read, path: }]}]",
  );
  equal(users.authInternalUsers, [{
    user: "a",
    pass: "",
    ips: [],
    permissions: [{ action: "read", path: "" }],
  }]);
});

Deno.test("values come in their loaded form", async () => {
  const conf = await confOf(`
readTimeout: 1m30s
hlsSegmentMaxSize: 1.5K
rtspTransports: [udp, tcp, udp]
rtspEncryption: "yes"
rtmpEncryption: "false"
apiTrustedProxies: [10.1.2.3/8, "::1"]
logDestinations: []
pathDefaults: {rpiCameraFPS: 29.97, rtspUDPSourcePortRange: [1, 2], rpiCameraAWBGains: [1, 0.5]}
`);
  equal([conf.readTimeout, conf.hlsSegmentMaxSize, conf.rtspTransports], [90_000, 1536, ["tcp", "udp"]]);
  equal([conf.rtspEncryption, conf.rtmpEncryption, conf.logDestinations], ["strict", "no", []]);
  equal(conf.apiTrustedProxies, ["10.0.0.0/8", "::1/128"]);
  const { rpiCameraFPS, rtspUDPSourcePortRange, rpiCameraAWBGains } = conf.pathDefaults;
  equal([rpiCameraFPS, rtspUDPSourcePortRange, rpiCameraAWBGains], [29.97, [1, 2], [1, 0.5]]);
});

Deno.test("an entry overrides pathDefaults with what it names, also with false, 0 and empty lists", async () => {
  const conf = await confOf(`
pathDefaults:
  maxReaders: 5
  overridePublisher: false
  forward: [{dest: "rtsp://h/x"}]
  runOnRead: cmd
paths:
  same:
  other: {name: ignored, maxReaders: 0, overridePublisher: true, forward: [], runOnRead: ""}
  __proto__: {maxReaders: 9}
`);
  const shown = [...conf.paths].map(([key, path]) => [
    key,
    path.name,
    path.maxReaders,
    path.overridePublisher,
    path.forward.length,
    path.runOnRead,
  ]);
  equal(shown, [
    ["same", "same", 5, false, 1, "cmd"],
    ["other", "other", 0, true, 0, ""],
    ["__proto__", "__proto__", 9, false, 1, "cmd"],
  ]);
  equal(conf.entries.get("other"), { maxReaders: 0, overridePublisher: true, forward: [], runOnRead: "" });
});
