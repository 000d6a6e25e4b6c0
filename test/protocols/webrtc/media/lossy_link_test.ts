import { WebrtcFanout, WebrtcReceiver } from "../../../../src/protocols/webrtc/media/mod.ts";
import { portableCrypto } from "../../../../src/rtp/srtp/mod.ts";
import type { Unit } from "../../../../src/stream/unit.ts";
import { equal, ok } from "../../../support/assert.ts";
import { recordLog } from "../../../stream/support.ts";
import { Link } from "./support/link.ts";
import {
  createStream,
  digest,
  h264,
  media,
  negotiated,
  peerKeys,
  picture,
  serverKeys,
  start,
  videoMedia,
} from "./support/media.ts";

interface Scenario {
  readonly loss: number;
  readonly rtx: boolean;
  readonly seed: number;
  readonly repair?: boolean;
}

/** Our sender, two lossy links and our receiver, for `frames` pictures of 30 a second. */
function run({ loss, rtx, seed, repair = true }: Scenario, frames: number) {
  const { stream, logger } = createStream([videoMedia]);
  const [track] = stream.tracks;
  const there = new Link({ loss, delayMs: 15, jitterMs: 12, duplicates: 0.02, seed });
  const back = new Link({ loss, delayMs: 15, jitterMs: 5, duplicates: 0.02, seed: seed + 1 });
  const codec = negotiated(h264, 102, { nack: repair, ...(rtx ? {} : { rtxPayloadType: null }) });
  const medias = [media("video", [codec], { trackId: 0 })];
  const fanout = stream.fanout("webrtc", () => new WebrtcFanout(stream, logger));
  const { ssrc, rtxSsrc } = fanout.trackSender(0);
  let now = start;
  const reader = fanout.addReader({
    medias,
    keys: serverKeys,
    crypto: portableCrypto,
    room: (size) => new Uint8Array(size),
    send: (batch) => there.send(batch, now),
    onError: (reason) => {
      throw new Error(reason);
    },
  }, now);
  const received = createStream([videoMedia]);
  const units: Unit[] = [];
  received.stream.fanout("test", () => ({ write: (some) => void units.push(...some), close() {} }));
  const receiver = new WebrtcReceiver({
    medias: [media("video", [codec], { sources: [{ ssrc, rtxSsrc: rtx ? rtxSsrc : null }] })],
    keys: peerKeys,
    crypto: portableCrypto,
    logger: recordLog().logger,
    send: (batch) => back.send(batch, now),
    gatherTimeoutMs: 1000,
    onTracks: () => receiver.attach({ stream: received.stream, useAbsoluteTimestamp: false }, now),
    onError: () => {},
  });
  const sent: Unit[] = [];
  let keyWanted = true;
  stream.onKeyFrameRequest(() => keyWanted = true);
  for (let ms = 0; ms < frames * 100 / 3 + 2000; ms += 5) {
    now = start + ms;
    while (sent.length < frames && sent.length * 100 / 3 <= ms) {
      sent.push(picture(track, sent.length, { key: keyWanted }));
      keyWanted = false;
      stream.write(sent.slice(-1), now);
    }
    if (ms % 20 === 0) {
      reader.tick(now);
      receiver.tick(now);
    }
    const forward = there.take(now);
    if (forward.length > 0) receiver.receive(forward, now);
    const backward = back.take(now);
    if (backward.length > 0) reader.receive(backward, now);
  }
  const wanted = new Set(sent.map(digest));
  const whole = units.filter((unit) => wanted.has(digest(unit))).length;
  const result = { whole, units, there, reader: reader.stats, receiver: receiver.stats };
  reader.close();
  receiver.close();
  return result;
}

const scenarios: readonly (Scenario & { readonly least: number })[] = [
  { loss: 0, rtx: true, seed: 1, least: 300 },
  { loss: 0.05, rtx: true, seed: 2, least: 297 },
  { loss: 0.05, rtx: false, seed: 3, least: 297 },
  { loss: 0.2, rtx: true, seed: 4, least: 285 },
  { loss: 0.2, rtx: false, seed: 5, least: 285 },
];

Deno.test("WebRTC media: without repair a lossy link breaks pictures", () => {
  const { whole } = run({ loss: 0.05, rtx: false, seed: 2, repair: false }, 300);
  ok(whole < 270, `${whole} of 300 pictures are whole`);
});

for (const { least, ...scenario } of scenarios) {
  const name = `${scenario.loss * 100} % loss, repaired ${scenario.rtx ? "with RTX" : "by repetition"}`;
  Deno.test(`WebRTC media: ${name}`, () => {
    const { whole, units, there, reader, receiver } = run(scenario, 300);
    ok(whole >= least, `${whole} of 300 pictures are whole, expected ${least}`);
    ok(units.every((unit, i) => i === 0 || unit.pts > units[i - 1].pts), "times go back");
    // Of the packets before the very first one nobody knows.
    ok(300 - whole <= receiver.inboundRTPPacketsLost + 1, "a picture is broken, but nothing is missing");
    // Repetitions stay in proportion to the loss.
    ok(there.sent < 300 * 5 * (1 + 2.5 * scenario.loss) + 60, `${there.sent} packets were sent`);
    equal(reader.outboundFramesDiscarded, 0);
  });
}
