import type { CodecMark, FlvMetadata } from "../../../containers/flv/metadata.ts";
import type { Plan, PlannedTrack } from "./plan.ts";

/** What readers are told of a stream: the codec of the first video and audio track, and the further tracks. */
export function metadataOfPlan(
  plan: Plan,
): Pick<FlvMetadata, "video" | "audio" | "videoTracks" | "audioTracks"> {
  const of = (media: "video" | "audio") => plan.tracks.filter((track) => track.media === media);
  const [video, ...videos] = of("video");
  const [audio, ...audios] = of("audio");
  return {
    video: video === undefined ? null : mark(video),
    audio: audio === undefined ? null : mark(audio),
    videoTracks: further(videos),
    audioTracks: further(audios),
  };
}

function mark({ form }: PlannedTrack): CodecMark {
  switch (form.kind) {
    case "legacyVideo":
      return form.codecId;
    case "legacyAudio":
      return form.soundFormat;
    case "enhanced":
      return form.fourCc;
  }
}

function further(tracks: readonly PlannedTrack[]): Map<number, CodecMark> {
  return new Map(tracks.map((track) => [track.trackId, mark(track)]));
}
