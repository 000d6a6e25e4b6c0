/** Enhanced RTMP by hand: FFmpeg 5.1 and GStreamer 1.22 know the codecs, but not this form of them. */
import { concat } from "../../../src/base/bytes.ts";
import { serializeAmf0 } from "../../../src/containers/flv/amf0/serialize.ts";
import { amf0EcmaArray } from "../../../src/containers/flv/amf0/value.ts";
import type { MediaMessage } from "../../../src/protocols/rtmp/engine/link.ts";
import { TestClient } from "../../protocols/rtmp/support/client.ts";
import { fromHex } from "../../support/assert.ts";
import type { Encoding } from "./codecs.ts";
import type { TrackKind } from "./evidence.ts";
import type { Packet, PacketTrack } from "./packets.ts";
import { within } from "./raw_rtsp.ts";

export interface EnhancedCodec {
  readonly name: string;
  readonly kind: TrackKind;
  readonly fourCc: string;
  readonly encoding: Encoding;
  /** The data of the sequence header, from what the file has; null: there is none. */
  readonly header: ((extradata: Uint8Array) => Uint8Array) | null;
}

const asItIs = (extradata: Uint8Array) => extradata;
/** Profile 0, level 1, 8 bits, 4:2:0, BT.709. */
const vp9Header = Uint8Array.of(1, 0, 0, 0, 0, 10, 0x82, 1, 1, 1, 0, 0);

export const enhancedCodecs = {
  h264: {
    name: "H264 with B-frames",
    kind: "video",
    fourCc: "avc1",
    encoding: {
      encode: "-c:v libx264 -preset ultrafast -bf 2 -x264-params b-adapt=0:scenecut=0",
      suffix: "mp4",
    },
    header: asItIs,
  },
  h265: {
    name: "H265 with B-frames",
    kind: "video",
    fourCc: "hvc1",
    encoding: {
      encode: "-c:v libx265 -preset ultrafast -x265-params log-level=error:bframes=2:b-adapt=0:open-gop=0",
      suffix: "mp4",
    },
    header: asItIs,
  },
  vp9: {
    name: "VP9",
    kind: "video",
    fourCc: "vp09",
    encoding: { encode: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k", suffix: "mkv" },
    header: () => vp9Header,
  },
  av1: {
    name: "AV1",
    kind: "video",
    fourCc: "av01",
    encoding: { encode: "-c:v libaom-av1 -usage realtime -cpu-used 8 -b:v 500k", suffix: "mp4" },
    header: asItIs,
  },
  aac: {
    name: "AAC",
    kind: "audio",
    fourCc: "mp4a",
    encoding: { encode: "-ar 48000 -c:a aac", suffix: "mp4" },
    header: asItIs,
  },
  opus: {
    name: "Opus",
    kind: "audio",
    fourCc: "Opus",
    encoding: { encode: "-ar 48000 -ac 2 -c:a libopus", suffix: "mkv" },
    header: asItIs,
  },
  flac: {
    name: "FLAC",
    kind: "audio",
    fourCc: "fLaC",
    encoding: { encode: "-ar 48000 -ac 2 -c:a flac", suffix: "mkv" },
    // "fLaC", then the block STREAMINFO, the last one
    header: (extradata) => concat([fromHex("664c614380000022"), extradata]),
  },
  ac3: {
    name: "AC-3",
    kind: "audio",
    fourCc: "ac-3",
    encoding: { encode: "-ar 48000 -ac 2 -c:a ac3", suffix: "mkv" },
    header: null,
  },
} as const satisfies Record<string, EnhancedCodec>;

export const allFourCcs: readonly string[] = Object.values(enhancedCodecs).map(({ fourCc }) => fourCc);

const sequenceStart = 0;
const codedFrames = 1;
const codedFramesX = 3;
const readLimitMs = 60_000;

const ascii = (text: string) => new TextEncoder().encode(text);

function hasCompositionTime(fourCc: string, packetType: number): boolean {
  return packetType === codedFrames && (fourCc === "hvc1" || fourCc === "avc1");
}

/** ExVideoTagHeader or ExAudioTagHeader, without data. */
function tagHeader(codec: EnhancedCodec, packetType: number, key: boolean): Uint8Array {
  const first = codec.kind === "video" ? 0x80 | (key ? 1 : 2) << 4 | packetType : 9 << 4 | packetType;
  return concat([Uint8Array.of(first), ascii(codec.fourCc)]);
}

/** Of one track as a publisher sends them: metadata, the sequence header, the frames. */
export function messagesOf(codec: EnhancedCodec, track: PacketTrack): MediaMessage[] {
  const { kind, fourCc } = codec;
  const mark = new DataView(ascii(fourCc).buffer).getUint32(0);
  const metadata = serializeAmf0("@setDataFrame", "onMetaData", amf0EcmaArray({ [`${kind}codecid`]: mark }));
  const messages: MediaMessage[] = [{ kind: "data", timestamp: 0, body: metadata }];
  if (codec.header !== null) {
    const body = concat([tagHeader(codec, sequenceStart, true), codec.header(track.extradata)]);
    messages.push({ kind, timestamp: 0, body });
  }
  const start = Math.min(...track.packets.map(({ dts }) => dts));
  for (const { pts, dts, key, data } of track.packets) {
    const offset = pts - dts;
    const time = hasCompositionTime(fourCc, codedFrames)
      ? Uint8Array.of(offset >> 16, offset >> 8, offset)
      : new Uint8Array(0);
    const body = concat([tagHeader(codec, codedFrames, key), time, data]);
    messages.push({ kind, timestamp: dts - start, body });
  }
  return messages;
}

/** Sends messages in real time until they end or it is disposed of. */
export class RtmpFeed implements AsyncDisposable {
  readonly #stop = Promise.withResolvers<void>();
  readonly #done: Promise<void>;
  #stopped = false;

  private constructor(
    private readonly client: TestClient,
    messages: readonly MediaMessage[],
    go: Promise<unknown>,
  ) {
    this.#done = this.#run(messages, go);
  }

  /** Goes on after the messages of time 0 when `go` is settled: when the readers that must miss nothing are there. */
  static async start(
    port: number,
    path: string,
    messages: readonly MediaMessage[],
    go: Promise<unknown> = Promise.resolve(),
  ): Promise<RtmpFeed> {
    const client = await TestClient.connect(port, "publish", path, { fourCcs: allFourCcs });
    return new RtmpFeed(await client.ready(), messages, go);
  }

  async #run(messages: readonly MediaMessage[], go: Promise<unknown>): Promise<void> {
    let start = performance.now();
    let held = true;
    for (const message of messages) {
      if (held && message.timestamp > 0) {
        await Promise.race([go, this.#stop.promise]);
        start = performance.now();
        held = false;
      }
      const wait = start + message.timestamp - performance.now();
      let timer: ReturnType<typeof setTimeout> | undefined;
      if (wait > 0) {
        await Promise.race([new Promise((resolve) => timer = setTimeout(resolve, wait)), this.#stop.promise]);
        clearTimeout(timer);
      }
      if (this.#stopped) return;
      await this.client.send(message);
    }
    await this.#stop.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#stop.resolve();
    await this.#done;
    await this.client[Symbol.asyncDispose]();
  }
}

/** So many frames of a path's only track, as a client gets them that knows Enhanced RTMP. */
export async function readFrames(port: number, path: string, codec: EnhancedCodec, count: number) {
  const client = await TestClient.connect(port, "play", path, { fourCcs: allFourCcs });
  const work = async () => {
    await client.ready();
    const frames: Packet[] = [];
    while (frames.length < count) {
      const action = await client.next();
      if (action === null || action.kind === "end") throw new Error(`ended after ${frames.length} frames`);
      if (action.kind !== "audio" && action.kind !== "video") continue;
      const frame = frameOf(action, codec);
      if (frame !== null) frames.push(frame);
    }
    return frames;
  };
  try {
    return await within(work(), readLimitMs, `${count} frames of ${path}`);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

/** null: no frame. Throws unless it is of this codec. H.264 and AAC come in the older form. */
function frameOf({ kind, timestamp, body }: MediaMessage, codec: EnhancedCodec): Packet | null {
  if (kind !== codec.kind) throw new Error(`${kind} instead of ${codec.kind}`);
  const legacy = legacyFrame(codec, body);
  if (legacy !== undefined) {
    if (legacy === null) return null;
    return { ...legacy, dts: timestamp, pts: timestamp + legacy.offset };
  }
  const fourCc = new TextDecoder().decode(body.subarray(1, 5));
  if (fourCc !== codec.fourCc) throw new Error(`a message of ${fourCc} instead of ${codec.fourCc}`);
  const type = body[0] & 0x0f;
  if (type === sequenceStart) return null;
  if (type !== codedFrames && type !== codedFramesX) throw new Error(`a packet of type ${type}`);
  const timed = hasCompositionTime(fourCc, type);
  return {
    dts: timestamp,
    pts: timestamp + (timed ? signed24(body, 5) : 0),
    key: kind === "audio" || (body[0] >> 4 & 7) === 1,
    data: body.subarray(timed ? 8 : 5),
  };
}

/** undefined: not in the older form; null: a sequence header. */
function legacyFrame({ fourCc }: EnhancedCodec, body: Uint8Array) {
  if (fourCc === "avc1" && (body[0] & 0x8f) === 7) {
    if (body[1] === 0) return null;
    return { offset: signed24(body, 2), key: body[0] >> 4 === 1, data: body.subarray(5) };
  }
  if (fourCc === "mp4a" && body[0] >> 4 === 10) {
    return body[1] === 0 ? null : { offset: 0, key: true, data: body.subarray(2) };
  }
  return undefined;
}

function signed24(body: Uint8Array, at: number): number {
  return (body[at] << 24 | body[at + 1] << 16 | body[at + 2] << 8) >> 8;
}
