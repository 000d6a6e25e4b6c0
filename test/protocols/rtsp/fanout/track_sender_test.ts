import { RtpStreamWriter } from "../../../../src/rtp/stream_writer.ts";
import { parseRtcp } from "../../../../src/rtp/rtcp/compound.ts";
import { TrackSender } from "../../../../src/protocols/rtsp/fanout/track_sender.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal } from "../../../support/assert.ts";
import { createTracks, nal } from "../../../stream/support.ts";

const clockRate = 90_000;

/** A sender of video, and units with RTP timestamps that are their presentation times. */
function start() {
  const { video } = createTracks();
  const sender = new TrackSender(video, "cname", null);
  const writer = new RtpStreamWriter({ payloadType: 96, sequence: 1, timestampOffset: 0 });
  const send = (pts: number, now: number) => {
    const packets = writer.write([{ parts: [nal(1)], marker: true }], pts);
    sender.sent(Unit.fromPackets(video, pts, now, packets), now);
  };
  const reported = (now: number) => {
    const [report] = parseRtcp(sender.report(now)!);
    return report.kind === "senderReport" ? report.rtpTimestamp : null;
  };
  return { sender, send, reported };
}

Deno.test("reports follow a publisher whose timestamps begin anew far behind", () => {
  const { sender, send, reported } = start();
  send(3600 * clockRate, 1000);
  send(3600 * clockRate + 3000, 1033);
  equal(reported(1033), 3600 * clockRate + 3000);
  send(0, 1066);
  equal(reported(1066), 0);
  send(3000, 1099);
  equal(reported(1099), 3000);
  equal(sender.position(1099), { sequence: 5, timestamp: (3000 - clockRate / 10) >>> 0 });
});

Deno.test("reports do not follow pictures that are sent behind later ones", () => {
  const { send, reported } = start();
  send(0, 1000);
  send(9000, 1033);
  send(3000, 1066);
  equal(reported(1066), 9000 + 33 * clockRate / 1000);
  send(6000, 1100);
  equal(reported(1100), 9000 + 67 * clockRate / 1000);
  send(18000, 1133);
  equal(reported(1133), 18000);
});
