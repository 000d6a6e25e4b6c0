/** GStreamer 1.22 as publisher (`rtspclientsink`, `rtmp2sink`) and reader (`rtspsrc`, `rtmp2src`). */
import { Client } from "./client.ts";
import { type Codec, type CodecKey, codecs } from "./codecs.ts";
import { type DecodedFrame, type Evidence, findGap, hasEnough, type TrackKind } from "./evidence.ts";
import { srtLatencyMs } from "./ffmpeg.ts";
import { udpBufferSize } from "./server.ts";
import {
  gstreamerProtocols,
  isEncrypted,
  isRtmp,
  type PublishTransport,
  type ReadTransport,
} from "./transports.ts";

const publishLimitMs = 300_000;
const readLimitMs = 120_000;
/** A reader that joins between key frames, which are a second apart, misses frames until the next one. */
const joinMs = 1100;

const sources: Readonly<Record<TrackKind, string>> = {
  video: "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=25/1",
  audio: "audiotestsrc is-live=true ! audioconvert",
};

export interface Credentials {
  readonly user: string;
  readonly pass: string;
}

function credentialProperties(credentials?: Credentials): string {
  return credentials === undefined ? "" : `user-id=${credentials.user} user-pw=${credentials.pass}`;
}

const words = (text: string) => text.split(/\s+/).filter((word) => word !== "");

/** Publishes test sources with these codecs until it is disposed of. */
export function gstreamerPublish(
  keys: readonly CodecKey[],
  url: string,
  transport: PublishTransport,
  credentials?: Credentials,
): Client {
  const branches = keys.map((key) => {
    const codec: Codec = codecs[key];
    if (codec.gstreamer === null) throw new Error(`GStreamer cannot publish ${codec.name}`);
    return `${sources[codec.kind]} ! queue ! ${codec.gstreamer} ! s.`;
  });
  const pipeline = `${publishSink(url, transport, credentials)} ${branches.join(" ")}`;
  return new Client("gst publisher", "gst-launch-1.0", ["-q", ...words(pipeline)], {
    timeLimitMs: publishLimitMs,
  });
}

/** The element `s` takes the tracks. */
function publishSink(url: string, transport: PublishTransport, credentials?: Credentials): string {
  if (isRtmp(transport)) {
    // else the muxer goes on without a track that is late on a busy machine, and moves its frames afterwards
    const muxer = "flvmux name=s streamable=true latency=30000000000";
    return `${muxer} ! rtmp2sink sync=false location=${url} tls-validation-flags=0`;
  }
  if (transport === "SRT") {
    return `mpegtsmux name=s alignment=7 ! srtsink uri=${url} latency=${srtLatencyMs} wait-for-connection=false`;
  }
  const protocols = transport === "TLS" ? "tcp+tls" : transport.toLowerCase();
  return `rtspclientsink name=s location=${url} protocols=${protocols} ${patience} tls-validation-flags=0 ${
    credentialProperties(credentials)
  }`;
}

/** Microseconds of silence, of UDP and of TCP, that its RTSP elements bear: as long as a reader may take. */
const patience = `timeout=${1000 * readLimitMs} tcp-timeout=${1000 * readLimitMs}`;
const largeBuffer = `udp-buffer-size=${udpBufferSize}`;

/**
 * The times of the publisher. By default `rtspsrc` derives them from the arrival as well, and packets that a busy machine
 * holds up for longer than the latency look like missing frames.
 */
const senderTimes = "latency=200 buffer-mode=none";
/**
 * In that mode the first packet has time 0, so that pictures which are shown before it have none: where there may be such,
 * the latency is longer than packets are held up.
 */
const lateTimes = "latency=3000";

/**
 * One branch for each kind of track. `rtspsrc` adds the pads of its tracks from several threads, and gst-launch tries
 * each branch with each pad. The filters are elements of their own because the short form, `s. ! caps ! decodebin`,
 * makes one for each try and links it to the decoder before it knows that the pad does not fit: the other thread, which
 * has the right pad, then finds the decoder taken, and the track stays unlinked for good.
 */
function readPipeline(
  url: string,
  transport: ReadTransport,
  kinds: readonly TrackKind[],
  reordered: boolean,
  credentials?: Credentials,
): string {
  const branches = (from: (kind: TrackKind) => string) =>
    kinds.map((kind) => `${from(kind)} ! decodebin ! fakesink name=${kind} sync=false`).join(" ");
  if (isRtmp(transport)) {
    const source = `rtmp2src location=${url} tls-validation-flags=0 ! flvdemux name=s`;
    return `${source} ${branches((kind) => `s.${kind} ! queue`)}`;
  }
  if (transport === "SRT") {
    const caps = { video: "video/x-h264", audio: "audio/mpeg" };
    return `srtsrc uri=${url} latency=${srtLatencyMs} ! tsdemux name=s ${
      branches((kind) => `s. ! ${caps[kind]} ! queue`)
    }`;
  }
  const location = transport === "HTTP tunnel" ? url.replace(/^rtsp:/, "rtsph:") : url;
  const protocols = transport === "HTTP tunnel" ? "" : `protocols=${gstreamerProtocols[transport]}`;
  const tls = isEncrypted(transport) ? "tls-validation-flags=0" : "";
  const times = reordered ? lateTimes : senderTimes;
  const source =
    `rtspsrc name=s location=${location} ${protocols} ${patience} ${largeBuffer} ${tls} ${times} ${
      credentialProperties(credentials)
    }`;
  return `${source} ${branches((kind) => `s. ! capsfilter caps=application/x-rtp,media=${kind}`)}`;
}

/**
 * Warnings that are no trouble. Of two threads of `rtspsrc` that are ready at once, one may say that there are no more
 * pads before the other has added its own: gst-launch warns, and links that pad nevertheless when it comes. A track
 * that does stay unlinked has no frames, which is a failure. `srtsrc` gives up after three seconds without an answer to its
 * handshake, which a busy machine may take, and tries again; an established connection that breaks is told otherwise.
 */
const harmless = new RegExp(
  "^WARNING: from element \\S+(GstRTSPSrc:s: Delayed linking failed\\.|" +
    "GstSRTSrc:\\w+: Error on SRT socket: Connection timeout\\. Trying to reconnect)$",
);

export function isReadComplaint(line: string): boolean {
  return /^(ERROR|WARNING)|CRITICAL/.test(line) && !harmless.test(line);
}

interface SinkState {
  readonly kind: TrackKind;
  readonly frames: DecodedFrame[];
  /** When the first frame of all was shown. */
  start?: number;
}

/**
 * Decodes until every track has enough, then stops; at the first complaint, too, as gst-launch does not end by itself
 * when the stream does but a track has never come. `reordered`: pictures may be shown before the first packet's.
 */
export async function gstreamerRead(
  url: string,
  transport: ReadTransport,
  kinds: readonly TrackKind[],
  credentials?: Credentials,
  reordered = false,
): Promise<Evidence> {
  const states = kinds.map((kind): SinkState => ({ kind, frames: [] }));
  const judging = {
    // the first sender reports tell how two tracks belong together: rtpbin then moves them once
    allowedSteps: kinds.length > 1 && !isRtmp(transport) ? 1 : 0,
    slaved: reordered && !isRtmp(transport),
  };
  const complaints: string[] = [];
  let done = false;
  const over = Promise.withResolvers<void>();
  const onLine = (line: string) => {
    if (done) return;
    if (isReadComplaint(line)) {
      complaints.push(line);
      over.resolve();
    }
    takeFrame(line, states);
    // only a clock that was moved catches up: any other gap stays
    const isDone = (state: SinkState) => !judging.slaved || findGap({ ...state, ...judging }) === null;
    if (states.every((state) => hasEnough(state.frames) && isDone(state))) {
      done = true;
      over.resolve();
    }
  };
  await using client = new Client("gst reader", "gst-launch-1.0", [
    "-v",
    ...words(readPipeline(url, transport, kinds, reordered, credentials)),
  ], {
    timeLimitMs: readLimitMs,
    env: { GST_DEBUG: "basesink:5", GST_DEBUG_NO_COLOR: "1" },
    onLine,
  });
  const end = await Promise.race([client.ended, over.promise]);
  if (end === undefined) await client.interrupt();
  else {complaints.push(
      end.timedOut ? `gst-launch took longer than ${readLimitMs} ms` : `ended with code ${end.code}`,
    );}
  return { tracks: states.map(({ kind, frames }) => ({ kind, frames, ...judging })), complaints };
}

/**
 * One line of the sinks' debug log. (The `last-message` property of `fakesink` would say more, but it is printed by
 * another thread, which misses some.)
 */
function takeFrame(line: string, states: readonly SinkState[]): void {
  const match = line.match(/chain_unlocked:<(\w+)> got times start: ([\d:.]+), end: ([\d:.]+)/);
  const state = states.find((one) => one.kind === match?.[1]);
  if (match === null || state === undefined) return;
  const at = milliseconds(match[2]);
  // an unknown end is the largest number there is
  const duration = match[3].startsWith("99:") ? 0 : milliseconds(match[3]) - at;
  state.start ??= at;
  if (state.kind === "video" && at - state.start < joinMs) return;
  state.frames.push({ at, duration });
}

/** `0:00:01.234567890` */
function milliseconds(clock: string): number {
  const [hours, minutes, seconds] = clock.split(":").map(Number);
  return 1000 * (3600 * hours + 60 * minutes + seconds);
}
