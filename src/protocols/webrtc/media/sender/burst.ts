/** What a new reader is sent of the current group of pictures. */
import type { RtpPacket } from "../../../../rtp/packet.ts";
import { RtpStreamWriter } from "../../../../rtp/stream_writer.ts";
import type { Unit } from "../../../../stream/unit.ts";
import { PictureOrderWatch } from "./b_frames.ts";
import { fragmentsOf } from "./fragments.ts";
import type { TrackSender } from "./track_sender.ts";

/** A group of pictures that is larger than that is not sent: the next key frame is there sooner. */
export const maxBurstPackets = 2048;
/** From picture to picture. */
const stepMs = 1;

/** Packets with the numbers and times that this reader sees. Empty when there is nothing to start from. */
export interface Burst {
  readonly units: readonly (readonly RtpPacket[])[];
  readonly packets: readonly RtpPacket[];
}

const nothing: Burst = { units: [], packets: [] };

/**
 * The pictures from the last key frame on, numbered from `sequence`. They are given times one millisecond apart that end
 * at the time of the last one: a player decodes them as fast as it can and then shows the present, where true times
 * would make it show the past and stay behind. Sound is left out, since it needs no past.
 */
export function createBurst(
  sender: TrackSender,
  cached: readonly Unit[],
  payloadType: number,
  sequence: number,
): Burst {
  const order = new PictureOrderWatch();
  const units = cached.filter((unit) => unit.track === sender.track && order.look(unit) === "in order");
  if (units.length === 0 || !units[0].randomAccess) return nothing;
  const { ssrc, timestampOffset, track } = sender;
  const writer = new RtpStreamWriter({ payloadType, ssrc, sequence, timestampOffset });
  const step = Math.round(track.clockRate * stepMs / 1000);
  const last = units[units.length - 1].pts;
  const out: (readonly RtpPacket[])[] = [];
  const packets: RtpPacket[] = [];
  for (let i = 0; i < units.length; i++) {
    const fragments = fragmentsOf(units[i], sender.sent);
    if (fragments.length === 0) continue;
    const made = writer.write(fragments, last - (units.length - 1 - i) * step);
    packets.push(...made);
    if (packets.length > maxBurstPackets) return nothing;
    out.push(made);
  }
  return { units: out, packets };
}
