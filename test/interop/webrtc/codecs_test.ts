/** Every codec between Chromium and the other protocols: published by the one, read by all others at once. */
import { parseRtpPacket } from "../../../src/rtp/packet.ts";
import { WebrtcClient } from "../../protocols/webrtc/support/client.ts";
import { equal, match } from "../../support/assert.ts";
import { type Browser, withBrowser } from "../support/browser.ts";
import type { Client } from "../support/client.ts";
import type { CodecKey } from "../support/codecs.ts";
import { enhancedCodecs, messagesOf, RtmpFeed } from "../support/enhanced.ts";
import { countEnhanced } from "../support/enhanced_count.ts";
import type { Evidence, TrackKind } from "../support/evidence.ts";
import { ffmpegPublish, ffmpegRead, ffmpegReadHls } from "../support/ffmpeg.ts";
import { segmentsListed } from "../support/hls_publish.ts";
import { gstreamerPublish, gstreamerRead } from "../support/gstreamer.ts";
import { MediaFolder } from "../support/media.ts";
import { packetsOf } from "../support/packets.ts";
import { patientWebrtc } from "../support/patience.ts";
import { type Case, runCases } from "../support/pool.ts";
import { CountingReader } from "../support/raw_rtsp.ts";
import { together } from "../support/scenario.ts";
import { type Config, TestServer } from "../support/server.ts";
import { WebrtcSite, type WebrtcTab } from "../support/webrtc.ts";

const config: Config = { ...patientWebrtc, webrtc: true, rtmp: true, hls: true };
/** Long enough for one reader; files are made in real time's fraction only. */
const mediaSeconds = 60;
const frames = 30;
const audioPackets = 50;
/** For tests that hang. */
const logTimeoutMs = 120_000;

interface Setting {
  readonly server: TestServer;
  readonly media: MediaFolder;
  readonly browser: Browser;
  readonly publishing: WebrtcTab;
  readonly reading: WebrtcTab;
}

/** Of three seconds, on a machine that may be busy: browsers send as many frames as they can. */
const enough: Readonly<Record<TrackKind, number>> = { video: 5, audio: 30 };

function expectDecoded({ tracks, complaints }: Evidence, wanted: readonly TrackKind[]): void {
  if (complaints.length > 0) throw new Error(`the reader complained:\n${complaints.join("\n")}`);
  equal(tracks.map(({ kind }) => kind).sort(), [...wanted].sort());
  for (const { kind, frames } of tracks) {
    if (frames.length < enough[kind]) throw new Error(`only ${frames.length} frames of ${kind}`);
  }
}

type Reads = (server: TestServer, path: string) => Promise<unknown>;

const both: readonly TrackKind[] = ["video", "audio"];
const byFfmpeg: Reads = async (server, path) =>
  expectDecoded(await ffmpegRead(server.rtspUrl(path), "TCP"), both);
const byHls: Reads = async (server, path) => {
  const url = server.hlsUrl(`${path}/index.m3u8`);
  await segmentsListed(url);
  expectDecoded(await ffmpegReadHls(url), both);
};
const byEnhancedRtmp = (...names: string[]): Reads => (server, path) =>
  countEnhanced(server.ports.rtmp, path, names, frames);

interface Published {
  /** As `RTCRtpCapabilities` has it. */
  readonly codec: string;
  readonly readers: Readonly<Record<string, Reads>>;
}

const published: readonly Published[] = [
  {
    codec: "VP8",
    // RTMP and HLS do not know it.
    readers: { "FFmpeg (RTSP)": byFfmpeg, "our own (RTMP)": byEnhancedRtmp("Opus") },
  },
  {
    codec: "VP9",
    readers: {
      // FFmpeg 5.1 cannot read Chromium's descriptors (flexible mode, RFC 9628 §4.2).
      "GStreamer (RTSP)": async (server, path) =>
        expectDecoded(await gstreamerRead(server.rtspUrl(path), "TCP", both), both),
      "our own (RTMP)": byEnhancedRtmp("vp09", "Opus"),
      "FFmpeg (HLS)": byHls,
    },
  },
  {
    codec: "H264",
    readers: {
      "FFmpeg (RTSP)": byFfmpeg,
      "our own (RTMP)": byEnhancedRtmp("legacy", "Opus"),
      // It does not know Opus there.
      "FFmpeg (RTMP)": async (server, path) =>
        expectDecoded(await ffmpegRead(server.rtmpUrl(path), "RTMP"), ["video"]),
      "FFmpeg (HLS)": byHls,
    },
  },
  {
    codec: "AV1",
    readers: {
      // FFmpeg and GStreamer cannot take AV1 out of RTP.
      "our own (RTSP)": async (server, path) => {
        await using reader = await CountingReader.start(server.ports.rtsp, server.rtspUrl(path));
        // What the server had no time to take from the browser may be missing; what it has taken is not.
        let begin = { received: 0, lost: 0 };
        await reader.until(() => {
          const { received, lost } = reader;
          if (lost !== begin.lost) begin = { received, lost };
          return received >= begin.received + frames;
        }, "packets of AV1 of which none is missing");
      },
      "our own (RTMP)": byEnhancedRtmp("av01", "Opus"),
      "FFmpeg (HLS)": byHls,
    },
  },
];

function publishCase({ server, publishing, reading }: Setting, { codec, readers }: Published): Case {
  const path = `from/${codec}`;
  const mimeType = `video/${codec}`;
  return {
    name: `Chromium publishes ${codec} and Opus, read by ${["Chromium", ...Object.keys(readers)].join(", ")}`,
    run: async () => {
      const video = { mimeType, width: 320, height: 180 };
      const publisher = await publishing.publish(path, { video });
      equal(publisher.posted.status, 201);
      await server.published(path);
      const whep = async () => {
        const reader = await reading.read(path);
        const stats = await reader.waitForMedia({ frames, audioPackets });
        equal([stats.video?.mimeType, stats.audio?.mimeType], [mimeType, "audio/opus"]);
        await reader.waitForUnbroken();
        await reader.close();
      };
      await together([
        { name: "Chromium", run: whep },
        ...Object.entries(readers).map(([name, read]) => ({
          name,
          run: async () => void await read(server, path),
        })),
      ]);
      await publisher.close();
      await publisher.logged(/closed: peer connection closed/);
    },
  };
}

interface Source {
  readonly name: string;
  readonly path: string;
  readonly publish: (setting: Setting, path: string) => Promise<AsyncDisposable>;
  /** What Chromium gets; null: none of that kind. */
  readonly video: string | null;
  readonly audio: string | null;
  readonly log?: RegExp;
}

function byRtsp(
  client: "FFmpeg" | "GStreamer",
  video: CodecKey,
  audio: CodecKey,
  got: [string, string],
): Source {
  return {
    name: `${client} publishes ${got.join(" and ")} over RTSP`,
    path: `to/${client}/${video}/${audio}`,
    publish: async ({ server, media }, path): Promise<Client> =>
      client === "FFmpeg"
        ? ffmpegPublish(await media.file([video, audio]), server.rtspUrl(path), "TCP")
        : gstreamerPublish([video, audio], server.rtspUrl(path), "TCP"),
    video: `video/${got[0]}`,
    audio: `audio/${got[1]}`,
  };
}

const sources: readonly Source[] = [
  byRtsp("FFmpeg", "h264", "opus", ["H264", "opus"]),
  byRtsp("FFmpeg", "vp8", "pcmu", ["VP8", "PCMU"]),
  byRtsp("FFmpeg", "vp9", "pcma", ["VP9", "PCMA"]),
  byRtsp("GStreamer", "h264", "pcma", ["H264", "PCMA"]),
  byRtsp("GStreamer", "vp8", "opus", ["VP8", "opus"]),
  byRtsp("GStreamer", "vp9", "pcmu", ["VP9", "PCMU"]),
  {
    name: "our own client publishes AV1 over RTMP",
    path: "to/av1",
    publish: async ({ server, media }, path) => {
      const { kind, encoding } = enhancedCodecs.av1;
      const track = await packetsOf(await media.encoded("av1", kind, encoding), mediaSeconds);
      return await RtmpFeed.start(server.ports.rtmp, path, messagesOf(enhancedCodecs.av1, track));
    },
    video: "video/AV1",
    audio: null,
  },
  {
    name: "FFmpeg publishes H264 and AAC over RTMP: there is no sound",
    path: "to/rtmp",
    publish: async ({ server, media }, path) =>
      ffmpegPublish(await media.file(["h264", "aac"]), server.rtmpUrl(path), "RTMP"),
    video: "video/H264",
    audio: null,
    log: /skipping track 2 \(MPEG-4 Audio\): WebRTC cannot carry it/,
  },
];

function readCase(setting: Setting, { name, path, publish, video, audio, log }: Source): Case {
  return {
    name: `${name}, read by Chromium`,
    run: async () => {
      const { server, reading } = setting;
      await using _publisher = await publish(setting, path);
      await server.published(path);
      const reader = await reading.read(path);
      equal(reader.posted.status, 201);
      const stats = await reader.waitForMedia({ frames, audioPackets: audio === null ? 0 : audioPackets });
      equal([stats.video?.mimeType ?? null, stats.audio?.mimeType || null], [video, audio]);
      await reader.waitForUnbroken();
      if (log !== undefined) await reader.logged(log);
      await reader.close();
    },
  };
}

/** So many packets have come one after the other, without one missing. */
function longestRun(packets: readonly Uint8Array[]): number {
  let longest = 0;
  let run = 0;
  let last: number | null = null;
  for (const packet of packets) {
    const { sequence } = parseRtpPacket(packet);
    run = last === null || sequence === (last + 1 & 0xffff) ? run + 1 : 1;
    longest = Math.max(longest, run);
    last = sequence;
  }
  return longest;
}

/** Its decoder would be the system's: without one it offers no H265, and says so before anything is sent. */
function h265Case({ server, media, reading }: Setting): Case {
  return {
    name:
      "FFmpeg publishes H265 and Opus over RTSP: Chromium is told that it does not know it, our own client gets it",
    run: async () => {
      const file = await media.file(["h265", "opus"]);
      await using _publisher = ffmpegPublish(file, server.rtspUrl("to/h265"), "TCP");
      await server.published("to/h265");
      const refused = await reading.read("to/h265");
      equal(refused.posted.status, 406);
      match(
        refused.posted.body,
        /codecs not supported by client: video: the stream has H265, the client takes VP8/,
      );
      const sound = await reading.read("to/h265", { video: false });
      equal(sound.posted.status, 201);
      await sound.waitForMedia({ audioPackets });
      await sound.close();
      await using other = await WebrtcClient.connect({
        port: server.ports.webrtc,
        endpoint: "whep",
        path: "to/h265",
        sections: [{
          media: "video 9 UDP/TLS/RTP/SAVPF 98",
          lines: ["a=recvonly", "a=rtcp-mux", "a=rtpmap:98 H265/90000", "a=fmtp:98 profile-id=1"],
        }],
      });
      // Its socket overflows when the test is not given the processor for long.
      await other.until(
        "packets of H265 of which none is missing",
        () => longestRun(other.packets) >= frames,
      );
      const packets = other.packets.map(parseRtpPacket);
      equal(new Set(packets.map(({ payloadType }) => payloadType)), new Set([98]));
    },
  };
}

/** x264 makes B-frames that no other frame needs; in a pyramid, others need them. */
function bFramesCases({ server, media, reading }: Setting): Case[] {
  const encode = (more: string) =>
    `-c:v libx264 -preset ultrafast -profile:v main -bf 2 -x264-params b-adapt=0:scenecut=0${more}`;
  return [
    {
      name: "H264 with B-frames that no frame needs is shown without them, with a warning",
      run: async () => {
        const file = await media.encoded("bframes", "video", {
          encode: encode(":b-pyramid=none"),
          suffix: "mp4",
        });
        await using _publisher = ffmpegPublish(file, server.rtspUrl("to/b"), "TCP");
        await server.published("to/b");
        const reader = await reading.read("to/b");
        await reader.waitForMedia({ frames });
        await reader.waitForUnbroken();
        await server.log.waitFor(
          /WAR .*\[path to\/b\] the stream has B-frames, .* are left out/,
          logTimeoutMs,
        );
        await reader.close();
      },
    },
    {
      name: "H264 with B-frames that others need: the reader is closed with a hint",
      run: async () => {
        const how = { encode: encode(":b-pyramid=strict").replace("-bf 2", "-bf 3 -refs 3"), suffix: "mp4" };
        const file = await media.encoded("pyramid", "video", how);
        await using _publisher = ffmpegPublish(file, server.rtspUrl("to/pyramid"), "TCP");
        await server.published("to/pyramid");
        const reader = await reading.read("to/pyramid");
        equal(reader.posted.status, 201);
        await reader.logged(/closed: the stream has B-frames that other pictures refer to.*x264: bframes=0/);
        await reader.waitForGoodbye();
      },
    },
  ];
}

Deno.test("WebRTC codecs in Chromium", async (t) => {
  await using media = new MediaFolder(mediaSeconds);
  await using server = await TestServer.start({ config });
  await using site = new WebrtcSite(server);
  await withBrowser(async (browser) => {
    const setting: Setting = {
      server,
      media,
      browser,
      publishing: await site.open(browser),
      reading: await site.open(browser),
    };
    await runCases(t, [
      ...published.map((one) => publishCase(setting, one)),
      ...sources.map((one) => readCase(setting, one)),
      h265Case(setting),
      ...bFramesCases(setting),
    ], 2);
  });
});
