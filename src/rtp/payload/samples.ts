/** Formats whose payload is samples and nothing else (RFC 3551 §4.5): every packet stands alone. */
import { concat } from "../../base/bytes.ts";
import { rescale } from "../../base/time.ts";
import type { Codec } from "../../codecs/codec.ts";
import type { PayloadFormat } from "./payload.ts";
import { ErrorList } from "./error_list.ts";
import { cutBytes } from "./fragmented.ts";

export interface SampleLayout {
  /** Bytes of one sample of all channels. */
  readonly size: number;
  /** Samples per second, which is also the clock rate of RTP. */
  readonly rate: number;
}

export function samplesFormat<C extends Codec>(layout: (codec: C) => SampleLayout): PayloadFormat<C> {
  const count = (payload: readonly Uint8Array[], size: number): number =>
    Math.floor(payload.reduce((sum, bytes) => sum + bytes.length, 0) / size);
  return {
    endsUnit: () => true,
    depacketize(packets, codec) {
      const { size } = layout(codec);
      const errors = new ErrorList();
      const parts: Uint8Array[] = [];
      for (const { payload } of packets) {
        const extra = payload.length % size;
        if (extra !== 0) errors.add(`${payload.length} bytes are not whole samples of ${size} bytes`);
        if (payload.length >= size) parts.push(extra === 0 ? payload : payload.subarray(0, -extra));
        else if (extra === 0) errors.add("payload is empty");
      }
      if (parts.length === 0) return { payload: null, errors: errors.list };
      return { payload: [parts.length === 1 ? parts[0] : concat(parts)], errors: errors.list };
    },
    packetize(payload, codec, maxPayload, clockRate) {
      const { size, rate } = layout(codec);
      const perPacket = Math.max(1, Math.floor(maxPayload / size));
      const bytes = payload.length === 1 ? payload[0] : concat(payload);
      if (bytes.length < size) return [];
      const whole = bytes.subarray(0, bytes.length - bytes.length % size);
      return cutBytes(whole, perPacket * size).map((piece, i) => ({
        parts: [piece],
        marker: false,
        timestampOffset: rescale(i * perPacket, rate, clockRate ?? rate),
      }));
    },
    duration(payload, codec, clockRate) {
      const { size, rate } = layout(codec);
      return rescale(count(payload, size), rate, clockRate ?? rate);
    },
  };
}
