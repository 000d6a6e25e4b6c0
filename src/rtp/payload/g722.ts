import type { G722Codec } from "../../codecs/codec.ts";
import { samplesFormat } from "./samples.ts";

/**
 * G.722 (RFC 3551 §4.5.2): 16,000 samples a second in 8,000 bytes. The clock rate is 8000 by an old mistake that was
 * kept, hence a byte, which holds two samples, lasts one tick.
 */
export const g722Format = samplesFormat<G722Codec>(() => ({ size: 1, rate: 8000 }));
