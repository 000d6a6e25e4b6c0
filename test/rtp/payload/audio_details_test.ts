/** Rules of single formats that captures do not show. */
import type { LatmCodec, Mpeg4AudioCodec, OpusCodec } from "../../../src/codecs/codec.ts";
import { serializeAudioMuxElement } from "../../../src/codecs/latm/audio_mux_element.ts";
import { streamMuxConfigFromAac } from "../../../src/codecs/latm/stream_mux_config.ts";
import { parseAudioSpecificConfig } from "../../../src/codecs/mpeg4audio/audio_specific_config.ts";
import { opusPacketSamples, splitOpusPacket } from "../../../src/codecs/opus/packet.ts";
import { concat } from "../../../src/base/bytes.ts";
import { buildRtpPacket, type RtpPacket } from "../../../src/rtp/packet.ts";
import { genericFormat } from "../../../src/rtp/payload/generic.ts";
import { latmFormat } from "../../../src/rtp/payload/latm.ts";
import { lpcmFormat } from "../../../src/rtp/payload/lpcm.ts";
import { mpeg4AudioFormat } from "../../../src/rtp/payload/mpeg4_audio.ts";
import { opusFormat } from "../../../src/rtp/payload/opus.ts";
import { equal, fromHex, hex } from "../../support/assert.ts";
import { audioStream } from "../../support/audio_fixtures.ts";
import { Random } from "../../support/random.ts";

const aac: Mpeg4AudioCodec = {
  name: "MPEG-4 Audio",
  config: parseAudioSpecificConfig(fromHex("1210")),
  sizeLength: 13,
  indexLength: 3,
  indexDeltaLength: 3,
  profileLevelId: 1,
};

function packet(sequence: number, marker: boolean, ...parts: (string | Uint8Array)[]): RtpPacket {
  const header = { payloadType: 96, sequence, timestamp: 0, ssrc: 0, marker };
  return buildRtpPacket(header, parts.map((part) => typeof part === "string" ? fromHex(part) : part));
}

function units(packets: RtpPacket[], codec = aac): string[] | undefined {
  return mpeg4AudioFormat.depacketize(packets, codec).payload?.map(hex);
}

Deno.test("AAC: several access units by AU headers, AU-Index-delta in three bits", () => {
  equal(units([packet(1, true, "0020 0010 0018 aabb ccddee")]), ["aabb", "ccddee"]);
});

Deno.test("AAC: fragments whose AU-size is that of the fragment, ended by the marker (gortsplib)", () => {
  equal(units([packet(65535, false, "0010 0010 aabb"), packet(0, true, "0010 0008 cc")]), ["aabbcc"]);
  equal(units([packet(65535, false, "0010 0010 aabb"), packet(1, true, "0010 0008 cc")]), ["cc"]);
});

Deno.test("AAC: a sender that never sets the marker", () => {
  equal(units([packet(1, false, "0010 0010 aabb")]), ["aabb"]);
  equal(units([packet(1, false, "0020 0010 0018 aabb ccddee")]), ["aabb", "ccddee"]);
});

Deno.test("AAC: a whole unit behind a broken fragment survives", () => {
  const result = mpeg4AudioFormat.depacketize(
    [packet(1, false, "0010 0100 aabb"), packet(3, true, "0010 0010 ccdd")],
    aac,
  );
  equal(result.payload?.map(hex), ["ccdd"]);
  equal(result.errors, ["access unit is incomplete"]);
});

Deno.test("AAC: ADTS inside access units, and alone", () => {
  const adts = audioStream("adts");
  const first = adts.subarray(0, (adts[3] & 3) << 11 | adts[4] << 3 | adts[5] >> 5);
  const header = Uint8Array.of(0, 16, first.length >> 5, first.length << 3);
  equal(units([packet(1, true, header, first)]), [hex(first.subarray(7))]);
  equal(units([packet(1, true, adts)])?.length, 5);
});

Deno.test("AAC: without AU header fields the packets are the access unit", () => {
  const bare = { ...aac, sizeLength: 0, indexLength: 0, indexDeltaLength: 0 };
  equal(units([packet(1, false, "aabb"), packet(2, true, "cc")], bare), ["aabbcc"]);
  const fragments = mpeg4AudioFormat.packetize([fromHex("aabbcc"), fromHex("dd")], bare, 2);
  equal(fragments.map(({ parts, marker }) => [hex(concat(parts)), marker]), [["aabb", false], ["cc", true], [
    "dd",
    true,
  ]]);
});

const refused: readonly [string, string][] = [
  ["", "AU-headers-length at offset 0: is cut off"],
  ["0000aa", "AU-headers-length at offset 0: is 0 bits"],
  ["0100aa", "AU-headers-length at offset 0: is 256 bits"],
  ["00100011aabb", "AU-Index at offset 2: interleaving is not supported"],
  ["00100000aabb", "AU-size at offset 2: is 0"],
  ["00100018aabb", "access unit is incomplete"],
  ["002000100018aabbcc", "access unit runs over its packet"],
  ["00080010aabb", "AU-size at offset 0: needs 13 bits, 8 left"],
];

Deno.test("AAC: what is dropped says why", () => {
  for (const [text, error] of refused) {
    equal(mpeg4AudioFormat.depacketize([packet(1, true, text)], aac).errors, [error], text);
  }
});

Deno.test("AAC: durations in the track's clock", () => {
  const he = { ...aac, config: parseAudioSpecificConfig(fromHex("2b118800")) };
  const two = [fromHex("00"), fromHex("00")];
  equal(mpeg4AudioFormat.duration?.(two, aac), 2048);
  // 1024 samples at 24 kHz are 2048 ticks at 48 kHz
  equal(mpeg4AudioFormat.duration?.(two, he), 4096);
  equal(mpeg4AudioFormat.duration?.(two, he, 24000), 2048);
  equal(mpeg4AudioFormat.duration?.(two, he, 90000), 7680);
});

Deno.test("LATM: the config in band is found, and only a new one makes a new codec", () => {
  const codec: LatmCodec = { name: "MPEG-4 Audio LATM", profileLevelId: 1, configInBand: true };
  const unit = new Random(1).bytes(20);
  const element = serializeAudioMuxElement([unit], streamMuxConfigFromAac(aac.config), true);
  equal(latmFormat.duration?.([fromHex("80")], codec), 0);
  const updated = latmFormat.updateCodec?.([element], codec);
  equal(updated, { ...codec, config: aac.config });
  equal(updated && latmFormat.updateCodec?.([element], updated) === updated, true);
  equal(latmFormat.duration?.([element], codec), 2089);
});

Deno.test("LATM: without marker or without its start an element is dropped", () => {
  const codec: LatmCodec = {
    name: "MPEG-4 Audio LATM",
    profileLevelId: 1,
    configInBand: false,
    streamMuxConfig: fromHex("400024203fc0"),
  };
  const element = serializeAudioMuxElement(
    [new Uint8Array(300).fill(7)],
    streamMuxConfigFromAac(aac.config),
    false,
  );
  const errors = (packets: RtpPacket[]) => latmFormat.depacketize(packets, codec).errors;
  equal(errors([packet(1, true, element)]), []);
  equal(errors([packet(1, false, element)]), ["the end of an AudioMuxElement is missing"]);
  equal(errors([packet(1, true, Uint8Array.of(200, 1, 2))]), [
    "AudioMuxElement is broken or its start is missing",
  ]);
  equal(errors([packet(1, false, element), packet(3, true, "00")]), [
    "a fragment of an AudioMuxElement is missing",
  ]);
});

Deno.test("Opus: a packet of several frames above the limit goes out frame by frame", () => {
  const codec: OpusCodec = { name: "Opus", channelCount: 2 };
  const random = new Random(4);
  const large = concat([fromHex("fb03"), random.bytes(600)]);
  const fragments = opusFormat.packetize([large, fromHex("fcaa")], codec, 500);
  equal(fragments.map((fragment) => fragment.timestampOffset), [0, 960, 1920, 2880]);
  const packets = fragments.map((fragment) => concat(fragment.parts));
  equal(packets.map(opusPacketSamples), [960, 960, 960, 960]);
  equal(hex(concat(packets.slice(0, 3).flatMap(splitOpusPacket))), hex(large.subarray(2)));
  // Several streams cannot be taken apart.
  equal(opusFormat.packetize([large], { ...codec, channelCount: 6 }, 500).length, 1);
});

Deno.test("LPCM: bytes beyond the last whole sample are dropped", () => {
  const codec = { name: "LPCM", bitDepth: 16, sampleRate: 48000, channelCount: 2 } as const;
  const result = lpcmFormat.depacketize([packet(1, false, "0102030405")], codec);
  equal(result.payload?.map(hex), ["01020304"]);
  equal(result.errors, ["5 bytes are not whole samples of 4 bytes"]);
  equal(lpcmFormat.depacketize([packet(1, false, "01")], codec).payload, null);
});

Deno.test("Generic: every payload comes back as one packet, whatever the limit", () => {
  const codec = { name: "FLAC", rtpmap: "FLAC/48000/2", fmtp: "" } as const;
  const payload = [new Uint8Array(3000), fromHex("aa")];
  const fragments = genericFormat.packetize(payload, codec, 100);
  equal(fragments.map((fragment) => fragment.parts), payload.map((bytes) => [bytes]));
});
