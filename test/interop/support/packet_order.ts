/** Decoding and presentation times as a demuxer reports them, and whether they can be those of a whole stream. */
import { Client } from "./client.ts";

const timeLimitMs = 120_000;
const fewestPackets = 25;
/** RTMP counts milliseconds: 25 frames a second come to 40 exactly, other clocks are rounded on the way. */
const frameMs = 40;
const roundingMs = 2;

/** In milliseconds. */
export interface PacketTime {
  readonly pts: number;
  readonly dts: number;
}

/** The packets of the video track within three seconds, in the order in which they came. */
export async function ffprobeVideoTimes(url: string): Promise<PacketTime[]> {
  const what = ["-select_streams", "v", "-show_entries", "packet=pts_time,dts_time", "-of", "csv=p=0"];
  const args = ["-v", "error", "-rtmp_live", "live", "-read_intervals", "%+3", ...what, url];
  await using client = new Client("ffprobe", "ffprobe", args, { timeLimitMs });
  const { code } = await client.ended;
  if (code !== 0) throw new Error(`ffprobe ended with code ${code}\n${client.tail()}`);
  return client.out.lines.filter((line) => line !== "").map((line) => {
    const [pts, dts] = line.split(",").map((text) => 1000 * Number(text));
    return { pts, dts };
  });
}

/**
 * Throws unless decoding times rise, no frame is shown before it is decoded, and the frames that were decoded fill
 * the time without a hole. `reordered`: some have to be shown later than they are decoded. `settleMs`: how long the
 * publisher's own times may be uneven.
 */
export function expectOrder(packets: readonly PacketTime[], reordered: boolean, settleMs = 0): void {
  if (packets.length < fewestPackets) throw new Error(`only ${packets.length} packets`);
  const wait = Math.min(...packets.map(({ pts, dts }) => pts - dts));
  packets.forEach(({ pts, dts }, i) => {
    const before = packets[i - 1];
    if (Number.isNaN(pts) || Number.isNaN(dts)) throw new Error(`packet ${i} has no time`);
    if (pts < dts) throw new Error(`packet ${i} is shown at ${pts}, decoded at ${dts}`);
    if (before !== undefined && dts <= before.dts) {
      throw new Error(`packet ${i} is decoded at ${dts}, the one before at ${before.dts}`);
    }
  });
  if (reordered && packets.every(({ pts, dts }) => pts - dts <= wait + roundingMs)) {
    throw new Error("no frame is shown out of order");
  }
  const shown = packets.map(({ pts }) => pts).sort((a, b) => a - b);
  // the last ones may wait for frames that come between them
  for (let i = 1; i < shown.length - 4; i++) {
    const step = shown[i] - shown[i - 1];
    if (shown[i] >= shown[0] + settleMs && Math.abs(step - frameMs) > roundingMs) {
      throw new Error(`frame ${i} is shown ${step} ms after the one before`);
    }
  }
}
