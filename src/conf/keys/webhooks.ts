/** What happens, told to other servers. */
import { built } from "../key.ts";
import { duration, structs, text, uint, words } from "../value_type.ts";

/** What the server tells of: the names in `webhooks`, in their requests and in the event stream of the API. */
export const eventTypes = [
  "authenticationFailed",
  "configurationReloaded",
  "connectionClosed",
  "connectionOpened",
  "pathAvailable",
  "pathCreated",
  "pathDemanded",
  "pathOffline",
  "pathOnline",
  "pathRemoved",
  "pathUnavailable",
  "pathUndemanded",
  "readerStarted",
  "readerStopped",
  "segmentCompleted",
  "segmentCreated",
] as const;

/** The name of one of them. */
export type EventType = (typeof eventTypes)[number];

const webhookKeys = {
  url: built(text, "", "HTTP or HTTPS URL.", { required: true, secret: "url" }),
  events: built(words(...eventTypes), [], "Names of events; empty for all."),
  secret: built(
    text,
    "",
    "Key of the signature in the header X-Livemux-Signature; empty for none.",
    { secret: "all" },
  ),
  retries: built(uint, 20, "How often a delivery that fails is tried again, with growing pauses."),
  timeout: built(duration, 10_000, "How long the server at the URL may take to answer."),
};

export const webhooksKeys = {
  webhooks: built(
    structs(webhookKeys),
    [],
    "Servers that are sent a POST with JSON when something happens. A key of Livemux, not of MediaMTX.",
    { own: true },
  ),
};
