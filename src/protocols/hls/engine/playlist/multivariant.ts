/** Multivariant playlists: RFC 8216 §4.3.4, RFC 8216bis §4.4.6. */
import type { Rendition } from "../rendition.ts";
import { type PlaylistBody, PlaylistText } from "./text.ts";

const audioGroup = "audio";

export interface MultivariantContext {
  readonly version: number;
  readonly leading: Rendition;
  /** Audio beside it, in the order of the tracks. */
  readonly others: readonly Rendition[];
  /** The leading rendition is audio itself. */
  readonly audioOnly: boolean;
}

/** The variant needs what the leading rendition needs and the most demanding of the others (RFC 8216bis §4.4.6.2). */
function bandwidth({ leading, others }: MultivariantContext): { peak: number; average: number } {
  const { peak, average } = leading.timeline.bitRates;
  const rates = others.map(({ timeline }) => timeline.bitRates);
  return {
    peak: peak + Math.max(0, ...rates.map((rate) => rate.peak)),
    average: average + Math.max(0, ...rates.map((rate) => rate.average)),
  };
}

function writeGroup(text: PlaylistText, context: MultivariantContext): void {
  const { leading, others, audioOnly } = context;
  const audio = audioOnly ? [leading, ...others] : others;
  audio.forEach((rendition, i) => {
    const isDefault = i === 0 ? "YES" : "NO";
    const media =
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${audioGroup}",NAME="${rendition.id}",DEFAULT=${isDefault},AUTOSELECT=YES`;
    // Without URI: the media are those of the variant itself.
    if (rendition === leading) text.line(media);
    else text.uri(`${media},URI="`, rendition.playlistName, `"`);
  });
}

export function multivariantPlaylist(context: MultivariantContext): PlaylistBody {
  const { version, leading, others } = context;
  const text = new PlaylistText();
  text.line("#EXTM3U").line(`#EXT-X-VERSION:${version}`).line("#EXT-X-INDEPENDENT-SEGMENTS");
  if (others.length > 0) writeGroup(text, context);
  const { peak, average } = bandwidth(context);
  const codecs = new Set([leading, ...others].flatMap(({ codecStrings }) => codecStrings));
  const attributes = [
    `BANDWIDTH=${peak}`,
    `AVERAGE-BANDWIDTH=${average}`,
    `CODECS="${[...codecs].join(",")}"`,
  ];
  const { resolution, frameRate } = leading;
  if (resolution !== null) attributes.push(`RESOLUTION=${resolution.width}x${resolution.height}`);
  if (frameRate !== null) attributes.push(`FRAME-RATE=${frameRate.toFixed(3)}`);
  if (others.length > 0) attributes.push(`AUDIO="${audioGroup}"`);
  text.line(`#EXT-X-STREAM-INF:${attributes.join(",")}`).uri("", leading.playlistName);
  return text.finish();
}
