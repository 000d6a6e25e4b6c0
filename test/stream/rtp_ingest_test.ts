import type { Codec } from "../../src/codecs/codec.ts";
import { maxUnitPackets } from "../../src/rtp/payload/payload.ts";
import { RtpIngest, type RtpIngestOptions } from "../../src/stream/rtp_ingest.ts";
import { StreamClock } from "../../src/stream/timestamps.ts";
import { tracksFromMedias } from "../../src/stream/track.ts";
import type { Unit } from "../../src/stream/unit.ts";
import { equal, ok } from "../support/assert.ts";
import { createTracks, maxRtpPayload, nal, packet } from "./support.ts";

function start(options: Partial<RtpIngestOptions> = {}) {
  const out: Unit[] = [];
  const remuxed: string[] = [];
  const { video } = createTracks();
  const onRemux = (reason: string) => remuxed.push(reason);
  const ingest = new RtpIngest({ track: video, clock: new StreamClock(), out, onRemux, ...options });
  return { ingest, out, remuxed, video: options.track ?? video };
}

const numbers = (unit: Unit) => unit.packets.map(({ sequence }) => sequence);

Deno.test("a unit ends with its mark", () => {
  const { ingest, out } = start();
  ingest.push(packet(1, 100, nal(7), false), 1000);
  ingest.push(packet(2, 100, nal(5), false), 1000);
  equal(out.length, 0);
  ingest.push(packet(3, 100, nal(5)), 1000);
  ingest.push(packet(4, 3100, nal(1)), 1033);
  equal(out.map(numbers), [[1, 2, 3], [4]]);
  equal(out.map(({ pts }) => pts), [0, 3000]);
  equal(out[0].ntp, 1000);
});

Deno.test("a unit without its mark ends where the timestamp changes", () => {
  const { ingest, out } = start();
  ingest.push(packet(1, 0xffffff00, nal(5), false), 0);
  ingest.push(packet(3, 2744, nal(1), false), 0);
  ingest.push(packet(4, 2744, nal(1)), 0);
  equal(out.map(numbers), [[1], [3, 4]]);
  equal(out.map(({ pts }) => pts), [0, 3000], "across the wraparound");
});

Deno.test("units pass through with the publisher's own packets", () => {
  const { ingest, out, remuxed } = start();
  const one = packet(1, 0, nal(5, maxRtpPayload));
  ingest.push(one, 0);
  equal(out[0].packets, [one]);
  equal(remuxed, []);
});

Deno.test("packets that are too large are made anew, with numbers and timestamps that go on", () => {
  const { ingest, out, remuxed } = start();
  ingest.push(packet(10, 500, nal(5)), 0);
  ingest.push(packet(11, 3500, nal(1, 2500)), 0);
  ingest.push(packet(12, 6500, nal(1)), 0);
  const packets = out.flatMap((unit) => unit.packets);
  equal(packets.map(({ sequence, timestamp }) => [sequence, timestamp]), [
    [10, 500],
    [11, 3500],
    [12, 3500],
    [13, 3500],
    [14, 6500],
  ]);
  ok(packets.every(({ payload }) => payload.length <= maxRtpPayload));
  equal(remuxed, ["RTP packets are too big (2500 > 1000), remuxing them into smaller ones"]);
});

Deno.test("packets that are too large stay as they are when nothing is known about what they hold", () => {
  const codec: Codec = { name: "Generic", rtpmap: "vnd.onvif.metadata/90000", fmtp: "" };
  const format = { codec, payloadType: 107, clockRate: 90000 };
  const [track] = tracksFromMedias([{ kind: "application", formats: [format] }], maxRtpPayload);
  const { ingest, out, remuxed } = start({ track });
  const packets = [
    packet(1, 0, new Uint8Array(maxRtpPayload + 1), false, 107),
    packet(2, 0, new Uint8Array(10), true, 107),
    packet(4, 3000, new Uint8Array(10), true, 107),
  ];
  for (const each of packets) ingest.push(each, 0);
  equal(out.flatMap((unit) => unit.packets), packets, "with the marks that end a document");
  equal(remuxed, []);
});

Deno.test("packetization mode 0 becomes mode 1", () => {
  const { video } = createTracks();
  video.codec = { name: "H264", packetizationMode: 0 };
  const { remuxed, ingest, out } = start({ track: video });
  equal(video.codec, { name: "H264", packetizationMode: 1 });
  equal(remuxed.length, 1);
  ingest.push(packet(1, 0, nal(5)), 0);
  equal(out.length, 1);
});

Deno.test("a unit without end is given up", () => {
  const { ingest, out, video } = start();
  const errors: string[] = [];
  video.reportError = (text) => errors.push(text);
  for (let i = 0; i <= maxUnitPackets; i++) ingest.push(packet(i & 0xffff, 0, nal(1, 2), false), 0);
  equal(errors.length, 1);
  ingest.push(packet(5, 1, nal(5)), 0);
  equal(out.map(numbers), [[5]]);
});

Deno.test("units without the publisher's time are left out where it is asked for", () => {
  let missing = 0;
  const known = new Map([[3000, 777]]);
  const { ingest, out } = start({
    absoluteTime: (timestamp) => known.get(timestamp) ?? null,
    onMissingAbsoluteTime: () => missing++,
  });
  ingest.push(packet(1, 0, nal(5)), 0);
  ingest.push(packet(2, 3000, nal(1)), 0);
  equal([out.length, missing, out[0].ntp], [1, 1, 777]);
});
