/** Figures of the last seconds; ours, beside the fields of MediaMTX. */
import { z } from "zod";
import { count } from "../clients/mod.ts";

const bitrate = z.number().min(0).meta({ description: "Bits a second." });
const share = z.number().min(0).max(1);

/** One connection or session. */
export interface ClientLive {
  readonly inboundBitrate: number;
  readonly outboundBitrate: number;
  readonly inboundLoss: number | null;
  readonly outboundLoss: number | null;
  readonly discardRate: number | null;
  readonly queuedBytes: number | null;
}

/** One track. */
export interface TrackLive {
  readonly codec: string;
  readonly bitrate: number;
  readonly frameRate: number | null;
  readonly keyFrameInterval: number | null;
}

/** One path. */
export interface PathLive {
  readonly inboundBitrate: number;
  readonly outboundBitrate: number;
  readonly queuedBytes: number;
  readonly tracks: readonly TrackLive[];
}

/** Says what the fields are. */
export const clientLiveSchema: z.ZodType<ClientLive> = z.object({
  inboundBitrate: bitrate,
  outboundBitrate: bitrate,
  inboundLoss: share.nullable().meta({ description: "Packets that did not arrive here, as a share of all." }),
  outboundLoss: share.nullable().meta({ description: "Packets that the client reports as lost." }),
  discardRate: z.number().min(0).nullable().meta({
    description: "Frames (RTSP: packets) a second that are dropped because the client is too slow.",
  }),
  queuedBytes: count.nullable().meta({ description: "Bytes that wait for the client." }),
});

const trackLiveSchema: z.ZodType<TrackLive> = z.object({
  codec: z.string(),
  bitrate,
  frameRate: z.number().min(0).nullable().meta({ description: "Frames a second; null unless it is video." }),
  keyFrameInterval: z.number().nullable().meta({
    description:
      "Seconds between the last two key frames; null before the second one, or unless it is video.",
  }),
});

/** Says what the fields are. */
export const pathLiveSchema: z.ZodType<PathLive> = z.object({
  inboundBitrate: bitrate,
  outboundBitrate: bitrate.meta({ description: "Bits a second, all readers together." }),
  queuedBytes: count.meta({ description: "Bytes that wait for readers, all together." }),
  tracks: z.array(trackLiveSchema),
});
