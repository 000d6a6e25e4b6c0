/** The HLS server. */
import { alias, built } from "../key.ts";
import { bool, duration, int, networks, size, text, texts, word } from "../value_type.ts";
import { certDoc, httpAddressDoc, keyDoc, originsDoc, proxiesDoc } from "./shared_docs.ts";

export const hlsKeys = {
  hls: built(bool, true, "Run the HLS server, for players in browsers, phones and televisions."),
  hlsDisable: alias(bool, "hls", { as: "inverted" }),
  hlsAddress: built(text, ":8888", httpAddressDoc),
  hlsEncryption: built(
    bool,
    false,
    "Speak HTTPS instead of HTTP. Apple devices need it for the low-latency variant.",
  ),
  hlsServerKey: built(text, "server.key", keyDoc),
  hlsServerCert: built(text, "server.crt", certDoc),
  hlsAllowOrigin: alias(text, "hlsAllowOrigins", { as: "list" }),
  hlsAllowOrigins: built(texts, ["*"], originsDoc),
  hlsTrustedProxies: built(networks, [], proxiesDoc),
  hlsAlwaysRemux: built(
    bool,
    false,
    "Produce segments all the time and not only once somebody watches: the first viewer starts sooner.",
  ),
  hlsVariant: built(
    word("mpegts", "fmp4", "lowLatency"),
    "lowLatency",
    "Kind of segments: MPEG-TS for old players, fragmented MP4, or fragmented MP4 in parts for a short delay.",
  ),
  hlsSegmentCount: built(
    int,
    7,
    "Segments that are kept, which is how far a viewer can go back. At least 7 for lowLatency, 3 otherwise.",
  ),
  hlsSegmentDuration: built(
    duration,
    1_000,
    "Shortest duration of a segment. A segment begins with a key frame, so it may be longer. Players keep about three.",
  ),
  hlsPartDuration: built(
    duration,
    200,
    "Shortest duration of a part in the low-latency variant. Players keep about three; a part has whole frames only.",
  ),
  hlsSegmentMaxSize: built(size, 50 * 1024 ** 2, "Largest size of a segment: a limit on memory."),
  hlsDirectory: built(
    text,
    "",
    "Directory where segments are also written, except for lowLatency with playlists, for a web server. Empty: none.",
  ),
  hlsMuxerCloseAfter: built(
    duration,
    60_000,
    "Stop producing segments when nobody has asked for any this long.",
  ),
  hlsCDNSecret: built(
    text,
    "",
    "Secret by which a content delivery network proves itself, so that it gets one session for all its viewers.",
    { secret: "all" },
  ),
};
