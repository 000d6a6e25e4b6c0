import type { RtpFormat } from "../../rtp/format.ts";
import { type MediaToDescribe, sdpFromMedias } from "../../sdp/medias.ts";
import { serializeSdp } from "../../sdp/serialize.ts";
import type { Stream } from "../../stream/stream.ts";
import type { RtspContext } from "./context.ts";
import { keyMgmtAttribute } from "./srtp_keys.ts";
import { trackControl } from "./wire/control.ts";

/** The SDP of a stream, with the parameters that its tracks have now. */
export function describeStream(context: RtspContext, stream: Stream, multicast: boolean): string {
  const { keys, fanout } = context.streams.of(context, stream);
  const medias: (MediaToDescribe & { formats: RtpFormat[] })[] = [];
  for (const track of stream.tracks) {
    const { mediaIndex, kind, codec, payloadType, clockRate } = track;
    const format = { codec, payloadType, clockRate };
    if (medias[mediaIndex] !== undefined) {
      medias[mediaIndex].formats.push(format);
      continue;
    }
    medias[mediaIndex] = { kind, formats: [format], control: trackControl(mediaIndex) };
  }
  const secured = keys === null ? medias : medias.map((media, mediaIndex): MediaToDescribe => {
    const senders = fanout.senders.filter(({ track }) => track.mediaIndex === mediaIndex);
    return { ...media, profile: "SAVP", keyMgmt: keyMgmtAttribute(keys[mediaIndex], senders) };
  });
  // VLC asks for multicast by the address alone; which one it is comes with SETUP.
  const connectionAddress = multicast && context.multicast !== null
    ? context.conf.multicastIPRange.split("/")[0]
    : undefined;
  return serializeSdp(sdpFromMedias(secured, { connectionAddress }));
}
