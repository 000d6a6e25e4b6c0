import type { Conf } from "../../src/conf/mod.ts";
import { equal, match } from "../support/assert.ts";
import { errorOf, loadText } from "./support.ts";

/** An old key with its value, the key that has taken over, and what that one gets. */
const aliases: readonly [string, string, unknown][] = [
  ["readBufferCount: 1024", "writeQueueSize", 1024],
  ["rtspDisable: yes", "rtsp", false],
  ["rtspDisable: no", "rtsp", true],
  ["protocols: [tcp]", "rtspTransports", ["tcp"]],
  ["encryption: optional", "rtspEncryption", "optional"],
  ["serverKey: k", "rtspServerKey", "k"],
  ["serverCert: c", "rtspServerCert", "c"],
  ["authMethods: [digest]", "rtspAuthMethods", ["digest"]],
  ["apiAllowOrigin: o", "apiAllowOrigins", ["o"]],
  ["metricsAllowOrigin: o", "metricsAllowOrigins", ["o"]],
  ["pprofAllowOrigin: o", "pprofAllowOrigins", ["o"]],
  ["playbackAllowOrigin: o", "playbackAllowOrigins", ["o"]],
  ["hlsAllowOrigin: o", "hlsAllowOrigins", ["o"]],
  ["webrtcAllowOrigin: o", "webrtcAllowOrigins", ["o"]],
  ["rtmpDisable: yes", "rtmp", false],
  ["hlsDisable: yes", "hls", false],
  ["webrtcDisable: yes", "webrtc", false],
  ["webrtcICEUDPMuxAddress: ':1'", "webrtcLocalUDPAddress", ":1"],
  ["webrtcICETCPMuxAddress: ':1'", "webrtcLocalTCPAddress", ":1"],
  ["webrtcICEHostNAT1To1IPs: [h]", "webrtcAdditionalHosts", ["h"]],
  ["moqHTTPS2Address: ':1'", "moqHTTP2Address", ":1"],
  ["moqHTTPS3Address: ':1'", "moqHTTP3Address", ":1"],
  ["record: yes", "pathDefaults.record", true],
  ["recordPath: '%path/%s'", "pathDefaults.recordPath", "%path/%s"],
  ["recordFormat: mpegts", "pathDefaults.recordFormat", "mpegts"],
  ["recordPartDuration: 2s", "pathDefaults.recordPartDuration", 2000],
  ["recordSegmentDuration: 2h", "pathDefaults.recordSegmentDuration", 7_200_000],
  ["recordDeleteAfter: 3d", "pathDefaults.recordDeleteAfter", 259_200_000],
  ["pathDefaults: {disablePublisherOverride: yes}", "pathDefaults.overridePublisher", false],
  ["pathDefaults: {sourceProtocol: tcp}", "pathDefaults.rtspTransport", "tcp"],
  ["pathDefaults: {sourceAnyPortEnable: yes}", "pathDefaults.rtspAnyPort", true],
  ["pathDefaults: {rpiCameraJPEGQuality: 5}", "pathDefaults.rpiCameraMJPEGQuality", 5],
  ["pathDefaults: {rpiCameraProfile: high}", "pathDefaults.rpiCameraH264Profile", "high"],
  ["pathDefaults: {rpiCameraLevel: '4.2'}", "pathDefaults.rpiCameraH264Level", "4.2"],
  ["pathDefaults: {rpiCameraHardwareH264Profile: high}", "pathDefaults.rpiCameraH264Profile", "high"],
  ["pathDefaults: {rpiCameraHardwareH264Level: '4.2'}", "pathDefaults.rpiCameraH264Level", "4.2"],
  ["pathDefaults: {rpiCameraSoftwareH264Profile: main}", "pathDefaults.rpiCameraH264Profile", "main"],
  ["pathDefaults: {rpiCameraSoftwareH264Level: '4.0'}", "pathDefaults.rpiCameraH264Level", "4.0"],
  ["pathDefaults: {runOnReady: x}", "pathDefaults.runOnAvailable", "x"],
  ["pathDefaults: {runOnReadyRestart: yes}", "pathDefaults.runOnAvailableRestart", true],
  ["pathDefaults: {runOnNotReady: x}", "pathDefaults.runOnUnavailable", "x"],
];

function valueAt(conf: Conf, path: string): unknown {
  let value: unknown = conf;
  for (const step of path.split(".")) value = new Map(Object.entries(value as object)).get(step);
  return value;
}

Deno.test("old names move their value to the present ones, with a warning", async () => {
  for (const [text, target, value] of aliases) {
    const { conf, warnings } = await loadText(text);
    const old = (/\{(\w+)/.exec(text) ?? /^(\w+)/.exec(text) ?? [])[1];
    const shown = text.startsWith("pathDefaults") ? target.slice("pathDefaults.".length) : target;
    equal(valueAt(conf, target), value, text);
    equal(warnings, [`parameter '${old}' is deprecated and has been replaced with '${shown}'`]);
    equal(Object.hasOwn(conf, old) && old !== "record", false, `${old} is left over`);
  }
});

Deno.test("old names in an entry of paths", async () => {
  const { conf } = await loadText(
    "pathDefaults: {runOnReady: a}\npaths: {x: {runOnReady: b}, y: , z: {runOnAvailable: c}}",
  );
  equal(["x", "y", "z"].map((name) => conf.paths.get(name)?.runOnAvailable), ["b", "a", "c"]);
  equal(conf.entries.get("x"), { runOnAvailable: "b" });
});

Deno.test("externalAuthenticationURL selects the HTTP method", async () => {
  const { conf, warnings } = await loadText("externalAuthenticationURL: http://h/auth");
  equal([conf.authMethod, conf.authHTTPAddress], ["http", "http://h/auth"]);
  equal(warnings, [
    "parameter 'externalAuthenticationURL' is deprecated and has been replaced with 'authMethod' and 'authHTTPAddress'",
  ]);
});

Deno.test("old ICE servers are appended to the present ones", async () => {
  const { conf } = await loadText(
    "webrtcICEServers2: [{url: 'stun:a:1'}]\nwebrtcICEServers: ['stun:b:2', 'turn:user:pass:c:3']",
  );
  equal(conf.webrtcICEServers2, [
    { url: "stun:a:1", username: "", password: "", clientOnly: false },
    { url: "stun:b:2", username: "", password: "", clientOnly: false },
    { url: "turn:c:3", username: "user", password: "pass", clientOnly: false },
  ]);
});

Deno.test("deprecated keys that still have an effect stay under their names", async () => {
  const { conf, warnings } = await loadText(
    "authJWTInHTTPQuery: yes\nrtspUDPReadBufferSize: 5\n" +
      "paths: {a: {fallback: /b, playback: no, rtspUDPReadBufferSize: 6, mpegtsUDPReadBufferSize: 7, rtpUDPReadBufferSize: 8}}",
  );
  const path = conf.paths.get("a");
  equal([conf.authJWTInHTTPQuery, conf.rtspUDPReadBufferSize, path?.fallback], [true, 5, "/b"]);
  equal([path?.rtspUDPReadBufferSize, path?.mpegtsUDPReadBufferSize, path?.rtpUDPReadBufferSize], [6, 7, 8]);
  equal(warnings, [
    "parameter 'authJWTInHTTPQuery' is deprecated and will be removed in a future release",
    "the 'fallback' feature is deprecated, use 'alwaysAvailable' instead",
    "parameter 'playback' is deprecated and has no effect",
  ]);
});

Deno.test("old credentials of paths become internal users", async () => {
  const { conf, warnings } = await loadText(`
pathDefaults:
  readUser: reader
  readPass: pw
paths:
  cam: {publishUser: bob, publishPass: "sha256:AAAA", publishIPs: [10.0.0.1]}
  all_others:
  "~^x": {readUser: "", readPass: ""}
`);
  const shown = conf.authInternalUsers.map(({ user, pass, ips, permissions }) => [
    user,
    pass,
    ips.join(),
    permissions.map(({ action, path }) => `${action} ${path}`).join(),
  ]);
  equal(shown, [
    ["any", "", "", "playback "],
    ["any", "", "127.0.0.1/32,::1/128", "api ,metrics ,pprof "],
    ["any", "", "0.0.0.0/0", "publish ~^.*$"],
    ["reader", "pw", "0.0.0.0/0", "read ~^.*$"],
    ["bob", "sha256:AAAA", "10.0.0.1/32", "publish cam"],
    ["reader", "pw", "0.0.0.0/0", "read cam"],
    ["any", "", "0.0.0.0/0", "publish ~^x"],
    ["any", "", "0.0.0.0/0", "read ~^x"],
  ]);
  equal(warnings.length, 1);
  match(warnings[0], /^you are using one or more authentication-related deprecated parameters/);
  equal(conf.entries.get("cam"), {});
});

Deno.test("old credentials and internal users cannot be mixed", async () => {
  const text = "paths: {a: {readUser: bob}}\nauthInternalUsers: ";
  match(
    (await errorOf(`${text}[{user: eve}]`)).message,
    /^mediamtx.yml:2:1: authInternalUsers: cannot be used together/,
  );
  match(
    (await errorOf("paths: {a: {readPass: pw}}")).message,
    /authInternalUsers\[\d\].pass: must be empty for user 'any'/,
  );
});
