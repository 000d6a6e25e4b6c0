/** The packets of the plain handshake (RTMP specification 1.0, §5.2). */

/** C1, C2, S1, S2. */
export const handshakeSize = 1536;

/** C0 and S0: what the client asks for and the server agrees to. */
export const HandshakeVersion = { plain: 3, encrypted: 6 } as const;

/** Time, four bytes that are 0 (or, with digests, a version), random bytes. */
export function plainHandshakePacket(time: number, random: Uint8Array): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(handshakeSize);
  packet.set(random.subarray(0, handshakeSize));
  const view = new DataView(packet.buffer);
  view.setUint32(0, time);
  view.setUint32(4, 0);
  return packet;
}
