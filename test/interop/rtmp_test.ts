/** RTMP between the real clients, and to and from RTSP. */
import { createCertificate } from "./support/certificate.ts";
import { type CodecKey, codecs } from "./support/codecs.ts";
import { MediaFolder } from "./support/media.ts";
import { expectOrder, ffprobeVideoTimes } from "./support/packet_order.ts";
import { type Case, runCases } from "./support/pool.ts";
import { publish, type Publisher, read, type Reader, together } from "./support/scenario.ts";
import { TestServer } from "./support/server.ts";
import { isRtmp, type PublishTransport, type ReadTransport } from "./support/transports.ts";

interface Combination {
  readonly publisher: Publisher;
  readonly publishTransport: PublishTransport;
  readonly codecs: readonly CodecKey[];
  readonly reads: readonly (readonly [ReadTransport, ...Reader[]])[];
  /** Default: made of the number of the case. */
  readonly path?: string;
}

const everyone = [["RTMP", "FFmpeg", "GStreamer", "ffprobe"], [
  "TCP",
  "FFmpeg",
  "GStreamer",
  "ffprobe",
]] as const;
const rtmpReaders = [["RTMP", "FFmpeg", "GStreamer", "ffprobe"]] as const;
const encryptedReaders = [["RTMPS", "FFmpeg", "GStreamer", "ffprobe"], ["TCP", "FFmpeg"]] as const;

/** When several of its tracks start under load, GStreamer's FLV muxer moves the first frames. */
const settleMs = 1100;

/** GStreamer's FLV has MP3 of 44100 Hz and less, the test source has more. */
const combinations: readonly Combination[] = [
  { publisher: "FFmpeg", publishTransport: "RTMP", codecs: ["h264", "aac"], reads: everyone, path: "a/b/c" },
  {
    publisher: "GStreamer",
    publishTransport: "RTMP",
    codecs: ["h264", "aac"],
    reads: everyone,
    path: "a/b/d",
  },
  { publisher: "FFmpeg", publishTransport: "TCP", codecs: ["h264", "aac"], reads: rtmpReaders },
  { publisher: "GStreamer", publishTransport: "TCP", codecs: ["h264", "aac"], reads: rtmpReaders },
  { publisher: "FFmpeg", publishTransport: "RTMP", codecs: ["h264WithBFrames", "aac"], reads: everyone },
  { publisher: "GStreamer", publishTransport: "RTMP", codecs: ["h264WithBFrames"], reads: everyone },
  { publisher: "FFmpeg", publishTransport: "TCP", codecs: ["h264WithBFrames", "mp3"], reads: rtmpReaders },
  { publisher: "GStreamer", publishTransport: "TCP", codecs: ["h264WithBFrames"], reads: rtmpReaders },
  { publisher: "FFmpeg", publishTransport: "RTMP", codecs: ["mp3"], reads: everyone },
  { publisher: "GStreamer", publishTransport: "RTMP", codecs: ["h264", "pcmu"], reads: everyone },
  { publisher: "FFmpeg", publishTransport: "RTMP", codecs: ["pcma"], reads: everyone },
  { publisher: "GStreamer", publishTransport: "TCP", codecs: ["pcma"], reads: rtmpReaders },
  { publisher: "FFmpeg", publishTransport: "RTMPS", codecs: ["h264", "aac"], reads: encryptedReaders },
  { publisher: "GStreamer", publishTransport: "RTMPS", codecs: ["h264", "aac"], reads: encryptedReaders },
];

function title({ publisher, publishTransport, codecs: keys, reads }: Combination): string {
  const names = keys.map((key) => codecs[key].name).join(" with ");
  const how = (transport: PublishTransport | ReadTransport) => isRtmp(transport) ? transport : "RTSP";
  const readers = reads.map(([transport, ...who]) => `${how(transport)} by ${who.join(", ")}`);
  return `${names} by ${publisher} over ${how(publishTransport)}, read over ${readers.join(" and ")}`;
}

async function run(server: TestServer, media: MediaFolder, one: Combination, path: string): Promise<void> {
  const { publisher, publishTransport, codecs: keys, reads } = one;
  await using _publisher = await publish(server, media, {
    publisher,
    codecs: keys,
    transport: publishTransport,
    path,
  });
  const readings: Case[] = reads.flatMap(([transport, ...readers]) =>
    readers.map((reader) => ({
      name: `${reader} over ${transport}`,
      run: () => read(server, { reader, codecs: keys, transport, path }),
    }))
  );
  if (keys.includes("h264") || keys.includes("h264WithBFrames")) {
    readings.push({
      name: "order of packets",
      run: async () =>
        expectOrder(
          await ffprobeVideoTimes(server.rtmpUrl(path)),
          keys.includes("h264WithBFrames"),
          publisher === "GStreamer" ? settleMs : 0,
        ),
    });
  }
  await together(readings);
}

Deno.test("RTMP: codecs and transports", async (t) => {
  await using media = new MediaFolder();
  await using certificate = await createCertificate();
  await using server = await TestServer.start({
    config: {
      rtmp: true,
      rtmpEncryption: "optional",
      rtmpServerKey: certificate.keyFile,
      rtmpServerCert: certificate.certFile,
    },
  });
  const cases = combinations.map((one, index): Case => ({
    name: title(one),
    run: () => run(server, media, one, one.path ?? `live/rtmp${index}`),
  }));
  await runCases(t, cases, 2);
});
