import type { Codec, GenericCodec } from "../../../src/codecs/codec.ts";
import { genericFormat } from "../../../src/rtp/payload/generic.ts";
import { h264Format } from "../../../src/rtp/payload/h264.ts";
import { opusFormat } from "../../../src/rtp/payload/opus.ts";
import { payloadFormat } from "../../../src/rtp/payload/formats.ts";
import { equal } from "../../support/assert.ts";

Deno.test("every codec has its payload format", () => {
  const codec: Codec = { name: "Opus", channelCount: 2 };
  equal(payloadFormat(codec) === opusFormat, true);
  equal(payloadFormat({ name: "H264", packetizationMode: 1 }) === h264Format, true);
  const names: GenericCodec["name"][] = ["Generic", "MPEG-TS", "FLAC", "Vorbis", "Speex", "G726"];
  for (const name of names) equal(payloadFormat({ name, rtpmap: "", fmtp: "" }) === genericFormat, true);
});
