/** Codecs in the form of Enhanced RTMP: between our own client, byte by byte, and what the real ones speak. */
import { match } from "../support/assert.ts";
import { TestClient } from "../protocols/rtmp/support/client.ts";
import type { CodecKey } from "./support/codecs.ts";
import { type EnhancedCodec, enhancedCodecs, messagesOf, readFrames, RtmpFeed } from "./support/enhanced.ts";
import { ffmpegPublish } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { expectSamePackets, packetsOf, type PacketTrack } from "./support/packets.ts";
import { type Case, runCases } from "./support/pool.ts";
import { read, type Reader, together } from "./support/scenario.ts";
import { TestServer } from "./support/server.ts";
import type { ReadTransport } from "./support/transports.ts";

type Key = keyof typeof enhancedCodecs;

const comparedFrames = 60;
/** The part of the file that is fed and compared with: longer than any reader may take (60 s). */
const comparedSeconds = 65;

/** Who of the real clients reads it, and how. Neither can take AV1 or FLAC out of RTP. */
const realReaders: Readonly<Record<Key, readonly (readonly [ReadTransport, ...Reader[]])[]>> = {
  h264: [["RTMP", "FFmpeg", "GStreamer"], ["TCP", "FFmpeg", "GStreamer"]],
  h265: [["TCP", "FFmpeg", "GStreamer", "ffprobe"]],
  vp9: [["TCP", "FFmpeg", "GStreamer"]],
  av1: [],
  aac: [["RTMP", "FFmpeg", "GStreamer"], ["TCP", "FFmpeg"]],
  opus: [["TCP", "FFmpeg", "GStreamer", "ffprobe"]],
  flac: [],
  ac3: [["TCP", "FFmpeg", "GStreamer", "ffprobe"]],
};

const rtspPublished: readonly Key[] = ["h264", "h265", "vp9", "aac", "opus"];

interface Source {
  readonly codec: EnhancedCodec;
  readonly file: string;
  readonly track: PacketTrack;
}

type Sources = ReadonlyMap<Key, Source>;

/** All at the start: a process that is busy with ffprobe's text cannot feed a stream in time. */
async function prepare(media: MediaFolder): Promise<Sources> {
  const one = async (key: Key): Promise<[Key, Source]> => {
    const codec: EnhancedCodec = enhancedCodecs[key];
    const file = await media.encoded(key, codec.kind, codec.encoding);
    return [key, { codec, file, track: await packetsOf(file, comparedSeconds) }];
  };
  return new Map(await Promise.all((Object.keys(enhancedCodecs) as Key[]).map(one)));
}

function compare(server: TestServer, path: string, { codec, track }: Source): Case {
  return {
    name: "our own over RTMP",
    run: async () =>
      expectSamePackets(await readFrames(server.ports.rtmp, path, codec, comparedFrames), track),
  };
}

function enhancedCase(server: TestServer, sources: Sources, key: Key): Case {
  const source = sources.get(key)!;
  const { codec, track } = source;
  const path = `enhanced/${key}`;
  const reordered = codec.name.includes("B-frames");
  const others = realReaders[key].flatMap(([transport, ...readers]): Case[] =>
    readers.map((reader) => ({
      name: `${reader} over ${transport}`,
      run: () => read(server, { reader, codecs: [key as CodecKey], transport, path, reordered }),
    }))
  );
  const names = [
    "our own client",
    ...realReaders[key].flatMap(([how, ...who]) => `${who.join(", ")} (${how})`),
  ];
  return {
    name: `${codec.name} as ${codec.fourCc} by our own client, read by ${names.join(", ")}`,
    run: async () => {
      await using _feed = await RtmpFeed.start(server.ports.rtmp, path, messagesOf(codec, track));
      await server.published(path);
      await together([compare(server, path, source), ...others]);
    },
  };
}

function rtspCase(server: TestServer, sources: Sources, key: Key): Case {
  const source = sources.get(key)!;
  const { codec, file } = source;
  const path = `rtsp/${key}`;
  return {
    name: `${codec.name} by FFmpeg over RTSP, read by our own client`,
    run: async () => {
      await using _publisher = ffmpegPublish(file, server.rtspUrl(path), "TCP");
      await server.published(path);
      await compare(server, path, source).run();
    },
  };
}

function refusalCase(server: TestServer, sources: Sources): Case {
  const { codec, track } = sources.get("vp9")!;
  return {
    name: "a client that does not know the codec is told so",
    run: async () => {
      await using _feed = await RtmpFeed.start(server.ports.rtmp, "unknown", messagesOf(codec, track));
      await server.published("unknown");
      await using old = await TestClient.connect(server.ports.rtmp, "play", "unknown");
      const answer = await old.next();
      match(JSON.stringify(answer), /NetStream\.Play\.Failed.*VP9: the client does not list vp09/);
    },
  };
}

Deno.test("Enhanced RTMP", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: { rtmp: true } });
  const sources = await prepare(media);
  await runCases(t, [
    ...[...sources.keys()].map((key) => enhancedCase(server, sources, key)),
    ...rtspPublished.map((key) => rtspCase(server, sources, key)),
    refusalCase(server, sources),
  ]);
});
