// @ts-check
/** Audio codecs that some browsers decode without offering them: Chromium and what is made of it. */
import { addAudioCodecs } from "./sdp.js";

/** @typedef {{ name: string, format?: string }} ExtraCodec */

/** One of each group is tried, and speaks for all of it. @type {readonly { tried: number, codecs: ExtraCodec[] }[]} */
const groups = [
  {
    tried: 3,
    codecs: [
      { name: "multiopus/48000/3", format: "channel_mapping=0,2,1;num_streams=2;coupled_streams=1" },
      { name: "multiopus/48000/4", format: "channel_mapping=0,1,2,3;num_streams=2;coupled_streams=2" },
      { name: "multiopus/48000/5", format: "channel_mapping=0,4,1,2,3;num_streams=3;coupled_streams=2" },
      { name: "multiopus/48000/6", format: "channel_mapping=0,4,1,2,3,5;num_streams=4;coupled_streams=2" },
      { name: "multiopus/48000/7", format: "channel_mapping=0,4,1,2,3,5,6;num_streams=4;coupled_streams=4" },
      {
        name: "multiopus/48000/8",
        format: "channel_mapping=0,6,1,4,5,2,3,7;num_streams=5;coupled_streams=4",
      },
    ],
  },
  { tried: 1, codecs: [{ name: "PCMU/8000/2" }, { name: "PCMA/8000/2" }] },
  { tried: 2, codecs: [{ name: "L16/8000/2" }, { name: "L16/16000/2" }, { name: "L16/48000/2" }] },
];

/** Of no certificate: the connection is never made. */
const anyFingerprint = Array(32).fill("00").join(":");

/** @param {ExtraCodec} codec */
async function isKnown(codec) {
  const peer = new RTCPeerConnection({ iceServers: [] });
  try {
    peer.addTransceiver("audio", { direction: "recvonly" });
    const { sdp = "" } = await peer.createOffer();
    const isOffered = sdp.toLowerCase().includes(` ${codec.name.toLowerCase()}\r\n`);
    if (isOffered) return false;
    const offer = addAudioCodecs(sdp, [codec]);
    await peer.setLocalDescription({ type: "offer", sdp: offer });
    await peer.setRemoteDescription({ type: "answer", sdp: answerTo(offer, codec) });
    return true;
  } catch {
    return false;
  } finally {
    peer.close();
  }
}

/**
 * @param {string} offer
 * @param {ExtraCodec} codec
 */
function answerTo(offer, codec) {
  const payloadType = new RegExp(`^a=rtpmap:(\\d+) ${codec.name}\r?$`, "m").exec(offer)?.[1];
  const mid = /^a=mid:.*$/m.exec(offer)?.[0].trimEnd();
  const lines = [
    "v=0",
    "o=- 1 1 IN IP4 0.0.0.0",
    "s=-",
    "t=0 0",
    `a=fingerprint:sha-256 ${anyFingerprint}`,
    `m=audio 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    "c=IN IP4 0.0.0.0",
    mid,
    "a=ice-ufrag:none",
    "a=ice-pwd:0000000000000000000000",
    "a=setup:passive",
    "a=sendonly",
    "a=rtcp-mux",
    `a=rtpmap:${payloadType} ${codec.name}`,
  ];
  if (codec.format !== undefined) lines.push(`a=fmtp:${payloadType} ${codec.format}`);
  return lines.filter((line) => line !== undefined).map((line) => `${line}\r\n`).join("");
}

/** @type {Promise<readonly ExtraCodec[]> | undefined} */
let found;

/**
 * Tried once for all readers of a page.
 * @returns {Promise<readonly ExtraCodec[]>}
 */
export function extraCodecs() {
  found ??= Promise.all(groups.map(async ({ tried, codecs }) => await isKnown(codecs[tried]) ? codecs : []))
    .then((known) => known.flat());
  return found;
}
