import type { Client } from "./client.ts";
import { type Codec, type CodecKey, codecs } from "./codecs.ts";
import { expectComplete } from "./evidence.ts";
import {
  ffmpegDecodeVp9,
  ffmpegPublish,
  ffmpegRead,
  type FfmpegReadTransport,
  ffprobeRead,
} from "./ffmpeg.ts";
import { gstreamerPublish, gstreamerRead } from "./gstreamer.ts";
import type { MediaFolder } from "./media.ts";
import type { Case } from "./pool.ts";
import type { TestServer } from "./server.ts";
import { isRtmp, type PublishTransport, type ReadTransport } from "./transports.ts";

export type Publisher = "FFmpeg" | "GStreamer";
export type Reader = "FFmpeg" | "GStreamer" | "ffprobe";

const fewestProbedPackets = 10;

/** Starts the publisher and resolves when the server announces it. */
export async function publish(
  server: TestServer,
  media: MediaFolder,
  how: {
    readonly publisher: Publisher;
    readonly codecs: readonly CodecKey[];
    readonly transport: PublishTransport;
    readonly path: string;
  },
): Promise<Client> {
  const url = server.url(how.path, how.transport, "publish");
  const client = how.publisher === "FFmpeg"
    ? ffmpegPublish(await media.file(how.codecs), url, how.transport, { endless: true })
    : gstreamerPublish(how.codecs, url, how.transport);
  try {
    await Promise.race([server.published(how.path), failWhenEnded(client)]);
    return client;
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

async function failWhenEnded(client: Client): Promise<never> {
  const { code } = await client.ended;
  throw new Error(`${client.name} ended with code ${code}\n${client.tail()}`);
}

/** Reads and throws unless everything arrived, was decoded and is what it should be. */
export async function read(
  server: TestServer,
  how: {
    readonly reader: Reader;
    readonly codecs: readonly CodecKey[];
    readonly transport: ReadTransport;
    readonly path: string;
    /** Pictures are shown in another order than they are sent; by default known from the codecs. */
    readonly reordered?: boolean;
  },
): Promise<void> {
  const url = server.url(how.path, how.transport);
  const wanted: Codec[] = how.codecs.map((key) => codecs[key]);
  const kinds = wanted.map((codec) => codec.kind);
  if (how.reader === "GStreamer") {
    const reordered = how.reordered ?? how.codecs.includes("h264WithBFrames");
    return expectComplete(await gstreamerRead(url, how.transport, kinds, undefined, reordered), kinds);
  }
  const transport = how.transport as FfmpegReadTransport;
  if (how.reader === "FFmpeg") {
    const readStream = how.codecs.includes("vp9") && !isRtmp(how.transport) && how.transport !== "SRT"
      ? ffmpegDecodeVp9
      : ffmpegRead;
    return expectComplete(await readStream(url, transport), kinds);
  }
  const probe = await ffprobeRead(url, transport);
  if (probe.complaints.length > 0) throw new Error(`ffprobe complained:\n${probe.complaints.join("\n")}`);
  const expected = wanted.map((codec) => codec.probe).sort().join();
  const found = [...probe.codecs].sort().join();
  if (found !== expected) throw new Error(`ffprobe found '${found}' instead of '${expected}'`);
  if (probe.packets < fewestProbedPackets) throw new Error(`ffprobe got only ${probe.packets} packets`);
}

/** All readers at the same time; throws with the failures of each. */
export function readWithAll(
  server: TestServer,
  readers: readonly Reader[],
  how: { readonly codecs: readonly CodecKey[]; readonly transport: ReadTransport; readonly path: string },
): Promise<void> {
  return together(readers.map((reader) => ({ name: reader, run: () => read(server, { ...how, reader }) })));
}

/** Throws with the failures of each. */
export async function together(cases: readonly Case[]): Promise<void> {
  const results = await Promise.allSettled(cases.map((one) => one.run()));
  const failures = results.flatMap((result, i) =>
    result.status === "rejected" ? [`${cases[i].name}: ${result.reason.message}`] : []
  );
  if (failures.length > 0) throw new Error(failures.join("\n"));
}
