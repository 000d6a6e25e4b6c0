import { type ConfError, defaultConf, loadConf } from "../../src/conf/mod.ts";
import { equal, rejects } from "../support/assert.ts";
import { errorOf, loadText, memoryIo } from "./support.ts";

Deno.test("without a path, the usual places are searched", async () => {
  const places = [
    "rtsp-simple-server.yml",
    "mediamtx.yml",
    "/usr/local/etc/mediamtx.yml",
    "/usr/etc/mediamtx.yml",
    "/etc/mediamtx/mediamtx.yml",
  ];
  for (const place of places) {
    const files = Object.fromEntries(
      places.slice(places.indexOf(place)).map((name) => [name, `logFile: ${name}`]),
    );
    const loaded = await loadConf(memoryIo({ files }));
    equal([loaded.conf.logFile, loaded.filePath], [place, place.startsWith("/") ? place : `/work/${place}`]);
  }
  const io = memoryIo({});
  const nothing = await loadConf(io);
  equal(io.asked, places);
  equal([nothing.conf, nothing.filePath], [defaultConf(), undefined]);
  equal(nothing.lookedIn, ["/work/rtsp-simple-server.yml", "/work/mediamtx.yml"]);
  equal([nothing.warnings, nothing.notImplemented], [[], []]);
  const windows = memoryIo({ platform: "windows" });
  await loadConf(windows);
  equal(windows.asked, places.slice(0, 2));
});

Deno.test("a path that is given must exist", async () => {
  const files = { "a.yml": "logLevel: warn", "mediamtx.yml": "logLevel: debug" };
  const loaded = await loadConf(memoryIo({ files }), { path: "a.yml" });
  equal([loaded.conf.logLevel, loaded.filePath], ["warn", "/work/a.yml"]);
  await rejects(loadConf(memoryIo({ files }), { path: "b.yml" }), /^ConfError: b.yml: no such file$/);
  const failing = { ...memoryIo({}), readFile: () => Promise.reject(new Error("permission denied")) };
  await rejects(
    loadConf(failing, { path: "a.yml" }),
    /^ConfError: a.yml: cannot be read: permission denied$/,
  );
});

Deno.test("a file without end is not read whole", async () => {
  const endless = {
    ...memoryIo({}),
    readFile: (_: string, atMost = 0) => Promise.resolve(new Uint8Array(atMost)),
  };
  await rejects(loadConf(endless, { path: "/dev/zero" }), /larger than 16777216 bytes/);
});

// Sealed with tweetnacl 1.0.3; the nonce is 1, 2, 3… 24.
const sealed =
  "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYh5JKrMAD7dntkDYSDX9Vx+OCo7h8+j+Ys/ITEiVKpqW3iqdMZlTZrEd2OSQiGg==";
const sealedLongKey = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYnykzFTLf2zaUCJ2I9NmCJYj5s2QpWBuZ1MjXHhdOUQ==";
const longKey = "0123456789abcdefghijklmnopqrstuvwxyz";

Deno.test("encrypted files", async () => {
  for (const name of ["MTX_CONFKEY", "RTSP_CONFKEY"]) {
    const { conf } = await loadText(`${sealed.slice(0, 40)}\r\n${sealed.slice(40)}\n`, {
      env: { [name]: "testing123" },
    });
    equal([conf.logLevel, [...conf.paths.keys()]], ["debug", ["cam"]]);
  }
  equal((await loadText(sealedLongKey, { env: { MTX_CONFKEY: longKey } })).conf.logLevel, "warn");
  equal(
    (await loadText(sealedLongKey, { env: { MTX_CONFKEY: longKey.slice(0, 32) } })).conf.logLevel,
    "warn",
  );
});

Deno.test("encrypted files that cannot be opened", async () => {
  const cases: readonly [string, string][] = [
    [sealed, "testing124"],
    [sealed, ""],
    [`B${sealed.slice(1)}`, "testing123"],
    [sealed.slice(0, -8), "testing123"],
    ["AQID", "testing123"],
    ["", "testing123"],
    ["logLevel: debug", "testing123"],
  ];
  for (const [file, key] of cases) {
    equal((await errorOf(file, { env: { MTX_CONFKEY: key } })).message, "mediamtx.yml: decryption error");
  }
});

Deno.test("no secret ever reaches a message", async () => {
  const secret = "hunter2";
  const texts = [
    `authInternalUsers: [{user: any, pass: ${secret}}]`,
    `authInternalUsers: ${secret}`,
    `authInternalUsers: [${secret}]`,
    `authInternalUsers: [{user: a, pass: "${secret} "}]`,
    `authInternalUsers: [{user: a, pass: {x: ${secret}}}]`,
    `authInternalUsers: [{user: a, password: ${secret}}]`,
    `pathDefaults: {srtReadPassphrase: ${secret}}\npaths: {a: }`,
    `paths: {a: {srtPublishPassphrase: ${secret}, source: redirect}}`,
    `paths: {a: {source: "rtsp://user:${secret}@h:x/"}}`,
    `paths: {a: {source: "rtsp://${secret}@h/"}}`,
    `paths: {a: {source: "${secret}@h"}}`,
    `paths: {a: {source: "srt://?passphrase=${secret}"}}`,
    `paths: {a: {source: redirect, sourceRedirect: "http://u:${secret}@h"}}`,
    `paths: {a: {fallback: "http://u:${secret}@h"}}`,
    `paths: {a: {publishPass: "${secret} "}}`,
    `paths: {a: {readPass: [${secret}]}}`,
    `paths: {a: {forward: [{dest: "rtsp://${secret}@h"}]}}`,
    `paths: {a: {forward: [{dest: "rtsp://h", whipBearerToken: [${secret}]}]}}`,
    `paths: {a: {forward: ${secret}}}`,
    `hlsCDNSecret: "${secret} é"`,
    `webrtcICEServers2: [{url: x, password: {a: ${secret}}}]`,
    `webrtcICEServers: ["x:user:${secret}:h:1"]`,
    `webrtcICEServers: "${secret}"`,
    `authMethod: http\nauthHTTPAddress: "ftp://u:${secret}@h"`,
    `authMethod: jwt\nauthJWTJWKS: "h?token=${secret}"`,
    `pasword: ${secret}`,
  ];
  for (const text of texts) {
    const error: ConfError = await errorOf(text);
    equal(`${error.message}${JSON.stringify(error.issues)}`.includes(secret), false, error.message);
  }
  const { warnings } = await loadText(
    `webrtcICEServers: ["turn:user:${secret}:h:1"]\npaths: {a: {readUser: b, readPass: ${secret}}}`,
  );
  equal(warnings.join().includes(secret), false);
});

Deno.test("keys whose feature is not built are listed when they differ from their default", async () => {
  const { notImplemented } = await loadText(`
logLevel: debug
rtmp: no
hls: yes
srt: on
playback: yes
hlsSegmentCount: 7
hlsVariant: mpegts
authMethod: internal
rtspAddress: :9554
pathDefaults:
  maxReaders: 3
  record: yes
paths:
  plain: {gopCache: no, maxReaders: 1, source: publisher, fallback: /x}
  off: {record: no}
  pulled: {source: "moqt://h/x", alwaysAvailableTracks: []}
  sent: {source: redirect, sourceRedirect: /plain}
  camera: {source: rpiCamera}
`);
  equal(notImplemented, [
    "playback",
    "pathDefaults.record",
    "paths.pulled.source",
    "paths.camera.source",
  ]);
});
