/** From what the server knows to what the API says. */
import { audioCodecProps } from "../../codecs/audio_props.ts";
import { av1Props } from "../../codecs/av1/props.ts";
import type { Codec } from "../../codecs/codec.ts";
import { h264Props } from "../../codecs/h264/props.ts";
import { h265Props } from "../../codecs/h265/props.ts";
import { vp9Props } from "../../codecs/vp9/props.ts";
import type { PathSnapshot } from "../../paths/mod.ts";
import { oldNames } from "../clients/mod.ts";
import type { LiveReader } from "../live/mod.ts";
import { timeText, zeroTime } from "./time_text.ts";

const times: readonly string[] = ["created", "lastRequest"];

/** With times as text, and with the old names that the schema has besides the new ones. */
export function clientAnswer(snapshot: object, fields: readonly string[]): Record<string, unknown> {
  const values = snapshot as Readonly<Record<string, unknown>>;
  const answer: Record<string, unknown> = {};
  for (const field of fields) {
    const value = Object.hasOwn(values, field)
      ? values[field]
      : values[oldNames[field as keyof typeof oldNames]];
    answer[field] = times.includes(field) ? timeText(Number(value)) : value;
  }
  return answer;
}

/** One live path. */
export function pathAnswer(path: PathSnapshot, live: LiveReader): Record<string, unknown> {
  const since = path.availableTime === null ? null : timeText(path.availableTime);
  const available = since !== null;
  const { inboundBytes, outboundBytes, inboundFramesInError } = path.stats;
  return {
    name: path.name,
    confName: path.confName,
    ready: available,
    readyTime: since,
    available,
    availableTime: since,
    online: path.source !== null,
    onlineTime: onlineTime(path),
    source: path.source,
    tracks: path.tracks.map(({ codec }) => codec.name),
    tracks2: path.tracks.map(({ codec }) => ({ codec: codec.name, codecProps: codecProps(codec) })),
    readers: path.readers.map((reader) => ({ ...reader, live: live.client(reader.id) })),
    inboundBytes,
    outboundBytes,
    inboundFramesInError,
    bytesReceived: inboundBytes,
    bytesSent: outboundBytes,
    sourceState: sourceState(path.sourceStatus),
    live: live.path(path.name),
  };
}

/** As in MediaMTX, sources of our own and redirects are online when they are idle, too. */
function onlineTime({ source, lastOnlineTime }: PathSnapshot): string | null {
  if (source === null) return null;
  return lastOnlineTime === null ? zeroTime : timeText(lastOnlineTime);
}

function sourceState(status: PathSnapshot["sourceStatus"]): object | null {
  if (status === null) return null;
  const { lastErrorAt } = status;
  return { ...status, lastErrorAt: lastErrorAt === null ? null : timeText(lastErrorAt) };
}

function codecProps(codec: Codec): object | null {
  switch (codec.name) {
    case "AV1":
      return av1Props(codec);
    case "VP9":
      return vp9Props(codec);
    case "H264":
      return h264Props(codec);
    case "H265":
      return h265Props(codec);
    default:
      return audioCodecProps(codec);
  }
}
