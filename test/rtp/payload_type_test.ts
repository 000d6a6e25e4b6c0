import { payloadTypeOf } from "../../src/rtp/payload_type.ts";
import { equal } from "../support/assert.ts";

Deno.test("RTP: tracks that came without a payload type get the static one where there is one", () => {
  const g711 = { name: "G711", muLaw: true, sampleRate: 8000, channelCount: 1 } as const;
  equal(payloadTypeOf(g711), 0);
  equal(payloadTypeOf({ ...g711, muLaw: false }), 8);
  equal(payloadTypeOf({ ...g711, sampleRate: 16000 }), 96);
  equal(payloadTypeOf({ ...g711, channelCount: 2 }), 96);
  equal(payloadTypeOf({ name: "MPEG-1/2 Audio" }), 14);
  equal(payloadTypeOf({ name: "Opus", channelCount: 2 }), 96);
});
