/** The HLS server. */
import { alias, planned } from "../key.ts";
import { bool, duration, int, networks, size, text, texts, word } from "../value_type.ts";
import { certDoc, httpAddressDoc, keyDoc, originsDoc, proxiesDoc } from "./shared_docs.ts";

export const hlsKeys = {
  hls: planned(bool, true, "Run the HLS server, for players in browsers, phones and televisions.", {
    except: (on) => !on,
  }),
  hlsDisable: alias(bool, "hls", { as: "inverted" }),
  hlsAddress: planned(text, ":8888", httpAddressDoc),
  hlsEncryption: planned(
    bool,
    false,
    "Speak HTTPS instead of HTTP. Apple devices need it for the low-latency variant.",
  ),
  hlsServerKey: planned(text, "server.key", keyDoc),
  hlsServerCert: planned(text, "server.crt", certDoc),
  hlsAllowOrigin: alias(text, "hlsAllowOrigins", { as: "list" }),
  hlsAllowOrigins: planned(texts, ["*"], originsDoc),
  hlsTrustedProxies: planned(networks, [], proxiesDoc),
  hlsAlwaysRemux: planned(
    bool,
    false,
    "Produce segments all the time and not only once somebody watches: the first viewer starts sooner.",
  ),
  hlsVariant: planned(
    word("mpegts", "fmp4", "lowLatency"),
    "lowLatency",
    "Kind of segments: MPEG-TS for old players, fragmented MP4, or fragmented MP4 in parts for a short delay.",
  ),
  hlsSegmentCount: planned(
    int,
    7,
    "Segments that are kept, which is how far a viewer can go back. At least 7 for lowLatency, 3 otherwise.",
  ),
  hlsSegmentDuration: planned(
    duration,
    1_000,
    "Shortest duration of a segment. A segment begins with a key frame, so it may be longer. Players keep about three.",
  ),
  hlsPartDuration: planned(
    duration,
    200,
    "Shortest duration of a part in the low-latency variant. Players keep about three; a part has whole frames only.",
  ),
  hlsSegmentMaxSize: planned(size, 50 * 1024 ** 2, "Largest size of a segment: a limit on memory."),
  hlsDirectory: planned(text, "", "Directory for segments; empty keeps them in memory."),
  hlsMuxerCloseAfter: planned(
    duration,
    60_000,
    "Stop producing segments when nobody has asked for any this long.",
  ),
  hlsCDNSecret: planned(
    text,
    "",
    "Secret by which a content delivery network proves itself, so that it gets one session for all its viewers.",
    { secret: "all" },
  ),
};
