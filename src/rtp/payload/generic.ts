import type { GenericCodec } from "../../codecs/codec.ts";
import type { PayloadFormat } from "./payload.ts";

/**
 * Payloads that are carried and not looked into. Whether packets belong together is not known, hence each is a unit
 * and nothing waits; the same payload cannot be cut, so `maxPayload` does not apply. The marker's meaning is
 * unknown, too: it is kept where packets are passed on as they are, and is not set here.
 */
export const genericFormat: PayloadFormat<GenericCodec> = {
  isOpaque: true,
  endsUnit: () => true,
  depacketize: (packets) => ({
    payload: packets.length === 0 ? null : packets.map((packet) => packet.payload),
    errors: [],
  }),
  packetize: (payload) => payload.map((bytes) => ({ parts: [bytes], marker: false })),
};
