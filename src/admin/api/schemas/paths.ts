/** Live paths. */
import { z } from "zod";
import { count, deprecated, time } from "../../clients/mod.ts";

/** What a stream comes from, or who reads it; `id` is empty for what has none. */
const party = z.object({ type: z.string(), id: z.string() });

/** A track and what is known of its codec. */
export const trackSchema = z.object({
  codec: z.string(),
  codecProps: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
});

/** A path that lives. */
export const pathSchema = z.object({
  name: z.string(),
  confName: z.string().meta({ description: "Name of the entry of the configuration." }),
  ready: deprecated(z.boolean(), "available"),
  readyTime: deprecated(time.nullable(), "availableTime"),
  available: z.boolean().meta({ description: "There is a stream." }),
  availableTime: time.nullable(),
  online: z.boolean().meta({ description: "What the stream comes from is there." }),
  onlineTime: time.nullable(),
  source: party.nullable(),
  tracks: deprecated(z.array(z.string()), "tracks2"),
  tracks2: z.array(trackSchema),
  readers: z.array(party),
  inboundBytes: count,
  outboundBytes: count,
  inboundFramesInError: count,
  bytesReceived: deprecated(count, "inboundBytes"),
  bytesSent: deprecated(count, "outboundBytes"),
});
