/** What came in, by its first byte (RFC 7983 §7). */
export type PacketKind = "stun" | "channel" | "dtls" | "media" | "other";

/** `channel` is ChannelData of TURN, `media` is RTP or RTCP. */
export function packetKind(bytes: Uint8Array): PacketKind {
  if (bytes.length === 0) return "other";
  const first = bytes[0];
  if (first >= 128 && first <= 191) return "media";
  if (first <= 3) return "stun";
  if (first >= 20 && first <= 63) return "dtls";
  return first >= 64 && first <= 79 ? "channel" : "other";
}
