/** What a new reader is sent of the current group of pictures. */
import type { RtpPacket } from "../../../../rtp/packet.ts";
import type { RtpRewrite } from "../../../../rtp/srtp/mod.ts";
import type { Unit } from "../../../../stream/unit.ts";
import { PictureOrderWatch } from "./b_frames.ts";
import type { SharedPackets, TrackSender } from "./track_sender.ts";

/** A group of pictures that is larger than that is not sent: the next key frame is there sooner. */
export const maxBurstPackets = 2048;
/** From picture to picture. */
const stepMs = 1;

/** A picture of the past, whose packets all readers share, and what this reader sees otherwise. */
export interface BurstUnit extends SharedPackets {
  readonly rewrite: RtpRewrite;
  /** Position of the first packet in the burst. */
  readonly at: number;
}

/** Empty when there is nothing to start from. */
export interface Burst {
  readonly units: readonly BurstUnit[];
  /** Packets of all units. */
  readonly size: number;
}

const nothing: Burst = { units: [], size: 0 };

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
  if (units.length === 0 || !units[0].repairs) return nothing;
  const step = Math.round(sender.track.clockRate * stepMs / 1000);
  const last = units[units.length - 1].pts;
  const out: BurstUnit[] = [];
  let size = 0;
  for (let i = 0; i < units.length; i++) {
    const made = sender.pastPacketsOf(units[i]);
    if (made === null) continue;
    const { packets, batch } = made;
    const rewrite = {
      payloadType,
      sequenceOffset: sequence + size - packets[0].sequence,
      timestampOffset: last - (units.length - 1 - i) * step - units[i].pts,
    };
    out.push({ packets, batch, rewrite, at: size });
    size += packets.length;
    if (size > maxBurstPackets) return nothing;
  }
  return { units: out, size };
}

/** The packet at a position, with what is rewritten; undefined outside. */
export function packetOfBurst(
  burst: Burst,
  at: number,
): { packet: RtpPacket; rewrite: RtpRewrite } | undefined {
  const unit = burst.units.findLast((each) => each.at <= at);
  const packet = unit?.packets.at(at - unit.at);
  return unit === undefined || packet === undefined || at < 0 ? undefined : { packet, rewrite: unit.rewrite };
}
