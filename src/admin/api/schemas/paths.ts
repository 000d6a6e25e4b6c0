/** Live paths. */
import { z } from "zod";
import { count, deprecated, time } from "../../clients/mod.ts";
import { clientLiveSchema, pathLiveSchema } from "../../live/mod.ts";

/** What a stream comes from, or who reads it; `id` is empty for what has none. */
const party = z.object({ type: z.string(), id: z.string() });

/** A track and what is known of its codec. */
export const trackSchema = z.object({
  codec: z.string(),
  codecProps: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
});

/** Figures of the last five seconds. */
const ours = "Not in MediaMTX. Null in the first seconds.";

/** What a source of our own is doing. */
const sourceState = z.object({
  state: z.enum(["idle", "connecting", "running", "error"]).meta({
    description: "`error`: waits before the next attempt.",
  }),
  lastError: z.string().nullable(),
  lastErrorAt: time.nullable(),
  attempts: count,
});

/** A path that lives. */
export const pathSchema = z.object({
  name: z.string(),
  confName: z.string().meta({ description: "Name of the entry of the configuration." }),
  ready: deprecated(z.boolean(), "available"),
  readyTime: deprecated(time.nullable(), "availableTime"),
  available: z.boolean().meta({ description: "There is a stream." }),
  availableTime: time.nullable(),
  online: z.boolean().meta({
    description:
      "There is a publisher, a source that the server pulls (whatever it is doing), or a redirect.",
  }),
  onlineTime: time.nullable().meta({
    description:
      "When its last stream began; 0001-01-01T00:00:00Z while there was none. Null unless `online`.",
  }),
  source: party.nullable(),
  tracks: deprecated(z.array(z.string()), "tracks2"),
  tracks2: z.array(trackSchema),
  readers: z.array(party.extend({ live: clientLiveSchema.nullable().meta({ description: ours }) })),
  inboundBytes: count,
  outboundBytes: count,
  inboundFramesInError: count,
  bytesReceived: deprecated(count, "inboundBytes"),
  bytesSent: deprecated(count, "outboundBytes"),
  sourceState: sourceState.nullable().meta({
    description: "What a source that the server pulls is doing. Not in MediaMTX.",
  }),
  live: pathLiveSchema.nullable().meta({ description: ours }),
});
