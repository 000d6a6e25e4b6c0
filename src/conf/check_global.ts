/** Rules between global keys. */
import { isHashedCredential, isPlainCredential, plainCredentialHint } from "./credential.ts";
import type { Conf } from "./conf.ts";
import type { KeyPath } from "./raw.ts";

export type Report = (path: KeyPath, text: string) => void;

const maxUdpPayloadSize = 1472;

/** Reports every broken rule that concerns global keys. */
export function checkGlobals(conf: Conf, report: Report): void {
  checkGeneral(conf, report);
  for (const key of ["runOnConnect", "runOnDisconnect"] as const) {
    const problem = blankCommandProblem(conf[key]);
    if (problem !== undefined) report([key], problem);
  }
  checkWebhooks(conf, report);
  checkAuth(conf, report);
  checkAddresses(conf, report);
  if (conf.rtsp) checkRtsp(conf, report);
  if (conf.webrtc) checkWebrtc(conf, report);
  if (conf.hlsCDNSecret !== "" && !isPlainCredential(conf.hlsCDNSecret)) {
    report(["hlsCDNSecret"], plainCredentialHint);
  }
}

function checkGeneral(conf: Conf, report: Report): void {
  for (const key of ["readTimeout", "writeTimeout", "writeQueueSize"] as const) {
    if (conf[key] <= 0) report([key], "must be greater than zero");
  }
  if (conf.writeQueueSize > 0 && !Number.isInteger(Math.log2(conf.writeQueueSize))) {
    report(["writeQueueSize"], "must be a power of two");
  }
  if (conf.udpMaxPayloadSize > maxUdpPayloadSize) {
    report(["udpMaxPayloadSize"], `must be at most ${maxUdpPayloadSize}`);
  }
}

/** MediaMTX crashes when it is to run such a command. */
export function blankCommandProblem(command: unknown): string | undefined {
  const blank = typeof command === "string" && command !== "" && command.trim() === "";
  return blank ? "must be empty or name a command, it has spaces only" : undefined;
}

function checkWebhooks(conf: Conf, report: Report): void {
  for (const [index, { url, timeout }] of conf.webhooks.entries()) {
    const at = (key: string) => ["webhooks", index, key];
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) report(at("url"), "must be an HTTP or HTTPS URL");
    if (timeout <= 0) report(at("timeout"), "must be greater than zero");
  }
}

function checkAuth(conf: Conf, report: Report): void {
  switch (conf.authMethod) {
    case "internal":
      for (const [index, user] of conf.authInternalUsers.entries()) {
        if (user.user === "") {
          report(["authInternalUsers", index, "user"], "must not be empty; 'any' is everybody");
        }
        if (user.user === "any" && user.pass !== "") {
          report(["authInternalUsers", index, "pass"], "must be empty for user 'any', who has no password");
        }
      }
      break;
    case "http":
      checkWebUrl(conf, "authHTTPAddress", report);
      break;
    case "jwt":
      checkWebUrl(conf, "authJWTJWKS", report);
      if (conf.authJWTClaimKey === "") report(["authJWTClaimKey"], "must be set when authMethod is jwt");
  }
}

function checkWebUrl(conf: Conf, key: "authHTTPAddress" | "authJWTJWKS", report: Report): void {
  if (conf[key] === "") report([key], `must be set when authMethod is ${conf.authMethod}`);
  else if (!/^https?:\/\//.test(conf[key])) report([key], "must be an HTTP or HTTPS URL");
}

function checkAddresses(conf: Conf, report: Report): void {
  for (const server of ["api", "metrics", "pprof", "playback", "rtmp", "hls", "webrtc"] as const) {
    const key = `${server}Address` as const;
    if (conf[server] && conf[key] === "") report([key], `must be set when ${server} is enabled`);
  }
  if (conf.moq && conf.moqQUICAddress === "") report(["moqQUICAddress"], "must be set when moq is enabled");
}

function checkRtsp(conf: Conf, report: Report): void {
  const plain = conf.rtspEncryption !== "strict";
  const secure = conf.rtspEncryption !== "no";
  const needed: (keyof Conf)[] = [];
  if (plain) needed.push("rtspAddress");
  if (secure) needed.push("rtspsAddress");
  if (conf.rtspTransports.includes("udp")) {
    if (plain) needed.push("rtpAddress", "rtcpAddress");
    if (secure) needed.push("srtpAddress", "srtcpAddress");
  }
  if (conf.rtspTransports.includes("multicast")) {
    needed.push("multicastIPRange");
    if (plain) needed.push("multicastRTPPort", "multicastRTCPPort");
    if (secure) needed.push("multicastSRTPPort", "multicastSRTCPPort");
  }
  for (const key of needed) {
    if (conf[key] !== "" && conf[key] !== 0) continue;
    const transports = key === "rtspAddress" || key === "rtspsAddress"
      ? ""
      : ` and transport ${key.startsWith("multicast") ? "multicast" : "udp"}`;
    report([key], `must be set with rtsp, rtspEncryption ${conf.rtspEncryption}${transports}`);
  }
  if (conf.rtspAuthMethods.length === 0) report(["rtspAuthMethods"], "must have at least one method");
  if (conf.rtspAuthMethods.includes("digest")) checkDigest(conf, report);
}

/** A digest is computed from the plain password. */
function checkDigest(conf: Conf, report: Report): void {
  if (conf.authMethod !== "internal") {
    report(["rtspAuthMethods"], `digest works with authMethod internal only, not with ${conf.authMethod}`);
    return;
  }
  for (const [index, user] of conf.authInternalUsers.entries()) {
    for (const key of ["user", "pass"] as const) {
      if (!isHashedCredential(user[key])) continue;
      report(["authInternalUsers", index, key], "must not be hashed when rtspAuthMethods has digest");
    }
  }
}

function checkWebrtc(conf: Conf, report: Report): void {
  for (const [index, server] of conf.webrtcICEServers2.entries()) {
    if (!/^(stun|turns?):/.test(server.url)) {
      report(["webrtcICEServers2", index, "url"], "must begin with stun:, turn: or turns:");
    }
  }
  const local = conf.webrtcLocalUDPAddress !== "" || conf.webrtcLocalTCPAddress !== "";
  if (!local && conf.webrtcICEServers2.length === 0) {
    report(
      ["webrtcLocalUDPAddress"],
      "one of webrtcLocalUDPAddress, webrtcLocalTCPAddress and webrtcICEServers2 must be set with webrtc",
    );
  }
  if (local && !conf.webrtcIPsFromInterfaces && conf.webrtcAdditionalHosts.length === 0) {
    report(["webrtcAdditionalHosts"], "must be set when webrtcIPsFromInterfaces is off");
  }
}
