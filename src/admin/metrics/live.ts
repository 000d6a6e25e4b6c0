/** Figures of the last seconds: ours, beside the metrics of MediaMTX. */
import type { PathSnapshot } from "../../paths/mod.ts";
import type { ClientLive, LiveReader } from "../live/mod.ts";
import type { Family, Labels, Sample } from "./exposition.ts";

/** Labels, and what they are about. */
interface MeasuredPath {
  readonly labels: Labels;
  readonly path: PathSnapshot;
}

/** For each path with a stream; those without have no samples. */
export function pathLiveFamilies(measured: readonly MeasuredPath[], live: LiveReader): Family[] {
  const figures = measured.flatMap(({ labels, path }) => {
    const of = live.path(path.name);
    return of === null ? [] : [{ labels, of }];
  });
  const tracks = figures.flatMap(({ labels, of }) =>
    of.tracks.map((track, i) => ({ labels: { ...labels, track: String(i), codec: track.codec }, track }))
  );
  const sources = measured.flatMap(({ labels, path: { sourceStatus } }) =>
    sourceStatus === null ? [] : [{ labels, sourceStatus }]
  );
  return [
    gauge(
      "paths_live_inbound_bitrate",
      "Bits a second that come in.",
      figures.map(({ labels, of }) => ({ labels, value: of.inboundBitrate })),
    ),
    gauge(
      "paths_live_outbound_bitrate",
      "Bits a second that go out to all readers.",
      figures.map(({ labels, of }) => ({ labels, value: of.outboundBitrate })),
    ),
    gauge(
      "paths_live_queued_bytes",
      "Bytes that wait for readers.",
      figures.map(({ labels, of }) => ({ labels, value: of.queuedBytes })),
    ),
    gauge(
      "paths_live_track_bitrate",
      "Bits a second of a track.",
      tracks.map(({ labels, track }) => ({ labels, value: track.bitrate })),
    ),
    gauge(
      "paths_live_frame_rate",
      "Frames a second of a video track.",
      known(tracks.map(({ labels, track }) => ({ labels, value: track.frameRate }))),
    ),
    gauge(
      "paths_live_key_frame_interval_seconds",
      "Time between the last two key frames of a video track.",
      known(tracks.map(({ labels, track }) => ({ labels, value: track.keyFrameInterval }))),
    ),
    gauge(
      "paths_source_running",
      "1 while a source that the server pulls delivers.",
      sources.map(({ labels, sourceStatus: { state } }) => ({ labels, value: state === "running" ? 1 : 0 })),
    ),
    {
      name: "paths_source_attempts",
      type: "counter",
      help: "Connections that were tried to a source that the server pulls.",
      samples: sources.map(({ labels, sourceStatus }) => ({ labels, value: sourceStatus.attempts })),
    },
  ];
}

const clientFields: readonly (readonly [name: string, help: string, field: keyof ClientLive])[] = [
  ["inbound_bitrate", "Bits a second that come in.", "inboundBitrate"],
  ["outbound_bitrate", "Bits a second that go out.", "outboundBitrate"],
  ["inbound_loss", "Share of the packets that did not arrive here.", "inboundLoss"],
  ["outbound_loss", "Share of the packets that the client reports as lost.", "outboundLoss"],
  ["discard_rate", "Frames or packets a second that are dropped for a slow client.", "discardRate"],
  ["queued_bytes", "Bytes that wait for the client.", "queuedBytes"],
];

/** For each session or connection of a section. */
export function clientLiveFamilies(
  section: string,
  measured: readonly { readonly labels: Labels; readonly values: Readonly<Record<string, unknown>> }[],
  live: LiveReader,
): Family[] {
  const figures = measured.flatMap(({ labels, values }) => {
    const of = live.client(String(values.id));
    return of === null ? [] : [{ labels, of }];
  });
  return clientFields.map(([name, help, field]) =>
    gauge(
      `${section}_live_${name}`,
      help,
      known(figures.map(({ labels, of }) => ({ labels, value: of[field] }))),
    )
  );
}

function known(samples: readonly { readonly labels: Labels; readonly value: number | null }[]): Sample[] {
  return samples.flatMap(({ labels, value }) => value === null ? [] : [{ labels, value }]);
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "gauge", help, samples };
}
