/** Figures of the last seconds; ours, beside the fields of MediaMTX. */
import { z } from "zod";
import { count } from "../clients/mod.ts";

const bitrate = z.number().min(0).meta({ description: "Bits a second." });
const share = z.number().min(0).max(1);

/** One connection or session. */
export const clientLiveSchema = z.object({
  inboundBitrate: bitrate,
  outboundBitrate: bitrate,
  inboundLoss: share.nullable().meta({ description: "Packets that did not arrive here, as a share of all." }),
  outboundLoss: share.nullable().meta({ description: "Packets that the client reports as lost." }),
  discardRate: z.number().min(0).nullable().meta({
    description: "Frames (RTSP: packets) a second that are dropped because the client is too slow.",
  }),
  queuedBytes: count.nullable().meta({ description: "Bytes that wait for the client." }),
});

/** One track. */
export const trackLiveSchema = z.object({
  codec: z.string(),
  bitrate,
  frameRate: z.number().min(0).nullable().meta({ description: "Frames a second; null unless it is video." }),
  keyFrameInterval: z.number().nullable().meta({
    description:
      "Seconds between the last two key frames; null before the second one, or unless it is video.",
  }),
});

/** One path. */
export const pathLiveSchema = z.object({
  inboundBitrate: bitrate,
  outboundBitrate: bitrate.meta({ description: "Bits a second, all readers together." }),
  queuedBytes: count.meta({ description: "Bytes that wait for readers, all together." }),
  tracks: z.array(trackLiveSchema),
});

/** See the schema. */
export type ClientLive = Readonly<z.infer<typeof clientLiveSchema>>;
/** See the schema. */
export type PathLive = Readonly<z.infer<typeof pathLiveSchema>>;
