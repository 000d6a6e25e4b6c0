import type { Codec } from "../../src/codecs/codec.ts";
import type { RtpMedia } from "../../src/rtp/format.ts";
import { buildRtpPacket, parseRtpPacket } from "../../src/rtp/packet.ts";
import type { Fanout } from "../../src/stream/fanout.ts";
import { RtpReception } from "../../src/stream/rtp_reception.ts";
import { Stream } from "../../src/stream/stream.ts";
import type { Unit } from "../../src/stream/unit.ts";
import { equal } from "../support/assert.ts";
import { h264, maxRtpPayload, nal, opus, recordLog } from "./support.ts";

const clockRate = 90_000;
const payloadType = 96;
const ssrc = 5;

function receive(codec: Codec, reorder: boolean) {
  const { lines, logger } = recordLog();
  const medias: RtpMedia[] = [{ kind: "video", formats: [{ codec, payloadType, clockRate }] }];
  const stream = new Stream({ medias, logger, gopCache: true, maxRtpPayload });
  const units: Unit[] = [];
  const collector: Fanout = { write: (batch) => void units.push(...batch), close: () => {} };
  stream.fanout("test", () => collector);
  const reception = RtpReception.intoStream(stream, { logger, reorder, useAbsoluteTimestamp: false });
  return { lines, stream, units, reception };
}

function packet(sequence: number, timestamp: number, payload: Uint8Array, marker: boolean): Uint8Array {
  return buildRtpPacket({ payloadType, sequence: sequence & 0xffff, timestamp, ssrc, marker }, [payload])
    .bytes;
}

/** RFC 3550 §5.1: a packet of padding alone, as browsers send to find out what the network takes. */
function padding(sequence: number, timestamp: number, size: number): Uint8Array {
  const bytes = packet(sequence, timestamp, new Uint8Array(size), false);
  if (size > 0) {
    bytes[0] |= 0x20;
    bytes[bytes.length - 1] = size;
  }
  return bytes;
}

/** Two parts of a frame. */
const frames: readonly { readonly codec: Codec; readonly parts: readonly [Uint8Array, Uint8Array] }[] = [
  { codec: { name: "VP8" }, parts: [Uint8Array.of(0x10, 0, 1, 2), Uint8Array.of(0, 3, 4)] },
  { codec: h264, parts: [nal(7), nal(5)] },
  { codec: { name: "MPEG-1/2 Audio" }, parts: [new Uint8Array(4), new Uint8Array(4)] },
  { codec: opus, parts: [Uint8Array.of(0xfc, 1), Uint8Array.of(0xfc, 2)] },
  { codec: { name: "Generic", rtpmap: "private/90000", fmtp: "" }, parts: [nal(1), nal(2)] },
];

for (const { codec, parts } of frames) {
  for (const reorder of [true, false]) {
    const transport = reorder ? "UDP" : "TCP";
    Deno.test(`rtp reception: ${codec.name} over ${transport}, packets without payload are passed over`, () => {
      const run = (probe: boolean) => {
        const { lines, stream, units, reception } = receive(codec, reorder);
        let sequence = 65_530;
        for (let frame = 0; frame < 4; frame++) {
          const timestamp = frame * 3000;
          const send = (bytes: Uint8Array) => reception.receiveRtp(0, bytes, frame * 33);
          send(packet(sequence++, timestamp, parts[0], false));
          if (probe) send(padding(sequence++, timestamp, 0));
          send(packet(sequence++, timestamp, parts[1], true));
          if (probe) { for (const size of [255, 224, 1]) send(padding(sequence++, timestamp, size)); }
          reception.flush(frame * 33);
        }
        const payloads = units.map(({ payload }) => payload);
        const sequences = units.flatMap(({ packets }) =>
          packets.map(({ bytes }) => parseRtpPacket(bytes).sequence)
        );
        reception.close(200);
        stream.close();
        return { lines, payloads, sequences, lost: reception.rtpPacketsLost, packets: reception.rtpPackets };
      };
      const [plain, probed] = [run(false), run(true)];
      equal(probed.packets - plain.packets, 16);
      equal({ ...probed, packets: plain.packets }, plain);
    });
  }
}

Deno.test("rtp reception: a loss beside packets without payload is still one", () => {
  const { units, reception } = receive({ name: "VP8" }, false);
  const frame = Uint8Array.of(0x10, 0, 1, 2);
  reception.receiveRtp(0, packet(1, 0, frame, true), 0);
  reception.receiveRtp(0, padding(2, 0, 100), 0);
  reception.receiveRtp(0, packet(4, 3000, frame, true), 0);
  reception.flush(0);
  equal(units.flatMap(({ packets }) => packets.map(({ sequence }) => sequence)), [1, 3]);
  equal(reception.rtpPacketsLost, 1);
  reception.close(0);
});
