/** Chromium as the peer of our ICE: lite and full, over UDP, IPv4 and IPv6, and over TCP, with a restart. No DTLS answers it here. */
import type { IceCandidate, IceCredentials } from "../../../src/protocols/webrtc/contracts.ts";
import {
  type IceMuxOptions,
  type MuxSession,
  parseCandidate,
  serializeCandidate,
} from "../../../src/protocols/webrtc/ice/mod.ts";
import { openMux, Peer } from "../../protocols/webrtc/ice/support/muxes.ts";
import { TestTurnServer } from "../../protocols/webrtc/ice/support/turn_server.ts";
import { waitFor } from "../../protocols/webrtc/ice/support/wait.ts";
import { equal, ok } from "../../support/assert.ts";
import { type Page, withBrowser } from "../support/browser.ts";

/** For a test that hangs. */
const takeOverLimitMs = 120_000;

/** Makes an offer, complete with candidates. */
const makeOffer = `(async () => {
  if (globalThis.pc === undefined) {
    globalThis.pc = new RTCPeerConnection();
    pc.createDataChannel("x");
  } else pc.restartIce();
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== "complete") await new Promise((done) => pc.onicegatheringstatechange = done);
  return pc.localDescription.sdp;
})()`;

const isConnected = `["connected", "completed"].includes(pc.iceConnectionState)`;

function readOffer(
  sdp: string,
): { readonly remote: IceCredentials; readonly candidates: readonly IceCandidate[] } {
  const value = (name: string) => new RegExp(`^a=${name}:(.*)$`, "m").exec(sdp)?.[1].trim() ?? "";
  const lines = sdp.split(/\r?\n/).filter((line) => line.startsWith("a=candidate:"));
  return {
    remote: { ufrag: value("ice-ufrag"), password: value("ice-pwd") },
    candidates: lines.map(parseCandidate),
  };
}

function answer(session: MuxSession, candidates: readonly IceCandidate[]): string {
  const fingerprint = Array.from({ length: 32 }, (_, i) => (i + 16).toString(16).toUpperCase()).join(":");
  return [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    ...session.lite ? ["a=ice-lite"] : [],
    "a=group:BUNDLE 0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    `a=ice-ufrag:${session.local.ufrag}`,
    `a=ice-pwd:${session.local.password}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    "a=setup:passive",
    "a=sctp-port:5000",
    ...candidates.map((candidate) => `a=${serializeCandidate(candidate)}`),
    "a=end-of-candidates",
    "",
  ].join("\r\n");
}

async function give(page: Page, sdp: string): Promise<void> {
  await page.evaluate(`pc.setRemoteDescription({ type: "answer", sdp: ${JSON.stringify(sdp)} })`);
}

async function scenario(page: Page, options: Partial<IceMuxOptions>, lite: boolean): Promise<void> {
  const mux = await openMux(options);
  try {
    const peer = new Peer();
    const session = mux.createSession(peer);
    equal(session.lite, lite);
    const { remote, candidates } = readOffer(await page.evaluate<string>(makeOffer));
    const ours = await session.gather();
    session.start(remote, candidates);
    await give(page, answer(session, ours));
    await page.waitFor(isConnected);
    await waitFor(peer, () => peer.dtls.length > 0);
    equal(peer.states, ["checking", "connected"]);

    const before = session.diagnose().selectedPair;
    const again = readOffer(await page.evaluate<string>(makeOffer));
    ok(again.remote.ufrag !== remote.ufrag);
    session.restart(again.remote);
    for (const candidate of again.candidates) session.addRemoteCandidate(candidate);
    equal(mux.stats.credentials, 2);
    await give(page, answer(session, ours));
    await page.waitFor(isConnected);
    // Nothing calls back when the new credentials have taken over: look after each answer of the page.
    const until = Date.now() + takeOverLimitMs;
    while (mux.stats.credentials > 1 && Date.now() < until) await page.evaluate("1");
    equal(mux.stats.credentials, 1);
    equal(peer.states, ["checking", "connected"]);
    ok(before !== null && session.diagnose().selectedPair !== null);
    session.close();
    equal([mux.stats.sessions, mux.stats.credentials, mux.stats.routes], [0, 0, 0]);
    await page.evaluate("pc.close()");
    await page.evaluate("globalThis.pc = undefined");
  } finally {
    await mux.close();
  }
}

Deno.test("ICE: Chromium connects to us, and again after a restart", async () => {
  const stun = await TestTurnServer.start({ passwordOf: () => "", requestsPerNonce: 100, deaf: 0 });
  const iceServers = [{ url: `stun:127.0.0.1:${stun.port}`, username: "", password: "", clientOnly: false }];
  await using site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response("<!DOCTYPE html><link rel=icon href=data:,>", {
        headers: { "content-type": "text/html" },
      }),
  );
  await withBrowser(async (browser) => {
    const page = await browser.open(`http://127.0.0.1:${site.addr.port}/`);
    await scenario(page, { udpAddress: ":0" }, true);
    await scenario(page, { udpAddress: ":0", udpFastPath: "no" }, true);
    await scenario(page, { udpAddress: ":0", iceServers }, false);
    await scenario(page, { udpAddress: "", tcpAddress: ":0" }, true);
    // A page that may see the camera is told all addresses of the machine, IPv6 among them.
    const trusted = await browser.open(`http://127.0.0.1:${site.addr.port}/`);
    await trusted.evaluate("navigator.mediaDevices.getUserMedia({ video: true }).then(() => {})");
    const ipv6 = { ipsFromInterfaces: false, additionalHosts: ["::1"] };
    await scenario(trusted, { udpAddress: ":0", ...ipv6 }, true);
    await scenario(trusted, { udpAddress: "[::1]:0", udpFastPath: "no", ...ipv6 }, true);
  }, { flags: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] });
  await stun.close();
});
