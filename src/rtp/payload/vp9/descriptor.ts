/** The flags of the first byte, RFC 9628 §4.2. */
export const Flag = {
  pictureId: 0x80,
  interPredicted: 0x40,
  layerIndices: 0x20,
  flexible: 0x10,
  begin: 0x08,
  end: 0x04,
  scalability: 0x02,
} as const;

const maxReferences = 3;

/** `at` stands at the scalability structure; returns the offset behind it, which may lie beyond the payload. */
function skipScalability(payload: Uint8Array, at: number): number {
  const flags = payload[at];
  at++;
  if ((flags & 0x10) !== 0) at += 4 * ((flags >> 5) + 1);
  if ((flags & 0x08) !== 0) {
    const pictures = payload[at];
    at++;
    for (let i = 0; i < pictures && at < payload.length; i++) at += 1 + ((payload[at] >> 2) & 3);
  }
  return at;
}

/** Size of the payload descriptor, or -1 when it runs over the payload. */
export function descriptorSize(payload: Uint8Array): number {
  if (payload.length === 0) return -1;
  const flags = payload[0];
  let at = 1;
  if ((flags & Flag.pictureId) !== 0) at += (payload[at] & 0x80) !== 0 ? 2 : 1;
  // In non-flexible mode TL0PICIDX follows the layer indices.
  if ((flags & Flag.layerIndices) !== 0) at += (flags & Flag.flexible) !== 0 ? 1 : 2;
  if ((flags & Flag.flexible) !== 0 && (flags & Flag.interPredicted) !== 0) {
    for (let i = 0; i < maxReferences; i++) {
      const more = at < payload.length && (payload[at] & 1) !== 0;
      at++;
      if (!more) break;
    }
  }
  if ((flags & Flag.scalability) !== 0) {
    if (at >= payload.length) return -1;
    at = skipScalability(payload, at);
  }
  return at <= payload.length ? at : -1;
}
